"""Keys and references across the tables of a release."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.findings import Finding, shown
from pipeline.nodes import nodes
from pipeline.verify.tables import Part
from schema.rows import KEYS, TABLES

LOCAL = "passes"
"""The table whose records have identifiers of their own."""


def check_references(parts: Sequence[Part]) -> Iterator[Finding]:
    """Keys that two rows share, and references to rows that are not there, wherever in a row they stand."""
    columns = {table.name: table.key for table in TABLES}
    by_table = {name: list(own) for name, own in groupby(sorted(parts, key=lambda p: p.table), key=lambda p: p.table)}
    found = {name: _keys(own, columns[name]) for name, own in by_table.items()}
    for name, own in by_table.items():
        counts = pc.value_counts(found[name])
        twice = counts.filter(pc.greater(counts.field("counts"), 1)).field("values").to_pylist()
        yield from (Finding("HD619", own[0].file, shown(key), (columns[name],), "two rows have this key") for key in twice)
    for part in parts:
        yield from _dangling(part, {target: found[table] for target, table in _TARGETS.items() if table in found})


_TARGETS = {
    "article_id": "articles", "entity_id": "entities", "event_id": "events", "same_as": "events", "comment_id": "comments",
    "reply_to": "comments", "contact_id": "contacts", "reports": "contacts", "kb_id": "kb",
}  # fmt: skip
"""Fields that hold keys, and the table that has the row. ``derived_from`` names articles, or addresses that are none."""


def _dangling(part: Part, targets: dict[str, pa.Array]) -> Iterator[Finding]:
    keys = part.keys
    for column in part.data.column_names:
        for node in nodes(part.data[column].combine_chunks()):
            name = (node.name or column).removesuffix("[]")
            if name not in targets or not pa.types.is_string(node.array.type) or (part.table == LOCAL and name in KEYS):
                continue
            wrong = pc.and_(node.array.is_valid(), pc.invert(pc.is_in(node.array, targets[name])))
            for i in pc.indices_nonzero(wrong).to_pylist():
                row = int(node.rows[i])
                loc = (column, *node.where(i))
                said = f"row {row + 1}: {shown(node.array[i].as_py())} is no {_TARGETS[name]} row"
                yield Finding("HD619", part.file, keys[row], loc, said)


def _keys(parts: Sequence[Part], column: str) -> pa.Array:
    return pa.concat_arrays([part.data[column].combine_chunks() for part in parts])
