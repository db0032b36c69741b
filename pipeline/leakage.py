"""What splits share although nothing that belongs together is parted: the leakage report of a release."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pipeline.duplicates import NEAR_DUPLICATE, near_duplicates
from pipeline.pages import Pages
from pipeline.read import Raw
from pipeline.spans import clean_text
from pipeline.split import SPLITS
from schema.records import Bundle
from schema.reference import Splits


def leakage(raw: Raw, splits: Splits, pages: Pages) -> dict[str, Any]:
    """What is shared across splits, for each scheme: registry rows reported, registry rows mentioned, outlets, near-duplicates.

    ``texts_compared`` says how many of the articles had a text at hand, since the search for near-duplicates sees no others.
    """
    texts = {
        b.article.article_id: clean_text(b.article, pages.masked[b.article.article_id])
        for b in raw.bundles
        if b.article.article_id in pages.masked
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
