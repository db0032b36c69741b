"""Stage 4: a corpus that was read and checked, with what is told only of all its articles: near-duplicates and splits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
import pyarrow as pa

from pipeline.cache import Area, key
from pipeline.duplicates.candidates import Pairs, Spool, numbers
from pipeline.duplicates.comparison import Verified, verify
from pipeline.external import Codes
from pipeline.findings import Findings
from pipeline.index import Index
from pipeline.nodes import Ints
from pipeline.passes import Passes
from pipeline.split import Assigned, Heads, split
from pipeline.store import read_table
from schema.vocabulary import ContactKind

_PAIRS = 1 << 12
"""Pairs that are compared at a time."""
KINDS = tuple(kind.value for kind in ContactKind)
"""Kinds of registry rows."""


@dataclass(frozen=True)
class Corpus:
    """All articles: what is known of them, and how they lie to one another."""

    index: Index
    passes: Passes
    duplicates: Verified | None = None
    """Near-duplicates among all texts at hand; None where they were not sought."""
    splits: Assigned | None = None
    """The splits; None where there was something that forbids to split."""


def compare(corpus: Corpus, area: Area, findings: Findings) -> Corpus:
    """The corpus with its near-duplicates and splits; what keeps it from being split goes to ``findings``."""
    index = corpus.index
    duplicates = _duplicates(index, index.signatures, area)
    deciding = duplicates
    if index.hydrated:  # a text that only some users have may not decide where an article goes
        deciding = _duplicates(index, index.open_signatures(), area)
    return replace(corpus, duplicates=duplicates, splits=_splits(index, deciding, area, findings))


def _splits(index: Index, duplicates: Verified, area: Area, findings: Findings) -> Assigned:
    """The splits; those of the last build where nothing has changed that they follow from."""
    raw, made = index.raw, heads(index)
    digest = sha256()
    for values in (
        index.hashes.values, *made.reported, made.contact_kind, made.outlet, made.outlet_kind, made.language, made.published,
        *made.derived, duplicates.i, duplicates.j,
    ):  # fmt: skip
        digest.update(f"{values.dtype} {len(values)}\n".encode() + values.tobytes())
    stamp = key("splits", raw.meta.split.model_dump(mode="json"), raw.files.hashes.get("splits.json"), digest.hexdigest())
    known = area.recall("splits", stamp)
    if known is not None:
        return Assigned(*(np.frombuffer(digits.encode(), np.int8) - ord("0") for digits in known))
    before = len(findings.all)
    found = split(made, (duplicates.i, duplicates.j), raw.meta.split, raw.splits, findings)
    if len(findings.all) == before:
        codes = (found.by_event, found.by_time, found.by_outlet)
        area.note("splits", stamp, [(own + ord("0")).tobytes().decode() for own in codes])
    return found


def heads(index: Index) -> Heads:
    """What splits are made from."""
    known = index.numbers(index.derived.values())
    pairs = [(article, known[source]) for article, source in sorted(index.derived.items()) if source in known]
    derived = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return Heads(
        ids=index.ids(), reported=(index.reports.rows, index.reports.items),
        contact_kind=contact_kinds(index),
        outlet=index.outlet.values, outlet_kind=index.kind.values, language=index.language.values,
        published=index.published.values, derived=(derived[:, 0], derived[:, 1]),
    )  # fmt: skip


def contact_kinds(index: Index) -> Ints:
    """For each article the kind, as its number in KINDS, of the first registry row that it reports; -1 where there is none."""
    kinds = np.array([*(KINDS.index(contact.kind.value) for contact in index.raw.contacts), -1])
    first = index.reports.first
    return np.where(first < len(kinds) - 1, kinds[np.clip(first, -1, len(kinds) - 1)], -1)


def _duplicates(index: Index, spool: Spool, area: Area) -> Verified:
    """Near-duplicates among the articles of a spool. Similarities that the last build computed are not computed again."""
    stamp = key("similarities")
    known = {(a, b): similarity for a, b, similarity in area.recall("similarities", stamp) or ()}
    candidates = _candidates(spool, area)
    found = verify(candidates, lambda articles: _texts(index, articles), index.text_hashes.values, area.folder, known)
    area.note("similarities", stamp, [[a, b, similarity] for (a, b), similarity in found.used.items()])
    return replace(found, used={})  # nobody asks for them any more


def _candidates(spool: Spool, area: Area) -> Iterator[Pairs]:
    """Pairs that may be near-duplicates; those of the last build where no signature has changed, as is so after most corrections."""

    def sought() -> Codes:
        pairs = [np.stack(own) for own in spool.candidates(area.remember)]
        return np.concatenate([np.zeros((2, 0), np.int64), *pairs], axis=1).reshape(-1).astype(np.uint64)

    i, j = numbers(area.remember, ["candidates", spool.hash], sought).astype(np.int64).reshape(2, -1)
    for at in range(0, len(i), _PAIRS):
        yield i[at : at + _PAIRS], j[at : at + _PAIRS]


def _texts(index: Index, articles: Sequence[int]) -> list[str]:
    """Clean texts of some articles, which come in order."""
    texts: list[str] = []
    at: Ints = np.asarray(articles)
    for unit in dict.fromkeys(index.unit_of(article) for article in articles):
        own = at[(at >= unit.first) & (at < unit.first + unit.articles)]
        column = read_table(index.area / unit.name, "documents", ("text",)).column("text")
        texts += column.take(pa.array(own - unit.first)).to_pylist()
    return texts
