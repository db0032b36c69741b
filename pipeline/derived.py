"""Files of the repo that follow from others, and whether they are stale: docs/schema.md, CITATION.cff, the head of README.md."""

import re
from pathlib import Path

from pipeline.card import configs, front_matter, hub_metadata
from pipeline.describe import citation
from pipeline.findings import Findings
from pipeline.read import read
from pipeline.write import Shard
from schema.docs import schema_page

_FRONT_MATTER = re.compile(r"\A---\n(?:.*?\n)??---\n", re.DOTALL)


def stale(root: Path, raw_folder: Path) -> dict[Path, str]:
    """The derived files of the repo that are not what they should be, each with the text that it should have."""
    meta = read(root / raw_folder, Findings()).meta
    readme = root / "README.md"
    body = _FRONT_MATTER.sub("", readme.read_text(encoding="utf-8"))
    head = hub_metadata(meta) | {"configs": _configs(root / "data/processed" / meta.version, meta.version)}
    wanted = {
        root / "docs/schema.md": schema_page(),
        root / "CITATION.cff": citation(meta),
        readme: front_matter(head) + body,
    }
    return {path: text for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text}


def _configs(release: Path, version: str) -> list[dict[str, object]]:
    """Configurations that read the release's Parquet files from the root of the repo."""
    paths = sorted(p.relative_to(release).as_posix() for p in release.glob("data/*/*.parquet"))
    order = {"train": 0, "validation": 1, "test": 2}
    shards = [Shard(p.split("/")[1], p.split("/")[2].partition("-")[0], p, 0, 0, 0) for p in paths]  # type: ignore[arg-type]
    return configs(version, sorted(shards, key=lambda s: order[s.split]), prefix=f"data/processed/{version}/")
