"""What differs in the shape of the tables: tables, fields, types, and the values that a vocabulary allows."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline.diff.changes import ORDER, VOCABULARY, Change
from pipeline.diff.snapshot import Snapshot


class Vocabulary(NamedTuple):
    """The values that a field can have."""

    name: str
    values: frozenset[str]


def schema_changes(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """Changes of the schema, each told once: of a new table or part not what it holds."""
    values: dict[tuple[str, str, str], Change] = {}
    for name in sorted(old.names | new.names, key=lambda name: (ORDER.get(name, len(ORDER)), name)):
        if name not in new.names:
            yield Change(table=name, kind="table removed", severity="major")
        elif name not in old.names:
            yield Change(table=name, kind="table added", severity="minor")
        else:
            if name in old.tables and name in new.tables:
                yield from _field_changes(name, old.tables[name].schema, new.tables[name].schema)
            for change in _value_changes(name, old.schemas.get(name, {}), new.schemas.get(name, {})):
                values.setdefault((change.record or f"{name}.{change.where}", change.kind, str(change.old or change.new)), change)
    yield from (values[key] for key in sorted(values))


def _field_changes(table: str, old: pa.Schema, new: pa.Schema) -> Iterator[Change]:
    a, b = (dict(_types(pa.struct(schema))) for schema in (old, new))
    seen: list[str] = []
    for path in sorted(a.keys() | b.keys(), key=lambda path: (path not in b, [*b, *a].index(path))):
        before, after = a.get(path), b.get(path)
        if before == after or any(path.startswith((f"{parent}.", f"{parent}[")) for parent in seen):
            continue
        seen.append(path)
        if after is None:
            yield Change(table=table, kind="field removed", where=path, old=before, severity="major")
        elif before is None:
            yield Change(table=table, kind="field added", where=path, new=after, severity="minor")
        else:
            yield Change(table=table, kind="field re-typed", where=path, old=before, new=after, severity="major")


def _types(kind: pa.DataType, path: str = "") -> Iterator[tuple[str, str]]:
    """Every field of a type with its path, ``markers[].span.start``, and what it is; outer ones first."""
    if path:
        yield path, "struct" if pa.types.is_struct(kind) else "list" if pa.types.is_list(kind) else str(kind)
    if pa.types.is_struct(kind):
        for field in kind:
            yield from _types(field.type, f"{path}.{field.name}" if path else field.name)
    elif pa.types.is_list(kind):
        yield from _types(kind.value_type, f"{path}[]")


def _value_changes(table: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    """Values that fields of both schemas can have in one of them alone, and fields that have a vocabulary in one of them alone."""
    a, b = (dict(_vocabularies(schema, schema)) for schema in (old, new))
    for path in [path for path in b if path in a]:
        before, after = a[path], b[path]
        if before is None or after is None:
            if before is not after:
                said = ["any value" if v is None else v.name or "one of a few values" for v in (before, after)]
                yield Change(table=table, kind="field re-typed", where=path, old=said[0], new=said[1], severity="major")
            continue
        name = after.name or f"{table}.{path}"
        for value in sorted(before.values - after.values):
            yield Change(table=VOCABULARY, record=name, kind="vocabulary value removed", old=value, severity="major")
        for value in sorted(after.values - before.values):
            yield Change(table=VOCABULARY, record=name, kind="vocabulary value added", new=value, severity="minor")


def _vocabularies(schema: dict[str, Any], root: dict[str, Any], path: str = "") -> Iterator[tuple[str, Vocabulary | None]]:
    """Every field that a JSON Schema (2020-12) describes, with its vocabulary: ``oneOf`` with ``const``, or ``enum``."""
    name = ""
    while "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        schema = root.get("$defs", {}).get(name, {})
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    if len(options) == 1:
        yield from _vocabularies(options[0], root, path)
        return
    terms = [term["const"] for term in schema.get("oneOf", []) if "const" in term] or schema.get("enum")
    terms = terms or ([schema["const"]] if "const" in schema else None)
    if path:
        yield path, Vocabulary(name, frozenset(map(str, terms))) if terms else None
    for field, inner in schema.get("properties", {}).items():
        yield from _vocabularies(inner, root, f"{path}.{field}" if path else field)
    if "items" in schema:
        yield from _vocabularies(schema["items"], root, f"{path}[]")
