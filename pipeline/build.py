"""The whole way: raw files → a release in its place."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pipeline.arrow  # noqa: F401 – before the first array
from pipeline.cache import Area, area
from pipeline.check.corpus import ARTICLES, FILES, REFERENCE
from pipeline.cite import bibtex
from pipeline.corpus import Corpus, compare
from pipeline.execute import Executor
from pipeline.findings import CannotRun, Finding, Findings
from pipeline.gather import gather
from pipeline.house import House, address, final, without_secret
from pipeline.means import Means, size_of
from pipeline.pages import PageReports, Shelf
from pipeline.passes import check_passes, read_passes
from pipeline.progress import Progress
from pipeline.read import Raw, locate, read
from pipeline.remote import fetched, send
from schema.reference import CorpusMeta

if TYPE_CHECKING:  # what only a build needs is imported where it is done: checking one article takes half the time
    from pipeline.begin import Begun
    from pipeline.diff import Diff, Snapshot
    from pipeline.release import Release
    from pipeline.seal import Outcome
    from pipeline.write import Shard


@dataclass(frozen=True)
class Checked:
    """A corpus that was read and checked."""

    corpus: Corpus
    findings: Findings
    area: Area
    pool: Executor

    @property
    def raw(self) -> Raw:
        """What was written once for all articles."""
        return self.corpus.index.raw


@dataclass(frozen=True)
class Built:
    """What a build did."""

    folder: Path
    outcome: "Outcome"
    release: "Release"
    changes: "Diff | None"
    """What changed since the last release; None where there is none, and for a hydrated build."""
    pages: PageReports
    """What became of each page."""
    warnings: list[Finding]
    times: dict[str, float]
    """Seconds by stage."""


@contextmanager
def checking(
    raw_folder: Path, pages_folder: Path | None, version: str | None = None, progress: Progress | None = None, *,
    level: int = 5, only: Iterable[str] | None = None, means: Means | None = None,
) -> Iterator[Checked]:  # fmt: skip
    """Read a corpus, in a folder or at an address, and run its rules up to a level. Faults are in ``findings``, each with its place.

    ``only`` names the files of articles to check, below the raw folder; rules that need the whole corpus are then left out. What was
    made of the articles lies in files that are gone in the end. Raises CannotRun, and Refused if corpus.toml is faulty.
    """
    progress, means = progress or Progress(), means or Means()
    with fetched(raw_folder, progress) as folder, _checking(folder, pages_folder, version, progress, level, only, means) as checked:
        yield checked


@contextmanager
def _checking(
    raw_folder: Path, pages_folder: Path | None, version: str | None, progress: Progress, level: int, only: Iterable[str] | None,
    means: Means,
) -> Iterator[Checked]:  # fmt: skip
    findings = Findings()
    progress("read")
    raw = read(raw_folder, findings, version, only)
    shelf = None if pages_folder is None else Shelf.of(pages_folder)
    size = size_of(raw.folder / name for name in raw.articles)
    with (
        area(None if shelf else means.cache) as place,  # texts of withheld pages are not kept
        means.executor(size) as pool,
    ):
        progress("check articles", size)
        index = gather(raw, place, pool, level, shelf, progress)
        progress("check the corpus")
        for rule in FILES:
            findings.extend(rule(index))
        _forget_copies(findings)
        passes = {}
        if raw.whole:
            passes = read_passes(index, shelf)
            if level >= 3:
                check_passes(passes, raw, level)
        if level >= 5:
            for index_rule in ARTICLES:
                findings.extend(index_rule(index))
            _forget_copies(findings)
            for rule_of_raw in REFERENCE:
                findings.extend(rule_of_raw(raw))
        corpus = Corpus(index, passes)
        if level >= 5 and raw.whole:
            progress("split")
            corpus = compare(corpus, place, findings)
        checked = Checked(corpus, findings, place, pool)
        if level >= 6 and _is_published(raw) and not findings.errors:
            progress("compare with the releases")
            _check_version(checked)
        locate(raw_folder, findings)
        yield checked
        place.prune()


def _forget_copies(findings: Findings) -> None:
    """Of an article that stands twice, say of the second that it does, and nothing of its records."""
    copies = {(f.file, f.document) for f in findings.all if f.code == "HD502" and f.file.startswith("articles/")}
    if copies:
        findings.all[:] = [f for f in findings.all if f.code == "HD502" or f.rule.level() < 3 or (f.file, f.document) not in copies]


def _is_published(raw: Raw) -> bool:
    """Whether the raw files are those of a version to publish, with others before it."""
    house = House.of(raw.folder)
    return raw.whole and final(raw.meta.version) and bool(house.published() or house.ledger.exists())


def _check_version(checked: Checked) -> None:
    """Run the rules on versions, over the tables that the raw files give without anybody's pages."""
    raw, house = checked.raw, House.of(checked.raw.folder)
    if checked.corpus.index.hydrated:
        with checking(raw.folder, None, raw.meta.version, level=5) as plain:
            checked.findings.extend(_versions(plain, house))
    else:
        checked.findings.extend(_versions(checked, house))


