"""Stage 6: tables → Parquet."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.counting import Tables
from pipeline.digest import digest
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
    """Bytes in memory, as Arrow counts them."""
    digest: str
    """Logical digest of the table in this split (see ``pipeline.digest``)."""


def write_tables(tables: Tables, folder: Path, about: Mapping[str, str]) -> list[Shard]:
    """Write every table that has rows as ``data/<table>/<split>-00000-of-00001.parquet``. An empty split is not written.

    Each file says in its key-value metadata what it is a part of: ``about``, its table, its split and its logical digest, so that a
    file that went astray can still be cited. No ``huggingface`` metadata is embedded (the card declares the features, so that old and
    new versions of ``datasets`` load the files). Content-defined chunking keeps most bytes of the next version the same, and the
    checksum of every page tells where a damaged file is damaged. The same table gives the same bytes.
    """
    shards = []
    for name, splits in tables.items():
        for split, table in splits.items():
            if not table.num_rows:
                continue
            path = f"data/{name}/{split}-00000-of-00001.parquet"
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            own = {"table": name, "split": split, "digest": digest(table)}
            with pq.ParquetWriter(
                target,
                table.schema,
                compression="zstd",
                use_content_defined_chunking=True,
                write_page_index=True,
                write_page_checksum=True,
            ) as writer:
                writer.write_table(table, max(1, ROW_GROUP_BYTES * table.num_rows // max(1, table.nbytes)))
                writer.add_key_value_metadata({**about, **own})
            shards.append(Shard(name, split, path, table.num_rows, target.stat().st_size, table.nbytes, own["digest"]))
    return shards
