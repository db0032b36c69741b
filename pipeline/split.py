"""Stage 4: which split each article belongs to.

By event (the split that ships): articles that report the same contact, that repeat one another, or whose open texts are
near-duplicates are one group, and a group is never cut. A released article stays where splits.json has it; its group follows it.
New groups go, largest first, to the split that they bring nearest to its share, or least away from it: its share of all articles, and
of articles like theirs in kind of contact, kind of outlet and language. By time: cut at the days that corpus.toml names. By outlet:
articles of one outlet are one group, and outlets that print near-duplicates of one another are too, unless they were released apart.

Articles are numbers here, and what they have is arrays: groups are the connected components of a graph of numbers.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.duplicates import Forest, components
from pipeline.findings import Finding, Findings
from pipeline.nodes import Ints
from schema.reference import SplitName, SplitPolicy, Splits

SPLITS: tuple[SplitName, ...] = get_args(SplitName)
SCHEMES = ("by_event", "by_time", "by_outlet")
"""The three official splits; ``by_event`` is the one that ships."""
Likes = list[tuple[tuple[str, int], ...]]
"""For each kind of article the sets of articles that it is balanced with."""

Codes = np.ndarray[Any, np.dtype[np.int8]]


@dataclass(frozen=True)
class Heads:
    """What splits are made from: a value for each article, names as numbers (-1 where there is none)."""

    ids: pa.ChunkedArray
    reported: tuple[Ints, Ints]
    """Article and contact, for each contact that an article reports."""
    contact_kind: Ints
    """Kind of the first contact that it reports."""
    outlet: Ints
    outlet_kind: Ints
    language: Ints
    published: Ints
    """Last day that its time can mean, in days since 1970, so that no later article stands in an earlier split."""
    derived: tuple[Ints, Ints]
    """Article and the one that it repeats, for each that repeats another article of the corpus."""

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Assigned:
    """The split of every article in each scheme, as its number in SPLITS."""

    by_event: Codes
    by_time: Codes
    by_outlet: Codes

    def scheme(self, name: str) -> Codes:
        """The splits of one scheme."""
        return getattr(self, name)  # type: ignore[no-any-return]

    def items(self, name: str, ids: pa.ChunkedArray) -> Iterator[tuple[str, SplitName]]:
        """Ids and splits of one scheme, in order of the ids."""
        codes = self.scheme(name)
        order = pc.sort_indices(ids).to_numpy()
        for start in range(0, len(order), 10_000):
            some = order[start : start + 10_000]
            for article_id, code in zip(ids.take(pa.array(some)).to_pylist(), codes[some].tolist(), strict=True):
                yield article_id, SPLITS[code]


def split(heads: Heads, duplicates: tuple[Ints, Ints], policy: SplitPolicy, released: Splits, findings: Findings) -> Assigned:
    """Assign every article to a split in each scheme.

    ``duplicates`` are pairs of articles with *open* texts: a text that only some users have may not decide where an article goes.
    Articles that a release has fixed and that now belong together across splits are errors (HD509).
    """
    copies = tuple(np.concatenate(sides) for sides in zip(heads.derived, duplicates, strict=True))
    fixed = {name: _fixed(heads.ids, getattr(released, name)) for name in SCHEMES}
    alike = _alike(heads)
    count = len(heads)
    rows, contacts = heads.reported
    groups = components(
        count + int(contacts.max(initial=-1)) + 1, np.concatenate([rows, copies[0]]), np.concatenate([contacts + count, copies[1]])
    )[:count]
    by_event = _assign("by_event", groups, heads.ids, fixed["by_event"], policy, alike, findings)
    outlets = _by_outlet(heads, copies, fixed["by_outlet"])
    by_outlet = _assign("by_outlet", outlets, heads.ids, fixed["by_outlet"], policy, alike, findings)
    by_time = np.where(fixed["by_time"] >= 0, fixed["by_time"], _by_time(heads.published, policy)).astype(np.int8)
    for code, name in enumerate(SPLITS):
        if not (by_event == code).any() and not findings.errors:
            findings.add(Finding("HD511", "corpus.toml", None, ("split", "shares", name), f"{name} (by event)"))
    return Assigned(by_event, by_time, by_outlet)


def _fixed(ids: pa.ChunkedArray, released: Mapping[str, SplitName]) -> Codes:
    """The split that a release has fixed for each article, or -1."""
    fixed = np.full(len(ids), -1, dtype=np.int8)
    at = 0
    for chunk in ids.chunks if released else ():
        fixed[at : at + len(chunk)] = [SPLITS.index(released[key]) if key in released else -1 for key in chunk.to_pylist()]
        at += len(chunk)
    return fixed


def _by_outlet(heads: Heads, copies: Sequence[Ints], fixed: Codes) -> Ints:
    """Groups of articles by outlet; an article whose outlet is not known shares it with no other.

    A copy joins two groups only where that brings no two splits of released articles together: new copy between two outlets that were
    released apart must not stop the corpus from growing. The leakage report tells what is then shared.
    """
    count = len(heads)
    known = np.flatnonzero(heads.outlet >= 0)
    groups = components(count + int(heads.outlet.max(initial=-1)) + 1, known, heads.outlet[known] + count)[:count]
    splits: dict[int, set[int]] = defaultdict(set)
    for article in np.flatnonzero(fixed >= 0).tolist():
        splits[int(groups[article])].add(int(fixed[article]))
    joined: Forest[int] = Forest()
    for pair in sorted({tuple(sorted(pair)) for pair in zip(groups[copies[0]].tolist(), groups[copies[1]].tolist(), strict=True)}):
        first, other = (joined.root(group) for group in pair)
        together = splits[first] | splits[other]
        if first != other and len(together) < 2:
            joined.join(first, other)
            splits[joined.root(first)] = together
    roots = {group: joined.root(group) for group in np.unique(groups).tolist()}
    return np.array([roots[group] for group in groups.tolist()], dtype=np.int64)


def _alike(heads: Heads) -> tuple[Ints, Likes]:
    """For each article its kind, and of each kind the sets of articles that one of it is balanced with."""
    kinds, codes = np.unique(np.stack([heads.contact_kind, heads.outlet_kind, heads.language]), axis=1, return_inverse=True)
    rows: list[list[int]] = kinds.T.tolist()
    likes: Likes = [(("contact", contact), ("outlet", outlet), ("language", language)) for contact, outlet, language in rows]
    return codes.reshape(-1).astype(np.int64), likes


def _assign(
    scheme: str, groups: Ints, ids: pa.ChunkedArray, released: Codes, policy: SplitPolicy,
    alike: tuple[Ints, Likes], findings: Findings,
) -> Codes:  # fmt: skip
    """Splits: released articles as they were, then the other groups, largest first, ties by a hash of their members."""
    shares = [float(getattr(policy.shares, name)) for name in SPLITS]
    kinds, likes = alike
    total = _count(np.bincount(kinds, minlength=len(likes)), likes)
    size: list[Counter[tuple[str, int]]] = [Counter() for _ in SPLITS]
    assigned = released.copy()

    def cost(own: Mapping[tuple[str, int], int], split: int) -> float:
        """How much further from its shares the split would be with a group in it: the growth of χ² over the group's likes."""
        there, share = size[split], shares[split]
        grown = 0.0
        for like, n in own.items():
            wanted = share * total[like]
            grown += ((there[like] + n - wanted) ** 2 - (there[like] - wanted) ** 2) / wanted
        return grown

    order = np.lexsort((_ranks(ids), groups))
    bounds = np.flatnonzero(np.diff(groups[order], prepend=-1, append=-1))
    free: list[tuple[int, bytes, int]] = []
    for i, (start, end) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        members = order[start:end]
        fixed = released[members]
        if (fixed < 0).all():
            names = "\n".join(ids.take(pa.array(members)).to_pylist()) if end - start > 1 else ids[members[0]].as_py()
            free.append((start - end, hashlib.sha256(names.encode()).digest(), i))
            continue
        if len(set(fixed.tolist()) - {-1}) > 1:
            said = {str(ids[m]): SPLITS[int(released[m])] for m in members.tolist() if released[m] >= 0}
            found = ", ".join(f"{article_id} in {name}" for article_id, name in said.items())
            findings.add(Finding("HD509", "splits.json", str(ids[members[0]]), (scheme, next(iter(said))), found, "one split"))
        assigned[members] = np.where(fixed >= 0, fixed, fixed[fixed >= 0][0])
        for split in set(assigned[members].tolist()):
            size[split].update(_count(np.bincount(kinds[members[assigned[members] == split]], minlength=len(likes)), likes))
    singles = [_count(np.eye(1, len(likes), kind, dtype=np.int64)[0], likes) for kind in range(len(likes))]
    for _, _, i in sorted(free):
        members = order[bounds[i] : bounds[i + 1]]
        own = singles[kinds[members[0]]] if len(members) == 1 else _count(np.bincount(kinds[members], minlength=len(likes)), likes)
        split = min(range(len(SPLITS)), key=lambda s: (cost(own, s), -shares[s]))
        assigned[members] = split
        size[split].update(own)
    return assigned


def _count(numbers: Ints, likes: Likes) -> Counter[tuple[str, int]]:
    """How many articles of each set there are, given how many of each kind. All articles count as much as their likes together."""
    found: Counter[tuple[str, int]] = Counter()
    for kind in np.flatnonzero(numbers).tolist():
        n = int(numbers[kind])
        found["all", 0] += 3 * n
        for like in likes[kind]:
            found[like] += n
    return found


def _ranks(ids: pa.ChunkedArray) -> Ints:
    """The place of each article in the order of the ids."""
    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[pc.sort_indices(ids).to_numpy()] = np.arange(len(ids))
    return ranks


def _by_time(published: Ints, policy: SplitPolicy) -> Codes:
    first = date(1970, 1, 1).toordinal()
    validation, test = (
        date.fromisoformat(day).toordinal() - first for day in (policy.by_time.validation_from, policy.by_time.test_from)
    )
    return np.where(published >= test, 2, np.where(published >= validation, 1, 0)).astype(np.int8)
