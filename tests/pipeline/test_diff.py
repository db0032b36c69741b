"""What a reader of a comparison relies on: each change is told once, by its name, with the version bump that it takes."""

import json
import random
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from pipeline.build import Built, checking
from pipeline.diff import Change, Diff, Snapshot, allowed, diff, html, least_version, show_diff
from pipeline.findings import CannotRun
from pipeline.shards import write_tables
from schema.rows import TABLES
from tests.conftest import ROOT, VALID, WITHHELD, edit_json, edit_line

OPEN, CALL, SHUT = "articles/anruf-abendblatt.json", "articles/anruf-tagblatt.json", "articles/absage-kurier.json"
Edit = Callable[[Any], Any]


def snapshot(raw: Path, pages: Path | None = None, version: str = "1.0.0") -> Snapshot:
    """The tables of a corpus. Rules on articles together, which an edit may break, do not matter here."""
    with checking(raw, pages) as checked, TemporaryDirectory() as folder:
        write_tables(checked.corpus, checked.area, checked.pool, Path(folder), {})
        return Snapshot.of_build(checked.raw.meta.model_copy(update={"version": version}), Path(folder))


@pytest.fixture(scope="session")
def base() -> Snapshot:
    return snapshot(VALID)


def rebuilt(base: Snapshot, **rows: list[dict[str, Any]]) -> Snapshot:
    """The snapshot with other rows in some tables."""
    tables = {name: pa.Table.from_pylist(values, base.tables[name].schema) for name, values in rows.items()}
    return base._replace(tables={**base.tables, **tables})


def told(found: Diff) -> list[tuple[str, str | None, str, str | None]]:
    return [(c.table, c.record, c.kind, c.where) for c in found.changes]


# --- one change to the raw files, one change told ------------------------------------------------------------------------------

