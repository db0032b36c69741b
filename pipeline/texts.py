"""Pages of many articles as numpy arrays: what kinds of characters stand where, and many spans cut out at once.

Offsets count Unicode code points, as spans do. A *place* is a code point among those of all pages, one page behind the other; NULs
follow each, so that what stands beside a place is never of another page. Texts stay as they come, in UTF-8: most of what is asked is
asked of few places, and is decoded for those alone.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.nodes import Bools, Ints, integers

SPACE, ALNUM, DIGIT, HYPHEN = 1, 2, 4, 8
"""Kinds of characters, as bits: ``str.isspace``, ``str.isalnum``, ``str.isdecimal``, and what joins the parts of a word."""
HYPHENS = "-\u2010\u2011\u00ad"
MASK = "\u2588"
"""Stands for a character of private data."""

_CODE_POINTS = 0x110000
_PLANES = 0x40000  # no later plane has a letter, a digit or white space
_INLINE = 12  # bytes that a string view holds itself
_END = "\0" * _INLINE  # so that there is room for a view behind the last character
_FOREIGN = 0xD9  # the first byte of U+0660 in UTF-8, the first digit that is not in ASCII

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Points = np.ndarray[Any, np.dtype[np.uint32]]


@dataclass(frozen=True)
class Texts:
    """One text a row, or none."""

    array: pa.StringArray

    @classmethod
    def of(cls, texts: Iterable[str | None]) -> Self:
        """The same from Python's strings."""
        return cls(pa.array(texts, pa.string()))

    @cached_property
    def known(self) -> Bools:
        """Which rows have a text."""
        return self.array.is_valid().to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]

    @cached_property
    def length(self) -> Ints:
        """Code points of each text; 0 where there is none."""
        return np.diff(self._bounds) - len(_END)

    @property
    def first(self) -> Ints:
        """The place where each text begins."""
        return self._bounds[:-1]

    def row(self, places: Ints) -> Ints:
        """The row of each of some places."""
        return np.searchsorted(self.first, places, side="right") - 1

    @cached_property
    def lead(self) -> Bytes:
        """The first byte of each place; shape (places,). Of a character of ASCII there is no other."""
        return np.delete(self._utf8, self._inside)

    def points(self, places: Ints) -> Points:
        """The code points of some places, or of up to 12 places before and behind a text, which are 0."""
        found = self.lead[places].astype(np.uint32)
        wide = np.nonzero(found >= 0x80)
        first = self._byte(places[wide])
        found[wide] = _decoded(*(self._utf8[first + i].astype(np.uint32) for i in range(4)))
        return found

    def kinds(self, places: Ints) -> Bytes:
        """The bits of the kinds of some places."""
        return kinds().take(self.points(places))

    @cached_property
    def digits(self) -> Ints:
        """The places of all decimal digits, in order."""
        digit = self.lead - np.uint8(ord("0")) < 10
        foreign = np.flatnonzero(self.lead >= _FOREIGN)
        digit[foreign] = self.kinds(foreign) & DIGIT > 0
        return np.flatnonzero(digit)

    @cached_property
    def _ended(self) -> pa.StringArray:
        """The texts, and what follows each."""
        return pc.binary_join_element_wise(self.array, "", _END, null_handling="replace")

    @cached_property
    def _utf8(self) -> Bytes:
        return np.frombuffer(self._ended.buffers()[2] or b"", np.uint8)

    @cached_property
    def _bounds(self) -> Ints:
        """The place where each text begins, and where the next one would."""
        begins = np.concatenate(([0], np.cumsum(integers(pc.binary_length(self._ended)))))
        return begins - np.searchsorted(self._inside, begins)

    @cached_property
    def _inside(self) -> Ints:
        """The bytes that continue a character, in order; they are few in most texts."""
        return np.flatnonzero((self._utf8 & 0xC0) == 0x80)

    @cached_property
    def _behind(self) -> Ints:
        """For each of them the place behind its character."""
        return self._inside - np.arange(len(self._inside))

    def _byte(self, places: Ints) -> Ints:
        """Where some places begin in UTF-8: behind a byte for each place before, and all that continue their characters."""
        return places + np.searchsorted(self._behind, places, side="right")

    def utf8(self) -> Iterator[pa.Buffer | None]:
        """The text of each row in UTF-8, or None."""
        return (text.as_buffer() for text in self.array)

    def page(self, row: int) -> str | None:
        """The text of one row; None where it has none."""
        return self.array[row].as_py()  # type: ignore[no-any-return]

    def between(self, start: Ints, end: Ints) -> Iterator[str]:
        """What stands from each of some places to another."""
        data = memoryview(self._utf8)  # type: ignore[arg-type]
        for first, last in zip(self._byte(start).tolist(), self._byte(end).tolist(), strict=True):
            yield str(data[first:last], "utf-8")

    def slice(self, row: int, start: int, end: int) -> str | None:
        """``text[start:end]`` of one row; None where it has no text."""
        page = self.page(row)
        return None if page is None else page[start:end]

    def slices(self, rows: Ints, start: Ints, end: Ints) -> pa.StringArray:
        """``text[start:end]`` of many rows; null where there is no text and for a negative start. Ends lie within the text or, as
        for a slice of Python, count as its end.
        """
        size, place = self.length[rows], self.first[rows]
        null = ~self.known[rows] | (start < 0)
        first = self._byte(place + np.minimum(np.maximum(start, 0), size))
        length = self._byte(place + np.minimum(np.maximum(end, 0), size)) - first
        return _cut(self._utf8, first, np.where(null, 0, np.maximum(length, 0)), ~null)

    def masked(self, rows: Ints, start: Ints, end: Ints) -> "Texts":
        """The texts with U+2588 for each character of some spans. Every offset stays right."""
        if not len(rows):
            return self
        begin = self.first[rows] + start
        order = np.argsort(begin)
        begin, stop = begin[order], (self.first[rows] + np.minimum(end, self.length[rows]))[order]  # a rule tells of later ends
        begin[1:] = np.maximum(begin[1:], np.maximum.accumulate(stop)[:-1])  # where spans overlap
        hidden = begin < stop
        size = (stop - begin)[hidden]
        first, last = self._byte(begin[hidden]), self._byte(stop[hidden])
        mask, data, at = MASK.encode(), memoryview(self._utf8), 0  # type: ignore[arg-type]
        pieces: list[bytes | memoryview] = []
        for a, b, n in zip(first.tolist(), last.tolist(), size.tolist(), strict=True):
            pieces += [data[at:a], mask * n]
            at = b
        grown = np.concatenate(([0], np.cumsum(size * len(mask) - (last - first))))
        bounds = (self._byte(place) for place in (self.first, self.first + self.length))
        starts, ends = (bound + grown[np.searchsorted(first, bound)] for bound in bounds)
        return Texts(_cut(np.frombuffer(b"".join([*pieces, data[at:]]), np.uint8), starts, ends - starts, self.known))

    def take(self, rows: Ints) -> "Texts":
        """The texts of some rows."""
        return Texts(self.array.take(pa.array(rows)))


