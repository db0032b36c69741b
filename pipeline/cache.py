"""What a build keeps for the next one: the files that each unit and each shard gave, under the hash of all that they depend on.

Where the hash is the same – of the bytes, of the code and the models, of the libraries – the files are those that would be made again.
They are kept in a folder beside the raw files' releases, one set for each raw folder: what a build did not use, it removes in the end.
A file of the raw folder that has the size, the times and the number that it had is taken to have the bytes that it had, as Git does; one
that was written in the last seconds before it was read, when its time could not tell two contents apart, is read again. What is kept is
known by the same signs: a file that is not as the last build left it, or that no build has noted, is removed and made again.

A Parquet file is one file under two names, here and in the release, where the file system can do that, and is read-only from then on:
gigabytes need not be copied and written to the disk again. A release does without what is kept all the same: whoever removes or replaces
one name leaves the other. A name that goes changes the times of the file, so that its bytes are hashed again to know it.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import xxhash
from filelock import FileLock, Timeout

_LIBRARIES = ("numpy", "phonenumbers", "pyarrow", "pydantic", "pydantic-core", "rensa", "xxhash")
"""Libraries that what is kept depends on."""
_OF_TEXTS = ("kiwisolver", "matplotlib", "scipy", "scorch")
"""Libraries that only texts depend on (figures and agreement)."""
_RACY = 2_000_000_000
"""Nanoseconds within which two states of a file may have the same time."""
_KEPT, _LOCK = "kept.json", "lock"
SHARED = ".parquet"
"""Suffix of the files that a release and what is kept can have in common, as two names of one file."""
_AT_A_TIME = 4
"""Files that are hashed at a time."""
Make = Callable[[Sequence[int]], Iterable[str]]
"""Makes the texts of some numbers, one after the other."""
_States = dict[str, list[Any]]
"""Of files, by name: the state, and a hash of the bytes or None."""
_OWN = re.compile(r"[0-9a-f]{40}\.")
"""How the names of units and shards begin: nothing else in the folder is touched, whatever folder a user names."""


@cache
def code() -> str:
    """Hash of the code, the models and the libraries that make units and shards."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256(platform.python_version().encode())
    for name, number in _versions(_LIBRARIES).items():
        digest.update(f"{name} {number}\n".encode())
    for path in sorted([*(root / "pipeline").rglob("*.py"), *(root / "schema").rglob("*.py")]):
        digest.update(path.relative_to(root).as_posix().encode() + b"\n" + path.read_bytes())
    return digest.hexdigest()


@cache
def _versions(libraries: tuple[str, ...]) -> dict[str, str]:
    """Versions of libraries, of those that are installed: what a library of ours needs of its own, it may cease to need."""
    found = {}
    for name in libraries:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def key(*parts: object) -> str:
    """Hash of some values and the code."""
    return hashlib.sha256(json.dumps([code(), *parts], default=str).encode("utf-8", "surrogateescape")).hexdigest()[:40]


@dataclass
class Area:
    """The folder in which units and shards are made."""

    folder: Path
    kept: bool
    """Whether it stays for the next build."""
    used: set[str] = field(default_factory=set)
    """Names of what this build used."""
    _values: dict[str, Any] = field(default_factory=dict)
    _states: dict[str, _States] = field(default_factory=dict)
    """By name in the folder, how the last build left what stands there."""

    def path(self, name: str) -> Path:
        """A place in the folder, which this build uses."""
        self.used.add(name)
        return self.folder / name

    def recall(self, name: str, stamp: object) -> Any:
        """A small value of the last build, if it was noted with the same stamp; None if not."""
        noted = self._values.get(name)
        if noted is None or noted[0] != stamp:
            return None
        self.used.add(f"{_KEPT} {name}")
        return noted[1]

    def note(self, name: str, stamp: object, value: Any) -> None:
        """Note a small value (JSON) for the next build."""
        self._values[name] = [stamp, value]
        self.used.add(f"{_KEPT} {name}")

    def remember(self, whats: Sequence[object], make: Make) -> list[str]:
        """Texts that each follow from one of ``whats`` (JSON) and the code alone: those that an earlier build made, and for the others,
        whose numbers it is given, those that ``make`` makes.
        """
        paths = [self.path(f"{key(_versions(_OF_TEXTS), what)}.text") for what in whats]
        missing = [i for i, path in enumerate(paths) if not path.is_file()]
        for i, text in zip(missing, make(missing) if missing else (), strict=True):
            aside = paths[i].with_name(f"{paths[i].name}.{os.getpid()}")
            aside.write_bytes(text.encode())
            aside.replace(paths[i])
        return [path.read_bytes().decode() for path in paths]

    def load(self) -> None:
        """Take up what the last build left, as far as it is as it was left; the rest is removed. Raises OSError where it cannot be."""
        noted: dict[str, _States] = {}
        with suppress(OSError, ValueError):
            head, _, text = (self.folder / _KEPT).read_text("utf-8").partition("\n")
            if head == key(text):  # whole, and of this code
                self._values, noted = json.loads(text)
        entries = self._entries()
        for path, found in zip(entries, _states(entries, noted), strict=True):
            if path.name in noted and _signs(noted[path.name]) == _signs(found):
                self._states[path.name] = found
            else:
                _remove(path)

    def prune(self) -> None:
        """Remove what this build did not use."""
        if not self.kept:
            return
        self._values = {name: value for name, value in self._values.items() if f"{_KEPT} {name}" in self.used}
        for path in self._entries():
            if path.name not in self.used:
                _remove(path)

    def save(self) -> None:
        """Note how everything is left that this build or the last one made whole."""
        entries = self._entries()
        states = {path.name: _linked(path, self._states[path.name]) for path in entries if path.name in self._states}
        made = [path for path in entries if path.name in self.used and path.name not in states]
        states |= {path.name: found for path, found in zip(made, _states(made, {}), strict=True)}
        noted = json.dumps([self._values, states], separators=(",", ":"))
        aside = self.folder / f".{_KEPT}"
        aside.write_text(f"{key(noted)}\n{noted}", encoding="utf-8")
        aside.replace(self.folder / _KEPT)

    def _entries(self) -> list[Path]:
        return [path for path in self.folder.iterdir() if _OWN.match(path.name)]


