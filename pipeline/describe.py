"""Stage 7: everything in a release that is not Parquet: the card, the schemas, the splits, the leakage report, how to cite it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from pydantic import ValidationError

from pipeline.agree import Agreement
from pipeline.card import card, leakage_rows
from pipeline.datasheet import datasheet
from pipeline.findings import CannotRun
from pipeline.pages import Pages
from pipeline.plots import plots
from pipeline.read import Raw
from pipeline.seal import RELEASE
from pipeline.statistics import statistics
from pipeline.write import Shard
from schema.base import Model
from schema.derive import json_schemas
from schema.reference import CorpusMeta, SplitName, Splits
from schema.rows import TABLES


class Rows(Model):
    """Size of one split of one table."""

    table: str
    split: str
    rows: int
    bytes: int
    """Size of the Parquet file."""


class Release(Model):
    """What a release says of itself: release.json."""

    name: str
    title: str
    version: str
    hydrated: bool
    """Whether it holds texts that may not be passed on."""
    raw_sha256: str
    """SHA-256 over the names and bytes of the raw files that it was built from."""
    pages: dict[str, int]
    """Number of pages by what became of them."""
    tables: tuple[Rows, ...]
    leakage: dict[str, Any]
    """What splits share (see leakage.json)."""


def describe(
    work: Path,
    raw: Raw,
    pages: Pages,
    splits: Splits,
    tables: Mapping[str, Mapping[SplitName, pa.Table]],
    shards: Sequence[Shard],
    leakage: dict[str, Any],
    agreement: Sequence[Agreement],
) -> Release:
    """Write all descriptions into ``work``; gives what release.json says."""
    version = raw.meta.version + ("+hydrated" if pages.hydrated else "")
    release = Release(
        name=raw.meta.name,
        title=raw.meta.title,
        version=version,
        hydrated=pages.hydrated,
        raw_sha256=raw.digest,
        pages=dict(sorted(Counter(report.status.value for report in pages.reports).items())),
        tables=tuple(Rows(table=s.table, split=s.split, rows=s.rows, bytes=s.bytes) for s in shards),
        leakage=leakage,
    )
    _write(work / RELEASE, json_text(release.model_dump()))
    _write(work / "leakage.json", json_text(leakage))
    _write(work / "splits.json", json_text(splits.model_dump()))
    _write(work / "CITATION.cff", citation(raw.meta))
    for name, schema in json_schemas().items():
        _write(work / "schema" / name, json_text(schema))
    found = statistics(tables, agreement)
    figures = plots(found)
    for name, svg in figures.items():
        _write(work / "figures" / name, svg)
    if agreement:
        _write(work / "agreement.json", json_text([figure.model_dump() for figure in agreement]))
    if raw.datasheet is not None:
        _write(work / "DATASHEET.md", datasheet(raw.datasheet, version, found, figures))
    _write(work / "README.md", card(raw.meta, version, pages.hydrated, tables, shards, leakage, found, figures))
    return release


def citation(meta: CorpusMeta) -> str:
    """CITATION.cff (Citation File Format 1.2.0) of the version that corpus.toml names."""
    return yaml.safe_dump(
        {
            "cff-version": "1.2.0",
            "message": "If you use this dataset, please cite the version that you used.",
            "type": "dataset",
            "title": meta.title,
            "version": meta.version,
            "date-released": meta.released,
            "abstract": meta.description,
            "authors": [{"name": a.name} | ({"website": f"https://orcid.org/{a.orcid}"} if a.orcid else {}) for a in meta.authors],
            "keywords": list(meta.keywords),
            "license": meta.licences.annotations,
        },
        sort_keys=False,
        allow_unicode=True,
        width=120,
    )


def load_lines(folder: Path, name: str) -> str:
    """The three lines that load a table of a release."""
    return f'from datasets import load_dataset\n\n{name} = load_dataset("{folder.as_posix()}", "{name}")\nprint({name})'


def counts(release: Release) -> dict[str, dict[str, int]]:
    """Rows by table and split, tables in their order."""
    rows: dict[str, dict[str, int]] = {table.name: {} for table in TABLES}
    for entry in release.tables:
        rows[entry.table][entry.split] = entry.rows
    return rows


def read_release(folder: Path) -> Release:
    """What a release says of itself. Raises CannotRun where there is none."""
    try:
        release = Release.model_validate_json((folder / RELEASE).read_bytes())
        counts(release), leakage_rows(release.leakage)  # what is shown of it
        return release
    except OSError as error:
        raise CannotRun(f"{folder} is no release ({RELEASE}: {error.strerror}); build one, or name another folder") from error
    except ValidationError as error:
        raise CannotRun(f"{folder / RELEASE} is not what a build writes: {error.errors()[0]['msg']}") from error
    except (LookupError, TypeError) as error:
        raise CannotRun(f"{folder / RELEASE} is of another version of this package: {error!r}") from error


def json_text(value: Any) -> str:
    """JSON as it is written into releases and into the repo."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=False) + "\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
