"""The ledger of published releases, ``data/releases.jsonl``: what each version is, for good, one line a release."""

import os
import platform
from contextlib import suppress
from importlib.metadata import version as version_of
from pathlib import Path

from pydantic import ValidationError

from pipeline.bag import TAGS, listed
from pipeline.findings import CannotRun, some
from pipeline.release import Release
from schema.base import Model, Sha256, Version
from schema.reference import Day

TOOLS = ("datasets", "huggingface_hub", "matplotlib", "numpy", "pyarrow", "pydantic", "scipy")
"""Libraries on which the bytes of a release depend."""


class Entry(Model):
    """One published release."""

    version: Version
    released: Day
    """Day of the release (YYYY-MM-DD)."""
    digest: Sha256
    """SHA-256 of the tag manifest, which pins every file; of releases before they were bags, that of the manifest."""
    raw_sha256: Sha256
    """SHA-256 over the names and bytes of the raw files that it was built from."""
    tables: dict[str, dict[str, Sha256]]
    """Logical digest of each table, by split."""
    files: dict[str, Sha256]
    """SHA-256 of each file, by path."""
    tools: dict[str, str] | None
    """Versions of what built it; null where that was not recorded."""
    withdrawn: Day | None = None
    """Day on which it was withdrawn (YYYY-MM-DD), written here by hand: its folder may be gone, its number is never used again."""


def read_ledger(path: Path) -> dict[str, Entry]:
    """All entries by version, in the order of publication; none where there is no ledger. Raises CannotRun for a line that is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRun(f"{path} cannot be read: {error}") from error
    found: dict[str, Entry] = {}
    for number, line in enumerate(lines, 1):
        try:
            entry = Entry.model_validate_json(line)
        except ValidationError as error:
            raise CannotRun(
                f"{path}:{number} is no entry of a ledger ({error.errors()[0]['msg']}); restore it from the repo"
            ) from error
        if entry.version in found:
            raise CannotRun(f"{path}:{number}: {entry.version} has an entry already; restore the ledger from the repo")
        found[entry.version] = entry
    return found


def entry(folder: Path, release: Release, released: str) -> Entry:
    """What the ledger is to say of a release that was just built."""
    hashes = listed(folder)
    tables: dict[str, dict[str, str]] = {}
    for part in release.tables:
        if part.digest is not None:
            tables.setdefault(part.table, {})[part.split] = part.digest
    return Entry(
        version=release.version, released=released, digest=hashes[TAGS], raw_sha256=release.raw_sha256, tables=tables,
        files={name: value for name, value in sorted(hashes.items()) if name != TAGS}, tools=tools(),
    )  # fmt: skip


def check(path: Path, new: Entry) -> None:
    """Raise CannotRun if the ledger has the version with other files: also where the release itself is no longer here."""
    old = read_ledger(path).get(new.version)
    if old is not None and old.digest != new.digest:
        differing = sorted(name for name in {*old.files, *new.files} if old.files.get(name) != new.files.get(name))
        tools = sorted(f"{name} {value}" for name, value in (old.tools or {}).items() if (new.tools or {}).get(name) != value)
        built = f" It was built with {', '.join(tools)}." if tools else ""
        raise CannotRun(
            f"{path} says that {new.version} was published with other files; this build differs in {some(differing)}. Raise the "
            f"version in corpus.toml, or build elsewhere with --out.{built}"
        )


def enter(path: Path, new: Entry) -> None:
    """Add a release to the ledger if it is not in it. The whole file is written aside and renamed: it is never half a line longer.

    Raises CannotRun where that cannot be done. The release stands then, and the next build enters it.
    """
    if new.version in read_ledger(path):
        return
    aside = path.with_name(f".{path.name}.new")
    try:
        before = path.read_bytes() if path.exists() else b""
        before += b"" if before.endswith(b"\n") or not before else b"\n"  # an editor took the last one away
        with aside.open("wb") as file:
            file.write(before + new.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        raise CannotRun(
            f"{new.version} is published, but {path} cannot be written ({error.strerror}); build again to enter it there"
        ) from error


def tools() -> dict[str, str]:
    """Versions of Python and of the libraries at work."""
    return {"python": platform.python_version()} | {name: version_of(name) for name in TOOLS}
