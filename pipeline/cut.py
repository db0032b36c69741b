"""Stage 1: raw files → units. A unit is some megabytes of consecutive bundles, the piece of work that a worker gets.

Units are cut by bytes alone, between lines of a shard or between files, and where they are cut follows from the lines around the cut: a
bundle that changes moves no cut but those beside it, so that what was made of all other units can be used again.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xxhash

from pipeline.cache import Area, stamp
from pipeline.files import COMPRESSION, MAX_DOCUMENT, SHARD, Files
from pipeline.findings import Finding

LEAST, MOST = 7 * 2**20, 10 * 2**20
"""Bytes of a unit: between the two a cut is looked for; a single bundle can be larger. Small units cost time, since
much is done once for each; large ones cost memory, many times their bytes in each worker."""
_ODDS = 32
"""One line in so many ends a unit, once the unit has LEAST bytes."""
_NEWLINE = 10
_PORTION = 2**18
"""Bytes that are looked through at once: what fits into a processor's cache."""
_CONTENT = re.compile(rb"[^\n]")


@dataclass(frozen=True)
class Piece:
    """Consecutive bundles of one file."""

    file: str
    """Path below the raw folder."""
    line: int | None
    """Line of the file that the piece begins with, from 1; None where the file is one bundle."""
    start: int = 0
    stop: int = 0
    """Bytes of the file, unpacked."""
    data: bytes | None = field(default=None, repr=False)
    """The bytes themselves, where the file is packed and cannot be read from the middle; the worker reads others itself."""


@dataclass(frozen=True)
class Cut:
    """A unit before it is read."""

    pieces: tuple[Piece, ...]
    key: str
    """Hash of its bytes, and of those of the pages that stand beside them: where it is the same, so is all that a worker makes of it."""
    bytes: int


def cut(files: Files, names: Iterable[str], area: Area) -> Iterator[Cut]:
    """The units of some files of articles, in the order of the names and their lines.

    Notes the SHA-256 of every file in ``files``, and what keeps a file from being read: it gives no unit then, or none from there on.
    ``area`` remembers how a file was cut, so that one that has not changed since is not read.
    """
    pieces: list[Piece] = []
    key, size = xxhash.xxh3_128(), 0

    def unit() -> Iterator[Cut]:
        nonlocal pieces, key, size
        if pieces:
            yield Cut(tuple(pieces), key.hexdigest(), size)
        pieces, key, size = [], xxhash.xxh3_128(), 0

    for name in names:
        shard = SHARD.search(name) is not None
        for piece, digest in _remembered(files, name, area) if shard else _file(files, name):
            if pieces and (
                pieces[-1].file == piece.file  # lines are told by the file and the piece that begins it
                or size + piece.stop - piece.start > MOST
            ):
                yield from unit()
            key.update(f"{len(pieces)} {piece.file}\n".encode("utf-8", "surrogateescape"))
            key.update(digest)
            pieces.append(piece)
            size += piece.stop - piece.start
            ends = xxhash.xxh3_64_intdigest(digest) % _ODDS == 0 if not shard else piece.stop - piece.start >= LEAST
            if size >= MOST or (size >= LEAST and ends):
                yield from unit()
    yield from unit()


def _file(files: Files, name: str) -> Iterator[tuple[Piece, bytes]]:
    """A file that is one bundle, with the page beside it. What is wrong with its bytes is the worker's to tell."""
    path = files.plain(name, required=True)
    if path is None:
        return
    size = path.stat().st_size
    if size > MAX_DOCUMENT:
        files.too_long(name, size)
        return
    data = files.bytes(path)
    files.hashes[name] = hashlib.sha256(data).hexdigest()
    page = f"pages/{name.removeprefix('articles/').removesuffix('.json')}.txt"
    own = xxhash.xxh3_128_digest(data) + _beside(files.folder / page, files)
    yield Piece(name, None, 0, size), own


def _beside(page: Path, files: Files) -> bytes:
    """Hash of all that can be said of what stands in a page's place; nothing where nothing does."""
    if not os.path.lexists(page):
        return b""
    readable = page.is_file() and page.stat().st_size <= MAX_DOCUMENT
    about = f"{readable} {page.readlink() if page.is_symlink() else None}\n".encode("utf-8", "surrogateescape")
    return xxhash.xxh3_128_digest(about + (files.bytes(page) if readable else b""))


