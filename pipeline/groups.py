"""Between units and corpus: what the corpus must know of the articles of some units that follow one another, in one place.

A corpus of 200,000 articles has hundreds of units, and to open something in each takes longer than to read it. So what all of them say
is put together once, in folders as units are, under the names of the units: a unit that changes has its own group made again and leaves
the others, since a group ends where the name of a unit says so.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import xxhash

from pipeline.tables import ARTICLE_TABLES
from pipeline.tally import Tally
from pipeline.units import Said, read_index, read_table, write_folder

UNITS, MOST = 4, 8
"""One unit in so many ends a group, and units that a group has at most."""
_ROWS = (
    "article_id", "outlet", "outlet_kind", "language", "published", "bytes", "hash", "open", "page_status", "page_file", "page_reason",
    "characters", "derived_from", "reports", "mentioned", "signature", "text_hash",
)  # fmt: skip
"""What is taken over of the index of a unit."""


@dataclass(frozen=True)
class Group:
    """What some units say."""

    rows: pa.RecordBatch
    """A row an article: columns of the indexes, and ``id_hash``, a hash of its id."""
    units: tuple[tuple[int, Said, dict[str, int]], ...]
    """Of each unit how many articles it has, what it says but for its counts, and about how many bytes in memory the rows of an article
    take, by table.
    """
    tally: Tally
    """Counts of all."""


def ends(name: str) -> bool:
    """Whether a group ends with the unit of a name."""
    return int(name[:8], 16) % UNITS == 0


def make_group(area: Path, units: Sequence[str], folder: Path) -> None:
    """Make the folder of a group, whole or not at all, from the folders of its units. It has, as a unit has, one file a table: ``rows``;
    ``contacts`` and ``kb``, the different links of articles without a fault; ``people``, as units have it, added up.
    """
    write_folder(folder, _tables(area, units))


def _tables(area: Path, units: Sequence[str]) -> Iterator[tuple[str, pa.Table]]:
    indexes = [read_index(area / unit) for unit in units]
    whole = pa.Table.from_batches([index.replace_schema_metadata() for index, _ in indexes])
    rows = whole.select(_ROWS)
    hashes = [xxhash.xxh3_64_intdigest(key.encode()) for key in rows.column("article_id").to_pylist()]
    said = [
        [len(index), replace(own, tally=Tally()).to_bytes().decode(), _each(area / unit, len(index))]
        for unit, (index, own) in zip(units, indexes, strict=True)
    ]
    metadata = {"units": json.dumps(said), "tally": Tally.total(own.tally for _, own in indexes).to_bytes()}
    yield "rows", rows.append_column("id_hash", pa.array(hashes, pa.uint64())).replace_schema_metadata(metadata)
    links = whole.select(["contacts", "kb"]).filter(whole.column("sound")).combine_chunks()
    yield "contacts", pa.table({"contact_id": _flat(links, "contacts").unique()})
    kb = _flat(links, "kb")
    yield "kb", _distinct(pa.table({name: kb.field(name) for name in ("kb_id", "type")}))
    counted = [read_table(area / unit, "people") for unit in units if (area / unit / "people").is_file()]
    if counted:
        people = pa.Table.from_batches(counted)
        keys = [name for name in people.column_names if name != "n"]
        yield "people", people.group_by(keys, use_threads=False).aggregate([("n", "sum")]).rename_columns([*keys, "n"])


def _each(unit: Path, articles: int) -> dict[str, int]:
    """Bytes of the rows of one article of a unit, by table, to three bits, so that a change to one of many articles hardly shows."""
    found = {}
    for table in ARTICLE_TABLES if (unit / ARTICLE_TABLES[0]).is_file() else ():
        size = read_table(unit, table).nbytes // max(1, articles)
        rest = max(0, size.bit_length() - 3)
        found[table] = size >> rest << rest
    return found


def read_group(folder: Path) -> Group:
    """What a group says."""
    rows = read_table(folder, "rows")
    said = json.loads(rows.schema.metadata[b"units"])
    units = tuple((articles, Said.from_bytes(own.encode()), each) for articles, own, each in said)
    return Group(rows, units, Tally.from_bytes(rows.schema.metadata[b"tally"]))


def _flat(table: pa.Table, column: str) -> pa.Array:
    """All items of the lists of a column."""
    return table.column(column).combine_chunks().flatten()


def _distinct(table: pa.Table) -> pa.Table:
    return table.group_by(table.column_names, use_threads=False).aggregate([])
