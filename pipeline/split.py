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

from pipeline.findings import Finding, Findings
from pipeline.forest import Forest, components
from pipeline.nodes import Ints
from schema.reference import SplitName, SplitPolicy, Splits

SPLITS: tuple[SplitName, ...] = get_args(SplitName)
SCHEMES = ("by_event", "by_time", "by_outlet")
"""The three official splits; ``by_event`` is the one that ships."""
Likes = list[tuple[int, ...]]
"""For each kind of article the sets of articles that it is balanced with, as numbers: all, then those of its own kinds."""

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

    def names(self, name: str) -> pa.StringArray:
        """The names of the splits of one scheme."""
        return _NAMES.take(pa.array(self.scheme(name)))


_NAMES = pa.array(SPLITS)


def splits_json(splits: Assigned, ids: pa.ChunkedArray) -> Iterator[str]:
    """splits.json: of each scheme ids and splits, in order of the ids, as ``json.dumps`` writes them with an indent of 2."""
    order = pc.sort_indices(ids)
    keys = ids.take(order).combine_chunks()
    for i, scheme in enumerate(SCHEMES):
        yield f'{"," if i else "{"}\n  "{scheme}": {{'
        rows = pc.binary_join_element_wise('\n    "', keys, '": "', splits.names(scheme).take(order), '"', "")
        for start in range(0, len(rows), 10_000):
            yield ("," if start else "") + ",".join(rows.slice(start, 10_000).to_pylist())
        yield "\n  }"
    yield "\n}\n"


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
    ranks = _ranks(heads.ids)
    by_event = _assign("by_event", groups, heads.ids, ranks, fixed["by_event"], policy, alike, findings)
    outlets = _by_outlet(heads, copies, fixed["by_outlet"])
    by_outlet = _assign("by_outlet", outlets, heads.ids, ranks, fixed["by_outlet"], policy, alike, findings)
    by_time = np.where(fixed["by_time"] >= 0, fixed["by_time"], _by_time(heads.published, policy)).astype(np.int8)
    for code, name in enumerate(SPLITS):
        if not (by_event == code).any() and not findings.errors:
            findings.add(Finding("HD511", "corpus.toml", None, ("split", "shares", name), f"{name} (by event)"))
    return Assigned(by_event, by_time, by_outlet)


def _fixed(ids: pa.ChunkedArray, released: Mapping[str, SplitName]) -> Codes:
    """The split that a release has fixed for each article, or -1."""
    codes: Codes = np.array([*(SPLITS.index(name) for name in released.values()), -1], dtype=np.int8)
    known = pc.index_in(ids, pa.array(list(released), pa.string())).combine_chunks()
    return np.asarray(codes[known.fill_null(-1).to_numpy()])


def _by_outlet(heads: Heads, copies: Sequence[Ints], fixed: Codes) -> Ints:
    """Groups of articles by outlet; an article whose outlet is not known shares it with no other.

    A copy joins two groups only where that brings no two splits of released articles together: new copy between two outlets that were
    released apart must not stop the corpus from growing. The leakage report tells what is then shared.
    """
    count = len(heads)
    known = np.flatnonzero(heads.outlet >= 0)
    groups = components(count + int(heads.outlet.max(initial=-1)) + 1, known, heads.outlet[known] + count)[:count]
    splits: dict[int, set[int]] = defaultdict(set)
    for group, code in np.unique(np.stack([groups, fixed])[:, fixed >= 0], axis=1).T.tolist():
        splits[group].add(code)
    joined = Forest()
    for pair in np.unique(np.sort(groups[np.stack(copies)], axis=0), axis=1).T.tolist():
        first, other = (joined.root(group) for group in pair)
        together = splits[first] | splits[other]
        if first != other and len(together) < 2:
            joined.join(first, other)
            splits[joined.root(first)] = together
    names, places = np.unique(groups, return_inverse=True)
    return np.array([joined.root(group) for group in names.tolist()], dtype=np.int64)[places]


def _alike(heads: Heads) -> tuple[Ints, Likes]:
    """For each article its kind, and of each kind the sets of articles that one of it is balanced with."""
    columns = [column.astype(np.int64) + 1 for column in (heads.contact_kind, heads.outlet_kind, heads.language)]
    widths = [int(column.max(initial=0)) + 1 for column in columns]
    kinds, codes = np.unique(np.ravel_multi_index(columns, widths), return_inverse=True)
    rows = zip(*(column.tolist() for column in np.unravel_index(kinds, widths)), strict=True)
    likes: Likes = [(0, 1 + contact, 1 + widths[0] + outlet, 1 + sum(widths[:2]) + language) for contact, outlet, language in rows]
    return codes, likes


