"""Near-duplicates: texts that say nearly the same in the same words, as outlets do that print one agency's copy.

Two texts are near-duplicates if the Jaccard similarity of their word 5-grams, computed exactly, is at least NEAR_DUPLICATE. They are
found in three steps, none of which holds the corpus in memory: ``signatures`` of a unit's texts (in workers), ``candidates`` (pairs whose
signatures are alike), ``verify`` (which of them are near-duplicates, from their texts).
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.duplicates.candidates import Spool
from pipeline.duplicates.comparison import verify
from pipeline.duplicates.minhash import signatures
from pipeline.grams import text_hashes


@dataclass(frozen=True)
class Pair:
    """Two articles that are near-duplicates."""

    a: str
    b: str
    similarity: float


def near_duplicates(texts: Mapping[str, str]) -> list[Pair]:
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
