"""Step 1: texts → signatures.

Signatures are MinHashes (Broder 1997) by rensa, over 5-grams hashed by ``pipeline.grams``. Measured on 280 texts of 4.5 kB (CPU time a
text, least of several runs): grams 41 µs, rensa 4 µs, of which 3 µs pass its result to numpy. Rensa would also hash the grams itself,
from lists of strings, in 23 µs; but making those with re and str.join takes 350 µs. The 16 smallest hashes of each text by numpy, in
place of rensa, take 9 µs.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rensa import RMinHash

from pipeline.external import Codes
from pipeline.grams import grams

BANDS = 32
"""Keys of a signature. Each is two MinHashes of 32 bits: texts of similarity J have a given key in common with probability J², and
none of all with (1 - J²)³²: 10⁻⁴ for J = 0.5, 10⁻⁶ for J = 0.6."""
NOTHING = 2**64 - 1
"""The key of a text without a word. It matches nothing."""

_PORTION, _ROWS = 1 << 15, 128
"""Grams, and texts, that are given to rensa at once. From 65,536 grams or 256 texts on it starts threads: they would be more than the
cores that workers already use, and a process forked later from this one would wait for them for ever."""
_SEED = 42


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
