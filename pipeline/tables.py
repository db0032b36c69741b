"""Stage 5: records → tables of a release.

Everything is done on Arrow arrays of many articles at once: texts are filled in from the pages (masked), identifiers become
global, and for ``documents`` all spans move to the clean text. Which columns there are, and in what order, the row models decide.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.nodes import Ints, Node, explode, nodes, rebuild, with_children, without_null_items
from pipeline.pages import Pages
from pipeline.read import Raw
from pipeline.spans import SEPARATOR, Zones, bundles_array, clean_text, start_end
from pipeline.split import SPLITS
from schema.base import Model, edtf_day
from schema.derive import arrow_schema, needed_spans
from schema.records import Bundle
from schema.reference import SplitName, Splits
from schema.rows import KEYS, TABLES, DocumentRow, PassRow
from schema.vocabulary import ARTICLE_ZONES


def build_tables(raw: Raw, pages: Pages, splits: Splits) -> dict[str, dict[SplitName, pa.Table]]:
    """All tables by name and split, in the schema of their row models; rows in order of article id, then as written.

    A split without an article has empty tables.
    """
    texts = pages.masked
    by_split = {}
    for name in SPLITS:
        own = [b for b in raw.bundles if splits.by_event[b.article.article_id] == name]
        by_split[name] = _article_tables(raw, splits, _Articles.of(own, pages, texts))
        passes = [_passes(key, _Articles.of(_in_split(bundles, splits, name), pages, texts)) for key, bundles in raw.passes.items()]
        by_split[name]["passes"] = pa.concat_tables([arrow_schema(PassRow).empty_table(), *passes])
    reference = _reference_tables(raw)
    return {
        table.name: {name: by_split[name][table.name] for name in SPLITS} if table.split else {"train": reference[table.name]}
        for table in TABLES
    }


def _table(name: str, array: pa.Array, **columns: pa.Array) -> pa.Table:
    """A table in the schema of its row model, each column from ``columns`` or from the struct array; KeyError if in neither."""
    schema = arrow_schema(next(table.row for table in TABLES if table.name == name))
    own = dict(zip((field.name for field in array.type), array.flatten(), strict=True)) | columns
    return pa.table([own[field.name].cast(field.type) for field in schema], schema=schema)


# --- reference tables ----------------------------------------------------------------------------------------------------------


def _reference_tables(raw: Raw) -> dict[str, pa.Table]:
    contacts = sorted(raw.contacts, key=lambda contact: contact.contact_id)
    kb = sorted(raw.kb, key=lambda entity: entity.kb_id)
    array, entities = _structs(contacts, "contacts"), _structs(kb, "kb")
    return {
        "contacts": _table("contacts", array, day=_days(c.date for c in contacts), day_end=_days(c.date_end for c in contacts)),
        "kb": _table("kb", entities),
    }


def _structs(rows: Sequence[Model], name: str) -> pa.Array:
    schema = arrow_schema(next(table.row for table in TABLES if table.name == name))
    return pa.array([row.model_dump(mode="json") for row in rows], pa.struct(schema))


def _days(values: Iterable[str | None]) -> pa.Array:
    return pa.array([edtf_day(value) for value in values], pa.date32())


# --- article tables ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Articles:
    """The articles of one split: records, their Arrow form, and columns with a value for each."""

    bundles: Sequence[Bundle]
    ids: pa.Array
    text_status: pa.Array
    texts: Sequence[str | None]
    """Masked text of each page, or None."""

    @classmethod
    def of(cls, bundles: Sequence[Bundle], pages: Pages, texts: Mapping[str, str]) -> "_Articles":
        """Articles with their masked texts, which are given by article id as far as they are at hand."""
        ids = [bundle.article.article_id for bundle in bundles]
        status = [pages.text_status(bundle.article).value for bundle in bundles]
        return cls(bundles, pa.array(ids, pa.string()), pa.array(status, pa.string()), [texts.get(key) for key in ids])

    def with_texts(self, node: Node) -> pa.Array:
        """Fill in the text of every span."""
        if not node.is_span:
            return node.array
        start, end = start_end(node)
        texts = (self.texts[row] for row in node.rows)
        filled = [None if text is None or s < 0 else text[s:e] for text, s, e in zip(texts, start, end, strict=True)]
        return with_children(node.array, text=pa.array(filled, pa.string()))

    def with_texts_and_global_ids(self, node: Node) -> pa.Array:
        """Fill in the text of every span, and make every identifier of a record global."""
        if node.name in KEYS:
            return pc.binary_join_element_wise(self.ids.take(pa.array(node.rows)), node.array, ":")
        return self.with_texts(node)

    def column(self, value: Callable[[Bundle], Any], kind: pa.DataType | None = None) -> pa.Array:
        """An array with a value for each article."""
        return pa.array([value(bundle) for bundle in self.bundles], kind or pa.string())


def _article_tables(raw: Raw, splits: Splits, articles: _Articles) -> dict[str, pa.Table]:
    bundles = articles.bundles
    root = rebuild(bundles_array(bundles), articles.with_texts_and_global_ids)
    part = dict(zip((field.name for field in root.type), root.flatten(), strict=True))

    def id_of(value: Callable[[str], str]) -> pa.Array:
        return articles.column(lambda bundle: value(bundle.article.article_id))

    own = {"article_id": articles.ids, "text_status": articles.text_status}
    published = _days(b.article.published for b in bundles)
    tables = {
        "articles": _table(
            "articles", part["article"], **own, published_day=published, text=pa.array(articles.texts, pa.string()),
            split=id_of(splits.by_event.__getitem__), split_by_time=id_of(splits.by_time.__getitem__),
            split_by_outlet=id_of(splits.by_outlet.__getitem__),
        ),
        "documents": _documents(articles, root, **own, published_day=published),
    }  # fmt: skip
    for name in ("entities", "events", "comments"):
        items, rows = explode(part[name])
        columns = {key: column.take(pa.array(rows)) for key, column in own.items()}
        tables[name] = _table(name, items, **columns, **_derived(name, items, raw))
    return tables


def _derived(name: str, items: pa.Array, raw: Raw) -> dict[str, pa.Array]:
    """Columns that follow from others."""
    if name == "entities":
        wikidata = {entity.kb_id: entity.wikidata for entity in raw.kb}
        return {"wikidata": pa.array([wikidata.get(key) for key in pc.struct_field(items, "kb_id").to_pylist()], pa.string())}
    if name == "events":
        return {"when_day": _days(pc.struct_field(items, ["when", "value"]).to_pylist())}
    return {}


def _in_split(bundles: Mapping[str, Bundle], splits: Splits, name: SplitName) -> list[Bundle]:
    return [bundle for key, bundle in sorted(bundles.items()) if splits.by_event[key] == name]


def _passes(name: str, articles: _Articles) -> pa.Table:
    """The articles as one annotation pass has them; identifiers stay those of the pass."""
    root = rebuild(bundles_array(articles.bundles), articles.with_texts)
    part = dict(zip((field.name for field in root.type), root.flatten(), strict=True))
    return _table(
        "passes", root, **{key: pc.struct_field(part["article"], key) for key in ("annotation", "zones", "private")},
        article_id=articles.ids, text_status=articles.text_status, pass_name=articles.column(lambda _: name),
        pass_id=articles.column(lambda bundle: f"{bundle.article.article_id}:{name}"),
    )  # fmt: skip


# --- documents -----------------------------------------------------------------------------------------------------------------


def _documents(articles: _Articles, root: pa.Array, **own: pa.Array) -> pa.Table:
    part = dict(zip((field.name for field in root.type), root.flatten(), strict=True))
    zones = pc.struct_field(part["article"], "zones")
    move = _Move.to_clean_text(zones)
    needed = set(needed_spans(DocumentRow))
    parts = {"blocks": zones, "entities": part["entities"], "events": part["events"]}
    moved = {name: rebuild(array, partial(move.visit, name=name, needed=needed)) for name, array in parts.items()}
    texts = [
        None if text is None else clean_text(b.article, text) for b, text in zip(articles.bundles, articles.texts, strict=True)
    ]
    source = pc.struct_field(part["article"], "source")
    return _table(
        "documents", part["article"], **own, **moved,
        outlet=pc.struct_field(source, "outlet"), outlet_kind=pc.struct_field(source, "outlet_kind"),
        characters=pa.array(move.lengths, pa.int32()), text=pa.array(texts, pa.string()), comments=_comments(part["comments"]),
    )  # fmt: skip


def _comments(array: pa.Array) -> pa.Array:
    """Comments without what depends on the page."""
    kind = arrow_schema(DocumentRow).field("comments").type
    items, _ = explode(array)
    fields = [pc.struct_field(items, field.name).cast(field.type) for field in kind.value_type]
    return pa.ListArray.from_arrays(array.offsets, pa.StructArray.from_arrays(fields, fields=list(kind.value_type)))


@dataclass(frozen=True)
class _Move:
    """How spans move from the page to the clean text: zone by zone, each by its own distance."""

    zones: Zones
    """The zones of the article proper."""
    distance: Ints
    """For each of them what to take from an offset of the page."""
    lengths: Ints
    """Characters of each clean text."""

    @classmethod
    def to_clean_text(cls, zones: pa.Array) -> "_Move":
        node = next(node for node in nodes(zones) if node.is_span)
        kept = pc.is_in(pc.struct_field(node.array, "type"), pa.array([z.value for z in ARTICLE_ZONES])).to_numpy(
            zero_copy_only=False
        )
        rows = node.rows[kept]
        start, end = (values[kept] for values in start_end(node))
        size = end - start
        # where each zone begins in its clean text: the sizes of those before it in its row, each with the separator behind it
        before = np.concatenate(([0], np.cumsum(size + len(SEPARATOR))))[:-1] if len(rows) else size
        first = np.searchsorted(rows, rows, side="left")
        begins = before - before[first] if len(rows) else before
        lengths = np.zeros(len(zones), dtype=np.int64)
        np.maximum.at(lengths, rows, begins + size)
        return cls(Zones(rows, start, end), start - begins, lengths)

    def visit(self, node: Node, name: str, needed: set[str]) -> pa.Array:
        """Move a span, or make it null where it is not in the clean text; drop list items that cannot do without it."""
        path = name + node.path
        if node.is_span:
            start, end = start_end(node)
            zone = self.zones.holding(node.rows, start, end)
            inside = zone >= 0
            shift = np.where(inside, self.distance[zone], 0) if len(self.distance) else np.zeros_like(start)
            return pc.if_else(
                pa.array(inside),
                with_children(
                    node.array,
                    start=pa.array(np.where(inside, start - shift, 0), pa.int32()),
                    end=pa.array(np.where(inside, end - shift, 0), pa.int32()),
                ),
                pa.scalar(None, node.array.type),
            )
        if pa.types.is_list(node.array.type):
            items = node.array.flatten()
            keep = pa.array(np.ones(len(items), dtype=bool))
            for need in needed:
                of, _, field = need.rpartition("[]")
                if of == path:
                    keep = pc.and_(keep, (pc.struct_field(items, field[1:]) if field else items).is_valid())
            return without_null_items(node.array, keep)
        return node.array
