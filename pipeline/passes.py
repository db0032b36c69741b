"""Independent annotation passes, ``passes/<pass>/<article_id>.json``: read and checked as articles are, kept for agreement.

They are few, as people's work is, and are held in memory as records.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from pipeline.at_hand import masked
from pipeline.check import check_unit
from pipeline.check.corpus import Known, links_resolve
from pipeline.check.unit import Unit
from pipeline.cut import Cut
from pipeline.findings import Finding, Loc
from pipeline.index import Index
from pipeline.pages import PageStatus, Shelf
from pipeline.read import Origin, Raw, records
from pipeline.spans import bundles_array
from pipeline.texts import Texts
from pipeline.units import reparsed
from schema.records import Article, Bundle, Pass
from schema.vocabulary import RightsStatus, TextStatus

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class Passed:
    """An article as one pass has it."""

    bundle: Bundle
    article: int
    """Number of the article in the index."""
    origin: Origin
    text: str | None
    """The page, if it is at hand: unmasked, as spans are checked against it."""
    masked: str | None
    """The page as it may be shown."""
    status: PageStatus

    @property
    def text_status(self) -> TextStatus:
        """Where the text columns of its row stand."""
        return self.status.text_status


Passes = dict[str, dict[str, Passed]]
"""Passes by name, then by article id, both in order."""


def read_passes(index: Index, shelf: Shelf | None) -> Passes:
    """The passes that have the right shape, over articles that have it too; findings go to those of the raw files."""
    raw = index.raw
    files = raw.files
    refused = {identifier for name, ids in raw.refused.items() if name.startswith("articles/") for identifier in ids}
    unreadable = {name for name in raw.faulty if name.startswith("articles/")}
    found: Passes = {}
    for folder in files.names("passes"):
        if not (files.folder / folder).is_dir() or not _NAME.fullmatch(folder.removeprefix("passes/")):
            files.findings.add(Finding("HD105", folder))
            continue
        own = found.setdefault(folder.removeprefix("passes/"), {})
        given = list(_records(raw, folder))
        known = index.numbers(record.article.article_id for _, record, _ in given)
        for name, record, line in given:
            article_id = record.article.article_id
            loc: Loc = ("article", "article_id")
            if name != f"{folder}/{article_id}.json":
                files.findings.add(Finding("HD501", name, article_id, loc, article_id, name.rpartition("/")[2]))
            elif article_id in known:
                own[article_id] = _passed(index, record, known[article_id], name, shelf)
            elif article_id not in refused and f"articles/{article_id}.json" not in unreadable:
                files.findings.add(Finding("HD518", name, article_id, loc, article_id, None, line))
    return {name: dict(sorted(own.items())) for name, own in sorted(found.items()) if own}


def check_passes(passes: Passes, raw: Raw, level: int) -> None:
    """Run the rules of levels 3 and 4, and those on links, over each pass; findings go to those of the raw files. An article with
    a fault is left out, since what a pass takes from it would be told twice.
    """
    known = Known.of(raw)
    errors = (finding for finding in raw.files.findings.errors if not finding.file.startswith("passes/"))
    faulty = {str(finding.record).partition(":")[0] for finding in errors if finding.record}
    for bundles in passes.values():
        own = [passed for key, passed in bundles.items() if key not in faulty]
        if not own:
            continue
        unit = Unit(
            root=bundles_array([passed.bundle for passed in own]), origins=[passed.origin for passed in own],
            texts=Texts.of([passed.text for passed in own]), masked=Texts.of([passed.masked for passed in own]),
            shown=np.array([passed.status is PageStatus.open for passed in own], dtype=bool), languages=raw.meta.languages,
        )  # fmt: skip
        found, sound = check_unit(unit, level, ())
        raw.files.findings.extend(found)
        if level >= 5:
            raw.files.findings.extend(links_resolve(unit.without(~sound), known))


def _records(raw: Raw, folder: str) -> Iterator[tuple[str, Pass, int | None]]:
    for name in raw.files.names(folder):
        if not name.endswith(".json"):
            raw.files.findings.add(Finding("HD105", name))
            continue
        for document, record in records(Pass, raw.files.documents(name), raw.files, "article_id"):
            yield name, record, document.line


def _passed(index: Index, record: Pass, article: int, name: str, shelf: Shelf | None) -> Passed:
    """A pass over an article: its own records and zones, everything else as the article's bundle says."""
    ref = index.unit_of(article)
    unit = _unit(ref.cut, index.raw.folder)
    row = article - ref.first
    own = Article.model_validate_json(json.dumps(unit.root.field("article")[row].as_py()))
    text, status = _page(unit.texts.page(row), index.raw.folder, own, shelf)
    private = masked(unit.root.slice(row, 1), Texts.of([text]))
    return Passed(record.bundle(own), article, Origin(name), text, private.page(0), status)


@lru_cache(maxsize=2)
def _unit(cut: Cut, folder: Path) -> Unit:
    return reparsed(cut, folder)


def _page(carried: str | None, folder: Path, article: Article, shelf: Shelf | None) -> tuple[str | None, PageStatus]:
    """The page of an article as it was captured, if it is at hand."""
    if article.rights.status is RightsStatus.open:
        beside = folder / "pages" / f"{article.article_id}.txt"
        return carried or (beside.read_bytes().decode() if beside.is_file() else None), PageStatus.open
    if shelf is None:
        return None, PageStatus.withheld
    text, report = shelf.find(article.article_id, article.page.sha256)
    return text, report.status
