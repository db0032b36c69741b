"""Stage 8: a folder of files → a release in its place, whole or not at all."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from pipeline.findings import CannotRun

MANIFEST = "manifest-sha256.txt"
RELEASE = "release.json"


class Outcome(StrEnum):
    """What sealing did."""

    written = "written"
    unchanged = "unchanged"
    """The same release was there already, byte for byte; it was left alone."""
    replaced = "replaced"


@contextmanager
def aside(target: Path) -> Iterator[Path]:
    """A new folder beside ``target`` to build in; it is gone afterwards unless ``seal`` moved it into place.

    Raises CannotRun where nothing can be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        work.chmod(0o777 & ~_umask())
    except OSError as error:
        raise CannotRun(f"{target.parent} cannot be written: {error.strerror}; name another folder by --out") from error
    try:
        yield work
    except OSError as error:
        raise CannotRun(f"{error.filename or work}: {error.strerror}; nothing was published") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def write_manifest(work: Path) -> None:
    """Write the SHA-256 of every file, in the form that ``sha256sum -c`` reads, ordered by path."""
    names = sorted(p.relative_to(work).as_posix() for p in work.rglob("*") if p.is_file() and p.name != MANIFEST)
    lines = (f"{hashlib.sha256((work / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (work / MANIFEST).write_text("".join(lines), encoding="utf-8")


def seal(work: Path, target: Path) -> Outcome:
    """Put a finished folder in its place.

    A release that is there already with the same bytes is left alone. One with other bytes is replaced only if it is of the kind that
    is never published: hydrated, or of a version with a suffix, with no file but its own. Otherwise CannotRun says what is in the way.
    """
    write_manifest(work)
    there = target.exists() and not (target.is_dir() and not any(target.iterdir()))
    if not there:
        _sync(work)
        os.rename(work, target)
        return Outcome.written
    differing = differences(work, target)
    if not differing:
        return Outcome.unchanged
    if not _passing(target):
        raise CannotRun(_refusal(target, differing))
    _sync(work)
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent)) / "old"
    os.rename(target, old)
    os.rename(work, target)
    shutil.rmtree(old.parent, ignore_errors=True)
    return Outcome.replaced


def is_release(folder: Path) -> bool:
    """Whether a folder is one that ``seal`` made."""
    return (folder / MANIFEST).is_file() and (folder / RELEASE).is_file()


def _passing(target: Path) -> bool:
    """Whether a folder is a release that was never meant to stay, and holds nothing else."""
    if not is_release(target):
        raise CannotRun(f"{target} exists and is no release; name a folder that does not exist yet by --out")
    lines = (target / MANIFEST).read_text(encoding="utf-8", errors="replace").splitlines()
    listed = {line.partition("  ")[2] for line in lines} | {MANIFEST}
    here = {path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir()}
    try:
        release = json.loads((target / RELEASE).read_bytes())
        return bool(release["hydrated"] or "-" in release["version"]) and here == listed
    except (ValueError, TypeError, LookupError):
        return False


def differences(a: Path, b: Path) -> list[str]:
    """Paths of the files that are not the same, byte for byte, in two folders, ordered."""
    files = {p.relative_to(folder).as_posix() for folder in (a, b) for p in folder.rglob("*") if p.is_file()}
    return sorted(
        n for n in files if not ((a / n).is_file() and (b / n).is_file() and (a / n).read_bytes() == (b / n).read_bytes())
    )


def _refusal(target: Path, differing: list[str]) -> str:
    shown = [name for name in differing if name != MANIFEST][:8]
    more = len([name for name in differing if name != MANIFEST]) - len(shown)
    listed = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
    return (
        f"{target} is published (or holds more than a release) and stays as it is, but this build differs from it in {listed}. "
        "Raise the version in corpus.toml, or build elsewhere with --out. "
        "(If you changed nothing: other versions of the libraries can give other bytes; constraints.txt names the right ones.)"
    )


def _sync(folder: Path) -> None:
    """Have the operating system write everything to the disk, so that a rename cannot show a file before its bytes."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
