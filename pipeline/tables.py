"""Stage 5: records → tables of a release.

Everything is done on Arrow arrays of many articles at once: texts are filled in from the pages (masked), identifiers become global, and
for ``documents`` all spans move to the clean text. Which columns there are, and in what order, the row models decide.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.nodes import Bools, Change, Ints, Node, explode, is_any, nodes, replaced, struct, without_items
from pipeline.read import Raw
from pipeline.spans import SEPARATOR, Spans, bundles_array
from pipeline.split import SPLITS, Codes
from pipeline.texts import Texts
from schema.base import Model, edtf_day
from schema.derive import arrow_schema, needed_spans
from schema.records import Bundle
from schema.reference import SplitName
from schema.rows import KEYS, TABLES, DocumentRow, PassRow
from schema.vocabulary import ARTICLE_ZONES

SPLIT_COLUMNS = ("split", "split_by_time", "split_by_outlet")
"""Columns of ``articles`` that say which split an article belongs to, in each scheme."""
ARTICLE_TABLES = tuple(table.name for table in TABLES if table.split and table.row is not PassRow)
"""Tables that are made of articles."""
LATER = {"articles": SPLIT_COLUMNS, "entities": ("wikidata",)}
"""Columns that depend on more than the articles of a unit; ``finished`` adds them."""
ROW = "_row"
"""For each row of a table of records the article of the unit that it belongs to; no column of a release."""


def released(root: pa.StructArray, every: Sequence[Node], pages: Texts) -> pa.StructArray:
    """Bundles as a release has them: the text of every span filled in from the masked pages, every identifier of a record global.
    ``every`` are all nodes of the bundles.
    """
    ids = root.field("article").field("article_id")
    known = {node.path: node for node in every if node.name in KEYS}
    new = {path: pc.binary_join_element_wise(ids.take(pa.array(node.rows)), node.array, ":") for path, node in known.items()}
    return replaced(root, new | _texts(every, pages))


def _texts(every: Sequence[Node], pages: Texts) -> dict[str, pa.StringArray]:
    """The texts of all spans, cut from their pages, by path."""
    spans = [node for node in every if node.is_span]
    start, end = (np.concatenate(bounds) for bounds in zip(*(node.bounds for node in spans), strict=True))
    texts = pages.slices(np.concatenate([node.rows for node in spans]), start, end)
    first = np.cumsum([0, *(len(node.array) for node in spans)])
    return {f"{node.path}.text": texts.slice(at, len(node.array)) for node, at in zip(spans, first[:-1].tolist(), strict=True)}


def article_tables(
    root: pa.StructArray, spans: Spans, zone: Ints, text_status: pa.Array, text: pa.Array, clean: pa.Array
) -> Iterator[tuple[str, pa.Table]]:
    """The tables of all articles of a unit by name, one after the other, but for the columns of LATER. ``root`` is as ``released`` gives
    it, ``zone`` is the number of the zone that holds each of its ``spans``, or -1; the others have a value an article, texts masked and
    null where they are not at hand.
    """
    article = root.field("article")
    own = {"article_id": article.field("article_id"), "text_status": text_status}
    days = _days(article.field("published"))
    yield "documents", _documents(root, spans, zone, clean, published_day=days, **own)
    yield "articles", _table("articles", article, published_day=days, text=text, **own)
    for name in ("entities", "events", "comments"):
        items, rows = explode(root.field(name))
        at = pa.array(rows.astype(np.int32))
        more = {"when_day": _days(pc.struct_field(items, ["when", "value"]))} if name == "events" else {}
        keys = {key: column.take(at) for key, column in own.items()}
        yield name, _table(name, items, **keys, **more).append_column(ROW, at)


def with_splits(articles: pa.RecordBatch, rows: np.ndarray[Any, np.dtype[np.int32]], *codes: Codes) -> pa.RecordBatch:
    """The articles of a unit with the codes of the splits that some of them, the ``rows``, have by the other schemes; ``finished`` puts
    names in their place.
    """
    for name, code in zip(SPLIT_COLUMNS[1:], codes, strict=True):
        column = np.zeros(len(articles), dtype=code.dtype)
        column[rows] = code
        articles = articles.append_column(name, pa.array(column))
    return articles


def finished(name: str, table: pa.Table, split: SplitName, items: Mapping[str, str | None] | None) -> pa.Table:
    """A table of a release, from rows of one of ``article_tables`` that come to one split; entities with the Wikidata item of each row of
    the knowledge base. Any other table of a release is given back as it is.
    """
    columns = dict(zip(table.schema.names, table.columns, strict=True))
    if name == "articles":
        names = pa.array(SPLITS)
        columns |= {key: names.take(columns[key]) for key in SPLIT_COLUMNS[1:]}
        columns["split"] = pa.repeat(split, len(table))
    elif name == "entities":
        assert items is not None, "entities name the items of Wikidata"
        columns["wikidata"] = _wikidata(columns["kb_id"], items)
    schema = table_schema(name)
    return pa.table([columns[field.name] for field in schema], schema=schema)


def _wikidata(kb_id: pa.ChunkedArray, items: Mapping[str, str | None]) -> pa.Array:
    """The Wikidata item of each row of the knowledge base, or null."""
    coded = kb_id.combine_chunks().dictionary_encode()
    return pa.array([items.get(key) for key in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)


def reference_table(name: str, raw: Raw) -> pa.Table:
    """The registry (``contacts``) or the knowledge base (``kb``)."""
    if name == "kb":
        entities = {row.kb_id: row for row in raw.kb}
        return _table(name, _structs([entities[key] for key in sorted(entities)], name))
    rows = {row.contact_id: row for row in raw.contacts}
    contacts = _structs([rows[key] for key in sorted(rows)], name)
    return _table(name, contacts, day=_days(contacts.field("date")), day_end=_days(contacts.field("date_end")))


def passes_table(name: str, bundles: Sequence[Bundle], text_status: Sequence[str], pages: Texts) -> pa.Table:
    """Some articles as one annotation pass has them; identifiers stay those of the pass. ``pages`` are masked."""
    array = bundles_array(bundles)
    root = replaced(array, _texts(nodes(array), pages))
    ids = [bundle.article.article_id for bundle in bundles]
    return _table(
        "passes", root, **{key: root.field("article").field(key) for key in ("annotation", "zones", "private")},
        article_id=pa.array(ids, pa.string()), text_status=pa.array(text_status, pa.string()),
        pass_name=pa.array([name] * len(ids), pa.string()), pass_id=pa.array([f"{key}:{name}" for key in ids], pa.string()),
    )  # fmt: skip


def _table(name: str, array: pa.StructArray, **columns: pa.Array) -> pa.Table:
    """A table in the schema of its row model, each column from ``columns`` or from the struct array, which has no nulls; KeyError if in
    neither.
    """
    fields = [field for field in table_schema(name) if field.name not in LATER.get(name, ())]
    own = {field.name: array.field(field.name) for field in array.type} | columns
    return pa.table([own[field.name].cast(field.type) for field in fields], schema=pa.schema(fields))


@cache
def table_schema(name: str) -> pa.Schema:
    """Arrow schema of a table."""
    return arrow_schema(next(table.row for table in TABLES if table.name == name))


def _structs(rows: Sequence[Model], name: str) -> pa.Array:
    return pa.array([row.model_dump(mode="json") for row in rows], pa.struct(table_schema(name)))


_day = lru_cache(4096)(edtf_day)


def _days(values: pa.Array) -> pa.Array:
    """The one day that each EDTF string names, or null."""
    coded = values.dictionary_encode()
    return pa.array([_day(value) for value in coded.dictionary.to_pylist()], pa.date32()).take(coded.indices)


# --- documents -----------------------------------------------------------------------------------------------------------------


def _documents(root: pa.StructArray, spans: Spans, zone: Ints, clean: pa.Array, **own: pa.Array) -> pa.Table:
    article, source = root.field("article"), root.field("article").field("source")
    move = _Move.to_clean_text(next(node for node in spans.nodes if node.path == f"{_ZONES}[]"), len(root))
    new = move.changes(spans, zone)
    new |= {path: partial(_without_null, fields=fields) for path, fields in _needed().items()}
    return _table(
        "documents", article, **own, blocks=replaced(article.field("zones"), new, _ZONES),
        **{name: replaced(root.field(name), new, name) for name in ("entities", "events")},
        outlet=source.field("outlet"), outlet_kind=source.field("outlet_kind"),
        characters=pa.array(move.lengths, pa.int32()), text=clean, comments=_comments(root.field("comments")),
    )  # fmt: skip


_ZONES = "article.zones"
"""They are called ``blocks`` in a document."""


@cache
def _needed() -> dict[str, list[str]]:
    """Lists whose items fall away with a span, and the fields of the items that hold it; an empty name if they are spans themselves."""
    found: dict[str, list[str]] = {}
    for path in sorted(needed_spans(DocumentRow)):
        name, _, field = path.rpartition("[]")
        found.setdefault(_ZONES if name == "blocks" else name, []).append(field[1:])
    return found


def _without_null(array: pa.ListArray, fields: Sequence[str]) -> pa.ListArray:
    """Lists without the items that have a null in one of some fields."""
    items = array.flatten()
    asked = [items.field(field) if field else items for field in fields]
    return without_items(array, np.any([column.is_null().to_numpy(zero_copy_only=False) for column in asked], axis=0))


def _comments(array: pa.Array) -> pa.Array:
    """Comments without what depends on the page."""
    kind = table_schema("documents").field("comments").type
    items, _ = explode(array)
    fields = [pc.struct_field(items, field.name).cast(field.type) for field in kind.value_type]
    return pa.ListArray.from_arrays(array.offsets, pa.StructArray.from_arrays(fields, fields=list(kind.value_type)))


@dataclass(frozen=True)
class _Move:
    """How spans move from the page to the clean text: zone by zone, each by its own distance."""

    kept: Bools
    """Which zones are of the article proper."""
    distance: Ints
    """For each of them what to take from an offset of the page."""
    lengths: Ints
    """Characters of each clean text."""

    @classmethod
    def to_clean_text(cls, zones: Node, number: int) -> "_Move":
        """How they move in a number of articles with these zones."""
        kept = is_any(zones.array.field("type"), [zone.value for zone in ARTICLE_ZONES])
        start, end = zones.bounds
        # where each zone begins in its clean text: the sizes of those before it in its row, each with the separator behind it
        before = np.cumsum(np.append(0, np.where(kept, end - start + len(SEPARATOR), 0)))
        begins = before[:-1] - before[np.searchsorted(zones.rows, zones.rows)]
        lengths = np.zeros(number, dtype=np.int64)
        np.maximum.at(lengths, zones.rows[kept], (begins + end - start)[kept])
        return cls(kept, start - begins, lengths)

    def changes(self, spans: Spans, zone: Ints) -> dict[str, Change]:
        """What makes spans move, by path; those that are not in the clean text become null."""
        sizes = [len(node.rows) for node in spans.nodes]
        at = (np.cumsum(sizes) - sizes)[spans.node] + spans.index
        inside = np.append(self.kept, False)[zone]
        at, shift = at[inside], self.distance[zone[inside]]
        start, end = np.zeros((2, sum(sizes)), np.int32)
        start[at], end[at] = spans.start[inside] - shift, spans.end[inside] - shift
        gone = np.ones(sum(sizes), dtype=bool)
        gone[at] = False
        columns = (np.split(values, np.cumsum(sizes)[:-1]) for values in (start, end, gone))
        return {node.path: partial(_moved, *own) for node, *own in zip(spans.nodes, *columns, strict=True)}


def _moved(start: Ints, end: Ints, gone: Bools, array: pa.StructArray) -> pa.StructArray:
    own = {field.name: array.field(field.name) for field in array.type}
    return struct(own | {"start": pa.array(start), "end": pa.array(end)}, pa.array(gone))
