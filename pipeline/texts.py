"""Pages of many articles as numpy arrays: what kinds of characters stand where, and many spans cut out at once.

Offsets count Unicode code points, as spans do. A *place* is a code point among those of all pages, one page behind the other; two
NULs follow each, so that what stands beside a place is never of another page.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.nodes import Bools, Ints

SPACE, ALNUM, DIGIT, HYPHEN, CAPITAL, AT = 1, 2, 4, 8, 16, 32
"""Kinds of characters, as bits: ``str.isspace``, ``str.isalnum``, ``str.isdecimal``, what joins the parts of a word, A to Z, and @."""
HYPHENS = "-\u2010\u2011\u00ad"
_FORMS = {SPACE: r"\s+", ALNUM: r"[^\W_]+", DIGIT: r"\d+", HYPHEN: f"[{HYPHENS}]", CAPITAL: "[A-Z]+", AT: "@"}
MASK = "\u2588"
"""Stands for a character of private data."""

_CODE_POINTS = 0x110000
_PLANES = 0x40000  # no later plane has a letter, a digit or white space
_END = "\0\0"
_INLINE = 12  # bytes that a string view holds itself
_PORTION = 2**16
"""Characters, or bytes, that are looked at at once: what numpy makes of them on the way is many times as large."""

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Small = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(frozen=True)
class Texts:
    """One text a row, or none."""

    pages: Sequence[str | None]

    @cached_property
    def known(self) -> Bools:
        """Which rows have a text."""
        return np.array([page is not None for page in self.pages], dtype=bool)

    @cached_property
    def length(self) -> Ints:
        """Code points of each text; 0 where there is none."""
        return np.array([len(page or "") for page in self.pages], dtype=np.int64)

    @cached_property
    def first(self) -> Ints:
        """The place where each text begins."""
        size = self.length + len(_END)
        return np.cumsum(size) - size

    def row(self, places: Ints) -> Ints:
        """The row of each of some places."""
        return np.searchsorted(self.first, places, side="right") - 1

    @cached_property
    def kinds(self) -> Bytes:
        """For each place the bits of its kinds; shape (places,)."""
        joined = self._joined()
        found = np.empty(len(joined), np.uint8)
        for at in range(0, len(joined), _PORTION):
            points = np.frombuffer(joined[at : at + _PORTION].encode("utf-32-le"), "<u4")
            found[at : at + len(points)] = kinds().take(points, mode="clip")
        return found

    def _joined(self) -> str:
        return _END.join([*(page or "" for page in self.pages), ""])

    @cached_property
    def _utf8(self) -> Bytes:
        """The texts in UTF-8, with room for a view behind the last one."""
        return np.frombuffer(self._joined().encode() + bytes(_INLINE), np.uint8)

    @cached_property
    def _first_byte(self) -> Small:
        """The first byte of each place; shape (places,)."""
        found, done = np.empty(int((self.length + len(_END)).sum()), np.int32), 0
        for at in range(0, len(self._utf8) - _INLINE, _PORTION):
            own = self._utf8[at : min(at + _PORTION, len(self._utf8) - _INLINE)]
            begins = np.flatnonzero((own & 0xC0) != 0x80)  # 10xxxxxx continues a character
            found[done : done + len(begins)] = begins + at
            done += len(begins)
        return found

    def slice(self, row: int, start: int, end: int) -> str | None:
        """``text[start:end]`` of one row; None where it has no text."""
        page = self.pages[row]
        return None if page is None else page[start:end]

    def slices(self, rows: Ints, start: Ints, end: Ints) -> pa.StringArray:
        """``text[start:end]`` of many rows; null where there is no text and for a negative start. Ends lie within the text or, as
        for a slice of Python, count as its end.
        """
        size, place = self.length[rows], self.first[rows]
        null = ~self.known[rows] | (start < 0)
        first = self._first_byte[place + np.clip(start, 0, size)]
        length = self._first_byte[place + np.clip(end, 0, size)] - first
        return self._cut(first, np.where(null, 0, np.maximum(length, 0)), pa.array(~null))

    def _cut(self, first: Small, length: Small, valid: pa.BooleanArray) -> pa.StringArray:
        """Strings from their first bytes and lengths in bytes. Each becomes a view of 16 bytes: its length, then up to 12 bytes of its
        own, or of a longer one the first 4, the number of the buffer, and where it begins there. Arrow copies what the views show.
        """
        views = np.zeros((len(first), 16), np.uint8)
        views[:, :4] = _as_bytes(length)
        short = np.where(length <= _INLINE, length, 4)
        begins = np.lib.stride_tricks.sliding_window_view(self._utf8, _INLINE)[first]
        views[:, 4:] = np.where(np.arange(_INLINE) < short[:, None], begins, 0)
        long = np.flatnonzero(length > _INLINE)
        views[long, 12:] = _as_bytes(first[long])
        buffers = [valid.buffers()[1], pa.py_buffer(views), pa.py_buffer(self._utf8)]
        return pa.Array.from_buffers(pa.string_view(), len(first), buffers).cast(pa.string())

    def masked(self, rows: Ints, start: Ints, end: Ints) -> "Texts":
        """The texts with U+2588 for each character of some spans; rows in order. Every offset stays right."""
        pages = list(self.pages)
        for row, spans in groupby(zip(rows.tolist(), start.tolist(), end.tolist(), strict=True), key=lambda span: span[0]):
            page = pages[row]
            for _, s, e in spans if page is not None else ():
                e = min(e, len(page))  # a span that ends behind the text is told by a rule
                page = page[:s] + MASK * (e - s) + page[e:] if s < e else page
            pages[row] = page
        return Texts(pages)

    def take(self, rows: Ints) -> "Texts":
        """The texts of some rows."""
        return Texts([self.pages[row] for row in rows])


def _as_bytes(values: Small) -> Bytes:
    return values.astype("<i4")[:, None].view(np.uint8)


@cache
def kinds() -> Bytes:
    """For each code point the bits of its kinds; shape (0x110000,). Python's own regular expressions say what is what."""
    every = np.arange(_PLANES, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    table = np.zeros(_CODE_POINTS, np.uint8)
    for kind, form in _FORMS.items():
        for match in re.finditer(form, every):
            table[match.start() : match.end()] |= kind
    return table
