"""Near-duplicates: texts that say nearly the same in the same words, as outlets do that print one agency's copy.

Two texts are near-duplicates if the Jaccard similarity of their word 5-grams, computed exactly, is at least NEAR_DUPLICATE. They are
found in three steps, none of which holds the corpus in memory: ``signatures`` of a unit's texts (in workers), ``Spool.candidates``
(pairs whose signatures are alike), ``verify`` (which of them are near-duplicates, from their texts).

Signatures are MinHashes (Broder 1997) by rensa, over 5-grams hashed by ``pipeline.grams``. Measured on 280 texts of 4.5 kB (CPU time a
text, least of several runs): grams 41 µs, rensa 4 µs, of which 3 µs pass its result to numpy. Rensa would also hash the grams itself,
from lists of strings, in 23 µs; but making those with re and str.join takes 350 µs. The 16 smallest hashes of each text by numpy, in
place of rensa, take 9 µs.
"""

import itertools
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Generic, Self, TypeVar

import numpy as np
import numpy.typing as npt
import xxhash
from rensa import RMinHash

from pipeline.cache import Remember, anew
from pipeline.external import LIMIT, Codes, Sorter, distinct, read, scratch, write
from pipeline.grams import grams, mix, text_hashes

NEAR_DUPLICATE = 0.5
"""Jaccard similarity of word 5-grams from which two texts count as near-duplicates."""
BANDS = 32
"""Keys of a signature. Each is two MinHashes of 32 bits: texts of similarity J have a given key in common with probability J², and
none of all with (1 - J²)³²: 10⁻⁴ for J = 0.5, 10⁻⁶ for J = 0.6."""
ALIKE = 18
"""MinHashes of 64 that two texts must have in common to be compared: with J = 0.5, fewer are with a probability of at most 1.5 · 10⁻⁴
(binomial); with J = 0.1, so many with 10⁻⁵."""
NEIGHBOURS = 4
"""Articles before it that an article is paired with among those that have a key in common."""
NOTHING = 2**64 - 1
"""The key of a text without a word. It matches nothing."""

_PORTION, _ROWS = 1 << 15, 128
"""Grams, and texts, that are given to rensa at once. From 65,536 grams or 256 texts on it starts threads: they would be more than the
cores that workers already use, and a process forked later from this one would wait for them for ever."""
_SEED = 42
_AT_A_TIME = 2
"""Keys whose articles are sorted at a time."""
_NEXT = 8
"""Bits of the next band's key by which articles with one key in common are ordered."""

Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
_Member = TypeVar("_Member")


@dataclass(frozen=True)
class Pair:
    """Two articles that are near-duplicates."""

    a: str
    b: str
    similarity: float


@dataclass(frozen=True)
class Verified:
    """Near-duplicates among candidates: pairs of article numbers (``i < j``) that connect all of them, a spanning forest."""

    i: npt.NDArray[np.int64]
    j: npt.NDArray[np.int64]
    similarity: npt.NDArray[np.float64]
    used: dict[tuple[int, int], float]
    """Similarities that decided, computed or known, by the hashes of the two texts, the smaller first. Equal texts are not listed."""


def near_duplicates(texts: dict[str, str]) -> list[Pair]:
    """Pairs of near-duplicates that connect all of them: a spanning forest, ordered by ids, not every pair of a large group.

    All steps at once, for texts that are in memory. A pair that nothing else connects is missed with the probability that the
    constants BANDS and ALIKE state.
    """
    ids = sorted(texts)
    ordered = [texts[key] for key in ids]
    with tempfile.TemporaryDirectory() as folder, Spool(Path(folder)) as spool:
        for start in range(0, len(ids), 256):
            spool.add(signatures(ordered[start : start + 256]))
        found = verify(spool.candidates(), lambda which: [ordered[i] for i in which], text_hashes(ordered), Path(folder))
    pairs = zip(found.i.tolist(), found.j.tolist(), found.similarity.tolist(), strict=True)
    return [Pair(ids[i], ids[j], round(similarity, 3)) for i, j, similarity in pairs]


# --- signatures ------------------------------------------------------------------------------------------------------------------------


