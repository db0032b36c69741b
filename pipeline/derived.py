"""Files of the repo that follow from others, and whether they are stale: docs/schema.md, CITATION.cff, the head of README.md."""

import re
from pathlib import Path

from pipeline.card import configs, front_matter, hub_metadata
from pipeline.findings import CannotRun, Findings
from pipeline.read import read
from pipeline.split import SPLITS
from pipeline.write import Shard
from schema.docs import schema_page
from schema.rows import TABLES

_FRONT_MATTER = re.compile(r"\A---\n(?:.*?\n)??---\n", re.DOTALL)


def stale(root: Path, raw_folder: Path) -> dict[Path, str]:
    """The derived files of the repo that are not what they should be, each with the text that it should have.

    README.md and CITATION.cff speak of the newest published release, docs/schema.md of the models as they are. Raises CannotRun
    where no release is published yet.
    """
    release = newest_release(root / "data/processed")
    meta = read(root / raw_folder, Findings()).meta
    readme = root / "README.md"
    body = _FRONT_MATTER.sub("", readme.read_text(encoding="utf-8"))
    head = hub_metadata(meta) | {"configs": _configs(release)}
    wanted = {
        root / "docs/schema.md": schema_page(),
        root / "CITATION.cff": (release / "CITATION.cff").read_text(encoding="utf-8"),
        readme: front_matter(head) + body,
    }
    return {path: text for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text}


def newest_release(processed: Path) -> Path:
    """The folder of the highest version without a suffix. Raises CannotRun where there is none."""
    published = [path for path in processed.glob("*.*.*") if re.fullmatch(r"\d+\.\d+\.\d+", path.name)]
    if not published:
        raise CannotRun(f"{processed} holds no published release; build one first")
    return max(published, key=lambda path: [int(part) for part in path.name.split(".")])


def _configs(release: Path) -> list[dict[str, object]]:
    """Configurations that read the release's Parquet files from the root of the repo."""
    shards = [
        Shard(table.name, split, path.relative_to(release).as_posix(), 0, 0, 0)
        for table in TABLES
        for split in SPLITS
        for path in sorted((release / "data" / table.name).glob(f"{split}-*.parquet"))
    ]
    return configs(release.name, shards, prefix=f"data/processed/{release.name}/")
