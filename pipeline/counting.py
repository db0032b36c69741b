"""Counting in Arrow tables: by value, in lists, in structs."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from schema.reference import SplitName

Tables = Mapping[str, Mapping[SplitName, pa.Table]]
"""Tables of a release by name and split."""
Key = tuple[Any, ...]


def whole(tables: Tables, name: str) -> pa.Table:
    """One table, all splits together."""
    return pa.concat_tables(list(tables[name].values()))


def count(table: pa.Table, *columns: str) -> Counter[Key]:
    """Rows by the values of some columns."""
    counted = table.group_by(list(columns)).aggregate([([], "count_all")]).to_pylist()
    return Counter({tuple(row[c] for c in columns): row["count_all"] for row in counted})


def items(table: pa.Table, column: str) -> int:
    """Items in all lists of a column."""
    return pc.sum(pc.list_value_length(table.column(column))).as_py() or 0


def exploded(table: pa.Table, column: str, *keep: str) -> pa.Table:
    """A row for each item of a list column, with some columns of the row that it stands in; structs become columns."""
    lists = table.column(column).combine_chunks()
    kept = {
        f"of_{name}" if name in ("type", "name") else name: table.column(name).take(pc.list_parent_indices(lists)) for name in keep
    }
    items = pc.list_flatten(lists)
    return flat(pa.table(kept | {column: items}), column) if pa.types.is_struct(items.type) else pa.table(kept | {column: items})


def flat(table: pa.Table, column: str) -> pa.Table:
    """A table with the fields of a struct column as columns of their own, in its place."""
    struct = table.column(column)
    table = table.drop_columns([column])
    for name in (child.name for child in struct.type):
        table = table.append_column(name, pc.struct_field(struct, name))
    return table