def signatures(texts: Sequence[str]) -> Codes:
    """Signatures of texts, shape (n, BANDS); a text without a word has NOTHING in all places."""
    portions = [_signatures(texts[at : at + _ROWS]) for at in range(0, len(texts), _ROWS)]
    return np.concatenate([np.zeros((0, BANDS), np.uint64), *portions])


def _signatures(texts: Sequence[str]) -> Codes:
    """Those of at most _ROWS texts."""
    hashes, offsets = grams(texts)
    found = np.full((len(texts), 2 * BANDS), 2**32 - 1, np.uint32)
    at = 0
    while at < len(texts):
        first = int(offsets[at])
        end = min(max(int(np.searchsorted(offsets, first + _PORTION, "right")) - 1, at + 1), len(texts))
        own = hashes[first : offsets[end]]
        if len(own) > _PORTION:  # one long text: the MinHashes of all its grams are the smallest of its parts'
            parts = np.array_split(own, -(-len(own) // _PORTION))
            found[at] = np.minimum.reduce([_minhashes(part, np.array([0, len(part)]))[0] for part in parts])
        else:
            found[at:end] = _minhashes(own, offsets[at : end + 1] - first)
        at = end
    found[np.diff(offsets) == 0] = 2**32 - 1
    return found.astype("<u4").view("<u8").astype(np.uint64)


def _minhashes(hashes: Codes, offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.uint32]:
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets.astype(np.uint64), 2 * BANDS, _SEED)
    return np.array(matrix.to_rows(), np.uint32)


# --- candidates ------------------------------------------------------------------------------------------------------------------------


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


# --- verification ----------------------------------------------------------------------------------------------------------------------


def verify(
    candidates: Iterable[Pairs],
    text_of: Callable[[Sequence[int]], Sequence[str]],
    hashes: Codes,
    folder: Path,
    known: Mapping[tuple[int, int], float] | None = None,
) -> Verified:
    """Which candidates are near-duplicates, in the order given; a pair that those before it connect already is not compared.

    ``text_of`` returns the texts of articles. It is called with ascending numbers, at most 256 at once, each number once, and only
    for articles of pairs that have to be compared. ``hashes`` are the ``text_hashes`` of all articles, by number; ``known`` has
    similarities of an earlier build, as its ``used``. The 5-grams of the articles are kept in a file in ``folder``; in memory are, for
    each article of a candidate, a few numbers. Measured with texts of 5.6 kB (CPU time): 40 µs to compare a pair, 70 µs to cut and
    hash each text, 5 µs for a known pair. ValueError if ``text_of`` returns another number of texts than asked for.
    """
    known = known or {}
    with scratch(folder) as rest, scratch(folder) as sets:
        count, needed = _undecided(candidates, hashes, known, rest)
        offsets = _gather(needed, text_of, sets)
        groups = Forest[int]()
        edges: list[tuple[int, int, float]] = []
        used: dict[tuple[int, int], float] = {}
        for i, j in _read_pairs(rest, count):
            if groups.root(i) == groups.root(j):
                continue
            key = _key(hashes, i, j)
            similarity = _recall(key, known)
            if similarity is None:
                similarity = used.get(key)
            if similarity is None:
                places = np.searchsorted(needed, (i, j)).tolist()
                similarity = _jaccard(*(read(sets, 8 * offsets[k], offsets[k + 1] - offsets[k]) for k in places))
            if key[0] != key[1]:
                used[key] = similarity
            if similarity >= NEAR_DUPLICATE:
                edges.append((i, j, similarity))
                groups.join(i, j)
    ends = np.array([edge[:2] for edge in edges], np.int64).reshape(-1, 2)
    return Verified(ends[:, 0], ends[:, 1], np.array([edge[2] for edge in edges], np.float64), used)


def _undecided(
    candidates: Iterable[Pairs], hashes: Codes, known: Mapping[tuple[int, int], float], rest: IO[bytes]
) -> tuple[int, npt.NDArray[np.int64]]:
    """Write to ``rest`` the pairs that known similarities do not make needless; how many, and whose texts are needed, ascending."""
    groups = Forest[int]()
    needed = np.zeros(len(hashes), np.bool_)
    count = 0
    for block in candidates:
        kept = []
        for i, j in zip(*(side.tolist() for side in block), strict=True):
            if groups.root(i) == groups.root(j):
                continue  # connected by what is known alone: so it will be when all is known
            similarity = _recall(_key(hashes, i, j), known)
            kept.append((i, j))
            if similarity is None:
                needed[i] = needed[j] = True
            elif similarity >= NEAR_DUPLICATE:
                groups.join(i, j)
        write(rest, np.array(kept, np.uint64), 16 * count)
        count += len(kept)
    return count, np.flatnonzero(needed)


def _gather(needed: npt.NDArray[np.int64], text_of: Callable[[Sequence[int]], Sequence[str]], sets: IO[bytes]) -> list[int]:
    """Write each article's set of grams, sorted, and return where they begin and the last one ends, in numbers of 8 bytes."""
    offsets = [0]
    for start in range(0, len(needed), 256):
        which = needed[start : start + 256].tolist()
        texts = text_of(which)
        if len(texts) != len(which):
            raise ValueError(f"{len(which)} texts were asked for, {len(texts)} came")
        found, bounds = grams(texts)
        own = [distinct(found[a:b]) for a, b in itertools.pairwise(bounds)]
        write(sets, np.concatenate(own), 8 * offsets[-1])
        for each in own:
            offsets.append(offsets[-1] + len(each))
    return offsets


def _read_pairs(rest: IO[bytes], count: int) -> Iterator[tuple[int, int]]:
    step = 1 << 12
    for start in range(0, count, step):
        pairs = read(rest, 16 * start, 2 * min(step, count - start)).reshape(-1, 2)
        yield from zip(pairs[:, 0].tolist(), pairs[:, 1].tolist(), strict=True)


def _key(hashes: Codes, i: int, j: int) -> tuple[int, int]:
    one, other = int(hashes[i]), int(hashes[j])
    return (one, other) if one <= other else (other, one)


def _recall(key: tuple[int, int], known: Mapping[tuple[int, int], float]) -> float | None:
    return 1.0 if key[0] == key[1] else known.get(key)


def _jaccard(one: Codes, other: Codes) -> float:
    """Similarity of two sorted sets; 0 for two empty ones."""
    both = np.concatenate((one, other))
    both.sort()
    shared = int(np.count_nonzero(both[1:] == both[:-1]))
    return shared / max(1, len(both) - shared)


# --- groups ----------------------------------------------------------------------------------------------------------------------------


class Forest(Generic[_Member]):
    """Which of the things that were joined belong together (union-find); a group is named after its first member."""

    def __init__(self) -> None:
        self._parent: dict[_Member, _Member] = {}

    def root(self, member: _Member) -> _Member:
        """The name of a member's group."""
        while self._parent.setdefault(member, member) != member:
            self._parent[member] = self._parent[self._parent[member]]
            member = self._parent[member]
        return member

    def join(self, first: _Member, other: _Member) -> None:
        """Put the groups of two members together, under the name of the first one's."""
        self._parent[self.root(other)] = self.root(first)


def components(count: int, i: npt.NDArray[np.int64], j: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For each of ``count`` nodes the smallest one that edges i–j connect it with, shape (count,). ValueError for an edge elsewhere.

    scipy.sparse.csgraph does the same, but its import takes 0.4 s and 34 MB; this needs no more than some arrays.
    """
    ends = np.concatenate((i, j))
    if len(i) != len(j) or (len(ends) and (ends.min() < 0 or ends.max() >= count)):
        raise ValueError(f"edges join nodes from 0 to {count - 1}, two each")
    labels = np.arange(count, dtype=np.int64)
    while True:
        one, other = labels[i], labels[j]
        if np.array_equal(one, other):
            return labels
        least = np.minimum(one, other)
        np.minimum.at(labels, one, least)  # the larger of two groups goes to the smaller
        np.minimum.at(labels, other, least)
        while not np.array_equal(labels, inner := labels[labels]):
            labels = inner
