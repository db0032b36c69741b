"""What every record is built from: the strict base model, the constrained types, and the span.

One rule holds for all text in this package: a record never carries text that has no place. It carries a *span*, and the text
is the slice of the page that the span names.
"""

import ast
import calendar
import inspect
import re
import sys
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError

INT32_MAX = 2**31 - 1


class Model(BaseModel):
    """Base of all models: strict types, frozen instances, and no field that the model does not name."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)  # few of the models are asked for alone

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Say each field with its meaning, so that an editor shows it while people type."""
        schema = handler(core)
        fields = handler.resolve_ref_schema(schema)["properties"]
        for name, meaning in meanings(cls).items():
            field = fields.get(cls.model_fields[name].alias or name, {})  # none where it is not written
            if handler.resolve_ref_schema(field).get("description") != meaning:  # what its model means is said there
                field["description"] = meaning
        return schema


def meanings(model: type[Model]) -> dict[str, str]:
    """What each field of a model means: the string below it. Read from the source when asked for, which only what tells people of the
    models does: Pydantic's own way, ``use_attribute_docstrings``, makes every command a tenth of a second slower.
    """
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, Model):
            found |= _docstrings(kind.__module__).get(kind.__name__, {})
    return {name: found[name] for name in model.model_fields if name in found}


@cache
def _docstrings(module: str) -> dict[str, dict[str, str]]:
    """The string below each annotated name, by class of a module."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    found: dict[str, dict[str, str]] = {}
    for kind in tree.body:
        if isinstance(kind, ast.ClassDef):
            for field, below in pairwise(kind.body):
                match field, below:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        found.setdefault(kind.name, {})[name] = inspect.cleandoc(text)
    return found


class Term(StrEnum):
    """A controlled vocabulary. Each member is a plain string that carries its meaning, so that the two cannot drift apart."""

    meaning: str

    def __new__(cls, value: str, *_: object) -> Self:
        """Make a member that is its first column, a string."""
        member = str.__new__(cls, value)
        member._value_ = value
        return member

    def __init__(self, _: str, meaning: str) -> None:
        """Keep the other columns; a vocabulary with more than two extends this."""
        self.meaning = meaning

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Say each member with its meaning, so that an editor shows it while people type."""
        return {
            "title": cls.__name__,
            "description": (cls.__doc__ or "").partition("\n")[0],
            "oneOf": [{"const": term.value, "description": term.meaning} for term in cls],
        }


# --- times -----------------------------------------------------------------------------------------------------------------

_DATE = r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?[?~%]?"
_DATETIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
EDTF_PATTERN = rf"^(?:{_DATE}|{_DATETIME}|(?:\.\.|{_DATE})/(?:\.\.|{_DATE}))$"
_PARTS = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2}):([0-9]{2}))?)?)?[?~%]?")


@lru_cache(4096)  # few times are told, and often; a larger one would grow with the corpus
def _first_and_last(part: str) -> tuple[date, date]:
    """First and last day that one EDTF date can mean. Raises ValueError for a day that no calendar has."""
    match = _PARTS.fullmatch(part)
    if match is None:
        raise ValueError(part)
    year, month, day, hour, minute, second = (None if g is None else int(g) for g in match.groups())
    assert year is not None  # the pattern has it
    if hour is not None and (hour > 23 or (minute or 0) > 59 or (second or 0) > 59):
        raise ValueError(part)
    last_month = 12 if month is None else month
    last_day = calendar.monthrange(year, last_month)[1] if day is None else day
    return date(year, 1 if month is None else month, 1 if day is None else day), date(year, last_month, last_day)


def check_edtf(value: str) -> str:
    """The value, if it is a time of the calendar; a validation error otherwise."""
    try:
        ends = [_first_and_last(part) for part in value.split("/") if part != ".."]
    except ValueError:
        ends = []
    if not ends or ends[0][0] > ends[-1][1]:
        raise PydanticCustomError("edtf", "not a date of the calendar, or an interval that ends before it begins")
    return value


