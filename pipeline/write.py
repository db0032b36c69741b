"""Stage 6: tables → Parquet."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

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


def write_tables(tables: dict[str, dict[SplitName, pa.Table]], folder: Path) -> list[Shard]:
    """Write every table that has rows as ``data/<table>/<split>-00000-of-00001.parquet``. An empty split is not written.

    No ``huggingface`` metadata is embedded (the card declares the features, so that old and new versions of ``datasets`` load the
    files), and content-defined chunking keeps most bytes of the next version the same. The same table gives the same bytes.
    """
    shards = []
    for name, splits in tables.items():
        for split, table in splits.items():
            if not table.num_rows:
                continue
            path = f"data/{name}/{split}-00000-of-00001.parquet"
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(
                table,
                target,
                compression="zstd",
                row_group_size=max(1, ROW_GROUP_BYTES * table.num_rows // max(1, table.nbytes)),
                use_content_defined_chunking=True,
                write_page_index=True,
            )
            shards.append(Shard(name, split, path, table.num_rows, target.stat().st_size, table.nbytes))
    return shards
