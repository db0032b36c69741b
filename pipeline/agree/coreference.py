"""Agreement of two sets of coreference chains over one page."""

from collections.abc import Sequence
from itertools import combinations

from pipeline.agree.align import Place

Chains = Sequence[set[Place]]


def conll(a: Chains, b: Chains) -> float:
    """The CoNLL-2012 score, 0 to 1: the mean of the F1 of MUC, B³ and CEAFₑ."""
    from scorch.scores import conll2012

    return float(conll2012(a, b)) if a and b else float(not a and not b)


def lea(a: Chains, b: Chains) -> float:
    """F1 of the link-based entity-aware metric, 0 to 1. Source: Moosavi and Strube 2016. No library on the package index has it."""
    precision, recall = _resolved(b, a), _resolved(a, b)
    return 2 * precision * recall / (precision + recall) if precision + recall else float(not a and not b)


def _resolved(key: Chains, response: Chains) -> float:
    """Share of the key's links that the response has, each chain weighted by its size. A single mention links to itself."""

    def links(chain: set[Place]) -> set[tuple[Place, Place]]:
        return set(combinations(sorted(chain), 2)) if len(chain) > 1 else {(mention, mention) for mention in chain}

    found = set().union(*(links(chain) for chain in response)) if response else set()
    size = sum(len(chain) for chain in key)
    return sum(len(chain) * len(links(chain) & found) / len(links(chain)) for chain in key) / size if size else 0.0
