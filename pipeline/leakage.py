"""What splits share although nothing that belongs together is parted: the leakage report of a release."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.duplicates.comparison import NEAR_DUPLICATE, Verified
from pipeline.index import Index
from pipeline.nodes import Ints
from pipeline.split import SCHEMES, SPLITS, Assigned, Codes


def leakage(index: Index, splits: Assigned, duplicates: Verified | None) -> dict[str, Any]:
    """What is shared across splits, for each scheme: registry rows reported, registry rows mentioned, outlets, near-duplicates.

    ``duplicates`` are of all texts at hand; ``texts_compared`` says of how many articles that is, since the search sees no others.
    """
    report: dict[str, Any] = {
        "articles": len(index), "texts_compared": int(index.at_hand.values.sum()), "near_duplicate_from": NEAR_DUPLICATE,
    }  # fmt: skip
    known = np.flatnonzero(index.outlet.values >= 0)
    mentioned, ids = index.mentioned(), index.ids()
    for scheme in SCHEMES:
        where = splits.scheme(scheme)
        report[scheme] = {
            "articles": {name: int((where == code).sum()) for code, name in enumerate(SPLITS)},
            "contacts_reported": _shared(index.reports.rows, index.reports.items, index.contacts.names, where),
            "contacts_mentioned": _shared(mentioned.rows, mentioned.items, index.contacts.names, where),
            "outlets": _shared(known, index.outlet.values[known], index.outlets.names, where),
            "near_duplicates": [
                {"a": a, "b": b, "similarity": similarity} for a, b, similarity in sorted(_apart(ids, where, duplicates))
            ],
        }
    return report


def _apart(ids: pa.ChunkedArray, where: Codes, duplicates: Verified | None) -> Iterator[tuple[str, str, float]]:
    """Near-duplicates in different splits: their ids, the smaller first, and how similar they are."""
    if duplicates is not None:
        apart = where[duplicates.i] != where[duplicates.j]
        sides = (ids.take(pa.array(side[apart])).to_pylist() for side in (duplicates.i, duplicates.j))
        for a, b, similarity in zip(*sides, duplicates.similarity[apart].tolist(), strict=True):
            yield min(a, b), max(a, b), round(similarity, 3)


def _shared(articles: Ints, values: Ints, names: Sequence[str], where: Codes) -> list[dict[str, Any]]:
    """Values that articles of several splits have, with those splits."""
    pairs = np.unique(values.astype(np.int64) * len(SPLITS) + where[articles])
    value, split = np.divmod(pairs, len(SPLITS))
    found = []
    for code in np.flatnonzero(np.bincount(value, minlength=len(names)) > 1).tolist():
        found.append({"value": names[code], "splits": [SPLITS[s] for s in split[value == code].tolist()]})
    return sorted(found, key=lambda row: str(row["value"]))