def _states(paths: Sequence[Path], noted: Mapping[str, _States]) -> list[_States]:
    """For each of some files and folders the state of the file, or of all files of the folder, by name; with a hash of the bytes of those
    that may have a second name. It is that which was noted where the state is still the same.
    """
    found: list[_States] = []
    unknown: list[tuple[Path, list[Any]]] = []
    for path in paths:
        before, own = noted.get(path.name, {}), _States()
        for file in sorted(path.iterdir()) if path.is_dir() and not path.is_symlink() else [path]:
            own[file.name] = [state(file), None]
            if before.get(file.name, [None])[0] == own[file.name][0]:
                own[file.name] = before[file.name]
            elif file.suffix == SHARED:
                unknown.append((file, own[file.name]))
        found.append(own)
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        for (_, own_state), hashed in zip(unknown, pool.map(lambda item: _hash(item[0]), unknown), strict=True):
            own_state[1] = hashed
    return found


def _linked(path: Path, known: _States) -> _States:
    """The states of files that this build has known and may have given a second name, which is seen from the time of the last change to
    what is said of a file. One that has changed in another way is left as it was known, so that the next build finds out.
    """
    found = dict(known)
    for name, (before, hashed) in known.items():
        if hashed is not None:
            with suppress(FileNotFoundError):
                now = state(path / name)
                found[name] = [now if now[:2] + now[3:] == before[:2] + before[3:] else before, hashed]
    return found


def _signs(states: _States) -> dict[str, Any]:
    """What tells whether files are as they were left. A second name that comes or goes changes the state of a file, but not its bytes."""
    return {name: own if hashed is None else hashed for name, (own, hashed) in states.items()}


def _hash(path: Path) -> str:
    digest = xxhash.xxh3_128()
    with path.open("rb", buffering=0) as file:
        while block := file.read(2**18):
            digest.update(block)
    return digest.hexdigest()


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


Remember = Callable[[Sequence[object], Make], list[str]]
"""``Area.remember`` of some area."""


def anew(whats: Sequence[object], make: Make) -> list[str]:
    """Remembers nothing."""
    return list(make(range(len(whats))))


@contextmanager
def area(folder: Path | None) -> Iterator[Area]:
    """The folder to make units and shards in: one that is kept, or else one that is gone in the end."""
    if folder is None:
        with TemporaryDirectory(prefix="heisser-draht-") as made:
            yield Area(Path(made), kept=False)
        return
    found = Area(folder, kept=True)
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        found.load()
    except (Timeout, OSError):  # another build uses what is there, and will remove what it does not use; or nothing can be kept
        lock.release()
        with area(None) as other:
            yield other
        return
    try:
        yield found
    finally:
        with suppress(OSError):
            found.save()
        lock.release()


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """A new folder beside a place. It comes there if all goes well, and is gone if not, or if the place was taken meanwhile: two workers
    may do one task, where the first was only thought to be dead.
    """
    aside = Path(mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        yield aside
        aside.rename(folder)
    except BaseException as error:
        shutil.rmtree(aside, ignore_errors=True)
        if not (isinstance(error, OSError) and folder.is_dir()):
            raise


def state(path: Path) -> list[Any]:
    """What tells a file's state from another: its size, times, and number; of a link also where it leads, and the state there."""
    info = path.lstat()
    own: list[Any] = [info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_dev]
    if stat.S_ISLNK(info.st_mode):
        own += [str(path.readlink()), state(path.resolve()) if path.exists() else None]
    return own


def stamp(path: Path) -> list[Any] | None:
    """The state of a file; None where its time is too young to tell it from the next one."""
    found = state(path)
    return None if max(found[1:3]) > time.time_ns() - _RACY else found


def place(source: Path, target: Path, keep: bool) -> None:
    """Put a finished file in its place: moved, or where it is kept as well, under a second name, or copied where there can be none. What
    has two names may not be written to from then on: who replaces it under one of them leaves the other as it is.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if keep:
        try:
            if (mode := source.stat().st_mode) & 0o222:
                source.chmod(mode & ~0o222)
            os.link(source, target)
        except OSError:  # the area may be on another file system
            shutil.copyfile(source, target)
    else:
        shutil.move(source, target, copy_function=shutil.copyfile)
