"""Level 1: files → documents. A document is the text of a file, or of one line of a shard (``.jsonl``, ``.jsonl.gz``, ``.jsonl.zst``).

Whatever stands on the disk, the answer is a document or a finding: nothing is followed out of the folder, nothing is read beyond the
limits, and memory never holds more than one document and one block. Shards of articles are cut into units first (``pipeline.cut``).
"""

import builtins
import hashlib
import json
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.findings import CannotRun, Finding, Findings, Loc, shown
from pipeline.places import line_and_column, odd_literal, places, strings

MAX_DOCUMENT = 64 * 2**20
"""Bytes of one document."""
MAX_RATIO = 200
"""How many times its own size a compressed shard may have when unpacked (each may have MAX_DOCUMENT in any case)."""
BLOCK = 2**17
"""Bytes that are read at once: what is larger is asked of the system anew each time (``pipeline.execute.memory``)."""

COMPRESSION = {".gz": "gzip", ".zst": "zstd"}
SHARD = re.compile(r"\.jsonl(?:\.gz|\.zst)?$")

_IDENTIFIER = re.compile(r'"(?:article_id|contact_id|kb_id)"\s*:\s*"([^"\\]{1,100})"')
ESCAPE = re.compile(r"\\[ubfr]")
"""Escapes that can stand for a character that a file must not have."""
_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


@dataclass(frozen=True)
class Document:
    """One JSON document and where it stands."""

    file: str
    text: str
    line: int | None = None
    """Line of the file, where a document is a line."""


