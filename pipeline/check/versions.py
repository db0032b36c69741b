"""Level 6: the release – do the raw files still give what is published under their version?"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.findings import CannotRun, Finding
from schema.reference import SplitName


def check_published(release: Path, tables: Mapping[str, Mapping[SplitName, pa.Table]]) -> Iterator[Finding]:
    """Compare tables with those of a published release, value by value, whatever wrote its bytes."""
    for name, splits in tables.items():
        for split, table in splits.items():
            shards = sorted((release / "data" / name).glob(f"{split}-*.parquet"))
            try:
                published = pa.concat_tables([pq.read_table(path) for path in shards]) if shards else None
            except (OSError, pa.ArrowException) as error:
                raise CannotRun(f"a file of {release / 'data' / name} is damaged: {error}") from error
            if published is None and not table.num_rows:
                continue
            if published is None or not published.equals(table):
                found = f"{name}, split {split}"
                yield Finding("HD601", "corpus.toml", None, ("version",), found, release.name)