V = "anruf-abendblatt:v3"
EDITS: dict[str, tuple[str, Edit, tuple[str, str, str, str | None], object, object, str]] = {
    "a certainty": (
        OPEN, lambda b: b["events"][2].update(certainty="probable"),
        ("events", V, "factuality changed", "certainty"), "possible", "probable", "patch",
    ),
    "a label": (
        OPEN, lambda b: b["events"][2]["markers"][1].update(kind="lexical"),
        ("events", V, "label changed", "markers[1].kind"), "adjective", "lexical", "patch",
    ),
    "a category of a comment": (
        OPEN, lambda b: b["comments"][0]["labels"].update(feedback=True),
        ("comments", "anruf-abendblatt:c1", "label changed", "labels.feedback"), False, True, "patch",
    ),
    "a stance": (
        OPEN, lambda b: b["comments"][0]["stances"][0].update(stance="mixed"),
        ("comments", "anruf-abendblatt:c1", "label changed", "stances[0].stance"), "favour", "mixed", "patch",
    ),
    "a span on an open page": (
        OPEN, lambda b: b["events"][2]["trigger"].update(start=157, text="Ein Gipfel"),
        ("events", V, "span moved", "trigger"), {"start": 161, "end": 167, "text": "Gipfel"},
        {"start": 157, "end": 167, "text": "Ein Gipfel"}, "patch",
    ),
    "a span on a withheld page": (
        SHUT, lambda b: b["entities"][0]["mentions"][0].update(start=39),
        ("entities", "absage-kurier:n1", "span moved", "mentions[0]"), {"start": 43, "end": 48}, {"start": 39, "end": 48}, "patch",
    ),
    "a link to the registry": (
        SHUT, lambda b: b["events"][1].update(contact_id=None),
        ("events", "absage-kurier:v2", "link changed", "contact_id"), "2031-10-summit", None, "patch",
    ),
    "a link within the article": (
        SHUT, lambda b: b["events"][2]["arguments"][1].update(entity_id="n4"),
        ("events", "absage-kurier:v3", "link changed", "arguments[1].entity_id"), "absage-kurier:n2", "absage-kurier:n4", "patch",
    ),
    "a mention more": (
        OPEN, lambda b: b["entities"][1]["mentions"].insert(3, {"start": 161, "end": 167, "text": "Gipfel", "level": "nominal"}),
        ("entities", "anruf-abendblatt:n2", "mention added", "mentions[3]"), None,
        {"start": 161, "end": 167, "text": "Gipfel", "level": "nominal", "usage": "literal"}, "patch",
    ),
    "a mention less": (
        OPEN, lambda b: b["entities"][1]["mentions"].pop(1),
        ("entities", "anruf-abendblatt:n2", "mention removed", "mentions[1]"),
        {"start": 94, "end": 101, "text": "Kollege", "level": "nominal", "usage": "literal"}, None, "patch",
    ),
    "a marker less": (
        SHUT, lambda b: b["events"][2]["markers"].clear(),
        ("events", "absage-kurier:v3", "marker removed", "markers[0]"), {"span": {"start": 77, "end": 82}, "kind": "negation"}, None,
        "patch",
    ),
    "a place less": (
        SHUT, lambda b: b["events"][2].pop("place"),
        ("events", "absage-kurier:v3", "place removed", "place"), {"entity_id": "absage-kurier:n3", "span": {"start": 63, "end": 69}},
        None, "patch",
    ),
    "a name": (
        OPEN, lambda b: b["entities"][1].update(name="J. Brandt"),
        ("entities", "anruf-abendblatt:n2", "value changed", "name"), "Jonas Brandt", "J. Brandt", "patch",
    ),
    "an event more": (
        SHUT, lambda b: b["events"].append({**b["events"][4], "event_id": "v6", "trigger": {"start": 113, "end": 122}}),
        ("events", "absage-kurier:v6", "record added", None), None, None, "minor",
    ),
    "an event less": (
        SHUT, lambda b: b["events"].pop(),
        ("events", "absage-kurier:v5", "record removed", None), None, None, "patch",
    ),
    "a comment less": (
        SHUT, lambda b: b["comments"].pop(),
        ("comments", "absage-kurier:c1", "record removed", None), None, None, "patch",
    ),
    "a record within a pass": (
        "passes/a/absage-kurier.json", lambda b: b["events"][0].update(polarity="positive"),
        ("passes", "absage-kurier:a", "factuality changed", "events[v1].polarity"), "negative", "positive", "patch",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_one_correction_is_told_as_one_change_with_before_and_after(name: str, raw: Path, base: Snapshot):
    file, edit, expected, old, new, least = EDITS[name]
    edit_json(raw / file, edit)
    found = diff(base, snapshot(raw))
    assert told(found) == [expected]
    assert (found.changes[0].old, found.changes[0].new, found.least) == (old, new, least)
    assert found.counts == {expected[0]: {expected[2]: 1}}


@pytest.mark.parametrize(
    ("file", "line", "edit", "expected", "least"),
    [
        ("kb.jsonl", 0, {"wikidata": "Q102"}, ("kb", "adler", "link changed", "wikidata"), "patch"),
        ("kb.jsonl", 1, {"name": "J. Brandt"}, ("kb", "brandt", "value changed", "name"), "patch"),
        ("kb.jsonl", 3, {"aliases_de": []}, ("kb", "nordmark", "alias removed", "aliases_de[0]"), "patch"),
        ("contacts.jsonl", 1, {"date": "2031-03-04"}, ("contacts", "2031-03-03-call", "value changed", "date"), "patch"),
        ("contacts.jsonl", 2, {"place": None}, ("contacts", "2031-10-summit", "place removed", "place"), "patch"),
    ],
)  # fmt: skip
def test_a_corrected_row_of_a_reference_table_is_one_change_and_what_derives_from_it_none(
    raw: Path, base: Snapshot, file: str, line: int, edit: dict[str, Any], expected: tuple[str, ...], least: str
):
    edit_line(raw / file, line, lambda row: row.update(edit))
    found = diff(base, snapshot(raw))
    assert (told(found), found.least) == ([expected], least)


def test_a_claim_that_was_put_right_is_not_one_less_and_one_more(raw: Path, base: Snapshot):
    edit_line(raw / "contacts.jsonl", 1, lambda row: row["claims"][1].update(value="50"))
    (change,) = diff(base, snapshot(raw)).changes
    assert (change.kind, change.where, change.old, change.new) == ("value changed", "claims[1].value", "45", "50")


def test_a_row_that_others_cite_and_that_is_gone_takes_a_major_version(raw: Path, base: Snapshot):
    lines = (raw / "contacts.jsonl").read_text("utf-8").splitlines()
    (raw / "contacts.jsonl").write_text("\n".join(lines[1:]) + "\n", "utf-8")
    found = diff(base, snapshot(raw))
    assert (told(found), found.least) == ([("contacts", "2029-05-01-call", "record removed", None)], "major")
    back = diff(snapshot(raw), base)
    assert (told(back), back.least) == ([("contacts", "2029-05-01-call", "record added", None)], "minor")


def test_a_removed_article_is_told_with_all_its_records(raw: Path, base: Snapshot):
    (raw / "articles" / "wahl-abendblatt.json").unlink()
    (raw / "pages" / "wahl-abendblatt.txt").unlink()
    found = diff(base, snapshot(raw))
    assert found.least == "major"
    assert {c.kind for c in found.changes if c.group == "wahl-abendblatt"} == {"record removed"}
    assert ("articles", "wahl-abendblatt", "record removed", None) in told(found)
    assert "articles wahl-abendblatt" in " ".join(found.why)


def test_an_article_that_moved_to_another_split_takes_a_major_version(base: Snapshot):
    rows = base.tables["articles"].to_pylist()
    rows[0]["split_by_time"] = next(s for s in ("train", "test") if s != rows[0]["split_by_time"])
    found = diff(base, rebuilt(base, articles=rows))
    assert (told(found), found.least) == ([("articles", rows[0]["article_id"], "split changed", "split_by_time")], "major")


def test_a_corrected_page_is_told_by_the_words_that_differ_and_spans_behind_it_as_moved(base: Snapshot):
    articles, entities = base.tables["articles"].to_pylist(), base.tables["entities"].to_pylist()
    row = next(row for row in articles if row["article_id"] == "anruf-abendblatt")
    row["text"] = row["text"].replace("im Herbst", "im späten Herbst")
    row["page"] = {"sha256": "0" * 64, "characters": row["page"]["characters"] + 7}
    for span in row["private"]:
        span["start"], span["end"] = span["start"] + 7, span["end"] + 7
    for entity in entities:
        for mention in entity["mentions"] if entity["article_id"] == "anruf-abendblatt" else []:
            if mention["start"] > 400:
                mention["start"], mention["end"] = mention["start"] + 7, mention["end"] + 7
    found = diff(base, rebuilt(base, articles=articles, entities=entities))
    (first,) = (c for c in found.changes if c.where == "text")
    moved = [c for c in found.changes if c.table == "entities"]
    assert first.kind == "text changed"
    assert "im späten Herbst" in first.new and "im Herbst" in first.old and len(first.new) < 120
    assert {c.kind for c in moved} == {"span moved"}
    assert all(c.new["start"] - c.old["start"] == 7 and c.old.get("text") == c.new.get("text") for c in moved)
    assert found.least == "patch"


def test_a_text_that_alone_differs_is_a_changed_text(base: Snapshot):
    events = base.tables["events"].to_pylist()
    event = next(row for row in events if row["event_id"] == "anruf-abendblatt:v1")
    event["trigger"]["text"] = "telephonieren"
    (change,) = diff(base, rebuilt(base, events=events)).changes
    assert (change.kind, change.where, change.old, change.new) == ("text changed", "trigger.text", "telefonieren", "telephonieren")


# --- the schema ----------------------------------------------------------------------------------------------------------------


def test_a_column_that_is_gone_is_told_once_and_takes_a_major_version(base: Snapshot):
    less = base._replace(tables={**base.tables, "events": base.tables["events"].drop_columns(["when"])})
    gone, come = diff(base, less), diff(less, base)
    assert (told(gone), gone.least) == ([("events", None, "field removed", "when")], "major")
    assert (told(come), come.least) == ([("events", None, "field added", "when")], "minor")


def test_a_field_within_a_list_that_is_gone_is_told_once(base: Snapshot):
    rows = base.tables["entities"].to_pylist()
    for row in rows:
        for mention in row["mentions"]:
            del mention["usage"]
    schema = base.tables["entities"].schema
    item = pa.struct([field for field in schema.field("mentions").type.value_type if field.name != "usage"])
    at = schema.get_field_index("mentions")
    table = pa.Table.from_pylist(rows, schema.set(at, pa.field("mentions", pa.list_(item))))
    found = diff(base, base._replace(tables={**base.tables, "entities": table}))
    assert (told(found), found.least) == ([("entities", None, "field removed", "mentions[].usage")], "major")


def test_a_field_of_another_type_is_told_once_and_takes_a_major_version(base: Snapshot):
    table = base.tables["comments"]
    at = table.schema.get_field_index("position")
    for kind in (pa.string(), pa.int64()):
        other = table.set_column(at, "position", table["position"].cast(kind))
        found = diff(base, base._replace(tables={**base.tables, "comments": other}))
        assert (told(found), found.least) == ([("comments", None, "field re-typed", "position")], "major")
        assert (found.changes[0].old, found.changes[0].new) == ("int32", str(kind))


def test_a_table_that_is_gone_is_told_once_and_not_row_by_row(base: Snapshot):
    less = base._replace(
        tables={k: v for k, v in base.tables.items() if k != "passes"},
        schemas={k: v for k, v in base.schemas.items() if k != "passes"},
    )
    assert (told(diff(base, less)), diff(base, less).least) == ([("passes", None, "table removed", None)], "major")
    assert (told(diff(less, base)), diff(less, base).least) == ([("passes", None, "table added", None)], "minor")


def test_a_table_without_rows_is_no_table_less(base: Snapshot):
    """A release has no file for it, a build has an empty table."""
    empty = base._replace(tables={**base.tables, "comments": base.tables["comments"].slice(0, 0)})
    without = base._replace(tables={k: v for k, v in base.tables.items() if k != "comments"})
    assert not diff(empty, without).changes and not diff(without, empty).changes
    assert {c.kind for c in diff(base, without).changes} == {"record removed"}


def test_a_value_of_a_vocabulary_is_told_once_wherever_the_vocabulary_stands(base: Snapshot):
    schemas = json.loads(json.dumps(base.schemas))
    for schema in schemas.values():
        if "EntityType" in schema.get("$defs", {}):
            schema["$defs"]["EntityType"]["oneOf"] = [t for t in schema["$defs"]["EntityType"]["oneOf"] if t["const"] != "MED"]
    less = base._replace(schemas=schemas)
    gone, come = diff(base, less), diff(less, base)
    assert (told(gone), gone.least) == ([("vocabulary", "EntityType", "vocabulary value removed", None)], "major")
    assert (come.least, come.changes[0].new) == ("minor", "MED")
    assert gone.why == ("1 vocabulary value was removed (vocabulary EntityType MED)",)


def test_a_vocabulary_that_is_given_up_is_a_change_of_type(base: Snapshot):
    schemas = json.loads(json.dumps(base.schemas))
    schemas["events"]["properties"]["certainty"] = {"type": "string"}
    found = diff(base, base._replace(schemas=schemas))
    assert (told(found), found.least) == ([("events", None, "field re-typed", "certainty")], "major")


# --- what is no change, and what may not be said -------------------------------------------------------------------------------


def test_who_annotated_the_version_and_the_order_of_things_are_no_change(raw: Path, base: Snapshot):
    edit_json(raw / OPEN, lambda b: b["article"]["annotation"].update(guidelines="9.9", adjudicated=True))
    edit_json(raw / SHUT, lambda b: b["events"][2]["arguments"].reverse())
    found = diff(base, snapshot(raw, version="7.0.0"))
    assert (found.least, found.changes, found.counts, found.why) == ("none", (), {}, ())


def test_a_build_and_the_release_that_it_wrote_are_the_same(release: Built, base: Snapshot):
    assert diff(base, Snapshot.of_release(release.folder)).least == "none"
    assert diff(Snapshot.of_release(release.folder), base).least == "none"


def test_no_word_of_a_withheld_page_is_quoted_even_where_it_is_at_hand(raw: Path):
    """A hydrated build has the page's words in its tables."""
    before = snapshot(raw, WITHHELD)
    assert any(row["text"] for row in before.tables["articles"].to_pylist() if row["article_id"] == "absage-kurier")
    edit_json(raw / SHUT, lambda b: (b["entities"][0]["mentions"][0].update(start=39), b["events"][2]["arguments"].pop()))
    after, without = snapshot(raw, WITHHELD), snapshot(raw)
    page = next(WITHHELD.glob("*.txt")).read_text("utf-8")
    for old, new in ((before, after), (before, without), (without, before)):
        found = diff(old, new)
        assert {c.kind for c in found.changes} >= {"span moved"} and {c.group for c in found.changes} == {"absage-kurier"}
        said = found.model_dump_json() + html(found)
        assert '"text"' not in said
        assert not [page[i : i + 12] for i in range(len(page) - 12) if page[i : i + 12] in said]


def test_what_was_found_to_be_private_since_is_not_said_again(base: Snapshot):
    """The older release had it, the newer one masks it."""
    old = base.tables["articles"].to_pylist()
    row = next(row for row in old if row["article_id"] == "anruf-abendblatt")
    assert "█" in row["text"]
    start = row["text"].index("█")
    row["text"], row["private"] = row["text"].replace("█", "7"), []
    next(zone for zone in row["zones"] if zone["start"] <= start < zone["end"])["text"] = "7777"
    found = diff(rebuilt(base, articles=old), base)
    assert {c.kind for c in found.changes} == {"private added"}
    assert "777" not in found.model_dump_json()


def test_private_data_that_is_masked_further_than_before_is_not_said_again(base: Snapshot):
    old = base.tables["articles"].to_pylist()
    row = next(row for row in old if row["article_id"] == "anruf-abendblatt")
    start = row["private"][0]["start"]
    row["text"] = f"{row['text'][:start]}7777{row['text'][start + 4 :]}"
    row["private"][0]["start"] += 4
    found = diff(rebuilt(base, articles=old), base)
    assert {c.kind for c in found.changes} == {"span moved"}
    assert "777" not in found.model_dump_json()


def test_an_address_that_was_taken_out_is_not_said_again(base: Snapshot):
    old = base.tables["articles"].to_pylist()
    old[0]["source"]["url"] = "https://kurier.example/the-words-of-the-headline"
    found = diff(rebuilt(base, articles=old), base)
    assert told(found) == [("articles", old[0]["article_id"], "value changed", "source.url")]
    assert "headline" not in found.model_dump_json()
    assert "headline" in diff(base, rebuilt(base, articles=old)).model_dump_json()


def test_what_was_taken_for_no_private_data_is_not_said_again_once_it_is_masked(raw: Path, base: Snapshot):
    edit_json(raw / OPEN, lambda b: b["article"]["private"][0].update(kind="not_private"))
    before = snapshot(raw)
    assert any("0555 010203" in (row["text"] or "") for row in before.tables["articles"].to_pylist())
    found = diff(before, base)
    assert told(found) == [("articles", "anruf-abendblatt", "label changed", "private[0].kind")]
    assert "0555" not in found.model_dump_json()


def test_private_data_that_was_masked_amiss_on_a_page_that_was_corrected_too_is_not_said_again(base: Snapshot):
    """The mask is of the same length, and lies elsewhere."""
    old = base.tables["articles"].to_pylist()
    row = next(row for row in old if row["article_id"] == "anruf-abendblatt")
    start, end = row["private"][1]["start"], row["private"][1]["end"]
    row["text"] = f"{row['text'][:start]}7777{row['text'][start + 4 : end]}████{row['text'][end + 4 :]}"
    row["private"][1].update(start=start + 4, end=end + 4)
    row["page"]["sha256"] = "0" * 64
    assert "777" not in diff(rebuilt(base, articles=old), base).model_dump_json()


def test_the_order_of_contacts_and_of_sources_is_told_since_it_says_something(raw: Path):
    chain = [{"entity_id": "n1", "mode": "direct"}, {"entity_id": "n2", "mode": "indirect"}]
    edit_json(raw / OPEN, lambda b: b["article"].update(reports=["2031-10-summit", "2029-05-01-call"]))
    edit_json(raw / OPEN, lambda b: b["events"][0].update(sources=chain))
    before = snapshot(raw)
    edit_json(raw / OPEN, lambda b: (b["article"]["reports"].reverse(), b["events"][0]["sources"].reverse()))
    found = diff(before, snapshot(raw))
    assert [(c.kind, c.where) for c in found.changes] == [("order changed", "reports"), ("order changed", "sources")]
    assert found.changes[0].new == ["2029-05-01-call", "2031-10-summit"]
    assert found.least == "patch"


def test_a_page_that_is_withheld_since_takes_a_major_version(base: Snapshot):
    rows = base.tables["articles"].to_pylist()
    row = next(row for row in rows if row["article_id"] == "anruf-abendblatt")
    row["rights"]["status"] = "withheld"
    found = diff(base, rebuilt(base, articles=rows))
    assert (told(found), found.least) == ([("articles", "anruf-abendblatt", "rights changed", "rights.status")], "major")
    assert found.why == ("1 rights field was changed (articles anruf-abendblatt)",)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda row: row.update(reports=[]), ("link changed", "reports[0]")),
        (lambda row: row.update(derived_from="agency:xyz"), ("link changed", "derived_from")),
        (lambda row: row["zones"][0].update(type="other"), ("label changed", "zones[0].type")),
        (lambda row: row["source"].update(outlet="Bote"), ("value changed", "source.outlet")),
        (lambda row: row["rights"].update(licence="CC0-1.0"), ("rights changed", "rights.licence")),
        (lambda row: row.update(published="2031-03-05"), ("value changed", "published")),
        (lambda row: row["page"].update(sha256="0" * 64), ("page changed", "page.sha256")),
        (lambda row: row.update(new_field="b"), ("value changed", "new_field")),
    ],
)
def test_a_correction_to_an_article_has_its_own_name(base: Snapshot, edit: Edit, expected: tuple[str, str]):
    """Fields that nobody has named are told all the same."""
    table = base.tables["articles"].append_column("new_field", pa.array(["a"] * base.tables["articles"].num_rows))
    before = base._replace(tables={**base.tables, "articles": table})
    rows = table.to_pylist()
    edit(next(row for row in rows if row["article_id"] == "anruf-abendblatt"))
    found = diff(before, rebuilt(before, articles=rows))
    assert (told(found), found.least) == ([("articles", "anruf-abendblatt", *expected)], "patch")


