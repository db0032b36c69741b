"""The whole way: raw files → a release in its place."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.agree import agreement
from pipeline.check import check
from pipeline.check.release import check_published
from pipeline.describe import Release, describe
from pipeline.duplicates import near_duplicates
from pipeline.findings import CannotRun, Finding, Findings
from pipeline.leakage import leakage
from pipeline.pages import PageReport, Pages, find_pages
from pipeline.read import Raw, locate, read
from pipeline.seal import Outcome, aside, is_release, seal
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
    if not raw.bundles:
        raise CannotRun(f"{raw_folder} has no article, so that there is nothing to publish")
    target = out or default_folder(raw_folder, raw.meta.version, pages.hydrated)
    _check_target(target, raw_folder, raw.meta.version, pages.hydrated)
    with aside(target) as work:
        step("tables")
        tables = build_tables(raw, pages, splits)
        step("write")
        shards = write_tables(tables, work)
        step("describe")
        release = describe(work, raw, pages, splits, tables, shards, leakage(raw, splits, pages), agreement(raw.passes))
        step("seal")
        outcome = seal(work, target)
    return Built(target, outcome, release, pages.reports, checked.findings.warnings)


def default_folder(raw_folder: Path, version: str, hydrated: bool) -> Path:
    """Where a release goes that is told nothing else: published ones beside the raw files, hydrated ones to the repo's build/."""
    data = Path(os.path.abspath(raw_folder)).parent
    root = data.parent if data.name == "data" else data
    folder = root / "build" / f"{version}+hydrated" if hydrated else data / "processed" / version
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _check_target(target: Path, raw_folder: Path, version: str, hydrated: bool) -> None:
    """Raise CannotRun for a place where a release must not be: among raw files, inside another one, hydrated among published, or
    among published under another version's name.
    """
    places = (target.resolve(), *target.resolve().parents)
    if raw_folder.resolve() in places:
        raise CannotRun(f"{target} lies in the raw folder; name another folder by --out")
    if inside := next((folder for folder in places[1:] if is_release(folder)), None):
        raise CannotRun(f"{target} lies inside the release {inside}; name another folder by --out")
    published = {default_folder(raw_folder, version, hydrated=False).resolve().parent, raw_folder.resolve().parent / "processed"}
    published |= {place for place in places if place.parts[-2:] == ("data", "processed")}
    if hydrated and published & set(places):
        raise CannotRun(f"a hydrated build may not stand among the published releases ({target}); name another folder by --out")
    if places[0] in published or (places[1] in published and target.name != version):
        raise CannotRun(f"among published releases, {version} stands under its own name only, not as {target}")
