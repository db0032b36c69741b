"""Stage 4: which split each article belongs to, and what leaks between splits all the same.

By event (the split that ships): articles that report the same contact, that repeat one another, or whose open texts are
near-duplicates are one group, and a group is never cut. A released article stays where splits.json has it; its group follows it.
New groups go, largest first, to the split that lacks most of its share. By time: cut at the days that corpus.toml names. By outlet:
outlets are the groups.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pipeline.findings import Finding, Findings
from pipeline.pages import Pages
from pipeline.read import Raw
from schema.base import edtf_bounds
from schema.records import Article, Bundle
from schema.reference import SplitName, SplitPolicy, Splits
from schema.vocabulary import ARTICLE_ZONES, RightsStatus

SPLITS: tuple[SplitName, ...] = get_args(SplitName)

NEAR_DUPLICATE = 0.5
"""Jaccard similarity of word 5-grams from which two texts count as near-duplicates."""
SKETCH = 16
"""5-grams of a text by which others are looked up."""


@dataclass(frozen=True)
class Pair:
    """Two articles that are near-duplicates."""

    a: str
    b: str
    similarity: float


def clean_text(article: Article, text: str) -> str:
    """The article proper: headline, lead, subheadings and paragraphs, joined by blank lines."""
    return "\n\n".join(text[zone.start : zone.end] for zone in article.zones if zone.type in ARTICLE_ZONES)


def near_duplicates(texts: dict[str, str]) -> list[Pair]:
    """Pairs of near-duplicates that connect all of them: a spanning forest, ordered by ids, not every pair of a large group.

    Two texts are near-duplicates if the Jaccard similarity of their word 5-grams, computed exactly, is at least NEAR_DUPLICATE. Only
    texts are compared that share one of their SKETCH smallest 5-grams by hash (Broder 1997): two texts half of whose 5-grams are the
    same miss each other with a probability of about 2⁻¹⁶. Each text is compared with one member of every group that it may join.
    """
    grams = {key: _grams(text) for key, text in sorted(texts.items())}
    index: dict[int, list[str]] = defaultdict(list)
    groups = _Groups()
    pairs = []
    for key, own in grams.items():
        sketch = sorted(own)[:SKETCH]
        for other in sorted({groups.root(other) for gram in sketch for other in index[gram]}):
            similarity = len(own & grams[other]) / len(own | grams[other])
            if similarity >= NEAR_DUPLICATE:
                pairs.append(Pair(other, key, round(similarity, 3)))
                groups.join(other, key)
        for gram in sketch:
            if not any(groups.root(other) == groups.root(key) for other in index[gram]):
                index[gram].append(key)
    return pairs


class _Groups:
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


def split(raw: Raw, duplicates: Sequence[Pair], findings: Findings) -> Splits:
    """Assign every article to a split in each scheme.

    ``duplicates`` are pairs of *open* texts: a text that only some users have may not decide where an article goes. Articles that a
    release has fixed and that now belong together across splits are errors (HD509).
    """
    articles = [bundle.article for bundle in raw.bundles]
    policy = raw.meta.split
    by_event = _assign("by_event", _event_groups(articles, duplicates), raw.splits.by_event, policy, findings)
    by_outlet = _assign("by_outlet", _outlet_groups(articles), raw.splits.by_outlet, policy, findings)
    by_time = {a.article_id: raw.splits.by_time.get(a.article_id) or _by_time(a, policy) for a in articles}
    for name in SPLITS:
        if name not in by_event.values() and not findings.errors:
            findings.add(Finding("HD511", "corpus.toml", None, ("split", "shares", name), f"{name} (by event)"))
    return Splits(by_event=by_event, by_time=by_time, by_outlet=by_outlet)


def leakage(raw: Raw, splits: Splits, pages: Pages) -> dict[str, Any]:
    """What is shared across splits, for each scheme: registry rows reported, registry rows mentioned, outlets, near-duplicates.

    ``texts_compared`` says how many of the articles had a text at hand, since the search for near-duplicates sees no others.
    """
    texts = {
        b.article.article_id: clean_text(b.article, pages.texts[b.article.article_id])
        for b in raw.bundles
        if b.article.article_id in pages.texts
    }
    duplicates = near_duplicates(texts)
    report: dict[str, Any] = {"articles": len(raw.bundles), "texts_compared": len(texts), "near_duplicate_from": NEAR_DUPLICATE}
    for scheme in ("by_event", "by_time", "by_outlet"):
        where: dict[str, str] = getattr(splits, scheme)
        report[scheme] = {
            "articles": {name: sum(1 for s in where.values() if s == name) for name in SPLITS},
            "contacts_reported": _shared(raw.bundles, where, lambda b: b.article.reports),
            "contacts_mentioned": _shared(raw.bundles, where, lambda b: (e.contact_id for e in b.events if e.contact_id)),
            "outlets": _shared(raw.bundles, where, lambda b: [b.article.source.outlet] if b.article.source.outlet else []),
            "near_duplicates": [{"a": p.a, "b": p.b, "similarity": p.similarity} for p in duplicates if where[p.a] != where[p.b]],
        }
    return report


def open_texts(raw: Raw) -> dict[str, str]:
    """Clean texts of the open pages, by article id."""
    return {
        b.article.article_id: clean_text(b.article, raw.pages[b.article.article_id])
        for b in raw.bundles
        if b.article.rights.status is RightsStatus.open and b.article.article_id in raw.pages
    }


def _grams(text: str) -> set[int]:
    """Word 5-grams, each as a 64-bit hash that is the same in every process."""
    words = re.findall(r"\w+", text.casefold())
    grams = (" ".join(words[i : i + 5]).encode() for i in range(len(words) - 4))
    return {int.from_bytes(hashlib.blake2b(gram, digest_size=8).digest(), "big") for gram in grams}


def _event_groups(articles: Sequence[Article], duplicates: Iterable[Pair]) -> list[list[str]]:
    """Articles that may not be parted, as sorted groups: the connected components of everything that links two articles."""
    links: dict[str, list[str]] = {a.article_id: [*(f"contact {c}" for c in a.reports)] for a in articles}
    for article in articles:
        if article.derived_from in links:
            links[article.article_id].append(f"article {article.derived_from}")
        links[article.article_id].append(f"article {article.article_id}")
    for pair in duplicates:
        links[pair.a].append(f"article {pair.b}")
    joined = _Groups()
    for article_id, nodes in links.items():
        for node in nodes:
            joined.join(article_id, node)
    groups = defaultdict(list)
    for article_id in sorted(links):
        groups[joined.root(article_id)].append(article_id)
    return list(groups.values())


def _outlet_groups(articles: Sequence[Article]) -> list[list[str]]:
    """Articles by outlet; an article whose outlet is not known is a group of its own."""
    groups = defaultdict(list)
    for article in articles:
        groups[article.source.outlet or f"unknown {article.article_id}"].append(article.article_id)
    return list(groups.values())


def _assign(
    scheme: str, groups: list[list[str]], released: dict[str, SplitName], policy: SplitPolicy, findings: Findings
) -> dict[str, SplitName]:
    """Splits by article: released articles as they were, then the other groups, largest first, ties by a hash of their members."""
    total = sum(len(group) for group in groups)
    share: dict[SplitName, float] = {name: getattr(policy.shares, name) for name in SPLITS}
    size: Counter[SplitName] = Counter()
    assigned: dict[str, SplitName] = {}
    free = []
    for group in groups:
        fixed = {article_id: released[article_id] for article_id in group if article_id in released}
        if len(set(fixed.values())) > 1:
            found = ", ".join(f"{article_id} in {name}" for article_id, name in fixed.items())
            findings.add(Finding("HD509", "splits.json", group[0], (scheme, next(iter(fixed))), found, "one split"))
        if fixed:
            name = next(iter(fixed.values()))
            assigned |= {article_id: fixed.get(article_id, name) for article_id in group}
            size.update(assigned[article_id] for article_id in group)
        else:
            free.append(group)
    for group in sorted(free, key=lambda g: (-len(g), hashlib.sha256("\n".join(g).encode()).hexdigest())):
        name = max(SPLITS, key=lambda s: (1 - size[s] / (share[s] * total), share[s]))
        assigned |= dict.fromkeys(group, name)
        size[name] += len(group)
    return dict(sorted(assigned.items()))


def _by_time(article: Article, policy: SplitPolicy) -> SplitName:
    """By the last day that the time of publication can mean, so that no later article stands in an earlier split."""
    day = edtf_bounds(article.published)[1].isoformat()
    if day >= policy.by_time.test_from:
        return "test"
    return "validation" if day >= policy.by_time.validation_from else "train"


def _shared(bundles: Sequence[Bundle], where: dict[str, str], values: Callable[[Bundle], Iterable[str]]) -> list[dict[str, Any]]:
    found: dict[str, set[str]] = defaultdict(set)
    for bundle in bundles:
        for value in values(bundle):
            found[value].add(where[bundle.article.article_id])
    return [
        {"value": value, "splits": sorted(names, key=list(SPLITS).index)}
        for value, names in sorted(found.items())
        if len(names) > 1
    ]