def _remembered(files: Files, name: str, area: Area) -> Iterator[tuple[Piece, bytes]]:
    """The pieces of a shard, as they were cut last time if the file is the same."""
    path = files.folder / name
    state = stamp(path) if path.is_file() and not path.is_symlink() else None
    known = area.recall(name, state) if state else None
    if known is not None:
        files.hashes[name] = known["sha256"]
        for line, start, stop, digest in known["pieces"]:
            yield Piece(name, line, start, stop), bytes.fromhex(digest)
        return
    pieces = []
    before = len(files.findings.all)
    for piece, digest in _lines(files, name):
        pieces.append([piece.line, piece.start, piece.stop, digest.hex()])
        yield piece, digest
    if state and name in files.hashes and len(files.findings.all) == before and stamp(path) == state:
        area.note(name, state, {"sha256": files.hashes[name], "pieces": pieces})


def _lines(files: Files, name: str) -> Iterator[tuple[Piece, bytes]]:
    """The lines of a shard, as many in a piece as make a unit."""
    line, start, empty, long_before = 1, 0, True, False
    before = len(files.findings.all)
    keep = is_packed(name)
    for data, long in _stretches(files, name):
        if long and not long_before:
            files.too_long(name, None, line)
        long_before = long
        if not long and not (bytes(data[:64]).isspace() and bytes(data).isspace()):
            empty = False
            yield Piece(name, line, start, start + len(data), bytes(data) if keep else None), xxhash.xxh3_128_digest(data)
        line += _newlines(data)
        start += len(data)
    if empty and len(files.findings.all) == before and name in files.hashes:
        files.findings.add(Finding("HD109", name))


def _newlines(data: memoryview) -> int:
    values = np.frombuffer(data, np.uint8)
    return sum(int(np.count_nonzero(values[at : at + _PORTION] == _NEWLINE)) for at in range(0, len(values), _PORTION))


def _stretches(files: Files, name: str) -> Iterator[tuple[memoryview, bool]]:
    """The bytes of a shard, cut where units end, and whether they are of a line that is too long: such a line is given in parts. What
    is given is gone when the next is asked for.
    """
    rest, long = bytearray(), False
    for block in files.blocks(name):
        rest += block
        while rest:
            if long:
                end = rest.find(b"\n") + 1 or len(rest)
                long = rest[end - 1] != _NEWLINE
                yield from _given(rest, end, True)
                continue
            end = _boundary(rest)
            if not end and len(rest) > MAX_DOCUMENT + MOST:  # one line, but for what stands before it
                end = rest.rfind(b"\n") + 1
                long = not end
                if long:
                    continue
            if not end:
                break
            yield from _given(rest, end, False)
    if rest:
        yield memoryview(rest), False


def _given(data: bytearray, end: int, long: bool) -> Iterator[tuple[memoryview, bool]]:
    """The first bytes of some, which are then taken away."""
    with memoryview(data) as view, view[:end] as part:
        yield part, long
    del data[:end]


def _boundary(data: bytearray) -> int:
    """Where the unit that begins with some bytes ends; 0 where more lines are needed to tell."""
    end = data.find(b"\n", LEAST) + 1
    while 0 < end < len(data):
        if data[end] == _NEWLINE and end < MOST:  # an empty line ends no unit, and a packed file can have a million in a kilobyte
            content = _CONTENT.search(data, end, MOST)
            end = content.start() if content else min(MOST, len(data))
            continue
        following = data.find(b"\n", end) + 1
        if not following:
            return end if end >= MOST else 0
        if following > MOST:
            return end
        if xxhash.xxh3_64_intdigest(memoryview(data)[end:following]) % _ODDS == 0:
            return following
        end = following
    return 0


def rows(pieces: Iterable[Piece], files: Files) -> Iterator[tuple[int, int | None, bytes]]:
    """The bundles of a unit as bytes: number of the piece, line in it (from 1; None where the file is one bundle), and the bytes.
    Lines that hold nothing are left out.
    """
    for number, piece in enumerate(pieces):
        data = _bytes(piece, files) if piece.data is None else piece.data
        if piece.line is None:
            yield number, None, data
        else:
            for line, content in enumerate(data.split(b"\n"), 1):
                if content and not content.isspace():
                    yield number, line, content


def _bytes(piece: Piece, files: Files) -> bytes:
    if not is_packed(piece.file):
        with (files.folder / piece.file).open("rb") as file:
            file.seek(piece.start)
            return file.read(piece.stop - piece.start)
    found, at = bytearray(), 0
    for block in files.blocks(piece.file):  # from the beginning: rare, and right
        found += block[max(0, piece.start - at) : max(0, piece.stop - at)]
        at += len(block)
        if at >= piece.stop:
            break
    return bytes(found)


def is_packed(name: str) -> bool:
    """Whether a file is packed, so that it cannot be read from the middle."""
    return COMPRESSION.get(name[name.rfind(".") :]) is not None
