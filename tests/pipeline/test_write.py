"""What who reads a file of a release relies on: all rows in their order, in groups of which the first ones come at once."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.tables import table_schema
from pipeline.write import FIRST_GROUP_BYTES, ROW_GROUP_BYTES, Piece, write_table


def kb(first: int, rows: int) -> pa.Table:
    """Rows of the knowledge base with names that follow one another."""
    schema = table_schema("kb")
    own = [{"kb_id": f"k{i}", "type": "PER", "name": f"Name {i}", "aliases_de": []} for i in range(first, first + rows)]
    return pa.Table.from_pylist(own, schema)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 2 * ROW_GROUP_BYTES)), max_size=8))
def test_row_groups_begin_small_and_grow(tmp_path_factory, told: list[tuple[int, int]]):
    def pieces() -> Iterator[Piece]:
        first = 0
        for rows, each in told:
            yield Piece(kb(first, rows), each * rows)
            first += rows

    folder: Path = tmp_path_factory.mktemp("groups")
    shard = write_table("kb", "train", pieces(), folder, "kb.parquet", {})
    sizes = [each for rows, each in told for _ in range(rows)]
    if shard is None:
        assert not sizes
        return
    assert pq.read_table(folder / "kb.parquet").column("name").to_pylist() == [f"Name {i}" for i in range(len(sizes))]
    most = FIRST_GROUP_BYTES
    for i in range((file := pq.read_metadata(folder / "kb.parquet")).num_row_groups):
        rows = file.row_group(i).num_rows
        assert rows == 1 or sum(sizes[:rows]) <= most
        del sizes[:rows]
        most = min(2 * most, ROW_GROUP_BYTES)
    assert not sizes


def test_one_large_piece_is_cut_into_them(tmp_path: Path):
    write_table("kb", "train", [Piece(kb(0, 60), 60 * 2**20)], tmp_path, "kb.parquet", {})
    file = pq.read_metadata(tmp_path / "kb.parquet")
    assert [file.row_group(i).num_rows for i in range(file.num_row_groups)] == [2, 4, 8, 16, 16, 14]
