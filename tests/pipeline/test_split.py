"""Splits: nothing that belongs together is parted, nothing released moves, and what leaks all the same is reported."""

import json
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.build import checking
from pipeline.duplicates import near_duplicates
from pipeline.findings import Findings
from pipeline.leakage import leakage
from pipeline.read import read_meta
from pipeline.split import SCHEMES, SPLITS, Assigned, Heads, split
from schema.base import edtf_bounds
from schema.reference import Splits
from schema.vocabulary import OutletKind
from tests.conftest import VALID, edit_json

POLICY = read_meta(VALID).split
ARTICLE = json.loads((VALID / "articles/wahl-abendblatt.json").read_text(encoding="utf-8"))["article"]
Articles = dict[str, dict[str, object]]


def heads(articles: Articles) -> Heads:
    """Articles that differ only in what is given."""
    ids = sorted(articles)
    own = [{**ARTICLE, **ARTICLE["source"], **articles[key]} for key in ids]

    def codes(values: Iterable[object]) -> np.ndarray:
        return pa.array(values).dictionary_encode().indices.fill_null(-1).to_numpy()

    reported = [(i, contact) for i, article in enumerate(own) for contact in article["reports"]]
    derived = [(i, ids.index(a["derived_from"])) for i, a in enumerate(own) if a.get("derived_from") in ids]
    days = [(edtf_bounds(article["published"])[1] - date(1970, 1, 1)).days for article in own]
    return Heads(
        ids=pa.chunked_array([ids[:5], ids[5:]], pa.string()),
        reported=(column([i for i, _ in reported]), codes(contact for _, contact in reported) if reported else column([])),
        contact_kind=np.full(len(ids), -1), outlet=codes(a["outlet"] for a in own), outlet_kind=codes(a["outlet_kind"] for a in own),
        language=codes(a["language"] for a in own), published=np.array(days),
        derived=(column([i for i, _ in derived]), column([j for _, j in derived])),
    )  # fmt: skip


def column(values: Iterable[int]) -> np.ndarray:
    return np.array(list(values), dtype=np.int64)


def assign(
    articles: Articles, pairs: Iterable[tuple[str, str]] = (), released: Splits | None = None, findings: Findings | None = None
) -> Splits:
    """The splits of some articles, of which some pairs are near-duplicates."""
    ids = sorted(articles)
    numbers = [(ids.index(a), ids.index(b)) for a, b in pairs]
    duplicates = (column(a for a, _ in numbers), column(b for _, b in numbers))
    made = heads(articles)
    found = split(made, duplicates, POLICY, released or fixed(), Findings() if findings is None else findings)
    return Splits.model_construct(**{name: dict(zip(ids, found.names(name).to_pylist(), strict=True)) for name in SCHEMES})


def fixed(**schemes: dict[str, str]) -> Splits:
    """What a release has fixed."""
    return Splits.model_construct(**{name: schemes.get(name, {}) for name in SCHEMES})


graphs = st.dictionaries(
    st.sampled_from([f"a{i}" for i in range(12)]),
    st.fixed_dictionaries({"reports": st.lists(st.sampled_from("klmnop"), max_size=2).map(tuple)}),
    min_size=1,
)


@settings(deadline=None)
@given(graphs, st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=3))
def test_articles_on_one_contact_and_near_duplicates_stay_together(articles, pairs):
    ids = sorted(articles)
    duplicates = [(ids[a % len(ids)], ids[b % len(ids)]) for a, b in pairs]
    where = assign(articles, duplicates).by_event
    assert sorted(where) == ids
    for a in ids:
        for b in ids:
            if set(articles[a]["reports"]) & set(articles[b]["reports"]):
                assert where[a] == where[b]
    assert all(where[a] == where[b] for a, b in duplicates)


@settings(deadline=None)
@given(graphs, graphs)
def test_released_articles_never_move_as_the_corpus_grows(old, new):
    released = assign(old).by_event
    findings = Findings()
    where = assign({**new, **old}, released=fixed(by_event=released), findings=findings).by_event
    assert {a: where[a] for a in released} == released
    for finding in findings.errors:
        assert finding.code == "HD509"  # growth joined what a release had parted; it is said, and nothing moves


def test_articles_that_growth_joins_are_named():
    articles = {"a": {"reports": ("k",)}, "b": {"reports": ("l",)}, "c": {"reports": ("k", "l")}}
    findings = Findings()
    assign(articles, released=fixed(by_event={"a": "train", "b": "test"}), findings=findings)
    (error,) = findings.errors
    assert (error.code, error.found) == ("HD509", "a in train, b in test")


def test_a_report_stays_with_the_one_it_repeats():
    where = assign({f"a{i}": {"reports": (), "derived_from": "a0" if i else None} for i in range(6)}).by_event
    assert len(set(where.values())) == 1


def test_shares_are_met_where_groups_allow_it():
    where = assign({f"a{i:03}": {"reports": (f"k{i}",)} for i in range(200)}).by_event
    assert [sum(s == name for s in where.values()) for name in SPLITS] == [100, 50, 50]