def _assign(
    scheme: str, groups: Ints, ids: pa.ChunkedArray, ranks: Ints, released: Codes, policy: SplitPolicy,
    alike: tuple[Ints, Likes], findings: Findings,
) -> Codes:  # fmt: skip
    """Splits: released articles as they were, then the other groups, largest first, ties by a hash of their members."""
    order = np.lexsort((ranks, groups))
    bounds = np.flatnonzero(np.diff(groups[order], prepend=-1, append=-1))
    fixed = released[order]
    most = np.maximum.reduceat(fixed, bounds[:-1])
    least = np.minimum.reduceat(np.where(fixed < 0, len(SPLITS), fixed), bounds[:-1])
    for i in np.flatnonzero(least < most).tolist():
        members = order[bounds[i] : bounds[i + 1]]
        said = {str(ids[m]): SPLITS[int(released[m])] for m in members[released[members] >= 0].tolist()}
        found = ", ".join(f"{article_id} in {name}" for article_id, name in said.items())
        findings.add(Finding("HD509", "splits.json", str(ids[members[0]]), (scheme, next(iter(said))), found, "one split"))
        most[i] = SPLITS.index(next(iter(said.values())))
    assigned = np.empty_like(released)
    assigned[order] = np.where(fixed < 0, np.repeat(most, np.diff(bounds)), fixed)
    _spread(assigned, order, bounds, np.flatnonzero(most < 0), ids, policy, *alike)
    return assigned


def _spread(
    assigned: Codes, order: Ints, bounds: Ints, free: Ints, ids: pa.ChunkedArray, policy: SplitPolicy, kinds: Ints, likes: Likes
) -> None:
    """Assign the groups that no released article has assigned. Members of group ``i`` are ``order[bounds[i] : bounds[i + 1]]``.

    The cost of a group in a split is how much further from its shares the split would be: the growth of χ² over the sets of articles
    that its members are balanced with. With t of a set there, and w wanted, n more of it add ((t + n - w)² - (t - w)²) / w. That is
    added up in this form and in this order: what is equal but for rounding would otherwise go elsewhere.
    """
    shares = [float(getattr(policy.shares, name)) for name in SPLITS]
    total = _count(np.bincount(kinds, minlength=len(likes)), likes)
    there = [Counter(_count(np.bincount(kinds[assigned == code], minlength=len(likes)), likes)) for code in range(len(SPLITS))]
    wanted = [{like: share * n for like, n in total.items()} for share in shares]
    preferred = sorted(zip(there, wanted, range(len(SPLITS)), strict=True), key=lambda split: -shares[split[2]])
    singles = [_count(np.eye(1, len(likes), kind, dtype=np.int64)[0], likes) for kind in range(len(likes))]
    names, kind_of = ids.take(pa.array(order)).to_pylist(), kinds[order].tolist()
    found = []
    for start, end in zip(bounds[free].tolist(), bounds[free + 1].tolist(), strict=True):
        found.append((start - end, hashlib.sha256("\n".join(names[start:end]).encode()).digest(), start, end))
    del names
    for _, _, start, end in sorted(found):
        single = end - start == 1
        own = singles[kind_of[start]] if single else _count(np.bincount(kind_of[start:end], minlength=len(likes)), likes)
        least = None
        for counts, aims, code in preferred:
            cost = 0.0
            for like, n in own.items():
                t, w = counts[like], aims[like]
                cost += ((t + n - w) ** 2 - (t - w) ** 2) / w
            if least is None or cost < least[0]:
                least = cost, counts, code
        assert least is not None
        assigned[order[start:end]] = least[2]
        for like, n in own.items():
            least[1][like] += n


def _count(numbers: Ints, likes: Likes) -> dict[int, int]:
    """How many articles of each set there are, given how many of each kind. All articles count as much as their likes together."""
    found: Counter[int] = Counter()
    for kind in np.flatnonzero(numbers).tolist():
        n = int(numbers[kind])
        every, *others = likes[kind]
        found[every] += len(others) * n
        for like in others:
            found[like] += n
    return dict(found)


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
