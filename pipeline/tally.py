"""What the figures of a release are made of: counts of the records of some articles, small, and added up to those of all.

Each unit of articles is counted where it is read. Nothing here grows with the number of articles, but with that of the outlets, persons
and years that they name.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.counting import Codes, Key, count, distinct, items
from pipeline.nodes import explode, integers
from schema.base import edtf_bounds

CHAIN = 3
"""Links of a chain of sources that are told apart: none, one, two, and this many or more."""


@dataclass
class Tally:
    """Counts of the records of some articles, each by the values that its comment names. Those of other articles can be added."""

    sums: Counter[Key] = field(default_factory=Counter)
    """Records, and items in their lists: (what,)."""
    articles: Counter[Key] = field(default_factory=Counter)
    """Articles: (outlet, its kind, its country, language, origin). One whose outlet is not known has a name of its own there."""
    outlets: Counter[Key] = field(default_factory=Counter)
    """Articles whose outlet is known: (outlet,)."""
    years: Counter[Key] = field(default_factory=Counter)
    """Articles: (year of publication,)."""
    reports: Counter[Key] = field(default_factory=Counter)
    """Articles: (row of the registry that they report,)."""
    adjudicated: Counter[Key] = field(default_factory=Counter)
    """Articles: (whether they are adjudicated,)."""
    annotators: Counter[Key] = field(default_factory=Counter)
    """Articles: (kind of annotator,), each kind once for an article."""
    entities: Counter[Key] = field(default_factory=Counter)
    """Entities: (type, whether they are linked to the knowledge base)."""
    mentions: Counter[Key] = field(default_factory=Counter)
    """Mentions: (type of the entity, level, usage)."""
    events: Counter[Key] = field(default_factory=Counter)
    """Events: (type, certainty, polarity, whether they are linked to the registry)."""
    sourced: Counter[Key] = field(default_factory=Counter)
    """Events: (links of the chain of sources, at most ``CHAIN``, certainty)."""
    sentiments: Counter[Key] = field(default_factory=Counter)
    """Comments: (sentiment,)."""
    labels: Counter[Key] = field(default_factory=Counter)
    """Comments that a label holds for: (label,)."""
    stances: Counter[Key] = field(default_factory=Counter)
    """Stances: (stance, whether it is ironic)."""

    @classmethod
    def of(cls, root: pa.StructArray) -> Self:
        """The tally of articles.

        ``root`` has a row an article, with ``article``, ``entities``, ``events``, ``comments`` in the Arrow types of ``Bundle``, every
        default filled in. Other fields, and all texts, are not looked at.
        """
        part = _fields(root)
        found = cls()
        found._count_articles(part["article"])
        found._count_entities(part["entities"])
        found._count_events(part["events"])
        found._count_comments(part["comments"])
        found.sums = +found.sums  # without what does not occur, so that equal tallies have equal keys
        return found

    def add(self, other: "Tally") -> None:
        """Add the counts of other articles. Each article must be in one tally only."""
        for name in _NAMES:
            getattr(self, name).update(getattr(other, name))

    @classmethod
    def total(cls, tallies: Iterable["Tally"]) -> Self:
        """The tally of all articles of some tallies; of none, it is empty."""
        found = cls()
        for tally in tallies:
            found.add(tally)
        return found

    def to_bytes(self) -> bytes:
        """As JSON, by name: the keys, a list for each of their places, and the counts. Equal tallies give equal bytes."""
        columns = {name: list(zip(*((*key, n) for key, n in sorted(getattr(self, name).items())), strict=True)) for name in _NAMES}
        return json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What ``to_bytes`` gave."""
        return cls(**{name: _counts(columns) for name, columns in json.loads(data).items()})

    def _count_articles(self, article: pa.StructArray) -> None:
        part = _fields(article)
        source, annotation = _fields(part["source"]), _fields(part["annotation"])
        outlet = outlets(article)
        kind, country, language, origin = map(
            Codes.of, (source["outlet_kind"], source["country"], part["language"], part["origin"])
        )
        self.sums.update({("articles",): len(article), **{(name,): items(part[name]) for name in ("zones", "private")}})
        self.articles = count(outlet, kind, country, language, origin)
        self.outlets = count(Codes.of(source["outlet"].drop_null()))
        self.years = Counter((year_of(published),) for published in part["published"].to_pylist())
        self.reports = count(Codes.of(part["reports"].flatten()))
        self.adjudicated = count(Codes.which(annotation["adjudicated"]))
        annotators, rows = explode(annotation["annotators"])
        kinds = Codes.of(pc.struct_field(annotators, "kind"))
        each = distinct(rows * len(kinds.values) + kinds.codes)
        self.annotators = count(Codes(kinds.values, each % max(1, len(kinds.values))))

    def _count_entities(self, entities: pa.ListArray) -> None:
        entity, _ = explode(entities)
        part = _fields(entity)
        mention, rows = explode(part["mentions"])
        kind = Codes.of(part["type"])
        linked = Codes.which(part["kb_id"].is_valid())
        level, usage = (Codes.of(pc.struct_field(mention, name)) for name in ("level", "usage"))
        self.sums.update({("entities",): len(entity), ("mentions",): len(mention)})
        self.entities = count(kind, linked)
        self.mentions = count(kind.take(rows), level, usage)

    def _count_events(self, events: pa.ListArray) -> None:
        part = _fields(events.flatten())
        certainty = Codes.of(part["certainty"])
        links = np.minimum(integers(pc.list_value_length(part["sources"]), 0), CHAIN)
        self.sums[("events",)] = len(certainty.codes)
        self.sums.update({(name,): items(part[name]) for name in ("markers", "sources", "arguments")})
        self.events = count(
            Codes.of(part["type"]), certainty, Codes.of(part["polarity"]), Codes.which(part["contact_id"].is_valid())
        )
        self.sourced = count(Codes(range(CHAIN + 1), links), certainty)

    def _count_comments(self, comments: pa.ListArray) -> None:
        part = _fields(comments.flatten())
        labels, stance = _fields(part["labels"]), _fields(part["stances"].flatten())
        commented = pc.sum(pc.greater(pc.list_value_length(comments), 0)).as_py() or 0
        self.sums.update(
            {("comments",): len(part["labels"]), ("stances",): len(stance["stance"]), ("articles_with_comments",): commented}
        )
        self.sentiments = count(Codes.of(labels.pop("sentiment")))
        self.labels = Counter({(name,): n for name, holds in labels.items() if (n := holds.true_count)})
        self.stances = count(Codes.of(stance["stance"]), Codes.which(stance["ironic"]))


