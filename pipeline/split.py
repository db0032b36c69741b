"""Stage 4: which split each article belongs to.

By event (the split that ships): articles that report the same contact, that repeat one another, or whose open texts are
near-duplicates are one group, and a group is never cut. A released article stays where splits.json has it; its group follows it.
New groups go, largest first, to the split that they bring nearest to its share, or least away from it: its share of all articles, and
of articles like theirs in kind of contact, kind of outlet and language. By time: cut at the days that corpus.toml names. By outlet:
articles of one outlet are one group, and outlets that print near-duplicates of one another are too, unless they were released apart.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import get_args

from pipeline.duplicates import Groups, Pair
from pipeline.findings import Finding, Findings
from pipeline.read import Raw
from pipeline.spans import clean_text
from schema.base import edtf_bounds
from schema.records import Article
from schema.reference import SplitName, SplitPolicy, Splits
from schema.vocabulary import RightsStatus

SPLITS: tuple[SplitName, ...] = get_args(SplitName)


def open_texts(raw: Raw) -> dict[str, str]:
    """Clean texts of the open pages, by article id."""
    return {
        b.article.article_id: clean_text(b.article, raw.pages[b.article.article_id])
        for b in raw.bundles
        if b.article.rights.status is RightsStatus.open and b.article.article_id in raw.pages
    }


def split(raw: Raw, duplicates: Sequence[Pair], findings: Findings) -> Splits:
    """Assign every article to a split in each scheme.

    ``duplicates`` are pairs of *open* texts: a text that only some users have may not decide where an article goes. Articles that a
    release has fixed and that now belong together across splits are errors (HD509).
    """
    articles = [bundle.article for bundle in raw.bundles]
    policy = raw.meta.split
    alike = _alike(raw, articles)
    by_event = _assign("by_event", _groups(articles, duplicates, _contacts), raw.splits.by_event, policy, alike, findings)
    outlets = _groups(articles, duplicates, _outlet, raw.splits.by_outlet)
    by_outlet = _assign("by_outlet", outlets, raw.splits.by_outlet, policy, alike, findings)
    by_time = {a.article_id: raw.splits.by_time.get(a.article_id) or _by_time(a, policy) for a in articles}
    for name in SPLITS:
        if name not in by_event.values() and not findings.errors:
            findings.add(Finding("HD511", "corpus.toml", None, ("split", "shares", name), f"{name} (by event)"))
    return Splits(by_event=by_event, by_time=by_time, by_outlet=by_outlet)


def _groups(
    articles: Sequence[Article],
    duplicates: Iterable[Pair],
    shared: Callable[[Article], Iterable[str]],
    released: Mapping[str, SplitName] | None = None,
) -> list[list[str]]:
    """Articles that may not be parted, as sorted groups: the connected components of what they share and of copies (one repeats the
    other, or they are near-duplicates).

    With ``released``, a copy joins two groups only where that brings no two splits of released articles together: new copy between two
    outlets that were released apart must not stop the corpus from growing. The leakage report tells what is then shared.
    """
    ids = {article.article_id for article in articles}
    joined = Groups()
    for article in articles:
        for node in (f"article {article.article_id}", *shared(article)):
            joined.join(f"article {article.article_id}", node)
    fixed: dict[str, set[SplitName]] = defaultdict(set)
    for article_id, name in (released or {}).items():
        fixed[joined.root(f"article {article_id}")].add(name)
    copies = [(a.article_id, a.derived_from) for a in articles if a.derived_from in ids] + [(p.a, p.b) for p in duplicates]
    for pair in sorted(copies):
        first, other = (joined.root(f"article {article_id}") for article_id in pair)
        together = fixed[first] | fixed[other]
        if len(together) < 2 or released is None:
            joined.join(first, other)
            fixed[joined.root(first)] = together
    groups = defaultdict(list)
    for article_id in sorted(ids):
        groups[joined.root(f"article {article_id}")].append(article_id)
    return list(groups.values())


def _contacts(article: Article) -> Iterable[str]:
    return (f"contact {contact_id}" for contact_id in article.reports)


def _outlet(article: Article) -> Iterable[str]:
    """The outlet; an article whose outlet is not known shares it with no other."""
    return [f"outlet {article.source.outlet}"] if article.source.outlet else []


def _alike(raw: Raw, articles: Sequence[Article]) -> dict[str, tuple[str, ...]]:
    """For each article the sets of articles that it is balanced with. All of them count as much as its likes together."""
    kinds = {contact.contact_id: contact.kind.value for contact in raw.contacts}
    return {
        a.article_id: (
            *("all",) * 3, f"contact {kinds.get(a.reports[0]) if a.reports else None}", f"outlet {a.source.outlet_kind}", a.language,
        )
        for a in articles
    }  # fmt: skip


def _assign(
    scheme: str,
    groups: list[list[str]],
    released: dict[str, SplitName],
    policy: SplitPolicy,
    alike: dict[str, tuple[str, ...]],
    findings: Findings,
) -> dict[str, SplitName]:
    """Splits by article: released articles as they were, then the other groups, largest first, ties by a hash of their members."""
    share: dict[SplitName, float] = {name: getattr(policy.shares, name) for name in SPLITS}
    total = Counter(like for group in groups for article_id in group for like in alike[article_id])
    size: dict[SplitName, Counter[str]] = {name: Counter() for name in SPLITS}

    def cost(group: list[str], name: SplitName) -> float:
        """How much further from its shares the split would be with the group in it: the growth of χ² over the group's likes."""
        own = Counter(like for article_id in group for like in alike[article_id])
        wanted = {like: share[name] * total[like] for like in own}
        return sum(((size[name][k] + n - wanted[k]) ** 2 - (size[name][k] - wanted[k]) ** 2) / wanted[k] for k, n in own.items())

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
            for article_id in group:
                size[assigned[article_id]].update(alike[article_id])
        else:
            free.append(group)
    for group in sorted(free, key=lambda g: (-len(g), hashlib.sha256("\n".join(g).encode()).hexdigest())):
        name = min(SPLITS, key=lambda s: (cost(group, s), -share[s]))
        assigned |= dict.fromkeys(group, name)
        size[name].update(like for article_id in group for like in alike[article_id])
    return dict(sorted(assigned.items()))


def _by_time(article: Article, policy: SplitPolicy) -> SplitName:
    """By the last day that the time of publication can mean, so that no later article stands in an earlier split."""
    day = edtf_bounds(article.published)[1].isoformat()
    if day >= policy.by_time.test_from:
        return "test"
    return "validation" if day >= policy.by_time.validation_from else "train"
