"""Stage 6: tables → Parquet. One task writes one shard of one table; the shards of all tables are about the same articles."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import pipeline.arrow  # noqa: F401 – before the first array
from pipeline.bag import sha256
from pipeline.cache import whole
from pipeline.digest import Digest, of_shards
from pipeline.split import Codes
from pipeline.store import read_table
from pipeline.tables import ROW, finished, table_schema, with_splits
from schema.reference import SplitName

ROW_GROUP_BYTES = 16 * 2**20
"""Size of a row group in memory: large enough to read fast, small enough to hold one."""
FIRST_GROUP_BYTES = 2 * 2**20
"""The same of the first group of a file. Each next one is up to twice as large as the one before, since who streams a file has its first
row when the first group has been read, and the second one beside it.
"""


@dataclass(frozen=True)
class Shard:
    """One Parquet file of a release."""

    table: str
    split: SplitName
    path: str
    """Relative to the release."""
    rows: int
    bytes: int
    memory: int
    """Bytes of its values in memory (``Digest.memory``)."""
    digest: str
    """Logical digest of the rows (see ``pipeline.digest``)."""
    sha256: str
    """SHA-256 of the file."""


@dataclass(frozen=True)
class Part:
    """Articles of one unit that go to one shard."""

    unit: str
    """Stem of the unit's files."""
    rows: np.ndarray[Any, np.dtype[np.int32]]
    by_time: Codes
    by_outlet: Codes
    key: str
    """Hash of all that the rows depend on: the other articles of the unit can change."""
    each: Mapping[str, int]
    """About how many bytes the rows of an article take in memory, by table."""


@dataclass(frozen=True)
class ShardTask:
    """One shard of one table to write."""

    area: Path
    """Where the files of the units are."""
    folder: Path
    """Where the file goes, as ``<table>.parquet``; it is made whole or not at all."""
    table: str
    split: SplitName
    parts: tuple[Part, ...]
    bytes: int
    """Bytes of the articles in their raw files."""
    about: tuple[tuple[str, str], ...]
    """What each file says of the release that it is a part of."""
    wikidata: Path | None
    """JSON with the Wikidata item of each row of the knowledge base, in a file that is named after its hash; for entities."""
    depends: str
    """Hash of what all units depend on besides their articles."""

    @property
    def memory(self) -> int:
        """About how many bytes its rows take in memory."""
        return sum(part.each[self.table] * len(part.rows) for part in self.parts)

    def key(self) -> str:
        """Hash of everything that the file depends on, but for the code."""
        names = [self.table, self.split, self.about, self.wikidata and self.wikidata.name, self.depends]
        parts = [(part.key, len(part.rows), part.each[self.table]) for part in self.parts]
        return hashlib.sha256(json.dumps([names, parts]).encode()).hexdigest()


_SAID = "shard.json"


class Piece(NamedTuple):
    """Rows that come to a file together."""

    table: pa.Table
    bytes: int
    """About how many they take in memory."""


def write_shard(task: ShardTask) -> None:
    """Write one shard, unless that is done already; what it is, ``read_shard`` says. Where it has no row, there is no file."""
    if task.folder.is_dir():
        return
    with whole(task.folder) as aside:
        pieces = (_part(task, part) for part in task.parts)
        shard = write_table(task.table, task.split, pieces, aside, f"{task.table}.parquet", dict(task.about), _items(task.wikidata))
        (aside / _SAID).write_text(json.dumps(shard and asdict(shard)), encoding="utf-8")


def read_shard(folder: Path) -> Shard | None:
    """The shard that was written into a folder, its path that in there; None where it has no row."""
    found = json.loads((folder / _SAID).read_bytes())
    return found and Shard(**found)