_NAMES = tuple(part.name for part in fields(Tally))


def _fields(array: pa.StructArray) -> dict[str, pa.Array]:
    return dict(zip((child.name for child in array.type), array.flatten(), strict=True))


def _counts(columns: list[list[Any]]) -> Counter[Key]:
    """Counts from their columns."""
    if not columns:
        return Counter()
    *keys, times = columns
    return Counter(dict(zip(zip(*keys, strict=True), times, strict=True)))


def year_of(edtf: str) -> str:
    """The last year that a time can mean, or the first one where its end is open."""
    if "/" not in edtf:
        return str(int(edtf[:4]))  # most times are no intervals, and there is one for each article
    first, last = edtf_bounds(edtf)
    return str(first.year if last == date.max else last.year)


def outlets(article: pa.StructArray) -> Codes:
    """The outlet of each article; one whose outlet is not known has a name of its own."""
    unnamed = pc.binary_join_element_wise("not known", article.field("article_id"), ": ")
    return Codes.of(pc.coalesce(article.field("source").field("outlet"), unnamed))


def people(root: pa.StructArray) -> pa.Table:
    """Mentions of persons that are linked to the knowledge base, counted by row there (``kb_id``), outlet and level. These counts are
    many, so that they are a table and no part of the tally.
    """
    entity, articles = explode(root.field("entities"))
    mention, rows = explode(entity.field("mentions"))
    person = np.asarray(pc.and_(entity.field("kb_id").is_valid(), pc.equal(entity.field("type"), "PER")))
    named = np.flatnonzero(person[rows])
    kb_id, outlet, level = Codes.of(entity.field("kb_id")), outlets(root.field("article")), Codes.of(mention.field("level"))
    of = rows[named]
    codes = (kb_id.codes[of] * len(outlet.values) + outlet.codes[articles[of]]) * max(1, len(level.values)) + level.codes[named]
    each, n = np.unique(codes, return_counts=True)
    each, levels = np.divmod(each, max(1, len(level.values)))
    rows_of, outlets_of = np.divmod(each, max(1, len(outlet.values)))
    columns = {"kb_id": (kb_id, rows_of), "outlet": (outlet, outlets_of), "level": (level, levels)}
    arrays = {name: pa.array(list(own.values), pa.string()).take(pa.array(at)) for name, (own, at) in columns.items()}
    return pa.table({**arrays, "n": pa.array(n, pa.int64())})
