"""From evidence to figures: F1, kappa, alpha, means, each with its counts and an interval.

Kappa and alpha are written out here as closed forms of the margins of a table of counts, so that a thousand resamples are one array
operation; tests hold them against scikit-learn and krippendorff.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.agree.evidence import ALL, Evidence, Labels, compare
from schema.base import Model
from schema.records import Bundle
from schema.vocabulary import Origin

RESAMPLES = 1000
SEED = 20_160_000
LEVEL = 95
"""Per cent of the resamples that an interval holds."""

F1, KAPPA, ALPHA, MEAN, SHARE = "F1", "kappa", "alpha", "mean", "share"
MEASURES = {
    "zones": (F1, 0.97), "mentions, exact": (F1, 0.90), "mentions, overlap": (F1, None), "triggers, exact": (F1, 0.75),
    "triggers, overlap": (F1, None), "cues, exact": (F1, 0.80), "cues, overlap": (F1, None), "markers, exact": (F1, None),
    "markers, overlap": (F1, None), "sources, exact": (F1, None), "sources, overlap": (F1, None), "contents, exact": (F1, None),
    "contents, overlap": (F1, None), "times, exact": (F1, None), "times, overlap": (F1, None), "arguments": (F1, None),
    "roles": (F1, 0.70), "stance targets": (F1, None),
    "entity type": (KAPPA, 0.75), "mention level": (KAPPA, None), "mention usage": (KAPPA, None), "knowledge-base link": (KAPPA, None),
    "event type": (KAPPA, 0.75), "registry link": (KAPPA, None), "certainty": (ALPHA, None), "polarity": (ALPHA, None),
    "time": (ALPHA, None), "factuality, full": (ALPHA, 0.65), "factuality, collapsed": (ALPHA, None), "source chains": (SHARE, None),
    "entity chains, CoNLL": (MEAN, None), "entity chains, LEA": (MEAN, None),
    "event chains, CoNLL": (MEAN, None), "event chains, LEA": (MEAN, None),
    "stance": (KAPPA, None), "irony": (KAPPA, None), "sentiment": (KAPPA, None), "label arguments_used": (KAPPA, None),
    "label off_topic": (KAPPA, None), "label inappropriate": (KAPPA, None), "label discriminating": (KAPPA, None),
    "label personal_story": (KAPPA, None), "label feedback": (KAPPA, None),
}  # fmt: skip
"""What is measured, in the order of the table: by which statistic, and the value aimed at, where there is one."""

Floats = NDArray[np.float64]


class Agreement(Model):
    """How far two passes agree in one thing."""

    passes: tuple[str, str]
    """Names of the two passes."""
    measure: str
    """What is compared (MEASURES)."""
    statistic: str
    """F1, kappa, alpha, mean, or share."""
    type: str
    """The type that it is taken over, or ``all``."""
    origin: Origin | None
    """The pages that it is taken over: those of one origin; null for all of them."""
    value: float | None
    """Null where it is not defined: all labels are the same, or there is nothing to compare."""
    low: float | None
    """Lower end of the interval; null where there is no other page to draw."""
    high: float | None
    """Upper end of the interval."""
    both: int | None
    """Things that both passes have; for labels, things that both labelled the same; null for means."""
    first: int | None
    """Things that the first pass has; for labels, things that both labelled."""
    second: int | None
    """Things that the second pass has; for labels, things that both labelled."""
    articles: int
    """Pages with something to compare."""
    aim: float | None
    """The value aimed at; null where none was set."""


def agreement(passes: Mapping[str, Mapping[str, Bundle]]) -> tuple[Agreement, ...]:
    """Agreement of each two passes over the pages that both have; ``passes`` are by name, then by article.

    Intervals are percentiles of RESAMPLES resamples of pages, drawn with the same seed every time.
    """
    found: list[Agreement] = []
    for first, second in combinations(sorted(passes), 2):
        common = sorted(passes[first].keys() & passes[second].keys())
        evidence = [compare(passes[first][article_id], passes[second][article_id]) for article_id in common]
        found += _measured((first, second), evidence, None)
        for origin in Origin:
            own = [page for page in evidence if page.origin is origin]
            if len(own) < len(evidence):  # guidelines may fit the pages that they grew from better than others
                found += (a for a in _measured((first, second), own, origin) if a.type == ALL)
    return tuple(found)


def _measured(names: tuple[str, str], evidence: Sequence[Evidence], origin: Origin | None) -> Iterator[Agreement]:
    kinds: dict[str, set[str]] = defaultdict(set)
    for measure, kind in (key for page in evidence for key in page.counts):
        kinds[measure].add(kind)
    add = partial(_agreement, names, origin)
    for measure, (statistic, aim) in MEASURES.items():
        if statistic in (F1, SHARE):
            for kind in sorted(kinds[measure], key=lambda k: (k != ALL, k)):
                table = [page.counts[measure, kind] for page in evidence if (measure, kind) in page.counts]
                yield add(measure, statistic, kind, np.array(table, dtype=float), _f1, aim if kind == ALL else None)
        elif statistic == MEAN:
            scores = [[page.scores[measure], 1] for page in evidence if measure in page.scores]
            if scores:
                yield add(measure, statistic, ALL, np.array(scores), _mean, aim)
        elif pairs := [page.pairs[measure] for page in evidence if measure in page.pairs]:
            closed_form = kappa if statistic == KAPPA else alpha
            yield add(measure, statistic, ALL, margins(pairs), closed_form, aim)


def _agreement(
    names: tuple[str, str],
    origin: Origin | None,
    measure: str,
    statistic: str,
    kind: str,
    pages: Floats,
    closed_form: Any,
    aim: float | None,
) -> Agreement:
    """One figure from one array a page, which add up over pages."""
    total = pages.sum(axis=0)
    value = _number(closed_form(total))
    resampled = closed_form(np.tensordot(_draws(len(pages)).astype(float), pages, axes=1))
    defined = resampled[~np.isnan(resampled)]
    ends = [(100 - LEVEL) / 2, (100 + LEVEL) / 2]
    low, high = np.percentile(defined, ends) if len(defined) and len(pages) > 1 else (np.nan, np.nan)
    if statistic in (F1, SHARE):
        sizes: list[int | None] = [int(size) for size in total]
    elif statistic == MEAN:
        sizes = [None, None, None]
    else:
        labelled = int(total[1:].sum()) // 2
        sizes = [int(total[0]), labelled, labelled]
    return Agreement(
        passes=names, measure=measure, statistic=statistic, type=kind, origin=origin, value=value, low=_number(low), high=_number(high),
        both=sizes[0], first=sizes[1], second=sizes[2], articles=len(pages), aim=aim,
    )  # fmt: skip


@lru_cache(maxsize=16)
def _draws(pages: int) -> NDArray[np.uint16]:
    """How often each page is in each resample (RESAMPLES, pages)."""
    draws = np.random.default_rng(SEED).integers(pages, size=(RESAMPLES, pages))
    return np.stack([np.bincount(draw, minlength=pages) for draw in draws]).astype(np.uint16)


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else round(float(value), 3)


# --- closed forms: the last axis is that of one page or sum of pages, any before it are resamples ---------------------------------


def margins(pages: Sequence[Sequence[Labels]]) -> Floats:
    """Pairs of labels as counts (pages, 1 + 2 × labels): pairs of the same label, then pairs by the label that the first gave, then by
    that of the second. That is all of a square table of pairs that kappa and alpha take, and grows with the labels, not their square.
    """
    labels = {label: i for i, label in enumerate(sorted({label for page in pages for pair in page for label in pair}), 1)}
    found = np.zeros((len(pages), 1 + 2 * len(labels)))
    for counts, page in zip(found, pages, strict=True):
        for a, b in page:
            counts[0] += a == b
            counts[labels[a]] += 1
            counts[len(labels) + labels[b]] += 1
    return found


def kappa(counts: Floats) -> Floats:
    """Cohen's kappa (1960) of ``margins``; NaN where it is not defined."""
    first, second = np.split(counts[..., 1:], 2, axis=-1)
    n = first.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = counts[..., 0] / n
        expected = (first * second).sum(axis=-1) / n**2
        return np.asarray((observed - expected) / (1 - expected))


def alpha(counts: Floats) -> Floats:
    """Krippendorff's alpha for nominal labels of two annotators, of ``margins``; NaN where it is not defined."""
    first, second = np.split(counts[..., 1:], 2, axis=-1)
    totals = first + second
    n = totals.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = 1 - 2 * counts[..., 0] / n
        expected = 1 - (totals * (totals - 1)).sum(axis=-1) / (n * (n - 1))
        return np.asarray(1 - observed / expected)


def _f1(counts: Floats) -> Floats:
    """Twice what both have, over what each has, of counts (…, 3)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(2 * counts[..., 0] / (counts[..., 1] + counts[..., 2]))


def _mean(sums: Floats) -> Floats:
    """The mean, of sums and numbers of scores (…, 2)."""
    return np.asarray(sums[..., 0] / sums[..., 1])
