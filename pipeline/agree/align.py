"""Which record of one pass is which of the other: spans by their place, entities by the mentions that they share."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from schema.records import Entity

T = TypeVar("T")
Place = tuple[int, int]
"""Start and end of a span."""
Link = tuple[int, int]
"""Positions of two things that are aligned, one in each list."""


class HasPlace(Protocol):
    """Whatever has a start and an end: spans, zones, mentions, comments."""

    @property
    def start(self) -> int:
        """First character."""

    @property
    def end(self) -> int:
        """The character after the last one."""


def place(span: HasPlace) -> Place:
    """Start and end of a span."""
    return span.start, span.end


def exact(a: Sequence[Place], b: Sequence[Place]) -> list[Link]:
    """Spans of the same place. Each list holds a place once."""
    where = {span: j for j, span in enumerate(b)}
    return [(i, where[span]) for i, span in enumerate(a) if span in where]


def overlapping(a: Sequence[Place], b: Sequence[Place]) -> list[Link]:
    """Spans that overlap, one to one, so that they have as much in common as can be."""
    if not a or not b:
        return []
    (start, end), (other_start, other_end) = (np.array(spans).T for spans in (a, b))
    common = np.minimum.outer(end, other_end) - np.maximum.outer(start, other_start)
    both = np.maximum.outer(end, other_end) - np.minimum.outer(start, other_start)
    return _best(np.where(common > 0, 1 + common / both, 0.0))


def same_entities(a: Sequence[Entity], b: Sequence[Entity]) -> list[Link]:
    """Entities, one to one, so that those aligned have as many mentions of the same place as can be; at least one each."""
    own = [{place(m) for m in entity.mentions} for entity in a]
    others = [{place(m) for m in entity.mentions} for entity in b]
    return assign(own, others, lambda one, other: float(len(one & other)))


def assign(a: Sequence[T], b: Sequence[T], weight: Callable[[T, T], float]) -> list[Link]:
    """The assignment with the greatest sum of weights, without pairs of weight 0; ordered."""
    return _best(np.array([[weight(one, other) for other in b] for one in a])) if a and b else []


def _best(weights: NDArray[np.float64]) -> list[Link]:
    """The assignment with the greatest sum of ``weights`` (len(a), len(b)) (Kuhn 1955), without pairs of weight 0; ordered."""
    from scipy.optimize import linear_sum_assignment  # half a second that only a comparison of passes needs

    rows, columns = linear_sum_assignment(weights, maximize=True)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if weights[i, j] > 0]


def places(spans: Iterable[HasPlace | None]) -> list[Place]:
    """Places of spans, each once, in order; nulls left out."""
    return sorted({place(span) for span in spans if span is not None})
