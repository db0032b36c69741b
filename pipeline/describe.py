"""Stage 7: everything in a release that is not Parquet: the card, the schemas, the splits, the leakage report, how to cite it."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.agree import agreement
from pipeline.bag import sha256
from pipeline.card import card
from pipeline.cite import bibtex, citation_cff, datacite
from pipeline.counting import Tables
from pipeline.croissant import CROISSANT, croissant
from pipeline.datasheet import datasheet
from pipeline.diff import Diff
from pipeline.leakage import leakage
from pipeline.pages import Pages
from pipeline.plots import plots
from pipeline.rai import rai_of
from pipeline.read import Raw
from pipeline.release import CHANGES, CORPUS, DATASHEET, RELEASE, Release, Rows, sizes
from pipeline.statistics import statistics
from pipeline.write import Shard
from schema.derive import json_schemas
from schema.reference import Splits


def describe(
    work: Path,
    raw: Raw,
    pages: Pages,
    splits: Splits,
    tables: Tables,
    shards: Sequence[Shard],
    version: str,
    changes: Diff | None,
) -> Release:
    """Write all descriptions into ``work``; gives what release.json says. ``changes`` are those since the last release, if any."""
    leaks, agreed = leakage(raw, splits, pages), agreement(raw.passes)
    release = Release(
        name=raw.meta.name,
        title=raw.meta.title,
        version=version,
        hydrated=pages.hydrated,
        raw_sha256=raw.digest,
        pages=dict(sorted(Counter(report.status.value for report in pages.reports).items())),
        tables=tuple(Rows(table=s.table, split=s.split, rows=s.rows, bytes=s.bytes, digest=s.digest) for s in shards),
        leakage=leaks,
    )
    _write(work / RELEASE, json_text(release.model_dump()))
    _write(work / CORPUS, json_text(raw.meta.model_dump(mode="json")))
    _write(work / "leakage.json", json_text(leaks))
    _write(work / "splits.json", json_text(splits.model_dump()))
    _write(work / "CITATION.cff", citation_cff(raw.meta, raw.meta.version))
    _write(work / "datacite.json", json_text(datacite(raw.meta, raw.meta.version, sizes=sizes(release))))
    for name, schema in json_schemas().items():
        _write(work / "schema" / name, json_text(schema))
    found = statistics(tables, agreed)
    figures = plots(found)
    for name, svg in figures.items():
        _write(work / "figures" / name, svg)
    if agreed:
        _write(work / "agreement.json", json_text([figure.model_dump() for figure in agreed]))
    sheet = datasheet(raw.datasheet, raw.meta.version, found, figures) if raw.datasheet is not None else ""
    if sheet:
        _write(work / DATASHEET, sheet)
    if not pages.hydrated:  # what is for everybody
        if changes is not None:
            _write(work / CHANGES, json_text(changes.model_dump()))
        hashes = {shard.path: sha256(work / shard.path) for shard in shards}
        cited = bibtex(raw.meta, version)
        _write(work / CROISSANT, json_text(croissant(raw.meta, version, shards, hashes, cited, rai_of(sheet))))
    _write(work / "README.md", card(raw.meta, version, pages.hydrated, tables, shards, leaks, found, figures))
    return release


def json_text(value: Any) -> str:
    """JSON as it is written into releases and into the repo."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=False) + "\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
