"""Level 6: the release – may what the raw files give be published under the version that corpus.toml names?"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.bag import sha256
from pipeline.diff import Diff, Snapshot, allowed, diff, one_line
from pipeline.findings import CannotRun, Finding, some
from pipeline.house import House, core
from pipeline.ledger import Entry, read_ledger
from pipeline.release import read_release
from pipeline.write import Shard, table_digests
from schema.reference import CorpusMeta

Digests = Mapping[tuple[str, str], str]
"""Logical digests by table and split."""


def since_last(house: House, meta: CorpusMeta, work: Path) -> Diff | None:
    """What changed since the last release of a lower version, in a folder with the tables of a build; None where there is none."""
    ledger = read_ledger(house.ledger)
    withdrawn = {name for name, entry in ledger.items() if entry.withdrawn is not None}
    before = [name for name in house.published() if core(name) < core(meta.version) and name not in withdrawn]
    if not before:
        return None
    return diff(Snapshot.of_release(house.release(before[-1])), Snapshot.of_build(meta, work))


def check_version(house: House, meta: CorpusMeta, work: Path, shards: Sequence[Shard], changes: Diff | None) -> Iterator[Finding]:
    """What keeps the tables in a folder from being published. ``changes`` are those since the last release; of a version that is
    published they say nothing. Raises CannotRun for a damaged release.
    """
    version, ledger = meta.version, read_ledger(house.ledger)
    digests = table_digests(shards)
    here = version in house.published()
    if here:
        differing = list(_published(house.release(version), meta, work, digests))
        yield from differing
        if differing:
            return
    elif version in ledger:
        yield from _entered(ledger[version], version, digests)
    if version in ledger:
        return
    _sound_before(house, version, ledger)
    newest = max({*house.published(), *ledger} - {version}, key=core, default=None)
    if newest is not None and core(newest) >= core(version):
        yield _of_version("HD602", version, newest)
    elif changes is not None and changes.old is not None and (why := allowed(changes.old, version, changes)):
        yield _of_version("HD603", why)
    heading = f"## {version} – {meta.released}"
    if heading not in _lines(house.changelog):
        yield _of_version("HD604", expected=heading)


def _sound_before(house: House, version: str, ledger: Mapping[str, Entry]) -> None:
    """Raise CannotRun where the last release before a new version is not here as it was published: with what else to compare?"""
    last = (name for name, entry in ledger.items() if core(name) < core(version) and entry.withdrawn is None)
    before = max(last, key=core, default=None)
    if before is None:
        return
    release = house.release(before)
    way_out = f"{version} is to be compared with it; restore it from the repo"
    if before not in house.published():
        raise CannotRun(f"{house.ledger} has {before}, but {release} is not there. {way_out}")
    said = ledger[before].files
    if changed := [name for name, value in said.items() if not (release / name).is_file() or sha256(release / name) != value]:
        raise CannotRun(f"{release} is not as it was published: {some(changed)}. {way_out}")


def _published(release: Path, meta: CorpusMeta, work: Path, digests: Digests) -> Iterator[Finding]:
    """Compare with a published release: by record, and where that shows nothing (the order of rows, say), by table."""
    changes = diff(Snapshot.of_release(release), Snapshot.of_build(meta, work)).changes
    for change in changes:
        yield _of_version("HD601", f"{change.kind}, {one_line(change)}", meta.version, change.record)
    if not changes:
        said: dict[tuple[str, str], str | None] = {}
        for rows in read_release(release).tables:  # releases before 1.0.0 have no digests
            said[rows.table, rows.split] = rows.digest or digests.get((rows.table, rows.split))
        yield from _differing(said, digests, meta.version)


def _entered(entry: Entry, version: str, digests: Digests) -> Iterator[Finding]:
    """Compare with what the ledger says of a release that is not at hand."""
    said = {(table, split): digest for table, splits in entry.tables.items() for split, digest in splits.items()}
    yield from _differing(said, digests, version)


def _differing(said: Mapping[tuple[str, str], str | None], digests: Digests, version: str) -> Iterator[Finding]:
    for table, split in dict.fromkeys([*digests, *said]):
        if said.get((table, split)) != digests.get((table, split)):
            yield _of_version("HD601", f"table {table}, split {split}", version)


def _of_version(code: str, found: str | None = None, expected: str | None = None, record: str | None = None) -> Finding:
    return Finding(code, "corpus.toml", record, ("version",), found, expected)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return []
