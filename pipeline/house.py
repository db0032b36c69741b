"""Where things stand around a raw folder: releases, ledger and changelog beside it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.findings import CannotRun

_CORE = re.compile(r"\d+\.\d+\.\d+")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(.+)", re.DOTALL)


@dataclass(frozen=True)
class House:
    """The places that belong to one raw folder: of ``repo/data/raw``, or of a ``repo/raw`` that has no ``data`` around it."""

    root: Path
    data: Path

    @classmethod
    def of(cls, raw_folder: Path) -> "House":
        """The house of a raw folder; paths are relative to the working folder where they lie in it. Raw files at an address have none of
        their own, and take the working folder.
        """
        if address(raw_folder) is not None:
            return cls(Path(), Path("data"))
        data = Path(os.path.abspath(raw_folder)).parent
        root = data.parent if data.name == "data" else data
        here = Path.cwd()
        root, data = (path.relative_to(here) if path.is_relative_to(here) else path for path in (root, data))
        return cls(root, data)

    @property
    def processed(self) -> Path:
        """The folder of the published releases."""
        return self.data / "processed"

    @property
    def ledger(self) -> Path:
        """The ledger of the published releases."""
        return self.data / "releases.jsonl"

    @property
    def changelog(self) -> Path:
        """The changelog, for people."""
        return self.root / "CHANGELOG.md"

    @property
    def cache(self) -> Path:
        """The folder that keeps what the next build can use again."""
        return self.root / "build" / "cache"

    def release(self, version: str, hydrated: bool = False) -> Path:
        """Where a release goes that is told nothing else: hydrated ones apart from the published."""
        return self.root / "build" / f"{version}+hydrated" if hydrated else self.processed / version

    def published(self) -> list[str]:
        """Versions of the published releases that are here, lowest first."""
        names = (
            path.name for path in self.processed.glob("*") if _CORE.fullmatch(path.name) and path.is_dir() and any(path.iterdir())
        )
        return sorted(names, key=core)

    def find(self, name: str | None) -> Path:
        """The release that a user names: a folder, or else a version beside the raw files; the newest one if they name none. Raises
        CannotRun where there is none.
        """
        if not name:
            return self.newest()
        places = (Path(name), self.release(name))
        found = next((place for place in places if place.is_dir()), None)
        if found is None:
            raise CannotRun(f"{name} is no release: there is no such folder, and no release of that version in {self.processed}")
        return found

    def newest(self) -> Path:
        """The published release of the highest version. Raises CannotRun where there is none."""
        versions = self.published()
        if not versions:
            raise CannotRun(f"{self.processed} holds no published release; build one first")
        return self.processed / versions[-1]


def core(version: str) -> tuple[int, int, int]:
    """The three numbers of a semantic version. Raises CannotRun for what is none."""
    match = re.match(r"(\d+)\.(\d+)\.(\d+)(?=$|[-+])", version)
    if match is None:
        raise CannotRun(f"{version!r} is no version; versions look like 1.0.0 or 1.1.0-dev")
    major, minor, patch = (int(part) for part in match.groups())
    return major, minor, patch


def final(version: str) -> bool:
    """Whether a version is one to publish: three numbers, without a suffix."""
    return _CORE.fullmatch(version) is not None


def address(path: Path) -> str | None:
    """The address (``s3://…``, ``ftp://…``) that a path is, which folds ``//`` to ``/``; None for a place on this machine."""
    match = _ADDRESS.fullmatch(path.as_posix())  # a single letter is a drive
    return f"{match[1]}://{match[2]}" if match else None


def without_secret(path: Path) -> Path:
    """A path as it may be shown: of an address, without the user's name and password."""
    url = address(path)
    return path if url is None else Path(re.sub(r"//[^/@]*@", "//", url))