def _decoded(one: Points, two: Points, three: Points, four: Points) -> Points:
    """Code points from their bytes in UTF-8; there are two at least."""
    high, low = one & 0x1F, two & 0x3F
    of_two, of_three = high << 6 | low, (high & 0x0F) << 12 | low << 6 | three & 0x3F
    of_four = (high & 0x07) << 18 | low << 12 | (three & 0x3F) << 6 | four & 0x3F
    return np.where(one < 0xE0, of_two, np.where(one < 0xF0, of_three, of_four))


def _cut(utf8: Bytes, first: Ints, length: Ints, valid: Bools) -> pa.StringArray:
    """Strings from their first bytes and lengths in bytes. Each becomes a view of 16 bytes: its length, then up to 12 bytes of its own,
    or of a longer one the first 4, the number of the buffer, and where it begins there. Arrow copies what the views show. At least 12
    bytes must follow each first one.
    """
    views = np.empty(len(first), np.dtype([("length", "<i4"), ("begin", f"V{_INLINE}")]))
    views["length"] = length
    views["begin"] = np.ndarray(max(0, len(utf8) - _INLINE + 1), f"V{_INLINE}", utf8, strides=(1,))[first]
    long = np.flatnonzero(length > _INLINE)
    numbers = views.view("<i4").reshape(-1, 4)
    numbers[long, 2], numbers[long, 3] = 0, first[long]
    buffers = [pa.array(valid).buffers()[1], pa.py_buffer(views), pa.py_buffer(utf8)]
    return pa.Array.from_buffers(pa.string_view(), len(first), buffers).cast(pa.string())


@cache
def kinds() -> Bytes:
    """For each code point the bits of its kinds; shape (0x110000,). Python's own regular expressions say what is what."""
    every = np.arange(_PLANES, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    table = np.zeros(_CODE_POINTS, np.uint8)
    for kind, form in ((SPACE, r"\s+"), (ALNUM, r"[^\W_]+"), (DIGIT, r"\d+"), (HYPHEN, f"[{HYPHENS}]")):
        for match in re.finditer(form, every):
            table[match.start() : match.end()] |= kind
    return table
