r"""Word 5-grams of many texts at once, as 64-bit hashes.

A word is what ``re.findall(r"\w+", text.casefold())`` finds. For a text of 4.5 kB that takes about 150 µs, and joining and hashing what
it finds 300 µs (with xxhash); as sums over an array of code points all of it takes about 41 µs. Hashes depend on the text alone: they
are the same in every process and on every machine. Two different grams have the same hash with a probability of about 2⁻⁶⁴.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import xxhash
from pyarrow import Buffer

Codes = npt.NDArray[np.uint64]

GRAM = 5
"""Words of a gram. A shorter text is one gram as a whole."""
_PIECE = 1 << 16
"""Code points that are worked on at once: as many as stay in a processor's cache."""
_UNKNOWN, _LONGER = 2**32 - 1, 2**32 - 2
_BASE = 0x9E3779B97F4A7C15 | 1
_symbols = np.full(0x110000, _UNKNOWN, np.uint32)
"""For each code point: 0 if it is in no word, else its case-folded form; _LONGER if that is several, _UNKNOWN if it was not yet met."""


def mix(values: Codes) -> Codes:
    """Values so that each bit depends on all bits of the one given: the finalizer of SplitMix64 (Steele et al. 2014), a bijection."""
    values = values ^ (values >> np.uint64(30))
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


def text_hashes(texts: Iterable[str | Buffer]) -> Codes:
    """For each text XXH3 (64 bits) of its UTF-8, which may be given as such, by which it is known again in a later build. Shape (n,)."""
    as_bytes = (text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text for text in texts)
    return np.array([xxhash.xxh3_64_intdigest(text) for text in as_bytes], np.uint64)


def grams(texts: Sequence[str]) -> tuple[Codes, npt.NDArray[np.int64]]:
    """Hashes of the word 5-grams of all texts, in order, and offsets: those of text i are ``hashes[offsets[i]:offsets[i + 1]]``.

    A gram that a text has twice is there twice; a text without a word has none. ``offsets`` has shape (n + 1,).
    """
    words, counts = _words(texts)
    ends = np.cumsum(counts)
    rolled = (
        words.copy()
    )  # rolled[i]: words i … i + 4 as one number; the last four of a text run into the next text and are dropped
    for k in range(1, GRAM):
        rolled[:-k] *= np.uint64(_BASE)
        rolled[:-k] += words[k:]
    starts = np.ones(len(words), np.bool_)
    for k in range(1, GRAM):
        starts[(ends - k)[counts >= k]] = False
    for i in np.flatnonzero((counts > 0) & (counts < GRAM)):
        first = int(ends[i] - counts[i])
        whole = 0
        for word in words[first : ends[i]].tolist():
            whole = (whole * _BASE + word) % 2**64
        rolled[first], starts[first] = whole, True
    sizes = np.where(counts > 0, np.maximum(counts - GRAM + 1, 1), 0)
    return mix(rolled[starts]), np.concatenate(([0], np.cumsum(sizes)))


def _words(texts: Sequence[str]) -> tuple[Codes, npt.NDArray[np.int64]]:
    """Hashes of all words, in order, and how many of them each text has.

    A word's hash is a polynomial in _BASE of its case-folded code points, mixed. It is the difference of two running sums over the
    piece that the word is in, divided by the power of _BASE that its place in the piece brings in.
    """
    texts = [text.replace("ß", "ss") for text in texts]
    joined = "\n".join(texts)
    hashes: list[Codes] = []
    places: list[npt.NDArray[np.int64]] = []
    at, size = 0, _PIECE
    while at < len(joined):
        piece = _fold(joined[at : at + size])
        if piece is None:  # rare: a ligature, İ, ẞ; folding changes lengths
            return _words([text.casefold() for text in texts])
        inside = np.zeros(len(piece) + 1, np.bool_)
        np.not_equal(piece, 0, out=inside[1:])
        turns = np.flatnonzero(inside[1:] != inside[:-1])
        if inside[-1]:  # a word without an end
            if at + size >= len(joined):
                turns = np.append(turns, len(piece))
            elif turns[-1] == 0:
                size *= 2
                continue
            else:
                piece, turns = piece[: turns[-1]], turns[:-1]
        begin, end = turns[::2], turns[1::2]
        powers, inverses = _powers(len(piece))
        sums = np.zeros(len(piece) + 1, np.uint64)
        np.cumsum(piece * powers, out=sums[1:])
        hashes.append(mix((sums[end] - sums[begin]) * inverses[begin]))
        places.append(begin + at)
        at, size = at + len(piece), _PIECE
    if not hashes:
        return np.zeros(0, np.uint64), np.zeros(len(texts), np.int64)
    limits = np.cumsum([0, *(len(text) + 1 for text in texts)])
    return np.concatenate(hashes), np.diff(np.searchsorted(np.concatenate(places), limits))


def _fold(text: str) -> npt.NDArray[np.uint32] | None:
    """A text as symbols; None if one of them case-folds to several."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    folded = _symbols.take(codes, mode="clip")
    highest = folded.max()
    if highest == _UNKNOWN:
        for block in np.unique(codes[folded == _UNKNOWN] >> 8).tolist():
            _learn(block << 8, (block + 1) << 8)
        folded = _symbols.take(codes, mode="clip")
        highest = folded.max()
    return None if highest == _LONGER else folded


def _learn(start: int, stop: int) -> None:
    for code in range(start, stop):
        folded = chr(code).casefold()
        is_word = folded.isalnum() or folded == "_"  # what \w matches
        _symbols[code] = _LONGER if len(folded) > 1 else ord(folded) if is_word else 0


_cached: list[tuple[Codes, Codes]] = []


def _powers(count: int) -> tuple[Codes, Codes]:
    """Powers 0 … count - 1 of _BASE modulo 2⁶⁴, and their inverses."""
    if not _cached:
        _cached.append(_ladder(_PIECE))
    powers, inverses = _cached[0] if count <= _PIECE else _ladder(count)
    return powers[:count], inverses[:count]


def _ladder(count: int) -> tuple[Codes, Codes]:
    steps = np.ones((2, count), np.uint64)
    steps[0, 1:], steps[1, 1:] = _BASE, pow(_BASE, -1, 2**64)
    np.cumprod(steps, axis=1, out=steps)
    return steps[0], steps[1]