# --- versions ------------------------------------------------------------------------------------------------------------------


def made(severity: str | None) -> Diff:
    changes = () if severity is None else (Change(table="events", record="a:v1", kind="record added", severity=severity),)
    return Diff(
        old="1.2.3", new="9", least=severity or "none", why=("1 event was so",) if severity else (), counts={}, changes=changes
    )


@pytest.mark.parametrize(
    ("severity", "least", "enough", "short"),
    [
        (None, "1.2.4", ["1.2.4", "1.3.0", "2.0.0", "1.2.4-dev"], ["1.2.3", "1.2.2", "1.2.3-dev", "0.9.9"]),
        ("patch", "1.2.4", ["1.2.4", "1.10.0", "2.0.0"], ["1.2.3"]),
        ("minor", "1.3.0", ["1.3.0", "1.3.0-dev", "1.10.0", "2.0.0"], ["1.2.4", "1.2.99"]),
        ("major", "2.0.0", ["2.0.0", "2.0.0-rc.1", "10.0.0"], ["1.2.4", "1.3.0", "1.99.0"]),
    ],
)  # fmt: skip
def test_a_version_is_raised_at_least_as_far_as_the_changes_ask(
    severity: str | None, least: str, enough: list[str], short: list[str]
):
    found = made(severity)
    assert least_version("1.2.3", found) == least
    assert [allowed("1.2.3", version, found) for version in enough] == [None] * len(enough)
    assert all(least in (allowed("1.2.3", version, found) or "") for version in short)


