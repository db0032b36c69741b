"""Files of the repo that follow from others, and whether they are stale: docs/schema.md and schema/json from the models, docs/errors.md
from the rules, CITATION.cff, .zenodo.json, DATASHEET.md and the head of README.md from the newest release.
"""

import os
import re
from pathlib import Path

from pipeline.card import configs, front_matter, hub_metadata
from pipeline.cite import Style, cite
from pipeline.describe import json_text
from pipeline.findings import CannotRun
from pipeline.house import House
from pipeline.read import read_meta
from pipeline.release import CORPUS, DATASHEET, shards
from pipeline.release import read_meta as meta_of
from pipeline.rules import LEVELS, RULES, Severity
from pipeline.split import SPLITS
from schema.derive import json_schemas
from schema.docs import schema_page
from schema.rows import TABLES

_FRONT_MATTER = re.compile(r"\A---\n(?:.*?\n)??---\n", re.DOTALL)


def stale(root: Path, raw_folder: Path) -> dict[Path, str]:
    """The derived files of the repo that are not what they should be, each with the text that it should have.

    README.md, CITATION.cff, .zenodo.json and DATASHEET.md speak of the newest published release, docs/schema.md of the models as they
    are. Raises CannotRun where no release is published yet.
    """
    house = House.of(root / raw_folder)
    release = house.newest()
    place = Path(os.path.relpath(release, house.root)).as_posix()
    meta = read_meta(root / raw_folder)
    readme = root / "README.md"
    body = _FRONT_MATTER.sub("", readme.read_text(encoding="utf-8")) if readme.is_file() else ""
    head = hub_metadata(meta) | {"configs": _configs(release, place)}
    wanted = {
        root / "docs/schema.md": schema_page(),
        root / "docs/errors.md": errors_page(),
        **{root / "schema/json" / name: json_text(schema) for name, schema in json_schemas().items() if "-row" not in name},
        root / "CITATION.cff": _of_release(release, "CITATION.cff"),
        readme: front_matter(head) + body,
    }
    if (release / DATASHEET).is_file():  # releases before 0.2.0 have none
        sheet = _of_release(release, DATASHEET)
        wanted[root / DATASHEET] = sheet.replace("](figures/", f"]({place}/figures/")
    if (release / CORPUS).is_file():  # releases before 1.0.0 have none
        wanted[root / ".zenodo.json"] = cite(meta_of(release), release.name, Style.zenodo)
    return {path: text for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text}


def errors_page() -> str:
    """docs/errors.md, written from the rules."""
    parts = [
        "# Findings\n",
        "Written from `pipeline/rules/` by `python build_dataset.py derive`; change the rules, not this page.\n",
        "A finding names its rule, file, line and column, record and field. Levels are cumulative: what fails one is not taken to the "
        "next. Errors stop a build, warnings do not. `python build_dataset.py explain HD301` says the same on the terminal; "
        "`tests/invalid/` has an example of each that concerns raw files, "
        "`tests/pipeline/test_verify.py` of those that concern releases (HD611 on).\n",
    ]
    for level, title in LEVELS.items():
        parts.append(f"## Level {level}: {title}\n")
        for rule in RULES.values():
            if rule.level() == level:
                kind = "" if rule.severity is Severity.error else " (warning)"
                parts.append(f"### {rule.code}\n\n**{rule.title}**{kind}. {rule.explanation()}\n\n*What to do:* {rule.hint}.\n")
    return "\n".join(parts)


def _of_release(release: Path, name: str) -> str:
    try:
        return (release / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CannotRun(f"{release} has no {name}; is it a release of this version of the package?") from None


def _configs(release: Path, place: str) -> list[dict[str, object]]:
    """Configurations that read the release's Parquet files from the root of the repo."""
    files = [
        (table.name, split, f"{place}/{path.relative_to(release).as_posix()}")
        for table in TABLES
        for split in SPLITS
        for path in shards(release, table.name, split)
    ]
    return configs(release.name, files)
