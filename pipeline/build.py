"""The whole way: raw files → a release in its place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.check import check
from pipeline.check.release import check_published
from pipeline.describe import Release, describe
from pipeline.duplicates import near_duplicates
from pipeline.findings import CannotRun, Finding, Findings
from pipeline.leakage import leakage
from pipeline.pages import PageReport, Pages, find_pages
from pipeline.read import Raw, locate, read
from pipeline.seal import Outcome, aside, seal
from pipeline.split import open_texts, split
from pipeline.tables import build_tables
from pipeline.write import write_tables
from schema.reference import Splits


@dataclass(frozen=True)
class Checked:
    """A corpus that was read and checked."""

    raw: Raw
    pages: Pages
    splits: Splits
    findings: Findings


@dataclass(frozen=True)
class Built:
    """What a build did."""

    folder: Path
    outcome: Outcome
    release: Release
    pages: tuple[PageReport, ...]
    warnings: list[Finding]


Step = Callable[[str], None]
"""Is told the name of each stage as it begins."""


def load_and_check(
    raw_folder: Path,
    pages_folder: Path | None,
    version: str | None = None,
    step: Step = lambda _: None,
    *,
    level: int = 5,
    only: Iterable[str] | None = None,
) -> Checked:
    """Read a corpus and run its rules up to a level. Faults are in ``findings``, each with its place.

    ``only`` names the files of articles to check, below the raw folder; rules that need the whole corpus are then left out. Raises
    CannotRun, and Refused if corpus.toml is faulty.
    """
    findings = Findings()
    step("read")
    raw = read(raw_folder, findings, version, only)
    step("find pages")
    pages = find_pages(raw, pages_folder)
    step("check")
    if level >= 3:
        check(raw, pages, findings, level)
    splits = raw.splits
    if level >= 5 and raw.whole:
        step("split")
        splits = split(raw, near_duplicates(open_texts(raw)), findings)
    release = default_folder(raw_folder, raw.meta.version, hydrated=False)
    if level >= 6 and raw.whole and not findings.errors and release.is_dir() and "-" not in raw.meta.version:
        step("compare with the release")
        withheld = find_pages(raw, None)
        findings.extend(check_published(release, build_tables(raw, withheld, splits)))
    locate(raw_folder, findings)
    return Checked(raw, pages, splits, findings)


def build(
    raw_folder: Path, out: Path | None, pages_folder: Path | None, version: str | None = None, step: Step = lambda _: None
) -> Built:
    """Build a release. Without ``out`` it goes to ``data/processed/<version>``, a hydrated one to ``build/<version>+hydrated``.

    Raises Refused where the data breaks a rule and CannotRun where the build cannot be done; nothing is written then.
    """
    checked = load_and_check(raw_folder, pages_folder, version, step)
    checked.findings.raise_errors()
    raw, pages, splits = checked.raw, checked.pages, checked.splits
    target = out or default_folder(raw_folder, raw.meta.version, pages.hydrated)
    if pages.hydrated and (raw_folder.parent / "processed").resolve() in target.resolve().parents:
        raise CannotRun(f"a hydrated build may not stand among the published releases ({target}); name another folder by --out")
    with aside(target) as work:
        step("tables")
        tables = build_tables(raw, pages, splits)
        step("write")
        shards = write_tables(tables, work)
        step("describe")
        release = describe(work, raw, pages, splits, tables, shards, leakage(raw, splits, pages))
        step("seal")
        outcome = seal(work, target, replace=pages.hydrated or "-" in raw.meta.version)
    return Built(target, outcome, release, pages.reports, checked.findings.warnings)


def default_folder(raw_folder: Path, version: str, hydrated: bool) -> Path:
    """Where a release goes that is told nothing else: published ones beside the raw files, hydrated ones apart from them."""
    if hydrated:
        return raw_folder.parent.parent / "build" / f"{version}+hydrated"
    return raw_folder.parent / "processed" / version
