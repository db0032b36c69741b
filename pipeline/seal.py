"""Stage 8: a folder of files → a release in its place, whole or not at all.

A release is built aside, in a hidden folder beside its place, written through to the disk, and renamed. One build at a time has the
place; what a killed one left is cleared away by the next.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.bag import PAYLOAD, TAGS, files, listed
from pipeline.findings import CannotRun, some
from pipeline.release import RELEASE

_OURS = ".heisser-draht-"
_AT_A_TIME = 8
"""Files that are written through at a time."""
_PIECE = 2**20
"""Bytes of two files that are compared at a time."""
_BUILDING, _REPLACED, _LOCK = f"{_OURS}building.", f"{_OURS}replaced.", f"{_OURS}building.lock"


class Outcome(StrEnum):
    """What sealing did."""

    written = "written"
    unchanged = "unchanged"
    """The same release was there already, byte for byte; it was left alone."""
    replaced = "replaced"


@contextmanager
def aside(target: Path) -> Iterator[Path]:
    """A new folder beside ``target`` to build in; it is gone afterwards unless ``seal`` moved it into place.

    Raises CannotRun where nothing can be written, where the disk is full, or where another build is at work in the same place.
    """
    parent = target.parent
    lock = FileLock(parent / _LOCK, timeout=0)
    new = not parent.exists()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise CannotRun(f"another build is at work in {parent}; wait for it, or name another folder by --out") from None
    except OSError as error:
        raise CannotRun(f"{parent} cannot be written: {_why(error)}; name another folder by --out") from error
    try:
        _clear(parent)
        work = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=parent))
        work.chmod(0o777 & ~_umask())
        yield work
    except OSError as error:
        raise CannotRun(f"{error.filename or parent}: {_why(error)}; nothing was published") from error
    finally:
        try:
            _clear(parent)
            (parent / _LOCK).unlink(missing_ok=True)  # whoever waits for it notices, and takes a new one
        finally:
            lock.release()
            if new:
                with suppress(OSError):  # it holds a release now
                    parent.rmdir()


def seal(work: Path, target: Path) -> Outcome:
    """Put a finished bag in its place.

    A release that is there already with the same bytes is left alone. One with other bytes is replaced only if it is of the kind that
    is never published: hydrated, or of a version with a suffix, with no file but its own. Otherwise CannotRun says what is in the way.
    """
    there = target.exists() and not (target.is_dir() and not any(target.iterdir()))
    differing = differences(work, target) if there else []
    if there and not differing:
        return Outcome.unchanged
    if there and not _passing(target):
        raise CannotRun(_refusal(target, differing))
    if target.is_symlink():
        raise CannotRun(f"{target} is a link; name the folder itself by --out, or remove the link")
    _sync(work)
    if there:
        os.rename(target, target.parent / f"{_REPLACED}{target.name}")
    os.rename(work, target)
    try:
        _through(target.parent)
    except OSError as error:
        raise CannotRun(f"{target} is published, but may not be on the disk yet ({_why(error)}); build again") from error
    return Outcome.replaced if there else Outcome.written


def is_release(folder: Path) -> bool:
    """Whether a folder is one that ``seal`` made, or its predecessors before releases were bags."""
    return (folder / PAYLOAD).is_file() and (folder / RELEASE).is_file()


def differences(a: Path, b: Path) -> list[str]:
    """Paths of the files that are not the same, byte for byte, in two folders, ordered."""

    def same(name: str) -> bool:
        return (a / name).is_file() and (b / name).is_file() and _same(a / name, b / name)

    return sorted(name for name in {*files(a), *files(b)} if not same(name))


def _same(a: Path, b: Path) -> bool:
    """Whether two files have the same bytes, or are one file under two names."""
    if a.samefile(b):
        return True
    if a.stat().st_size != b.stat().st_size:
        return False
    with a.open("rb") as one, b.open("rb") as other:
        while piece := one.read(_PIECE):
            if piece != other.read(_PIECE):
                return False
        return not other.read(1)


def _passing(target: Path) -> bool:
    """Whether a folder is a release that was never meant to stay, and holds nothing else."""
    if not is_release(target):
        raise CannotRun(f"{target} exists and is no release; name a folder that does not exist yet by --out")
    try:
        release = json.loads((target / RELEASE).read_bytes())
        return bool(release["hydrated"] or "-" in release["version"]) and set(files(target)) == set(listed(target))
    except (OSError, ValueError, TypeError, LookupError):
        return False


def _refusal(target: Path, differing: list[str]) -> str:
    shown = some([name for name in differing if name not in (PAYLOAD, TAGS)])
    return (
        f"{target} is published (or holds more than a release) and stays as it is, but this build differs from it in {shown}. "
        "Raise the version in corpus.toml, or build elsewhere with --out. "
        "(If you changed nothing: other versions of the libraries can give other bytes; constraints.txt names the right ones.)"
    )


def _clear(parent: Path) -> None:
    """Remove what builds left: all of it, since only one build at a time has the place. A release that a build had moved away and not
    yet replaced when it was killed goes back.
    """
    for old in parent.glob(f"{_REPLACED}*"):
        target = parent / old.name.removeprefix(_REPLACED)
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.rename(old, target)
    for work in parent.glob(f"{_BUILDING}*"):
        if work.is_dir():
            shutil.rmtree(work, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Write everything in a folder through, so that a rename cannot show a file before its bytes."""
    with ThreadPoolExecutor(_AT_A_TIME) as pool:  # several at a time share one commit of the file system's journal
        for _ in pool.map(_through, [*folder.rglob("*"), folder]):
            pass


def _through(path: Path) -> None:
    """Have the operating system write a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _why(error: OSError) -> str:
    """What the operating system says; Arrow's errors carry it in their message alone."""
    return error.strerror or str(error)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
