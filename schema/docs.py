"""docs/schema.md, written from the models."""

from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic.fields import FieldInfo

from schema import vocabulary
from schema.base import EDTF_PATTERN, Model, Term, meanings
from schema.derive import RAW_MODELS, arrow_schema, unwrap
from schema.rows import TABLES


def schema_page() -> str:
    """The whole page: tables of a release, raw files, the models in them, and the vocabularies."""
    tables = [table.row for table in TABLES]
    raw = list(RAW_MODELS.values())
    inner = _inner([*tables, *raw])
    return "\n".join(
        [
            "# Schema\n",
            "Written from the models in `schema/` by `python build_dataset.py derive`; change the models, not this page.\n",
            "Spans are half-open, `start` to `end`, and count Unicode code points from 0. Times are EDTF (ISO 8601-2). A field "
            "without a mark must be given; **?** may be left out, and be null where it has no default; **\\*** is a list.\n",
            "## Tables of a release\n",
            *(_model(table.row, table.name, arrow=True) for table in TABLES),
            "## Raw files\n",
            *(_model(model, f"{name} file") for name, model in RAW_MODELS.items()),
            "## Models inside them\n",
            *(_model(model) for model in inner),
            '<a id="eventtype"></a>\n\n## Event types\n',
            _event_types(),
            "## Vocabularies\n",
            *(_vocabulary(term) for term in _vocabularies()),
        ]
    )


def _inner(models: list[Any]) -> list[type[Model]]:
    """Models that stand in fields of others, each once, in the order in which they are met."""
    seen: dict[type[Model], None] = {}

    def visit(model: type[Model]) -> None:
        for field in model.model_fields.values():
            kind = _item(field.annotation)
            if isinstance(kind, type) and issubclass(kind, Model) and kind not in seen:
                seen[kind] = None
                visit(kind)

    for model in models:
        visit(model)
    return [model for model in seen if model not in models]


def _item(annotation: Any) -> Any:
    kind, _ = unwrap(annotation)
    return unwrap(get_args(kind)[0])[0] if get_origin(kind) is tuple else kind


def _model(model: type[Model], name: str | None = None, arrow: bool = False) -> str:
    doc = " ".join(line.strip() for line in (model.__doc__ or "").splitlines())
    title = name or model.__name__
    types = {field.name: str(field.type) for field in arrow_schema(model)} if arrow else {}
    header = "| field | type | Arrow | meaning |\n|---|---|---|---|\n" if arrow else "| field | type | meaning |\n|---|---|---|\n"
    rows, said = "", meanings(model)
    for field_name, field in model.model_fields.items():
        middle = f" | {_short_arrow(types[field_name])}" if arrow else ""
        rows += f"| `{field.alias or field_name}` | {_type(field)}{middle} | {_cell(said.get(field_name, ''))} |\n"
    anchor = title.lower().replace(" ", "-")
    return f'<a id="{anchor}"></a>\n\n### {title}\n\n{doc}\n\n{header}{rows}'


def _short_arrow(kind: str) -> str:
    kind = kind.replace("date32[day]", "date32")
    if kind.startswith("list<item: struct"):
        return "`list<struct>`"
    return "`struct`" if kind.startswith("struct") else f"`{kind.replace('item: ', '')}`"


def _type(field: FieldInfo) -> str:
    kind, metadata = unwrap(field.annotation)
    many = get_origin(kind) is tuple
    if many:
        kind, metadata = unwrap(get_args(kind)[0])
    else:
        metadata = [*field.metadata, *metadata]
    optional = not field.is_required() or type(None) in get_args(field.annotation)
    if get_origin(kind) is Literal:
        said = " / ".join(f"`{value}`" for value in get_args(kind))
    elif get_origin(kind) is dict:
        said = "object: article id → split"
    elif issubclass(kind, Model | Enum):
        said = f"[{kind.__name__}](#{kind.__name__.lower()})"
    else:
        said = {"str": "string", "int": "integer", "bool": "boolean", "float": "number"}.get(kind.__name__, kind.__name__)
        limits = ", ".join(_limits(metadata))
        said += f" ({limits})" if limits else ""
    return said + (" \\*" if many else " **?**" if optional else "")


def _limits(metadata: list[Any]) -> Iterator[str]:
    for part in metadata:
        if isinstance(part, Ge):
            yield f"≥ {part.ge}"
        elif isinstance(part, Gt):
            yield f"> {part.gt}"
        elif isinstance(part, Lt):
            yield f"< {part.lt}"
        elif isinstance(part, Le) and part.le != 2**31 - 1:
            yield f"≤ {part.le}"
        elif isinstance(part, MaxLen) and part.max_length < 10_000:
            yield f"≤ {part.max_length} characters"
        elif isinstance(part, MinLen) and part.min_length > 1:
            yield f"≥ {part.min_length} characters"
        elif getattr(part, "pattern", None) == EDTF_PATTERN:
            yield "EDTF"
        elif getattr(part, "pattern", None):
            yield "`" + part.pattern.replace("|", "\\|") + "`"


def _event_types() -> str:
    rows = "".join(
        f"| `{kind}` | {_cell(kind.meaning)} | {'; '.join(_codes(codes) for codes in kind.codes)} | {', '.join(kind.roles)} |\n"
        for kind in vocabulary.EventType
    )
    return f"| type | meaning | CAMEO → PLOVER, the usual one first | roles of arguments |\n|---|---|---|---|\n{rows}"


def _codes(codes: vocabulary.Codes) -> str:
    plover = "·".join(part for part in (codes.plover, codes.mode) if part) or "–"
    return f"{codes.cameo or '–'} → {plover}"


def _vocabularies() -> list[type[Term]]:
    return [
        value
        for value in dict.fromkeys(value for value in vars(vocabulary).values() if isinstance(value, type))
        if issubclass(value, Term) and value not in (Term, vocabulary.EventType)
    ]


def _vocabulary(term: type[Term]) -> str:
    doc = (term.__doc__ or "").partition("\n")[0]
    rows = "".join(f"| `{member}` | {_cell(member.meaning)} |\n" for member in term)
    return f'<a id="{term.__name__.lower()}"></a>\n\n### {term.__name__}\n\n{doc}\n\n| value | meaning |\n|---|---|\n{rows}'


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