def test_after_a_version_that_was_never_published_anything_higher_goes():
    assert allowed("1.3.0-dev", "1.3.0", made("major")) is None
    assert allowed("1.3.0-dev.2", "1.3.0-dev.10", made("major")) is None
    assert allowed("1.3.0-dev.10", "1.3.0-dev.2", made(None)) is not None


def test_a_refusal_says_what_changed_and_what_it_takes(raw: Path, base: Snapshot):
    edit_json(raw / SHUT, EDITS["an event more"][1])
    found = diff(base, snapshot(raw))
    assert allowed("1.0.0", "1.0.1", found) == (
        "1.0.0 → 1.0.1 is a patch, but 1 record was added (events absage-kurier:v6), which takes at least 1.1.0"
    )
    with pytest.raises(CannotRun, match="is no version"):
        allowed("1.0", "1.0.1", found)


def test_a_first_release_changes_nothing(base: Snapshot):
    first = diff(None, base)
    assert (first.old, first.new, first.least, first.changes) == (None, "1.0.0", "none", ())
    assert "first release" in html(first)


# --- folders -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage", ["no folder", "no release.json", "bad release.json", "no table", "bad table", "rows", "a value", "schema"]
)
def test_a_folder_that_is_no_whole_release_is_refused_in_a_sentence(release: Built, tmp_path: Path, damage: str):
    folder = Path(shutil.copytree(release.folder, tmp_path / "copy"))
    table = folder / "data" / "events" / "train-00000-of-00001.parquet"
    if damage == "no folder":
        shutil.rmtree(folder)
    elif damage == "no release.json":
        (folder / "release.json").unlink()
    elif damage == "bad release.json":
        (folder / "release.json").write_text("{")
    elif damage == "no table":
        shutil.rmtree(folder / "data" / "events")
    elif damage == "bad table":
        table.write_bytes(table.read_bytes()[:-40])
    elif damage == "a value":
        rows = pq.read_table(table)
        at = rows.schema.get_field_index("certainty")
        pq.write_table(rows.set_column(at, rows.schema.field(at), pa.array(["possible"] * len(rows))), table)
    elif damage == "rows":
        pq.write_table(pq.read_table(table).slice(1), table)
    else:
        (folder / "schema" / "events-row.schema.json").write_text("[]")
    with pytest.raises(CannotRun, match=r"damaged|is no release|not what a build writes"):
        Snapshot.of_release(folder)


