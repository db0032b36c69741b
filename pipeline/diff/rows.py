"""Which rows of a table are new, gone or changed. Rows that are equal are skipped by Arrow, without a look at their values."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from pipeline.diff.changes import CITED, OF_ARTICLE, Change, Severity
from pipeline.diff.records import Found, differences, natural, without_texts
from pipeline.diff.snapshot import Snapshot
from schema.base import Model
from schema.rows import TABLES, OfArticle, Table
from schema.vocabulary import PrivateKind, RightsStatus

_FEW = 8
"""Rows that are no longer halved to find the one that differs."""
_BESIDE = 20
"""Characters on either side of private data that tell where it lies on a page that was corrected."""


def row_changes(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """Changes of the rows of all tables that both have, but for ``documents``, which has the same records again."""
    quotable = _quotable(old, new)
    for table in TABLES[1:]:
        if table.name in old.names and table.name in new.names:
            rows = [snapshot.tables.get(table.name) for snapshot in (old, new)]
            empty = next((one.slice(0, 0) for one in rows if one is not None), pa.table({}))
            before, after = (empty if one is None else one for one in rows)
            yield from _table_changes(table, before, after, quotable)


def _table_changes(table: Table, old: pa.Table, new: pa.Table, quotable: set[str]) -> Iterator[Change]:
    name, key = table.name, table.key
    if key not in old.column_names or key not in new.column_names:
        return  # a change of the schema, and a grave one
    one, other = ({value: i for i, value in enumerate(rows[key].to_pylist())} for rows in (old, new))
    for record in sorted(one.keys() - other, key=_of_article_first):
        yield Change(table=name, record=record, kind="record removed", severity="major" if name in CITED else "patch")
    for record in sorted(other.keys() - one, key=_of_article_first):
        yield Change(table=name, record=record, kind="record added", severity="minor")
    both = sorted(one.keys() & other, key=_of_article_first)
    columns = [c for c in new.column_names if c in old.column_names and c not in _left_out(table)]
    a, b = (_take(rows.select(columns), [at[k] for k in both]) for rows, at in ((old, one), (new, other)))
    differing = list(_differing(a, b))
    for i, before, after in zip(differing, _take(a, differing).to_pylist(), _take(b, differing).to_pylist(), strict=True):
        if name in OF_ARTICLE and both[i].partition(":")[0] not in quotable:
            before, after = without_texts(before), without_texts(after)
        for found in differences(before, after):
            yield Change(table=name, record=both[i], severity=_severity(found), **found._asdict())


def _severity(found: Found) -> Severity:
    """Of a correction; a text that was there to read can be gone with it, or one be there that was not."""
    if found.kind == "split changed" or (found.where == "rights.status" and found.new == RightsStatus.withheld):
        return "major"
    return "minor" if found.where == "rights.status" else "patch"


def _take(rows: pa.Table, at: list[int]) -> pa.Table:
    return rows.take(pa.array(at, pa.int64())).combine_chunks()


def _differing(a: pa.Table, b: pa.Table) -> Iterator[int]:
    """Rows that may differ, in order: tables are halved as long as they do."""
    spans = [(0, a.num_rows)]
    while spans:
        start, length = spans.pop()
        if a.slice(start, length).equals(b.slice(start, length)):
            continue
        if length <= _FEW or a.schema != b.schema:
            yield from range(start, start + length)
        else:
            half = length // 2
            spans += [(start + half, length - half), (start, half)]


def _left_out(table: Table) -> set[str]:
    """Columns that say nothing of their own: who annotated; what each row repeats of its article; what is derived from others."""
    fields: set[str] = {"annotation"}
    if table.key != "article_id":
        fields |= set(OfArticle.model_fields)
    bases = {name for base in table.row.__bases__ if issubclass(base, Model) for name in base.model_fields}
    if bases - set(OfArticle.model_fields):  # a record with columns beside it: all derived but the page and the splits
        fields |= {c for c in table.row.model_fields.keys() - bases if c != "text" and not c.startswith("split")}
    return fields - {table.key}


def _quotable(old: Snapshot, new: Snapshot) -> set[str]:
    """Articles whose words may stand in a comparison: open in both releases, with the same private data masked.

    What one of them does not mask must not be said again. On a corrected page private data may lie elsewhere, between the same words.
    """

    def masked(row: dict[str, Any], moved: bool) -> list[tuple[object, ...]]:
        spans = ((s["start"], s["end"]) for s in row.get("private") or [] if s["kind"] != PrivateKind.not_private)
        return sorted(_between(row.get("text"), *span) if moved else span for span in spans)

    def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
        if not one.get("text_status") == other.get("text_status") == "open":
            return False
        moved = one.get("page") != other.get("page")
        return masked(one, moved) == masked(other, moved)

    a, b = _pages(old), _pages(new)
    return {key for key in a.keys() & b.keys() if same(a[key], b[key])}


def _between(text: str | None, start: int, end: int) -> tuple[object, ...]:
    """How long something is, and what stands on either side of it."""
    text = text or ""
    return end - start, text[max(0, start - _BESIDE) : start], text[end : end + _BESIDE]


def _pages(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    table = snapshot.tables.get("articles")
    if table is None or "article_id" not in table.column_names:
        return {}
    columns = [name for name in ("article_id", "text_status", "page", "private", "text") if name in table.column_names]
    return {row["article_id"]: row for row in table.select(columns).to_pylist()}


def _of_article_first(record: str) -> tuple[str, tuple[str, int, str]]:
    article, _, own = record.partition(":")
    return article, natural(own)
