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

from pipeline.entries import Said, read_index
from pipeline.store import read_table, write_folder
from pipeline.tally import Tally

UNITS, MOST = 8, 12
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
    units: tuple[tuple[int, Said], ...]
    """Of each unit how many articles it has, and what it says but for its counts."""
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
    rows = pa.Table.from_batches([index.select(_ROWS).replace_schema_metadata() for index, _ in indexes])
    hashes = [xxhash.xxh3_64_intdigest(key.encode()) for key in rows.column("article_id").to_pylist()]
    said = [[len(index), replace(own, tally=Tally()).to_bytes().decode()] for index, own in indexes]
    metadata = {"units": json.dumps(said), "tally": Tally.total(own.tally for _, own in indexes).to_bytes()}
    yield "rows", rows.append_column("id_hash", pa.array(hashes, pa.uint64())).replace_schema_metadata(metadata)
    contacts, kb = zip(*(_links(index) for index, _ in indexes), strict=True)
    yield "contacts", _distinct(contacts)
    yield "kb", _distinct(kb)
    counted = [read_table(area / unit, "people") for unit in units if (area / unit / "people").is_file()]
    if counted:
        people = pa.Table.from_batches(counted)
        keys = [name for name in people.column_names if name != "n"]
        yield "people", people.group_by(keys, use_threads=False).aggregate([("n", "sum")]).rename_columns([*keys, "n"])


def _links(index: pa.RecordBatch) -> tuple[pa.Table, pa.Table]:
    """The different links of the articles of a unit that have no fault: to the registry, and to the knowledge base with their types."""
    links = index.select(["contacts", "kb"]).filter(index.column("sound"))
    kb = links.column("kb").flatten()
    contacts = pa.table({"contact_id": links.column("contacts").flatten()})
    return _distinct([contacts]), _distinct([pa.table({name: kb.field(name) for name in ("kb_id", "type")})])


def _distinct(tables: Sequence[pa.Table]) -> pa.Table:
    """The different rows of some tables."""
    return pa.concat_tables(tables).group_by(tables[0].column_names, use_threads=False).aggregate([])


def read_group(folder: Path) -> Group:
    """What a group says."""
    rows = read_table(folder, "rows")
    said = json.loads(rows.schema.metadata[b"units"])
    units = tuple((articles, Said.from_bytes(own.encode())) for articles, own in said)
    return Group(rows, units, Tally.from_bytes(rows.schema.metadata[b"tally"]))
