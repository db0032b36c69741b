"""The counts that figures are made of: the same by hand, of any parts of the articles, and from bytes."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.begin import count_splits
from pipeline.build import Checked, checking
from pipeline.counting import Codes, Key, count
from pipeline.spans import bundles_array
from pipeline.split import SCHEMES
from pipeline.statistics import statistics
from pipeline.tables import reference_table
from pipeline.tally import CHAIN, Tally, people, year_of
from schema.base import edtf_bounds
from schema.records import Bundle
from tests.conftest import ROOT, VALID, bundles_of, edit_json

CORPORA = (ROOT / "data/raw", VALID)


@pytest.fixture(scope="module", params=CORPORA, ids=["data", "valid"])
def folder(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture(scope="module")
def checked(folder: Path) -> Iterator[Checked]:
    with checking(folder, None) as found:
        yield found


@pytest.fixture(scope="module")
def bundles(folder: Path) -> tuple[Bundle, ...]:
    return bundles_of(folder)


@pytest.fixture(scope="module")
def root(bundles: tuple[Bundle, ...]) -> pa.StructArray:
    return bundles_array(bundles)


def by_hand(bundles: tuple[Bundle, ...]) -> Tally:
    """What a tally is, record by record."""
    t = Tally()
    for b in bundles:
        a = b.article
        outlet = a.source.outlet or f"not known: {a.article_id}"
        t.sums.update({("articles",): 1, ("zones",): len(a.zones), ("private",): len(a.private), ("entities",): len(b.entities)})
        t.sums.update({("events",): len(b.events), ("comments",): len(b.comments), ("articles_with_comments",): bool(b.comments)})
        t.articles[outlet, a.source.outlet_kind.value, a.source.country, a.language, a.origin.value] += 1
        t.outlets.update([(a.source.outlet,)] if a.source.outlet else [])
        t.years[year_of(a.published),] += 1
        t.reports.update((contact,) for contact in a.reports)
        t.adjudicated[a.annotation.adjudicated,] += 1
        t.annotators.update({(who.kind.value,) for who in a.annotation.annotators})
        for e in b.entities:
            t.sums["mentions",] += len(e.mentions)
            t.entities[e.type.value, e.kb_id is not None] += 1
            t.mentions.update((e.type.value, m.level.value, m.usage.value) for m in e.mentions)
        for v in b.events:
            t.sums.update({(name,): len(getattr(v, name)) for name in ("markers", "sources", "arguments")})
            t.events[v.type.value, v.certainty.value, v.polarity.value, v.contact_id is not None] += 1
            t.sourced[min(len(v.sources), CHAIN), v.certainty.value] += 1
        for c in b.comments:
            t.sums["stances",] += len(c.stances)
            t.sentiments[c.labels.sentiment.value,] += 1
            t.labels.update((name,) for name, holds in c.labels if holds is True)
            t.stances.update((s.stance.value, s.ironic) for s in c.stances)
    t.sums = +t.sums
    return t


def people_by_hand(bundles: tuple[Bundle, ...]) -> Counter[Key]:
    found: Counter[Key] = Counter()
    for b in bundles:
        outlet = b.article.source.outlet or f"not known: {b.article.article_id}"
        for e in b.entities:
            found.update((e.kb_id, outlet, m.level.value) for m in e.mentions if e.type.value == "PER" and e.kb_id)
    return found


def counted(table: pa.Table) -> Counter[Key]:
    rows = [(row["kb_id"], row["outlet"], row["level"], row["n"]) for row in table.to_pylist()]
    assert len({row[:3] for row in rows}) == len(rows)
    return Counter({row[:3]: row[3] for row in rows})


def test_a_tally_is_what_one_counts_by_hand(bundles: tuple[Bundle, ...], root: pa.StructArray):
    found = Tally.of(root)
    assert found == by_hand(bundles)
    assert all(vars(found).values()), "the corpora have something to count of everything"


def test_persons_are_counted_as_by_hand(bundles: tuple[Bundle, ...], root: pa.StructArray):
    assert counted(people(root)) == people_by_hand(bundles) != Counter()
    assert len(people(root.slice(0, 0))) == 0


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_tallies_of_parts_add_up_to_that_of_all(root: pa.StructArray, data: st.DataObject):
    parts = np.array(data.draw(st.lists(st.integers(0, 4), min_size=len(root), max_size=len(root))))
    tallies = [Tally.of(root.filter(pa.array(parts == i))) for i in data.draw(st.permutations(range(5)))]
    whole = Tally.of(root)
    assert Tally.total(tallies) == whole
    assert Tally.total(tallies).to_bytes() == whole.to_bytes()


def test_tallies_of_slices_are_those_of_their_articles(bundles: tuple[Bundle, ...], root: pa.StructArray):
    for i, bundle in enumerate(bundles):
        assert Tally.of(root.slice(i, 1)) == by_hand((bundle,))
        assert counted(people(root.slice(i, 1))) == people_by_hand((bundle,))


def test_a_tally_comes_back_from_bytes(root: pa.StructArray):
    for tally in (Tally.of(root), Tally.of(root.slice(0, 0)), Tally()):
        again = Tally.from_bytes(tally.to_bytes())
        assert again == tally
        assert {name: {tuple(map(type, key)) for key in counts} for name, counts in vars(again).items()} == {
            name: {tuple(map(type, key)) for key in counts} for name, counts in vars(tally).items()
        }


def test_no_article_is_an_empty_tally(root: pa.StructArray):
    assert Tally.of(root.slice(0, 0)) == Tally.total([]) == Tally()


def test_statistics_do_not_depend_on_where_articles_were_counted(
    checked: Checked, bundles: tuple[Bundle, ...], root: pa.StructArray
):
    contacts, kb = (reference_table(name, checked.raw) for name in ("contacts", "kb"))
    passes = [(article_id, name) for name, own in checked.corpus.passes.items() for article_id in own]
    assert checked.corpus.splits is not None
    splits = count_splits(checked.corpus.index, checked.corpus.splits)
    persons = counted(people(root))
    persons_of_parts = sum((counted(people(root.slice(i, 1))) for i in reversed(range(len(root)))), Counter())
    parts = Tally.total(Tally.from_bytes(Tally.of(root.slice(i, 1)).to_bytes()) for i in reversed(range(len(root))))
    counts = ((Tally.of(root), persons), (parts, persons_of_parts))
    a, b = (statistics(tally, contacts, kb, named, passes, splits, ()) for tally, named in counts)
    assert a == b
    assert repr(a.blocks) == repr(b.blocks), "the order of rows too"
    assert [*a.naming.items()] == [*b.naming.items()]
    assert a.numbers["articles"] == len(root)
    assert a.numbers["mentions"] == sum(len(e.mentions) for bundle in bundles for e in bundle.entities)
    assert a.numbers["passes"] == len(checked.corpus.passes)


def test_splits_are_counted_as_by_hand(checked: Checked, bundles: tuple[Bundle, ...]):
    splits, ids = checked.corpus.splits, checked.corpus.index.ids().to_pylist()
    assert splits is not None
    kinds = {c.contact_id: c.kind.value for c in checked.raw.contacts}
    expected: Counter[tuple[str, ...]] = Counter()
    for scheme in SCHEMES:
        split = dict(zip(ids, splits.names(scheme).to_pylist(), strict=True))
        for a in (bundle.article for bundle in bundles):
            values = {
                "all": "", "contact_kind": kinds[a.reports[0]] if a.reports else "none", "language": a.language,
                "outlet_kind": a.source.outlet_kind.value,
            }  # fmt: skip
            expected.update((scheme, *item, split[a.article_id]) for item in values.items())
    assert count_splits(checked.corpus.index, splits) == expected


def test_an_article_that_reports_nothing_counts_as_none_and_the_first_of_several_reports_counts(raw: Path):
    rows = [json.loads(line) for line in (raw / "contacts.jsonl").read_text("utf-8").splitlines()]
    one, other = rows[0], next(row for row in rows if row["kind"] != rows[0]["kind"])
    both = [one["contact_id"], other["contact_id"]]
    paths = sorted((raw / "articles").glob("*.json"))
    for i, path in enumerate(paths):
        reports = both if i == 0 else both[::-1] if i == 1 else []
        edit_json(path, lambda bundle, reports=reports: bundle["article"].update(reports=reports))
    with checking(raw, None) as found:
        assert not found.findings.errors
        assert found.corpus.splits is not None
        counts = count_splits(found.corpus.index, found.corpus.splits)
    told: Counter[str] = Counter()
    for (scheme, what, value, _), n in counts.items():
        told.update({str(value): n} if (scheme, what) == ("by_time", "contact_kind") else {})
    assert told == {one["kind"]: 1, other["kind"]: 1, "none": len(paths) - 2}


VALUES = st.one_of(st.none(), st.sampled_from(["", "a", "b", "ü"]))


@settings(deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES, st.booleans(), st.integers(0, 10**6))), st.data())
def test_rows_are_counted_by_their_values(rows: list[tuple[str | None, str | None, bool, int]], data: st.DataObject):
    a, b, flags, numbers = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [])
    columns = (Codes.of(pa.array(a, pa.string())), Codes.of(pa.array(b, pa.string())), Codes.which(pa.array(flags, pa.bool_())))
    wide = Codes(range(10**6 + 1), np.array(numbers, dtype=np.int64))
    assert count(*columns) == Counter(row[:3] for row in rows)
    assert count(*columns, wide) == Counter(rows), "more values than rows"
    taken = data.draw(st.lists(st.integers(0, len(rows) - 1))) if rows else []
    some = np.array(taken, dtype=np.int64)
    assert count(*(column.take(some) for column in columns)) == Counter(rows[i][:3] for i in taken)


@pytest.mark.parametrize(
    "edtf", ["2029", "2029~", "2029-05", "2029-05-01?", "2029-05-01T10:00:00", "0999-01", "2029/2031-05", "../2030"]
)
def test_the_year_is_that_of_the_last_day(edtf: str):
    assert year_of(edtf) == str(edtf_bounds(edtf)[1].year)


def test_the_year_of_an_open_end_is_that_of_the_first_day():
    assert year_of("2029-12/..") == "2029"


def test_long_chains_of_sources_are_counted_as_one_and_unknown_outlets_as_none(bundles: tuple[Bundle, ...]):
    bundle = next(b for b in bundles if any(e.sources for e in b.events))
    event = next(e for e in bundle.events if e.sources)
    chains = [event.model_copy(update={"sources": event.sources[:1] * n}) for n in (0, 2, 3, 4, 7)]
    source = bundle.article.source.model_copy(update={"outlet": None})
    article = bundle.article.model_copy(update={"source": source, "article_id": "nowhere"})
    changed = bundle.model_copy(update={"article": article, "events": tuple(chains)})
    found = Tally.of(bundles_array([changed, bundle]))
    assert found == by_hand((changed, bundle))
    own = Tally.of(bundles_array([changed]))
    assert own.sourced == {(0, event.certainty): 1, (2, event.certainty): 1, (3, event.certainty): 3}
    assert [key[0] for key in own.articles] == ["not known: nowhere"]
    assert not own.outlets
