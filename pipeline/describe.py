"""Stage 7: everything in a release that is not Parquet: the card, the schemas, the splits, the leakage report, how to cite it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from pipeline.begin import Begun
from pipeline.card import card, first_rows
from pipeline.cite import bibtex, citation_cff, datacite
from pipeline.corpus import Corpus
from pipeline.croissant import CROISSANT, croissant
from pipeline.datasheet import datasheet
from pipeline.diff import Diff
from pipeline.leakage import leakage
from pipeline.rai import rai_of
from pipeline.release import CHANGES, CORPUS, DATASHEET, RELEASE, Release, Rows, sizes
from pipeline.split import splits_json
from pipeline.write import Shard, table_digests


def describe(
    work: Path, corpus: Corpus, begun: Begun, shards: Sequence[Shard], version: str, changes: Diff | None, raw_sha256: str
) -> Release:  # fmt: skip
    """Write all descriptions into ``work``; gives what release.json says. ``changes`` are those since the last release, if any."""
    index, splits, found = corpus.index, corpus.splits, begun.statistics
    assert splits is not None, "only what was split is described"
    raw = index.raw
    hydrated = index.hydrated
    leaks = leakage(index, splits, corpus.duplicates)
    release = Release(
        name=raw.meta.name,
        title=raw.meta.title,
        version=version,
        hydrated=hydrated,
        raw_sha256=raw_sha256,
        pages=dict(sorted(index.pages.items())),
        tables=tuple(_rows(shards)),
        leakage=leaks,
    )
    _write(work / RELEASE, json_text(release.model_dump()))
    _write(work / CORPUS, json_text(raw.meta.model_dump(mode="json")))
    _write(work / "leakage.json", json_text(leaks))
    with (work / "splits.json").open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(splits_json(splits, index.ids()))
    _write(work / "CITATION.cff", citation_cff(raw.meta, raw.meta.version))
    _write(work / "datacite.json", json_text(datacite(raw.meta, raw.meta.version, sizes=sizes(release))))
    for name, schema in begun.schemas.result().items():
        _write(work / "schema" / name, json_text(schema))
    if agreed := found.agreement:
        _write(work / "agreement.json", json_text([figure.model_dump() for figure in agreed]))
    examples = first_rows(work, shards)
    figures = begun.figures.result()
    for name, svg in figures.items():
        _write(work / "figures" / name, svg)
    sheet = datasheet(raw.datasheet, raw.meta.version, found, figures) if raw.datasheet is not None else ""
    if sheet:
        _write(work / DATASHEET, sheet)
    if not hydrated:  # what is for everybody
        if changes is not None:
            _write(work / CHANGES, json_text(changes.model_dump()))
        cited = bibtex(raw.meta, version)
        _write(work / CROISSANT, json_text(croissant(raw.meta, version, shards, cited, rai_of(sheet))))
    _write(work / "README.md", card(raw.meta, version, hydrated, shards, examples, leaks, found, figures))
    return release


def _rows(shards: Sequence[Shard]) -> Iterator[Rows]:
    """Size and digest of each split of each table."""
    for (table, split), digest in table_digests(shards).items():
        own = [shard for shard in shards if (shard.table, shard.split) == (table, split)]
        rows, size = sum(shard.rows for shard in own), sum(shard.bytes for shard in own)
        yield Rows(table=table, split=own[0].split, rows=rows, bytes=size, digest=digest)


def json_text(value: Any) -> str:
    """JSON as it is written into releases and into the repo."""
    return to_json(value, indent=2).decode() + "\n"  # as json.dumps does, in a fifth of the time


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