def test_the_repo_s_own_old_releases_can_be_compared():
    folders = [ROOT / "data" / "processed" / version for version in ("0.1.0", "0.2.0")]
    found = diff(*map(Snapshot.of_release, folders))
    assert found.least == "minor"
    assert found.counts["passes"] == {"table added": 1}
    assert found.counts["articles"] == {"record added": 73}
    assert allowed("0.1.0", "0.2.0", found) is None
    assert Diff.model_validate_json(found.model_dump_json()) == found


# --- properties ----------------------------------------------------------------------------------------------------------------

NAMES = [table.name for table in TABLES[1:]]
MIRROR = {"added": "removed", "removed": "added"}


def spoilt(value: Any, chance: random.Random) -> Any:
    """A value with something in it changed, of the same type."""
    if isinstance(value, dict):
        key = chance.choice(sorted(k for k in value if not k.endswith("_id") or value[k] is None) or sorted(value))
        return {**value, key: spoilt(value[key], chance)}
    if isinstance(value, list) and value:
        at = chance.randrange(len(value))
        put = chance.choice([[], [value[at], value[at]], [spoilt(value[at], chance)]])
        return [*value[:at], *put, *value[at + 1 :]]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice([-1, 1, 5, 1000])
    return f"{value}<script>" if isinstance(value, str) else value