@dataclass
class Files:
    """The files of one raw folder: reads them, notes what is wrong, and keeps the digest of what was read."""

    folder: Path
    findings: Findings
    hashes: dict[str, str] = field(default_factory=dict)
    refused: dict[str, set[str]] = field(default_factory=dict)
    """Identifiers that stand in documents with a fault, by file: what links to one of them is not left dangling by that fault."""

    def refuse(self, name: str, text: str) -> None:
        """Note the identifiers in a document that goes no further."""
        self.refused.setdefault(name, set()).update(_IDENTIFIER.findall(text))

    def text(self, name: str, required: bool = True) -> str | None:
        """The text of a file, or None: with a finding, or because it is not there and need not be."""
        path = self.plain(name, required)
        if path is None:
            return None
        size = path.stat().st_size
        if size > MAX_DOCUMENT:
            self.too_long(name, size)
            return None
        data = self.bytes(path)
        self.hashes[name] = hashlib.sha256(data).hexdigest()
        return self.decoded(name, data, None)

    def documents(self, name: str, required: bool = True) -> Iterator[Document]:
        """The documents of a JSON file or shard that are sound as files: UTF-8, canonical, well-formed."""
        if SHARD.search(name):
            for line, data in self._lines(name, required):
                document = self.document(name, data, line)
                if document is not None:
                    yield document
        else:
            text = self.text(name, required)
            if text is not None and self._well_formed(name, text, None):
                yield Document(name, text)
            elif text is not None:
                self.refuse(name, text)

    def document(self, name: str, data: builtins.bytes, line: int | None) -> Document | None:
        """The document that bytes are, if they are sound as one: UTF-8, canonical, well-formed; None with findings if not."""
        text = self.decoded(name, data, line)
        if text is not None and self._well_formed(name, text, line):
            return Document(name, text, line)
        self.refuse(name, text or data.decode("utf-8", "replace"))
        return None

    def names(self, folder: str) -> list[str]:
        """Names, below the raw folder, of what a subfolder holds, ordered; hidden files are left out."""
        inside = self.folder / folder
        if inside.is_dir() and not inside.resolve().is_relative_to(self.folder.resolve()):
            self._add("HD106", folder, found="the link leads out of the raw folder")
            return []
        try:
            entries = sorted(entry.name for entry in os.scandir(self.folder / folder))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CannotRun(f"{self.folder / folder} cannot be read: {error.strerror}") from error
        return [f"{folder}/{name}" for name in entries if not name.startswith(".")]

    def sized(self, least: int, most: int) -> Iterator[tuple[str, str]]:
        """Plain files anywhere in the folder, read or not, of a size in bytes between two; each with its SHA-256."""
        for folder, _, names in os.walk(self.folder):
            for file in sorted(names):
                path = Path(folder) / file
                name = path.relative_to(self.folder).as_posix()
                if path.is_symlink() or not path.is_file():
                    continue
                if least <= path.stat().st_size <= min(most, MAX_DOCUMENT):
                    yield name, self.hashes.get(name) or hashlib.sha256(self.bytes(path)).hexdigest()

    def digest(self) -> str:
        """SHA-256 over the names and hashes of all files that were read, in order of their names."""
        return hashlib.sha256(
            "".join(f"{h}  {n}\n" for n, h in sorted(self.hashes.items())).encode("utf-8", "surrogateescape")
        ).hexdigest()

    # --- bytes -----------------------------------------------------------------------------------------------------------------

    def plain(self, name: str, required: bool) -> Path | None:
        """The path of a plain file inside the folder, or None with a finding."""
        path = self.folder / name
        try:
            real = path.resolve(strict=True)
            if not real.is_relative_to(self.folder.resolve()):
                self._add("HD106", name, found="the link leads out of the raw folder")
                return None
            info = real.stat()
        except FileNotFoundError:
            if path.is_symlink():
                self._add("HD106", name, found="the link leads nowhere")
            elif required:
                self._add("HD101", name)
            return None
        except RuntimeError:  # a loop of links, before Python 3.13
            self._add("HD106", name, found="the link leads to itself")
            return None
        except OSError as error:
            raise CannotRun(f"{path} cannot be read: {error.strerror}") from error
        if not stat.S_ISREG(info.st_mode):
            kind = "a folder" if stat.S_ISDIR(info.st_mode) else "no plain file (a pipe, socket or device)"
            self._add("HD107", name, found=kind)
            return None
        return path

    def bytes(self, path: Path) -> builtins.bytes:
        """The bytes of a file. Raises CannotRun where the system does not give them."""
        try:
            return path.read_bytes()
        except OSError as error:
            raise CannotRun(f"{path} cannot be read: {error.strerror}") from error

    def _lines(self, name: str, required: bool) -> Iterator[tuple[int, builtins.bytes]]:
        """Numbered lines of a shard that hold anything, without their line ends; a line beyond the limit is a finding."""
        number, rest, too_long, empty = 1, b"", False, True
        before = len(self.findings.all)
        for block in self.blocks(name, required):
            *lines, tail = block.split(b"\n")
            for line in lines:
                if not too_long and (rest or line).strip():
                    empty = False
                    yield number, rest + line
                number, rest, too_long = number + 1, b"", False
            rest = b"" if too_long else rest + tail
            if len(rest) > MAX_DOCUMENT:
                self.too_long(name, None, number)
                rest, too_long = b"", True
        if rest.strip():
            yield number, rest
        elif empty and name in self.hashes and len(self.findings.all) == before:
            self._add("HD109", name)

    def blocks(self, name: str, required: bool = True) -> Iterator[builtins.bytes]:
        """The bytes of a shard, unpacked, block by block, up to the limit of expansion; notes its digest once all are taken."""
        path = self.plain(name, required)
        if path is None:
            return
        compression = COMPRESSION.get(path.suffix)
        most = MAX_DOCUMENT + MAX_RATIO * path.stat().st_size
        digest = hashlib.sha256()
        unpacked = 0
        try:
            with pa.OSFile(str(path)) as file, pa.CompressedInputStream(file, compression) if compression else file as stream:
                while block := stream.read(BLOCK):
                    unpacked += len(block)
                    digest.update(block)
                    if compression and unpacked > most:
                        self._add("HD108", name, found="it unpacks to more", expected=f"{most:,} bytes")
                        return
                    yield block
        except (OSError, pa.ArrowInvalid) as error:
            self._add("HD104", name, found=f"it cannot be unpacked: {shown(str(error))}")
            return
        self.hashes[name] = digest.hexdigest()

    def too_long(self, name: str, size: int | None, line: int | None = None) -> None:
        """Note a document beyond the limit: a file of some bytes, or a line that goes on."""
        found = "a line that goes on" if size is None else f"{size:,} bytes"
        self._add("HD108", name, document=line, found=found, expected=f"{MAX_DOCUMENT:,} bytes")

    # --- characters ------------------------------------------------------------------------------------------------------------

    def decoded(self, name: str, data: builtins.bytes, document: int | None) -> str | None:
        """The text of bytes, or None with a finding where there is none, they are no UTF-8, or the text is not canonical."""
        if not data.strip():
            self._add("HD109", name, document=document)
            return None
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            before = data[: error.start].decode("utf-8")
            self._at("HD102", name, before, len(before), document, f"byte 0x{data[error.start]:02x} is no UTF-8 here")
            return None
        fault = hidden(text)
        if fault is not None:
            self._at("HD103", name, text, fault[0], document, fault[1])
            return None
        return text

    def _well_formed(self, name: str, text: str, document: int | None) -> bool:
        """Whether a text is JSON to the letter, each key once, and no hidden characters in its strings; findings if not."""
        repeated = False

        def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
            nonlocal repeated
            value = dict(members)
            repeated = repeated or len(value) < len(members)
            return value

        try:
            value = json.loads(text, object_pairs_hook=pairs, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            self._at("HD104", name, text, error.pos, document, error.msg)
        except RecursionError:
            self._at("HD104", name, text, 0, document, "it is nested too deeply")
        except ValueError as error:  # a constant that is no JSON, or a number with thousands of digits
            self._at("HD104", name, text, odd_literal(text), document, shown(str(error)))
        else:
            before = len(self.findings.all)
            if repeated:
                for loc, offset in places(text).repeated:
                    self._at("HD110", name, text, offset, document, shown(str(loc[-1])), loc)
            if ESCAPE.search(text):
                self._escaped(name, text, value, document)
            return len(self.findings.all) == before
        return False

    def _escaped(self, name: str, text: str, value: object, document: int | None) -> None:
        faults = [(loc, fault[1]) for loc, string in strings(value) if (fault := hidden(string))]
        if faults:
            where = places(text)
            for offset, loc, found in sorted((where.nearest(loc), loc, found) for loc, found in faults):
                self._at("HD111", name, text, offset, document, found, loc)

    def _at(self, code: str, name: str, text: str, offset: int, document: int | None, found: str, loc: Loc = ()) -> None:
        line, column = line_and_column(text, offset)
        self.findings.add(Finding(code, name, None, loc, found, None, document, (document or 1) + line - 1, column))

    def _add(self, code: str, name: str, **details: Any) -> None:
        self.findings.add(Finding(code, name, **details))


def hidden(text: str) -> tuple[int, str] | None:
    """Offset and kind of the first thing that keeps a text from being canonical, or None."""
    match = _HIDDEN.search(text)
    if match:
        char = match.group()
        names = {"\r": "carriage return (line ends must be LF)", "\ufeff": "byte order mark"}
        return match.start(), names.get(char, f"character U+{ord(char):04X}")
    if not unicodedata.is_normalized("NFC", text):
        normal = unicodedata.normalize("NFC", text)
        offset = next((i for i, (a, b) in enumerate(zip(text, normal, strict=False)) if a != b), len(normal))
        return min(offset, len(text) - 1), "characters that are not in normal form C"
    return None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