def test_splits_are_alike_in_language_and_kind_of_outlet():
    """Each language and each kind of outlet is spread as all articles are."""
    languages, kinds = ("de-DE", "de-AT", "de-CH"), (OutletKind.newspaper, OutletKind.portal)
    articles = {
        f"a{i:03}": {
            "reports": (f"k{i}",), "language": languages[i % 3], "outlet_kind": kinds[i // 3 % 2].value, "outlet": f"o{i}",
        }
        for i in range(120)
    }  # fmt: skip
    where = assign(articles).by_event
    for of in (lambda what: what["language"], lambda what: what["outlet_kind"]):
        for value in {of(what) for what in articles.values()}:
            own = [where[i] for i, what in articles.items() if of(what) == value]
            for name, share in zip(SPLITS, (0.6, 0.2, 0.2), strict=True):
                assert abs(own.count(name) - share * len(own)) <= 0.15 * len(own)


def test_outlets_that_share_copy_stay_together():
    articles = {key: {"outlet": outlet} for key, outlet in zip("abcdef", "xyyzwv", strict=True)}
    articles["d"]["derived_from"] = "c"
    where = assign(articles, [("a", "b")]).by_outlet
    assert len({where[i] for i in "abcd"}) == 1
    assert len(set(where.values())) > 1


def test_by_time_cuts_at_the_days_of_the_policy():
    times = {"a": "2030-12-31", "b": "2031-01-01", "c": "2031-05", "d": "2031-06", "e": "2030/2031-01-02"}
    where = assign({i: {"published": t, "reports": ()} for i, t in times.items()}).by_time
    assert where == {"a": "train", "b": "validation", "c": "validation", "d": "test", "e": "validation"}


def test_by_outlet_keeps_outlets_whole():
    outlets = {f"a{i}": f"o{i % 4}" for i in range(12)}
    where = assign({i: {"outlet": outlet, "reports": ()} for i, outlet in outlets.items()}).by_outlet
    assert all(len({where[i] for i in outlets if outlets[i] == f"o{k}"}) == 1 for k in range(4))


TEXT = "Am Montag haben die beiden eine Stunde lang miteinander gesprochen, wie das Torhaus am Abend in Ahornstadt bekannt gab."


def test_near_duplicates_are_found_by_their_words():
    copy = TEXT.replace("Abend", "Morgen")
    (pair,) = near_duplicates(
        {"a": TEXT, "b": copy.upper(), "c": "Etwas ganz anderes steht auf dieser Seite, nämlich gar nichts davon."}
    )
    assert (pair.a, pair.b) == ("a", "b")
    assert 0.5 <= pair.similarity < 1
    assert near_duplicates({"a": TEXT, "b": TEXT})[0].similarity == 1
    assert [pair.similarity for pair in near_duplicates({"a": "Kurz.", "b": "kurz", "c": "lang", "d": "–", "e": "–"})] == [1]


def test_a_chain_of_near_duplicates_is_one_group():
    """b and c are nearest; a, the first to be seen, is near b alone."""
    words = [f"wort{i}" for i in range(400)]
    texts = {name: " ".join(words[start : start + 200]) for name, start in (("a", 0), ("b", 60), ("c", 75))}
    assert {(pair.a, pair.b) for pair in near_duplicates(texts)} == {("a", "b"), ("b", "c")}


def test_a_large_group_of_near_duplicates_is_connected_without_comparing_all():
    """Agency copy that thousands of outlets share: what connects them grows with their number, not with its square."""
    words = TEXT.split()
    texts = {f"a{i:04}": " ".join([*words[: i % 3], f"Ausgabe{i}", *words]) for i in range(2_000)}
    texts |= {f"b{i:04}": " ".join(f"{w}{i}" for w in words) for i in range(500)}
    pairs = near_duplicates(texts)
    assert len(pairs) == 1_999
    assert {key for pair in pairs for key in (pair.a, pair.b)} == {key for key in texts if key.startswith("a")}


def test_copy_between_outlets_released_apart_stops_no_build():
    outlets = {key: {"reports": (), "outlet": key.upper()} for key in "abc"}
    findings = Findings()
    released = fixed(by_outlet={"a": "train", "b": "test"})
    where = assign(outlets, [("a", "b"), ("b", "c")], released, findings).by_outlet
    assert findings.errors == []
    assert where == {"a": "train", "b": "test", "c": "test"}


def test_the_leakage_report_names_what_splits_share(raw: Path):
    source = raw / "articles/wahl-abendblatt.json"
    shutil.rmtree(raw / "pages")
    for name, reports in (("a", ["k"]), ("b", ["k"]), ("c", [])):
        path = Path(shutil.copy(source, raw / f"articles/{name}.json"))
        edit_json(path, lambda b, name=name, reports=reports: b["article"].update(article_id=name, reports=reports))
    with checking(raw, None, only=[f"articles/{name}.json" for name in "abc"]) as checked:
        train = np.zeros(3, dtype=np.int8)
        test = np.array([0, 2, 2], dtype=np.int8)
        report = leakage(checked.corpus.index, Assigned(test, train, train), None)
    assert report["by_event"]["contacts_reported"] == [{"value": "k", "splits": ["train", "test"]}]
    assert report["by_event"]["outlets"] == [{"value": "Abendblatt", "splits": ["train", "test"]}]
    assert report["by_time"]["contacts_reported"] == []
    assert (report["articles"], report["texts_compared"]) == (3, 0)