def edtf_day(value: str | None) -> date | None:
    """The one day that an EDTF string names, or None where it names a month, a year, an interval, or an uncertain day."""
    if value is None or "/" in value or value[-1] in "?~%":
        return None
    first, last = _first_and_last(value)
    return first if first == last else None


def edtf_bounds(value: str) -> tuple[date, date]:
    """First and last day that an EDTF string can mean; an open end (``..``) is the calendar's own."""
    parts = value.split("/")
    first = date.min if parts[0] == ".." else _first_and_last(parts[0])[0]
    last = date.max if parts[-1] == ".." else _first_and_last(parts[-1])[1]
    return first, last


Edtf = Annotated[
    str,
    Field(pattern=EDTF_PATTERN, examples=["2025-05-19", "2025-05", "2025-10-17T00:16:00", "2025-10-17~", "2025-12/.."]),
    AfterValidator(check_edtf),
]
"""A time as Extended Date/Time Format (ISO 8601-2), the part of it that news needs: year, month, day, the qualifiers ``?`` ``~``
``%``, intervals with open ends (``..``), and a day with its time."""

# --- strings and numbers -----------------------------------------------------------------------------------------------------

Text = Annotated[str, Field(min_length=1, max_length=10_000)]
"""A string that says something: never empty, at most 10,000 characters."""

Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2_000)]
"""A web address, kept as it was found."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest, 64 lower-case hexadecimal digits."""

Wikidata = Annotated[str, Field(pattern=r"^Q[1-9][0-9]{0,11}$")]
"""A Wikidata item, for instance ``Q64``."""

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""A country as ISO 3166-1 alpha-2, for instance ``AT``."""

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(?:-[A-Z]{2})?$")]
"""A language as BCP 47, for instance ``de-CH``."""

Version = Annotated[
    str, Field(pattern=r"^(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)(?:-[0-9A-Za-z.-]+)?$", max_length=60)
]
"""A semantic version, for instance ``1.0.0``, or ``1.1.0-dev`` for one that is not published."""

_SLUG = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"

ArticleId = Annotated[str, Field(pattern=_SLUG, max_length=80)]
"""Names an article, and its file; the same for good once released."""

ContactId = Annotated[str, Field(pattern=_SLUG, max_length=80)]
"""Names a row of the registry."""

KbId = Annotated[str, Field(pattern=_SLUG, max_length=80)]
"""Names a row of the knowledge base."""

EntityId = Annotated[str, Field(pattern=r"^(?:[a-z0-9-]+:)?n[1-9][0-9]*$")]
"""Names an entity: ``n1`` in a raw file, ``<article_id>:n1`` in a release."""

EventId = Annotated[str, Field(pattern=r"^(?:[a-z0-9-]+:)?v[1-9][0-9]*$")]
"""Names an event: ``v1`` in a raw file, ``<article_id>:v1`` in a release."""

CommentId = Annotated[str, Field(pattern=r"^(?:[a-z0-9-]+:)?c[1-9][0-9]*$")]
"""Names a comment: ``c1`` in a raw file, ``<article_id>:c1`` in a release."""

Offset = Annotated[int, Field(ge=0, le=INT32_MAX)]
"""A position in a page, counted in Unicode code points from 0."""

Count = Annotated[int, Field(ge=0, le=INT32_MAX)]
"""A number of things."""

# --- spans -------------------------------------------------------------------------------------------------------------------


class Span(Model):
    """A stretch of a page: the characters from ``start`` up to but not including ``end``."""

    start: Offset
    """First character, counted in Unicode code points from 0."""
    end: Annotated[int, Field(ge=1, le=INT32_MAX)]
    """The character after the last one, counted in Unicode code points from 0."""
    text: Annotated[str, Field(min_length=1)] | None = None
    """The characters themselves, ``page[start:end]``. Null where the page is withheld. In a raw file it may be left out; where
    it stands, it must be what the page says."""
