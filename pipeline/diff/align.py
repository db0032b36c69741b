"""Which item of one list is which of another, where items have no identifier: the equal ones, then those most alike."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from pipeline.agree.align import assign

_FARTHEST = 2**26
"""No page is longer, in characters."""


class Aligned(NamedTuple):
    """Positions in the old list and in the new one."""

    equal: list[tuple[int, int]]
    pairs: list[tuple[int, int]]
    """Items that are one and the same but differ."""
    removed: list[int]
    added: list[int]


def align(old: Sequence[Any], new: Sequence[Any]) -> Aligned:
    """Pair the items of two lists. Order does not matter; of several equal items each counts."""
    equal, a, b = _equal(old, new)
    pairs = [(a[i], b[j]) for i, j in assign([old[i] for i in a], [new[j] for j in b], _likeness)]
    one, other = {i for i, _ in pairs}, {j for _, j in pairs}
    return Aligned(equal, pairs, [i for i in a if i not in one], [j for j in b if j not in other])


def _equal(old: Sequence[Any], new: Sequence[Any]) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Positions of equal items, and of what only one of the lists has."""
    where: dict[str, list[int]] = defaultdict(list)
    for j, value in enumerate(new):
        where[_written(value)].append(j)
    equal, a = [], []
    for i, value in enumerate(old):
        if same := where[_written(value)]:
            equal.append((i, same.pop(0)))
        else:
            a.append(i)
    return equal, a, sorted(j for left in where.values() for j in left)


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _likeness(old: Any, new: Any) -> float:
    """How sure it is that two items are one: 0 if they are not.

    Those that overlap on the page are. Where an item is a span and nothing else, it must otherwise have the same words; the nearer,
    the likelier, so that a paragraph that was moved takes its mentions along in their order. Any other item must agree in half of
    its values at least.
    """
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return 0.0
    fields = [key for key in old.keys() & new.keys() - {"start", "end", "text"} if _plain(old[key]) and _plain(new[key])]
    given = [key for key in fields if old[key] is not None or new[key] is not None]
    same = sum(bool(old[key] == new[key]) for key in given) / max(len(given), 1)
    one, other = _span(old), _span(new)
    if one is None or other is None:
        return same if same >= 0.5 else 0.0
    (start, end), (start2, end2) = one, other
    if (common := min(end, end2) - max(start, start2)) > 0:
        return 2 + common / (max(end, end2) - min(start, start2)) + same
    far: float = 0.4 * ((start - start2) / _FARTHEST) ** 2
    if "start" in old:
        return 1 + same / 10 - far if old.get("text") is not None and old["text"] == new.get("text") else 0.0
    return same - far if same >= 0.5 else 0.0


def _plain(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _span(value: dict[str, Any]) -> tuple[int, int] | None:
    """Start and end of what is a span, or has one."""
    span = value if "start" in value else value.get("span")
    return (span["start"], span["end"]) if isinstance(span, dict) and "start" in span and "end" in span else None
