"""Moving spans to the clean text keeps their words, whatever the page and the zones."""

import json
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.cut import Cut, Piece
from pipeline.entries import read_index
from pipeline.files import hidden
from pipeline.nodes import nodes, replaced
from pipeline.units import Context, Task, work
from schema.records import Article, Bundle, Event, Mention
from schema.vocabulary import ARTICLE_ZONES, PrivateKind, RightsStatus, ZoneType
from tests.conftest import VALID, tables_of_unit

TEMPLATE = Bundle.model_validate_json((VALID / "articles/anruf-abendblatt.json").read_bytes())

characters = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
words = characters.map(lambda t: unicodedata.normalize("NFC", t)).filter(lambda t: t.strip() and hidden(t) is None)
blocks = st.lists(
    st.tuples(words, st.sampled_from(list(ZoneType)), st.sampled_from(["", "\n", "\n\n ", "  "])), min_size=1, max_size=8
)


@st.composite
def articles(draw: st.DrawFn) -> tuple[Bundle, str]:
    """A page of any characters, its zones, one private span, and mentions and events anywhere inside zones."""
    text, zones = "", []
    for words_, kind, gap in draw(blocks):
        zones.append({"start": len(text), "end": len(text) + len(words_), "type": kind.value})
        text += words_ + gap
    assume(hidden(text) is None)  # two words in normal form C can be one that is not

    def span() -> dict[str, int]:
        zone = draw(st.sampled_from(zones))
        start = draw(st.integers(zone["start"], zone["end"] - 1))
        return {"start": start, "end": draw(st.integers(start + 1, zone["end"]))}

    article = TEMPLATE.article.model_dump(mode="json")
    article |= {"page": {"sha256": "0" * 64, "characters": len(text)}, "zones": zones}
    article["private"] = [span() | {"kind": "email"}] if draw(st.booleans()) else []
    mention = {"level": "name"}
    event = {"type": "statement", "cameo": "010", "certainty": "certain", "polarity": "positive", "time": "past"}
    entities = [{"entity_id": "n1", "type": "PER", "name": "N", "kb_id": None, "mentions": [span() | mention for _ in range(3)]}]
    events = [
        event | {"event_id": f"v{i + 1}", "trigger": span(), "content": span(), "markers": [{"span": span(), "kind": "modal"}]}
        for i in range(draw(st.integers(0, 3)))
    ]
    record = {"article": article, "entities": entities, "events": events, "comments": []}
    return Bundle.model_validate_json(json.dumps(record)), text


Made = list[tuple[Bundle, str]]


@st.composite
def units(draw: st.DrawFn) -> Made:
    """Some articles, each with its page."""
    made = draw(st.lists(articles(), min_size=1, max_size=3))
    return [(changed(bundle, article_id=f"a{i}"), text) for i, (bundle, text) in enumerate(made)]


def changed(bundle: Bundle, **fields: object) -> Bundle:
    return bundle.model_copy(update={"article": bundle.article.model_copy(update=fields)})


