"""A release as a bag: BagIt 1.0 (RFC 8493), so that any archive can check it. ``data/`` is the payload, all else are tag files.

The two manifests are written in one way only (small letters, two spaces, ordered by path), so that one digest, that of the tag manifest,
pins every byte of a release.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

PAYLOAD, TAGS, DECLARATION, INFO = "manifest-sha256.txt", "tagmanifest-sha256.txt", "bagit.txt", "bag-info.txt"
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def write_bag(folder: Path, identifier: str, released: str, known: Mapping[str, str] | None = None) -> None:
    """Make a bag of a finished folder. ``released`` (YYYY-MM-DD) is its date, so that the same release is the same bag; ``known`` has
    the SHA-256 of files that were hashed as they were written.
    """
    known = known or {}
    hashes = {name: known.get(name) or sha256(folder / name) for name in files(folder)}
    payload = {name: value for name, value in hashes.items() if name.startswith("data/")}
    octets = sum((folder / name).stat().st_size for name in payload)
    own = {
        DECLARATION: "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        INFO: f"Bagging-Date: {released}\nExternal-Identifier: {identifier}\nPayload-Oxum: {octets}.{len(payload)}\n",
        PAYLOAD: manifest(payload),
    }
    for name, text in own.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    tags = {name: value for name, value in hashes.items() if name not in payload} | {name: sha256(folder / name) for name in own}
    (folder / TAGS).write_text(manifest(tags), encoding="utf-8", newline="\n")


def manifest(hashes: Mapping[str, str]) -> str:
    """The text of a manifest of files and their SHA-256, as ``sha256sum -c`` reads it."""
    return "".join(f"{value}  {name}\n" for name, value in sorted(hashes.items()))


def listed(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that the manifests of a bag list, by path, the manifests' own included.

    Raises ValueError with the name of a manifest that is not written as ``write_bag`` writes it, OSError where one cannot be read.
    """
    found: dict[str, str] = {}
    for name in (PAYLOAD, TAGS):
        own = entries(folder / name)
        if any(path.startswith("data/") != (name == PAYLOAD) for path in own):
            raise ValueError(name)
        found |= own
    return found | {TAGS: sha256(folder / TAGS)}


def entries(path: Path) -> dict[str, str]:
    """SHA-256 of every file that one manifest lists, by path. Raises ValueError with its name if ``manifest`` did not write it so."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    found = {match[2]: match[1] for match in map(_LINE.fullmatch, text.splitlines()) if match}
    if manifest(found) != text:
        raise ValueError(path.name)
    return found


def files(folder: Path) -> list[str]:
    """Paths of all files below a folder, ordered; links to folders are not followed."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def sha256(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
