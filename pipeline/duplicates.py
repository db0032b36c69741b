"""Near-duplicates: texts that say nearly the same in the same words, as outlets do that print one agency's copy."""

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass

NEAR_DUPLICATE = 0.5
"""Jaccard similarity of word 5-grams from which two texts count as near-duplicates."""
SKETCH = 16
"""5-grams of a text by which others are looked up."""
CROWD = 64
"""Members of one group that are looked up by one 5-gram."""


@dataclass(frozen=True)
class Pair:
    """Two articles that are near-duplicates."""

    a: str
    b: str
    similarity: float


def near_duplicates(texts: dict[str, str]) -> list[Pair]:
    """Pairs of near-duplicates that connect all of them: a spanning forest, ordered by ids, not every pair of a large group.

    Two texts are near-duplicates if the Jaccard similarity of their word 5-grams, computed exactly, is at least NEAR_DUPLICATE. Only
    texts are compared that share one of their SKETCH smallest 5-grams by hash (Broder 1997): two texts half of whose 5-grams are the
    same miss each other with a probability of about 2⁻¹⁶. Of a group that is joined already, at most CROWD members are kept for each
    5-gram, so that the work on a large group grows with its size and not with its square.
    """
    grams = {key: _grams(text) for key, text in sorted(texts.items())}
    index: dict[int, list[str]] = defaultdict(list)
    groups = Groups()
    pairs = []
    for key, own in grams.items():
        sketch = sorted(own)[:SKETCH]
        for other in sorted({other for gram in sketch for other in index[gram]}):
            if groups.root(other) != groups.root(key):
                similarity = len(own & grams[other]) / len(own | grams[other])
                if similarity >= NEAR_DUPLICATE:
                    pairs.append(Pair(other, key, round(similarity, 3)))
                    groups.join(other, key)
        for gram in sketch:
            if sum(groups.root(other) == groups.root(key) for other in index[gram]) < CROWD:
                index[gram].append(key)
    return pairs


class Groups:
    """Which of the things that were joined belong together (union-find); a group is named after its first member."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, member: str) -> str:
        """The name of a member's group."""
        while self._parent.setdefault(member, member) != member:
            self._parent[member] = self._parent[self._parent[member]]
            member = self._parent[member]
        return member

    def join(self, first: str, other: str) -> None:
        """Put the groups of two members together, under the name of the first one's."""
        self._parent[self.root(other)] = self.root(first)


def _grams(text: str) -> set[int]:
    """Word 5-grams, each as a 64-bit hash that is the same in every process; a shorter text is one gram as a whole."""
    words = re.findall(r"\w+", text.casefold())
    grams = (" ".join(words[i : i + 5]).encode() for i in range(max(1, len(words) - 4)))
    return {int.from_bytes(hashlib.blake2b(gram, digest_size=8).digest(), "big") for gram in grams} if words else set()