def spoil(base: Snapshot, chance: random.Random) -> Snapshot:
    """A snapshot with rows of some tables changed, left out, or put in another order."""
    rows = {name: base.tables[name].to_pylist() for name in chance.sample(NAMES, 3)}
    for values in rows.values():
        for at in sorted(chance.sample(range(len(values)), min(3, len(values))), reverse=True):
            values[at : at + 1] = chance.choice([[], [spoilt(values[at], chance)]])
        chance.shuffle(values)
    return rebuilt(base, **rows)


def shuffled(value: Any, chance: random.Random) -> Any:
    """A value with all lists in another order, but for those whose order says something."""
    if isinstance(value, dict):
        return {key: inner if key in ("reports", "sources") else shuffled(inner, chance) for key, inner in value.items()}
    return chance.sample([shuffled(inner, chance) for inner in value], len(value)) if isinstance(value, list) else value


class Parsed(HTMLParser):
    """The elements of a page; void ones are those that HTML closes itself."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not {"src", "href", "onclick"} & {key for key, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@given(seed=st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_comparisons_are_empty_with_oneself_mirrored_backwards_and_always_the_same(base: Snapshot, seed: int):
    chance = random.Random(seed)
    other = spoil(base, chance)
    assert diff(other, other).changes == ()
    there, back = diff(base, other), diff(other, base)
    assert there == diff(base, other)
    for name in {*there.counts, *back.counts}:
        mirrored = {
            " ".join([*kind.split()[:-1], MIRROR.get(kind.split()[-1], kind.split()[-1])]): number
            for kind, number in there.counts[name].items()
        }
        assert mirrored == back.counts[name]
    assert {(c.table, c.record) for c in there.changes} == {(c.table, c.record) for c in back.changes}
    assert Diff.model_validate_json(there.model_dump_json()) == there


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_and_items_changes_nothing(base: Snapshot, seed: int):
    chance = random.Random(seed)
    mixed = {name: shuffled(base.tables[name].to_pylist(), chance) for name in NAMES}
    assert diff(base, rebuilt(base, **mixed)).changes == ()


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_the_page_is_whole_escapes_what_the_data_says_and_needs_nothing_else(base: Snapshot, seed: int):
    found = diff(base, spoil(base, random.Random(seed)))
    page = html(found)
    parsed = Parsed(page)
    assert parsed.open == [] and "script" not in parsed.tags and "<script" not in page and "http" not in _without_data(page)
    assert parsed.tags.count("details") == len({c.group for c in found.changes})


def _without_data(page: str) -> str:
    return page.partition("</style>")[0]


def test_what_the_data_says_is_shown_as_it_is_and_steers_no_terminal(base: Snapshot):
    rows = base.tables["entities"].to_pylist()
    next(row for row in rows if row["entity_id"] == "anruf-abendblatt:n2")["name"] = (
        "<script>alert(1)</script> [red]x[/red] & \u202e"
    )
    found = diff(base, rebuilt(base, entities=rows))
    assert "<script>alert(1)</script> [red]x[/red] & \\u202e" in Parsed(html(found)).text
    out = StringIO()
    show_diff(Console(file=out, width=200), found)
    assert "value changed  entities n2 name: Jonas Brandt → <script>alert(1)</script> [red]x[/red] & \\u202e" in out.getvalue()
    assert "\u202e" not in out.getvalue() + html(found)


def test_thousands_of_changes_are_folded_and_counted(base: Snapshot):
    row = base.tables["kb"].to_pylist()[0]
    entity = next(r for r in base.tables["entities"].to_pylist() if r["article_id"] == "anruf-abendblatt")
    kb = [{**row, "kb_id": f"new-{i}"} for i in range(5000)]
    entities = [{**entity, "entity_id": f"anruf-abendblatt:n{i}"} for i in range(100, 1100)]
    found = diff(
        base, rebuilt(base, kb=base.tables["kb"].to_pylist() + kb, entities=base.tables["entities"].to_pylist() + entities)
    )
    assert found.counts == {"entities": {"record added": 1000}, "kb": {"record added": 5000}}
    page, out = html(found), StringIO()
    assert Parsed(page).tags.count("details") == 2000 and len(page) < 2_000_000
    assert "… 800 more changes" in page and "… 3,001 more articles and rows" in page
    show_diff(Console(file=out, width=120), found)
    assert "997 more" in out.getvalue() and len(out.getvalue().splitlines()) < 150
