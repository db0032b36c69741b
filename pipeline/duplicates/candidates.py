"""Step 2: signatures → candidates, pairs of articles whose signatures are alike."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
import numpy.typing as npt
import xxhash

from pipeline.cache import Remember, anew
from pipeline.duplicates.minhash import BANDS, NOTHING
from pipeline.external import LIMIT, Codes, Sorter, read, scratch, write
from pipeline.grams import mix

ALIKE = 18
"""MinHashes of 64 that two texts must have in common to be compared: with J = 0.5, fewer are with a probability of at most 1.5 · 10⁻⁴
(binomial); with J = 0.1, so many with 10⁻⁵."""
NEIGHBOURS = 4
"""Articles before it that an article is paired with among those that have a key in common."""
_AT_A_TIME = 2
"""Keys whose articles are sorted at a time."""
_NEXT = 8
"""Bits of the next band's key by which articles with one key in common are ordered."""

Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


def numbers(remember: Remember, what: object, make: Callable[[], Codes]) -> Codes:
    """Numbers that follow from ``what`` (JSON) and the code alone, which ``remember`` keeps as it keeps texts. Shape (n,)."""
    (text,) = remember([what], lambda _: [b64encode(make().astype("<u8").tobytes()).decode()])
    return np.frombuffer(b64decode(text), "<u8")