def _versions(checked: Checked, house: House) -> list[Finding]:
    from pipeline.check.versions import check_version, since_last
    from pipeline.shards import write_tables

    with area(None) as work:
        shards = write_tables(checked.corpus, checked.area, checked.pool, work.folder, {})
        meta = checked.raw.meta
        changes = None if meta.version in house.published() else since_last(house, meta, work.folder)
        return list(check_version(house, meta, work.folder, shards, changes))


def snapshot(raw_folder: Path, progress: Progress | None = None) -> "Snapshot":
    """The tables that the raw files give without anybody's pages. Raises as ``checking`` does, and Refused for faulty files."""
    from pipeline.diff import Snapshot
    from pipeline.shards import write_tables

    with checking(raw_folder, None, progress=progress) as checked, area(None) as work:
        checked.findings.raise_errors()
        write_tables(checked.corpus, checked.area, checked.pool, work.folder, {})
        return Snapshot.of_build(checked.raw.meta, work.folder)


def build(
    raw_folder: Path, out: Path | None, pages_folder: Path | None, version: str | None = None, progress: Progress | None = None,
    means: Means | None = None,
) -> Built:  # fmt: skip
    """Build a release. Without ``out`` it goes to ``data/processed/<version>``, a hydrated one to ``build/<version>+hydrated``. Raw
    folder and ``out`` can be addresses.

    Raises Refused where the data breaks a rule and CannotRun where the build cannot be done; nothing is written then.
    """
    from pipeline import ledger
    from pipeline.begin import begin
    from pipeline.check.versions import check_version, since_last
    from pipeline.seal import aside, seal
    from pipeline.shards import write_tables
    from pipeline.target import check_target

    progress = progress or Progress()
    with progress, ExitStack() as made, checking(raw_folder, pages_folder, version, progress, means=means) as checked:
        checked.findings.raise_errors()
        raw, index = checked.raw, checked.corpus.index
        if not len(index):
            raise CannotRun(f"{raw_folder} has no article, so that there is nothing to publish")
        house = House.of(raw.folder)
        if out is None and raw.folder != raw_folder:
            raise CannotRun(f"{without_secret(raw_folder)} is at an address; say by --out where the release goes")
        url = address(out) if out is not None else None
        if url is not None and index.hydrated:
            raise CannotRun("a hydrated build may not be passed on; name a folder of this machine by --out")
        at = made.enter_context(TemporaryDirectory(prefix="heisser-draht-")) if url is not None else None
        target = Path(at) / raw.meta.version if at is not None else out or house.release(raw.meta.version, index.hydrated)
        check_target(target, raw.meta.version, index.hydrated, raw.folder)
        publishing = final(raw.meta.version) and target.resolve() == house.release(raw.meta.version).resolve()
        progress("count")
        with aside(target) as work, begin(checked.corpus, checked.pool, checked.area.remember) as begun:
            progress("write", sum(unit.cut.bytes for unit in index.units))
            shards = write_tables(checked.corpus, checked.area, checked.pool, work, about(raw.meta, index.hydrated), progress)
            progress("compare with the last release")
            changes = None if index.hydrated else since_last(house, raw.meta, work)
            if publishing:
                checked.findings.extend(check_version(house, raw.meta, work, shards, changes))
                locate(raw.folder, checked.findings)
                checked.findings.raise_errors()
            progress("describe")
            release = assemble(work, checked.corpus, begun, shards, changes, raw.files.digest())
            progress("seal")
            entry = ledger.entry(work, release, raw.meta.released) if publishing else None
            if entry is not None:
                ledger.check(house.ledger, entry)
            outcome = seal(work, target)
            if entry is not None:
                ledger.enter(house.ledger, entry)
        pages = index.page_reports()
        if url is not None:
            outcome = send(target, url, progress)
    folder = target if url is None else without_secret(Path(url))
    return Built(folder, outcome, release, changes, pages, checked.findings.warnings, progress.times)


def assemble(
    work: Path, corpus: Corpus, begun: "Begun", shards: Sequence["Shard"], changes: "Diff | None", raw_sha256: str
) -> "Release":  # fmt: skip
    """Make a finished release of a folder with the tables of a corpus."""
    from pipeline.bag import write_bag
    from pipeline.describe import describe

    meta, hydrated = corpus.index.raw.meta, corpus.index.hydrated
    release = describe(work, corpus, begun, shards, _version(meta, hydrated), changes, raw_sha256)
    write_bag(work, f"{meta.name}-{_version(meta, hydrated)}", meta.released, {shard.path: shard.sha256 for shard in shards})
    return release


def about(meta: CorpusMeta, hydrated: bool) -> dict[str, str]:
    """What each file of a release says of the release that it is a part of."""
    version = _version(meta, hydrated)
    return {"dataset": meta.title, "version": version, "license": meta.licences.annotations, "citation": bibtex(meta, version)}


def _version(meta: CorpusMeta, hydrated: bool) -> str:
    return meta.version + ("+hydrated" if hydrated else "")