def write_table(
    table: str, split: SplitName, pieces: Iterable[Piece], folder: Path, path: str, about: Mapping[str, str],
    items: Mapping[str, str | None] | None = None,
) -> Shard | None:  # fmt: skip
    """Write one Parquet file of pieces that come one after the other; None, and no file, where they have no row. ``items`` are those of
    Wikidata, for a table that names them and whose pieces do not.

    The file says in its key-value metadata what it is a part of: ``about``, its table, its split and its logical digest, so that a file
    that went astray can still be cited. No ``huggingface`` metadata is embedded (the card declares the features, so that old and new
    versions of ``datasets`` load the files). Content-defined chunking keeps most bytes of the next version the same, and the checksum
    of every page tells where a damaged file is damaged. The same rows in the same row groups give the same bytes.
    """
    schema = table_schema(table)
    groups = map(lambda group: finished(table, group, split, items), _row_groups(pieces))  # noqa: C417 – which would keep each group
    group = next(groups, None)
    if group is None:
        return None
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = Digest(schema)
    rows = 0
    with pq.ParquetWriter(
        target, schema, compression="zstd", use_content_defined_chunking=True, write_page_index=True, write_page_checksum=True
    ) as writer:
        while group is not None:
            digest.update(group.to_batches())
            writer.write_table(group, len(group))
            rows += len(group)
            group = None  # before the next one is made
            group = next(groups, None)
        writer.add_key_value_metadata({**about, "table": table, "split": split, "digest": digest.hexdigest()})
    return Shard(table, split, path, rows, target.stat().st_size, digest.memory, digest.hexdigest(), sha256(target))


def table_digests(shards: Iterable[Shard]) -> dict[tuple[str, str], str]:
    """The logical digest of each split of each table, by table and split; files in the order of their numbers."""
    found: dict[tuple[str, str], list[str]] = {}
    for shard in shards:
        found.setdefault((shard.table, shard.split), []).append(shard.digest)
    return {own: of_shards(digests) for own, digests in found.items()}


def _row_groups(pieces: Iterable[Piece]) -> Iterator[pa.Table]:
    """The rows of pieces in groups of at most FIRST_GROUP_BYTES, then twice as many, and so on up to ROW_GROUP_BYTES; a piece that alone
    is larger is cut.
    """
    waiting: list[pa.Table] = []
    limits = _limits()
    size, most = 0, next(limits)
    for table, own in pieces:
        if not len(table):
            continue
        if waiting and size + own > most:
            yield _one(waiting)
            size, most = 0, next(limits)
        while len(table) > (rows := max(1, most * len(table) // max(1, own))):
            yield table.slice(0, rows).combine_chunks()
            table, own, most = table.slice(rows), own * (len(table) - rows) // len(table), next(limits)
        waiting.append(table)
        size += own
        del table
    if waiting:
        yield _one(waiting)


def _limits() -> Iterator[int]:
    """The most bytes that each row group of a file may have, one after the other."""
    size = FIRST_GROUP_BYTES
    while True:
        yield size
        size = min(2 * size, ROW_GROUP_BYTES)


def _one(tables: list[pa.Table]) -> pa.Table:
    """One table of several, which are taken from the list and let go of column by column, so that their rows are not there twice."""
    schema = tables[0].schema
    columns = [[chunk for table in tables for chunk in table.column(i).chunks] for i in range(len(schema))]
    tables.clear()
    joined = []
    while columns:
        chunks = columns.pop(0)
        joined.append(pa.concat_arrays(chunks) if len(chunks) > 1 else chunks[0])
    return pa.table(joined, schema=schema)


def _part(task: ShardTask, part: Part) -> Piece:
    """The rows of a table that articles of a unit have, copied, so that one unit is mapped at a time and not all of a row group."""
    batch = read_table(task.area / part.unit, task.table)
    if task.table == "articles":
        batch = with_splits(batch, part.rows, part.by_time, part.by_outlet)
    articles = batch.column(ROW).to_numpy() if ROW in batch.schema.names else np.arange(len(batch))
    rows = batch.filter(pa.array(np.isin(articles, part.rows)))  # half the time of slices of stretches, put together
    return Piece(pa.Table.from_batches([rows]), part.each[task.table] * len(part.rows))


@lru_cache(maxsize=2)  # of no file and of one
def _items(path: Path | None) -> dict[str, str | None] | None:
    """The Wikidata items that a file holds."""
    return None if path is None else json.loads(path.read_bytes())
