"""Splits: nothing that belongs together is parted, nothing released moves, and what leaks all the same is reported."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.duplicates import Pair, near_duplicates
from pipeline.findings import Findings
from pipeline.leakage import leakage
from pipeline.pages import Pages
from pipeline.read import Raw, read
from pipeline.split import SPLITS, split
from schema.records import Bundle
from schema.reference import Splits
from schema.vocabulary import OutletKind
from tests.conftest import VALID

BASE: Raw = read(VALID, Findings())
ARTICLE = BASE.bundles[-1].article


def corpus(articles: dict[str, dict[str, object]], released: dict[str, str] | None = None) -> Raw:
    """A corpus of articles that differ only in what is given."""
    bundles = tuple(
        Bundle.model_construct(article=ARTICLE.model_copy(update={"article_id": i, **what}), entities=(), events=(), comments=())
        for i, what in sorted(articles.items())
    )
    splits = Splits.model_construct(by_event=released or {}, by_time={}, by_outlet={})
    return replace(BASE, bundles=bundles, splits=splits)


graphs = st.dictionaries(
    st.sampled_from([f"a{i}" for i in range(12)]),
    st.fixed_dictionaries({"reports": st.lists(st.sampled_from("klmnop"), max_size=2).map(tuple)}),
    min_size=1,
)


@settings(deadline=None)
@given(graphs, st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=3))
def test_articles_on_one_contact_and_near_duplicates_stay_together(articles, pairs):
    ids = sorted(articles)
    duplicates = [Pair(ids[a % len(ids)], ids[b % len(ids)], 0.9) for a, b in pairs]
    where = split(corpus(articles), duplicates, Findings()).by_event
    assert sorted(where) == ids
    for a in ids:
        for b in ids:
            if set(articles[a]["reports"]) & set(articles[b]["reports"]):
                assert where[a] == where[b]
    assert all(where[pair.a] == where[pair.b] for pair in duplicates)


@settings(deadline=None)
@given(graphs, graphs)
def test_released_articles_never_move_as_the_corpus_grows(old, new):
    released = split(corpus(old), [], Findings()).by_event
    findings = Findings()
    where = split(corpus({**new, **old}, released), [], findings).by_event
    assert {a: where[a] for a in released} == released
    for finding in findings.errors:
        assert finding.code == "HD509"  # growth joined what a release had parted; it is said, and nothing moves


def test_articles_that_growth_joins_are_named():
    released = {"a": "train", "b": "test"}
    findings = Findings()
    split(corpus({"a": {"reports": ("k",)}, "b": {"reports": ("l",)}, "c": {"reports": ("k", "l")}}, released), [], findings)
    (error,) = findings.errors
    assert (error.code, error.found) == ("HD509", "a in train, b in test")


def test_a_report_stays_with_the_one_it_repeats():
    where = split(
        corpus({f"a{i}": {"reports": (), "derived_from": "a0" if i else None} for i in range(6)}), [], Findings()
    ).by_event
    assert len(set(where.values())) == 1


def test_shares_are_met_where_groups_allow_it():
    where = split(corpus({f"a{i:03}": {"reports": (f"k{i}",)} for i in range(200)}), [], Findings()).by_event
    assert [sum(s == name for s in where.values()) for name in SPLITS] == [100, 50, 50]


def test_splits_are_alike_in_language_and_kind_of_outlet():
    """Each language and each kind of outlet is spread as all articles are."""
    languages, kinds = ("de-DE", "de-AT", "de-CH"), (OutletKind.newspaper, OutletKind.portal)
    articles = {
        f"a{i:03}": {
            "reports": (f"k{i}",), "language": languages[i % 3],
            "source": ARTICLE.source.model_copy(update={"outlet_kind": kinds[i // 3 % 2], "outlet": f"o{i}"}),
        }
        for i in range(120)
    }  # fmt: skip
    where = split(corpus(articles), [], Findings()).by_event
    for of in (lambda what: what["language"], lambda what: what["source"].outlet_kind):
        for value in {of(what) for what in articles.values()}:
            own = [where[i] for i, what in articles.items() if of(what) == value]
            for name, share in zip(SPLITS, (0.6, 0.2, 0.2), strict=True):
                assert abs(own.count(name) - share * len(own)) <= 0.15 * len(own)


def test_outlets_that_share_copy_stay_together():
    def of(outlet: str) -> dict[str, object]:
        return {"source": ARTICLE.source.model_copy(update={"outlet": outlet})}

    articles = {"a": of("x"), "b": of("y"), "c": of("y"), "d": {**of("z"), "derived_from": "c"}, "e": of("w"), "f": of("v")}
    where = split(corpus(articles), [Pair("a", "b", 0.8)], Findings()).by_outlet
    assert len({where[i] for i in "abcd"}) == 1
    assert len(set(where.values())) > 1


def test_by_time_cuts_at_the_days_of_the_policy():
    times = {"a": "2030-12-31", "b": "2031-01-01", "c": "2031-05", "d": "2031-06", "e": "2030/2031-01-02"}
    where = split(corpus({i: {"published": t, "reports": ()} for i, t in times.items()}), [], Findings()).by_time
    assert where == {"a": "train", "b": "validation", "c": "validation", "d": "test", "e": "validation"}


def test_by_outlet_keeps_outlets_whole():
    sources = {f"a{i}": ARTICLE.source.model_copy(update={"outlet": f"o{i % 4}"}) for i in range(12)}
    where = split(corpus({i: {"source": s, "reports": ()} for i, s in sources.items()}), [], Findings()).by_outlet
    assert all(len({where[i] for i in sources if sources[i].outlet == f"o{k}"}) == 1 for k in range(4))


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
    outlets = {key: {"reports": (), "source": ARTICLE.source.model_copy(update={"outlet": key.upper()})} for key in "abc"}
    released = Splits.model_construct(by_event={}, by_time={}, by_outlet={"a": "train", "b": "test"})
    findings = Findings()
    where = split(replace(corpus(outlets), splits=released), [Pair("a", "b", 0.9), Pair("b", "c", 0.9)], findings).by_outlet
    assert findings.errors == []
    assert where == {"a": "train", "b": "test", "c": "test"}


def test_the_leakage_report_names_what_splits_share():
    raw = corpus({"a": {"reports": ("k",)}, "b": {"reports": ("k",)}, "c": {"reports": ()}})
    splits = Splits.model_construct(
        by_event={"a": "train", "b": "test", "c": "test"},
        by_time=dict.fromkeys("abc", "train"),
        by_outlet=dict.fromkeys("abc", "train"),
    )
    report = leakage(raw, splits, Pages({}, {}, ()))
    assert report["by_event"]["contacts_reported"] == [{"value": "k", "splits": ["train", "test"]}]
    assert report["by_event"]["outlets"] == [{"value": "Abendblatt", "splits": ["train", "test"]}]
    assert report["by_time"]["contacts_reported"] == []
    assert (report["articles"], report["texts_compared"]) == (3, 0)
