"""Stage 6: tables → Parquet. One task writes one shard of every table of articles: all of them are about the same articles then."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import pipeline.arrow  # noqa: F401 – before the first array
from pipeline.bag import sha256
from pipeline.cache import whole
from pipeline.digest import Digest, of_shards
from pipeline.nodes import Ints
from pipeline.split import SPLITS, Codes
from pipeline.tables import ARTICLE_TABLES, ROW, SPLIT_COLUMNS, finished, table_schema, wikidata
from pipeline.units import read_table
from schema.reference import SplitName

ROW_GROUP_BYTES = 24 * 2**20
"""Size of a row group in memory: large enough to read fast, small enough that the first row of a stream comes at once."""


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


@dataclass(frozen=True)
class ShardTask:
    """One shard of every table to write."""

    area: Path
    """Where the files of the units are."""
    folder: Path
    """Where the files go, as ``<table>.parquet``; it is made whole or not at all."""
    split: SplitName
    parts: tuple[Part, ...]
    bytes: int
    """Bytes of the articles in their raw files."""
    about: tuple[tuple[str, str], ...]
    """What each file says of the release that it is a part of."""
    wikidata: Path
    """JSON with the Wikidata item of each row of the knowledge base, in a file that is named after its hash."""

    def key(self) -> str:
        """Hash of everything that the files depend on, but for the code."""
        digest = hashlib.sha256(json.dumps([self.split, self.about, self.wikidata.name]).encode())
        for part in self.parts:
            digest.update(f"{part.unit} {len(part.rows)}\n".encode())
            digest.update(part.rows.tobytes() + part.by_time.tobytes() + part.by_outlet.tobytes())
        return digest.hexdigest()


def write_shard(task: ShardTask) -> list[Shard]:
    """Write one shard of every table that has rows in it, unless that is done already. Paths are those in the task's folder."""
    said = task.folder / "shards.json"
    if not said.is_file():
        with whole(task.folder) as aside:
            items = _wikidata(task.wikidata)
            shards = []
            for name in ARTICLE_TABLES:
                batches = (_part(task, part, name, items) for part in task.parts)
                shard = write_table(name, task.split, batches, aside, f"{name}.parquet", dict(task.about))
                if shard is not None:
                    shards.append(shard)
            (aside / said.name).write_text(json.dumps([asdict(shard) for shard in shards]), encoding="utf-8")
    return [Shard(**shard) for shard in json.loads(said.read_bytes())]


def write_table(
    table: str, split: SplitName, tables: Iterable[pa.Table], folder: Path, path: str, about: Mapping[str, str]
) -> Shard | None:
    """Write one Parquet file of tables that come one after the other; None, and no file, where they have no row.

    The file says in its key-value metadata what it is a part of: ``about``, its table, its split and its logical digest, so that a file
    that went astray can still be cited. No ``huggingface`` metadata is embedded (the card declares the features, so that old and new
    versions of ``datasets`` load the files). Content-defined chunking keeps most bytes of the next version the same, and the checksum
    of every page tells where a damaged file is damaged. The same rows in the same row groups give the same bytes.
    """
    schema = table_schema(table)
    groups = _row_groups(tables)
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


def _row_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows of tables in groups of about ROW_GROUP_BYTES; a table that alone is much larger is cut."""
    waiting: list[pa.Table] = []
    size = 0
    for table in tables:
        if not len(table):
            continue
        if waiting and size + table.nbytes > ROW_GROUP_BYTES:
            yield _one(waiting)
            size = 0
        rows = max(1, ROW_GROUP_BYTES * len(table) // max(1, table.nbytes))
        while len(table) > rows:
            yield table.slice(0, rows).combine_chunks()
            table = table.slice(rows)
        waiting.append(table)
        size += table.nbytes
        del table
    if waiting:
        yield _one(waiting)


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


def _part(task: ShardTask, part: Part, name: str, items: Mapping[str, str | None]) -> pa.Table:
    """The rows of one table that articles of a unit have."""
    batch = read_table(task.area / part.unit, name)
    rows: Ints = part.rows.astype(np.int64)
    if ROW in batch.schema.names:
        of = batch.column(ROW).to_numpy()
        chosen = np.zeros(max(int(of.max(initial=-1)), int(rows.max(initial=-1))) + 1, dtype=bool)
        chosen[rows] = True
        rows = np.flatnonzero(chosen[of])
    if len(rows) < len(batch):
        batch = batch.take(pa.array(rows))
    if name == "articles":
        codes = (np.full(len(rows), SPLITS.index(task.split)), part.by_time, part.by_outlet)
        return finished(name, batch, **{key: _NAMES.take(pa.array(code)) for key, code in zip(SPLIT_COLUMNS, codes, strict=True)})
    return finished(name, batch, **({"wikidata": wikidata(batch.column("kb_id"), items)} if name == "entities" else {}))


_NAMES = pa.array(SPLITS)


@lru_cache(maxsize=1)
def _wikidata(path: Path) -> dict[str, str | None]:
    found: dict[str, str | None] = json.loads(path.read_bytes())
    return found
