"""Before stage 6: what descriptions say of the corpus alone. What of it takes long is made while the tables are written."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from pipeline.agree import Agreement, agreement
from pipeline.cache import Remember, anew
from pipeline.corpus import KINDS, Corpus, contact_kinds
from pipeline.counting import Codes, Key, count
from pipeline.execute import Executor
from pipeline.index import Index, Numbers
from pipeline.passes import Passes
from pipeline.plots import plots
from pipeline.split import SCHEMES, SPLITS, Assigned
from pipeline.statistics import ACTORS, BALANCED, Statistics, statistics
from pipeline.tables import reference_table
from schema.derive import json_schemas


@dataclass(frozen=True)
class Begun:
    """What descriptions say of the corpus alone. What of it takes long is made while the tables are written."""

    statistics: Statistics
    figures: Future[dict[str, str]]
    """SVG by file name."""
    schemas: Future[dict[str, Any]]
    """JSON Schemas by file name."""


@contextmanager
def begin(corpus: Corpus, pool: Executor, remember: Remember = anew) -> Iterator[Begun]:
    """Begin to describe a corpus that was split. What ``remember`` knows from an earlier build, figures and agreement, is not made again;
    others draw the figures. In the end nothing is at work any more, unless it ends by Ctrl-C, which waits for nobody.
    """
    assert corpus.splits is not None, "only what was split is described"
    found = _statistics(corpus, corpus.splits, _agreement(corpus.passes, remember))
    beside, waits = ThreadPoolExecutor(1), True
    try:
        yield Begun(found, beside.submit(plots, found, pool, remember), beside.submit(_schemas, remember))
    except KeyboardInterrupt:
        waits = False
        raise
    finally:
        beside.shutdown(waits, cancel_futures=True)


def _agreement(passes: Passes, remember: Remember) -> tuple[Agreement, ...]:
    """How far the passes agree: each two of them, over the articles that both have."""
    bundles = {name: {key: passed.bundle for key, passed in own.items()} for name, own in passes.items()}
    if len(bundles) < 2:
        return ()
    what = {
        name: {key: sha256(bundle.model_dump_json().encode()).hexdigest() for key, bundle in own.items()}
        for name, own in bundles.items()
    }
    (text,) = remember([["agreement", what]], lambda _: [_AGREEMENT.dump_json(agreement(bundles)).decode()])
    return _AGREEMENT.validate_json(text)


_AGREEMENT = TypeAdapter(tuple[Agreement, ...])


def _schemas(remember: Remember) -> dict[str, Any]:
    """The JSON Schemas, by file name: they follow from the code alone."""
    (text,) = remember([["schemas"]], lambda _: [to_json(json_schemas()).decode()])
    schemas: dict[str, Any] = from_json(text)
    return schemas


def _statistics(corpus: Corpus, splits: Assigned, agreed: Sequence[Agreement]) -> Statistics:
    """The figures of a release, from what was counted group by group."""
    index = corpus.index
    contacts, kb = (reference_table(name, index.raw) for name in ("contacts", "kb"))
    passes = [(article_id, name) for name, own in corpus.passes.items() for article_id in own]
    return statistics(index.tally, contacts, kb, _people(index), passes, count_splits(index, splits), agreed)


def count_splits(index: Index, splits: Assigned) -> Counter[Key]:
    """Articles by (scheme, what they are told apart by, its value, split)."""
    values: dict[str, tuple[Sequence[str], Numbers]] = {
        "all": ([""], np.zeros(len(index), np.int64)), "contact_kind": ([*KINDS, "none"], contact_kinds(index) % (len(KINDS) + 1)),
        "outlet_kind": (index.kinds.names, index.kind.values), "language": (index.languages.names, index.language.values),
    }  # fmt: skip
    apart = {what: Codes(names, codes.astype(np.int64)) for what, (names, codes) in values.items()}
    found: Counter[Key] = Counter()
    for scheme in SCHEMES:
        split = Codes(SPLITS, splits.scheme(scheme).astype(np.int64))
        for what in BALANCED:
            found.update({(scheme, what, *key): n for key, n in count(apart[what], split).items()})
    return found


def _people(index: Index) -> dict[Key, int]:
    """Mentions of the persons that are named most, by row of the knowledge base, outlet and level."""
    totals: Counter[str] = Counter()
    for _, table in index.grouped("people", "kb_id", "n"):
        coded = table.column("kb_id").dictionary_encode()
        sums = np.bincount(coded.indices.to_numpy(), table.column("n").to_numpy(), len(coded.dictionary))
        totals.update(dict(zip(coded.dictionary.to_pylist(), sums.astype(int).tolist(), strict=True)))
    most = pa.array([key for key, _ in sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:ACTORS]], pa.string())
    keys = ["kb_id", "outlet", "level"]
    named = [table.filter(pc.is_in(table.column("kb_id"), most)) for _, table in index.grouped("people", *keys, "n")]
    counts = pa.Table.from_batches(named).group_by(keys, use_threads=False).aggregate([("n", "sum")])
    return {tuple(row[key] for key in keys): row["n_sum"] for row in counts.to_pylist()}
