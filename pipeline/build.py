"""The whole way: raw files → a release in its place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline import ledger
from pipeline.bag import write_bag
from pipeline.check import check
from pipeline.check.versions import check_version, since_last
from pipeline.cite import bibtex
from pipeline.counting import Tables
from pipeline.describe import describe
from pipeline.diff import Diff
from pipeline.duplicates import near_duplicates
from pipeline.findings import CannotRun, Finding, Findings
from pipeline.house import House, final
from pipeline.pages import PageReport, Pages, find_pages
from pipeline.read import Raw, locate, read
from pipeline.release import Release
from pipeline.seal import Outcome, aside, seal
from pipeline.split import open_texts, split
from pipeline.tables import build_tables
from pipeline.target import check_target
from pipeline.write import write_tables
from schema.reference import CorpusMeta, Splits


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
    changes: Diff | None
    """What changed since the last release; None where there is none, and for a hydrated build."""
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
    house = House.of(raw_folder)
    if (
        level >= 6
        and raw.whole
        and not findings.errors
        and final(raw.meta.version)
        and (house.published() or house.ledger.exists())
    ):
        step("compare with the releases")
        tables = build_tables(raw, find_pages(raw, None), splits)
        changes = None if raw.meta.version in house.published() else since_last(house, raw.meta, tables)
        findings.extend(check_version(house, raw.meta, tables, changes))
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
    if not raw.bundles:
        raise CannotRun(f"{raw_folder} has no article, so that there is nothing to publish")
    house = House.of(raw_folder)
    target = out or house.release(raw.meta.version, pages.hydrated)
    check_target(target, raw.meta.version, pages.hydrated, raw_folder)
    publishing = final(raw.meta.version) and target.resolve() == house.release(raw.meta.version).resolve()
    with aside(target) as work:
        step("tables")
        tables = build_tables(raw, pages, splits)
        step("compare with the last release")
        changes = None if pages.hydrated else since_last(house, raw.meta, tables)
        if publishing:
            checked.findings.extend(check_version(house, raw.meta, tables, changes))
            locate(raw_folder, checked.findings)
            checked.findings.raise_errors()
        release = assemble(work, raw, pages, splits, tables, changes, step)
        step("seal")
        entry = ledger.entry(work, release, raw.meta.released) if publishing else None
        if entry is not None:
            ledger.check(house.ledger, entry)
        outcome = seal(work, target)
        if entry is not None:
            ledger.enter(house.ledger, entry)
    return Built(target, outcome, release, changes, pages.reports, checked.findings.warnings)


def assemble(
    work: Path, raw: Raw, pages: Pages, splits: Splits, tables: Tables, changes: Diff | None, step: Step = lambda _: None
) -> Release:
    """Make a finished release of a checked corpus and its tables in an empty folder."""
    version = raw.meta.version + ("+hydrated" if pages.hydrated else "")
    step("write")
    shards = write_tables(tables, work, _about(raw.meta, version))
    step("describe")
    release = describe(work, raw, pages, splits, tables, shards, version, changes)
    write_bag(work, f"{raw.meta.name}-{version}", raw.meta.released)
    return release


def _about(meta: CorpusMeta, version: str) -> dict[str, str]:
    """What each file of a release says of the release that it is a part of."""
    return {"dataset": meta.title, "version": version, "license": meta.licences.annotations, "citation": bibtex(meta, version)}