class Spool:
    """Signatures of a corpus, in a file (256 bytes an article), and the pairs that are alike. Articles are numbered as they come.

    In memory are no more than some blocks of numbers, and, while pairs are sought, marks of BANDS bytes an article: of the pairs with a
    key in common, a hundredth are alike, and to read the signatures of the others takes longer than all else.
    """

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        """``folder`` is for temporary files; ``limit`` is how many numbers of 8 bytes are sorted in memory."""
        self._folder, self._limit = folder, limit
        self._rows = scratch(folder)
        self._count = 0
        self._hash = xxhash.xxh3_128()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._rows.close()

    def __len__(self) -> int:
        return self._count

    def add(self, signatures: Codes) -> None:
        """Append the signatures of a unit, shape (n, BANDS). ValueError if they are something else."""
        if signatures.ndim != 2 or signatures.shape[1] != BANDS or signatures.dtype != np.uint64:
            raise ValueError(f"signatures have shape (n, {BANDS}) and are uint64, not {signatures.shape} {signatures.dtype}")
        write(self._rows, signatures, self._count * 8 * BANDS)
        self._count += len(signatures)
        self._hash.update(signatures.tobytes())

    @property
    def hash(self) -> str:
        """A hash of all signatures: where it is the same, so are the candidates."""
        return self._hash.hexdigest()

    def candidates(self, remember: Remember = anew) -> Iterator[Pairs]:
        """Pairs i < j of article numbers that may be near-duplicates, as arrays, ordered by (j, i), each pair once. What has a key in
        common is not sought again where ``remember`` knows it of the same keys: a word that changes in one text changes few of them.

        Articles with a key in common are ordered by (8 bits of) the next key, then by number. Each is paired with NEIGHBOURS before
        it, with the first of all, and with the first that has the next key in common too: work grows with the corpus, not with the
        square of a crowd. Pairs with fewer than ALIKE MinHashes in common are then dropped.

        What is not paired hardly ever parts near-duplicates x and y. If few articles have a key in common with both, x and y are
        paired. If many do since all are copies of one text, each is paired with the first, which is a copy as well. If many do that
        are not alike (a key of a passage that stands under each page of an outlet), the first is none, and x and y are paired only if
        they stand close together. But with J = 0.5 they have eight keys in common on average, of which one that is not of that
        passage is enough. Simulated with 5,000 pairs of near-duplicates (J = 0.5) all of which have one passage in common: none was
        missed where the passage was a fifth of each text, 5 where it was three tenths, 15 where it was two fifths, and 98 where it
        was half. More NEIGHBOURS (8, 16) do not change that.
        """
        if self._count >= 1 << 32:
            raise ValueError(f"{self._count} articles: more than pairs of 32 bits can number")
        with Sorter(self._folder, self._limit) as pairs:
            with scratch(self._folder) as columns:
                marks, hashes = self._transpose(columns)

                def pair(band: int) -> Codes:
                    # the band too: bands with the same keys would else be written to one place at a time
                    what = ["pairs", band, self._count, hashes[band], hashes[(band + 1) % BANDS]]
                    return numbers(remember, what, lambda: self._paired(columns, band))

                with ThreadPoolExecutor(_AT_A_TIME) as pool:  # most of the time is spent in sorting, where threads do not wait
                    for codes in pool.map(pair, range(BANDS)):
                        pairs.add(codes)
            for codes in pairs.blocks(1 << 12):
                i, j = (codes & np.uint64(2**32 - 1)).astype(np.int64), (codes >> np.uint64(32)).astype(np.int64)
                likely = _same_marks(marks, i, j) >= ALIKE
                i, j = i[likely], j[likely]
                alike = self._alike(i, j)
                if alike.any():
                    yield i[alike], j[alike]

    @property
    def _bits(self) -> int:
        """Bits of an article number."""
        return max(1, self._count.bit_length())

    def _transpose(self, columns: IO[bytes]) -> tuple[npt.NDArray[np.uint8], list[str]]:
        """Write all first keys, then all second keys, and so on, so that each band can be read alone. Gives marks of each article, shape
        (n, BANDS): 4 bits of each MinHash, so that two have as many marks in common as MinHashes, or a few more; and a hash of each
        band's keys.
        """
        step = 1 << 12
        marks = np.empty((self._count, BANDS), np.uint8)
        hashes = [xxhash.xxh3_128() for _ in range(BANDS)]
        for start in range(0, self._count, step):
            count = min(step, self._count - start)
            rows = read(self._rows, start * 8 * BANDS, count * BANDS).reshape(count, BANDS)
            for band, keys in enumerate(np.ascontiguousarray(rows.T)):
                write(columns, keys, 8 * (band * self._count + start))
                hashes[band].update(keys)
            marks[start : start + count] = (rows & np.uint64(15)) | (rows >> np.uint64(32) & np.uint64(15)) << np.uint64(4)
        return marks, [own.hexdigest() for own in hashes]

    def _paired(self, columns: IO[bytes], band: int) -> Codes:
        """Pairs of articles with a key in common, as ``_neighbours`` gives them; some of them twice."""
        with Sorter(self._folder, self._limit) as members:
            for codes in self._members(columns, band):
                members.add(codes)
            return np.concatenate([np.zeros(0, np.uint64), *_neighbours(members.blocks(), self._bits)])

    def _members(self, columns: IO[bytes], band: int) -> Iterator[Codes]:
        """For each article one number: as much of its key as there is room for, _NEXT bits of its next key, its own number.

        For 200,000 articles there is room for 38 bits of the key; that other keys begin with the same bits costs a comparison.
        """
        step = 1 << 15
        width = 64 - _NEXT - self._bits
        for start in range(0, self._count, step):
            count = min(step, self._count - start)
            keys, next_keys = (read(columns, 8 * (which * self._count + start), count) for which in (band, (band + 1) % BANDS))
            codes = (mix(keys) >> np.uint64(64 - width)) << np.uint64(64 - width)
            codes |= (mix(next_keys) >> np.uint64(64 - _NEXT)) << np.uint64(self._bits)
            codes |= np.arange(start, start + count, dtype=np.uint64)
            yield codes[keys != NOTHING]

    def _alike(self, i: npt.NDArray[np.int64], j: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        articles, where = np.unique(np.concatenate((i, j)), return_inverse=True)
        keys = [read(self._rows, article * 8 * BANDS, BANDS) for article in articles.tolist()]
        rows = np.concatenate([np.zeros(0, np.uint64), *keys]).view(np.uint32).reshape(-1, 2 * BANDS)
        same = rows[where[: len(i)]] == rows[where[len(i) :]]
        return np.asarray(np.count_nonzero(same, axis=1) >= ALIKE)


def _same_marks(marks: npt.NDArray[np.uint8], i: npt.NDArray[np.int64], j: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many marks the articles of each pair have in common."""
    differing = marks[i] ^ marks[j]
    return np.asarray(np.count_nonzero(differing & 15 == 0, axis=1) + np.count_nonzero(differing & 240 == 0, axis=1))


def _neighbours(blocks: Iterable[Codes], bits: int) -> Iterator[Codes]:
    """Pairs of articles, as numbers ``j << 32 | i``, from a band's members in order (see Spool.candidates)."""
    before = np.zeros(0, np.uint64)
    levels = (np.uint64(bits + _NEXT), np.uint64(bits))  # the key; the key and the next one
    heads = [np.zeros(0, np.uint64)] * len(levels)
    for block in blocks:
        codes = np.concatenate((before, block))
        who = codes & np.uint64(2**bits - 1)
        keys = codes >> levels[0]
        new = np.flatnonzero(keys[1:] == keys[:-1]) + 1
        new = new[new >= len(before)]
        for lag in range(1, NEIGHBOURS + 1):
            at = new[new >= lag]
            at = at[keys[at] == keys[at - lag]]
            yield _pair(who[at], who[at - lag])
        for level, shift in enumerate(levels):
            shared = codes >> shift
            first = np.concatenate(([True], shared[1:] != shared[:-1]))
            head = codes[np.maximum.accumulate(np.where(first, np.arange(len(codes)), 0))]
            if len(heads[level]) and heads[level][0] >> shift == shared[0]:
                head[shared == shared[0]] = heads[level][0]
            yield _pair(who[new], head[new] & np.uint64(2**bits - 1))
            heads[level] = head[-1:].copy()
        before = codes[-NEIGHBOURS:].copy()


def _pair(one: Codes, other: Codes) -> Codes:
    different = one != other
    one, other = one[different], other[different]
    return np.asarray(np.maximum(one, other) << np.uint64(32) | np.minimum(one, other), np.uint64)