def tables_of(made: list[tuple[Bundle, str | None]]) -> dict[str, pa.Table]:
    """The tables of some articles, done together; rules on them are not asked."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for below in ("articles", "pages"):
            (folder / below).mkdir()
        pieces = []
        for bundle, text in made:
            article_id, data = bundle.article.article_id, bundle.model_dump_json().encode()
            (folder / "articles" / f"{article_id}.json").write_bytes(data)
            if text is not None:
                (folder / "pages" / f"{article_id}.txt").write_bytes(text.encode())
            pieces.append(Piece(f"articles/{article_id}.json", None, 0, len(data)))
        cut = Cut(tuple(pieces), "", sum(piece.stop for piece in pieces))
        work(Task(Context(folder, folder, level=2, languages=(), paged=True), cut, "unit"))
        assert read_index(folder / "unit")[1].findings == ()
        return tables_of_unit(folder / "unit")


def clean_text(article: Article, text: str) -> str:
    """Headline, lead, subheadings and paragraphs, joined by blank lines."""
    return "\n\n".join(text[zone.start : zone.end] for zone in article.zones if zone.type in ARTICLE_ZONES)


def masked(article: Article, text: str) -> str:
    """The page with U+2588 for each character of private data."""
    for span in article.private:
        if span.kind is not PrivateKind.not_private:
            text = text[: span.start] + "\u2588" * (span.end - span.start) + text[span.end :]
    return text


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(units())
def test_every_moved_span_covers_the_same_words(made: Made):
    documents = tables_of(made)["documents"]
    for (bundle, text), document in zip(made, documents.to_pylist(), strict=True):
        page = masked(bundle.article, text)
        inside = [zone for zone in bundle.article.zones if zone.type in ARTICLE_ZONES]

        def kept(span: Mention | Event, inside=inside) -> bool:
            return any(zone.start <= span.start and span.end <= zone.end for zone in inside)

        assert document["text"] == clean_text(bundle.article, page)
        assert document["characters"] == len(document["text"])
        assert [b["text"] for b in document["blocks"]] == [page[z.start : z.end] for z in inside]
        mentions = [m for entity in bundle.entities for m in entity.mentions if kept(m)]
        assert [m["text"] for e in document["entities"] for m in e["mentions"]] == [page[m.start : m.end] for m in mentions]
        events = [event for event in bundle.events if kept(event.trigger)]
        assert [e["event_id"] for e in document["events"]] == [f"{bundle.article.article_id}:{e.event_id}" for e in events]
        for row, event in zip(document["events"], events, strict=True):
            assert row["trigger"]["text"] == page[event.trigger.start : event.trigger.end]
            assert (row["content"] is not None) == kept(event.content)
            assert [m["span"]["text"] for m in row["markers"]] == [
                page[m.span.start : m.span.end] for m in event.markers if kept(m.span)
            ]
    clean = documents.column("text").to_pylist()
    for node in nodes(documents.drop_columns(["blocks"]).to_struct_array().combine_chunks()):
        if node.is_span:
            for row, value in zip(node.rows.tolist(), node.array.to_pylist(), strict=True):
                assert value is None or clean[row][value["start"] : value["end"]] == value["text"]


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(units())
def test_without_the_page_the_rows_are_the_same_and_say_nothing(made: Made):
    with_text, without = tables_of(made), tables_of([(withheld(bundle), None) for bundle, _ in made])
    for name in ("documents", "entities", "events"):
        assert blank(without[name]) == blank(with_text[name])
        assert texts(without[name]) == set()


def withheld(bundle: Bundle) -> Bundle:
    return changed(bundle, rights=bundle.article.rights.model_copy(update={"status": RightsStatus.withheld, "licence": None}))


def texts(table: pa.Table) -> set[str]:
    """All that stands in a column or field called text."""
    found = [node.array for node in nodes(table.to_struct_array().combine_chunks()) if node.name == "text"]
    assert found
    return {text for array in found for text in array.drop_null().to_pylist()}


def blank(table: pa.Table) -> list[dict]:
    """Rows without what the text decides."""

    def visit(value: object) -> object:
        if isinstance(value, dict):
            return {k: visit(v) for k, v in value.items() if k not in ("text", "text_status")}
        return [visit(item) for item in value] if isinstance(value, list) else value

    return [visit(row) for row in table.to_pylist()]


@given(st.recursive(
    st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=4).map(lambda v: {"v": v}),
    lambda inner: st.fixed_dictionaries({"v": st.lists(st.integers(0, 9), max_size=3), "in": st.lists(inner, max_size=3)}),
    max_leaves=6,
))  # fmt: skip
def test_a_node_changes_and_what_is_in_it_first(value: dict):
    kind = pa.struct({"v": pa.list_(pa.int64()), "in": pa.list_(pa.struct({"v": pa.list_(pa.int64()), "value": pa.int64()}))})
    row = {"v": value["v"], "in": [{"v": item["v"], "value": 1} for item in value.get("in", [])]}
    array = pa.array([row, {"v": [], "in": []}, row], kind)
    changes = {
        "in[].v[]": lambda items: pc.if_else(pc.equal(items, 0), 0, pc.add(items, 1)),
        "in[].v": pc.list_value_length,
        "v": pa.array(["x", None, "y"]),
    }
    expected = [
        {"v": v, "in": [{"v": len(item["v"]), "value": 1} for item in own["in"]]}
        for v, own in zip(["x", None, "y"], array.to_pylist(), strict=True)
    ]
    assert replaced(array, changes).to_pylist() == expected
    del changes["in[].v"]
    for own, was in zip(expected, array.to_pylist(), strict=True):
        own["in"] = [{"v": [v and v + 1 for v in item["v"]], "value": 1} for item in was["in"]]
    assert replaced(array, changes).to_pylist() == expected
    assert replaced(array.slice(1), changes | {"v": changes["v"].slice(1)}).to_pylist() == expected[1:]
    assert replaced(array, {}) is array


def test_a_node_knows_the_place_of_each_value():
    array = pa.array([{"a": [{"b": 1}]}, {"a": [{"b": 2}, {"b": 3}]}], pa.struct({"a": pa.list_(pa.struct({"b": pa.int64()}))}))
    (node,) = (n for n in nodes(array) if n.path == "a[].b")
    assert node.name == "b"
    assert [(int(row), node.where(i)) for i, row in enumerate(node.rows)] == [
        (0, ("a", 0, "b")),
        (1, ("a", 0, "b")),
        (1, ("a", 1, "b")),
    ]
