"""How far two passes agree: the figures are those of the libraries that others use, and what is said is what was marked."""

import json
import math
import random
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nervaluate import Evaluator
from sklearn.metrics import cohen_kappa_score

from pipeline.agree import MEASURES, agreement
from pipeline.agree.align import exact, overlapping, same_entities
from pipeline.agree.coreference import conll, lea
from pipeline.agree.measure import RESAMPLES, SEED, alpha, kappa, margins
from pipeline.build import checking
from schema.records import Bundle, Entity
from tests.conftest import VALID, edit_json

LABELS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=60)


def passes_of(raw: Path) -> dict[str, dict[str, Bundle]]:
    with checking(raw, None, level=2) as checked:
        return {name: {key: passed.bundle for key, passed in own.items()} for name, own in checked.corpus.passes.items()}


def measured(raw: Path, measure: str, kind: str = "all"):
    found = [a for a in agreement(passes_of(raw)) if (a.measure, a.type, a.origin) == (measure, kind, None)]
    assert len(found) == 1
    return found[0]


# --- figures -----------------------------------------------------------------------------------------------------------------


@given(LABELS)
def test_kappa_is_that_of_scikit_learn(pairs):
    first, second = zip(*pairs, strict=True)
    ours = float(kappa(margins([pairs])[0]))
    if len({*first, *second}) == 1:
        assert math.isnan(ours)  # nothing can be said of chance
    else:
        assert ours == pytest.approx(cohen_kappa_score(first, second))


@given(LABELS)
def test_alpha_is_that_of_krippendorff(pairs):
    if len({label for pair in pairs for label in pair}) > 1:
        theirs = krippendorff.alpha(reliability_data=np.array(pairs).T, level_of_measurement="nominal")
        assert float(alpha(margins([pairs])[0])) == pytest.approx(theirs)


@given(st.integers(0, 10_000))
def test_f1_of_spans_is_that_of_nervaluate(seed):
    """On spans that do not nest: where they do, nervaluate's counts depend on their order."""
    draw = random.Random(seed)
    a = [(start, start + draw.randint(1, 4)) for start in range(0, 60, 5) if draw.random() < 0.8]
    b = [(s + draw.choice((0, 0, 1)), e) if e - s > 1 else (s, e) for s, e in a if draw.random() < 0.8]
    if not a or not b:
        return
    lists = [[{"label": "X", "start": s, "end": e - 1} for s, e in spans] for spans in (a, b)]
    theirs = Evaluator([lists[0]], [lists[1]], tags=["X"], loader="dict").evaluate()["overall"]
    assert len(exact(a, b)) == theirs["exact"].correct
    assert len(overlapping(a, b)) == theirs["partial"].correct + theirs["partial"].partial


def test_chains_that_are_the_same_agree_wholly_and_lea_counts_links():
    a = [{(0, 1), (2, 3), (4, 5)}, {(6, 7)}]
    assert (conll(a, a), lea(a, a)) == (pytest.approx(1), 1)
    # Moosavi and Strube: of three links in the chain of three one is found, the single mention is not resolved
    b = [{(0, 1), (2, 3)}, {(4, 5), (6, 7)}]
    recall, precision = (3 * 1 / 3 + 1 * 0) / 4, (2 * 1 / 1 + 2 * 0) / 4
    assert lea(a, b) == pytest.approx(2 * precision * recall / (precision + recall))
    assert (lea([], []), lea(a, []), conll(a, [])) == (1, 0, 0)


# --- alignment ---------------------------------------------------------------------------------------------------------------


def test_spans_are_aligned_one_to_one_with_the_best_partner():
    assert overlapping([(0, 10), (12, 20)], [(8, 14), (0, 10)]) == [(0, 1), (1, 0)]
    assert overlapping([(0, 5)], [(5, 9)]) == []  # half-open: they only touch


def test_entities_are_aligned_by_what_they_share():
    def entity(key: str, *starts: int) -> Entity:
        mentions = [{"start": s, "end": s + 1, "level": "name"} for s in starts]
        return Entity.model_validate_json(
            json.dumps({"entity_id": key, "type": "PER", "name": key, "kb_id": None, "mentions": mentions})
        )

    assert same_entities([entity("n1", 0, 2, 4), entity("n2", 6)], [entity("n1", 6, 4), entity("n2", 0, 2)]) == [(0, 1), (1, 0)]
    assert same_entities([entity("n1", 0)], [entity("n1", 5)]) == []


# --- passes --------------------------------------------------------------------------------------------------------------------


def test_a_pass_agrees_wholly_with_itself(raw: Path):
    for path in (raw / "passes/a").iterdir():
        (raw / "passes/b" / path.name).write_bytes(path.read_bytes())
    found = agreement(passes_of(raw))
    assert {a.measure for a in found} <= set(MEASURES)
    assert {a.value for a in found if a.value is not None} == {1.0}
    for figure in (a for a in found if a.value is not None):
        assert (
            figure.low == figure.high == (1.0 if figure.articles > 1 else None)
        )  # pages are what is drawn: one alone says no interval


def test_a_missed_mention_and_a_shorter_one_are_counted(raw: Path):
    same, near = measured(raw, "mentions, exact"), measured(raw, "mentions, overlap")
    assert (same.both, same.first, same.second) == (33, 35, 34)
    assert same.value == pytest.approx(2 * 33 / 69, abs=5e-4)
    assert (near.both, near.first, near.second) == (34, 35, 34)
    assert same.low <= same.value <= same.high
    assert measured(raw, "mentions, exact", "GPE").value == 1


def test_labels_are_compared_on_what_both_marked(raw: Path):
    certainty = measured(raw, "certainty")
    assert (certainty.both, certainty.first) == (15, 16)
    assert certainty.value < 1 == measured(raw, "event type").value
    edit_json(raw / "passes/b/anruf-tagblatt.json", lambda b: b["events"].pop())
    assert measured(raw, "certainty").first == 15
    assert measured(raw, "triggers, exact").second == 15


def test_arguments_are_compared_through_the_entities_that_the_passes_share(raw: Path):
    """Identifiers of a pass are its own: renumbered, the entities are the same."""

    def renumber(value):
        if isinstance(value, dict):
            return {k: f"n{100 - int(v[1:])}" if k == "entity_id" and v else renumber(v) for k, v in value.items()}
        return [renumber(item) for item in value] if isinstance(value, list) else value

    before = {key: measured(raw, key).value for key in ("roles", "source chains", "stance targets")}
    for path in (raw / "passes/b").iterdir():
        path.write_text(json.dumps(renumber(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")
    assert {key: measured(raw, key).value for key in before} == before == dict.fromkeys(before, 1.0)

    def swap(b):
        roles = b["events"][0]["arguments"]
        roles[0]["role"] = "topic"

    edit_json(raw / "passes/b/anruf-abendblatt.json", swap)
    assert measured(raw, "arguments").value == 1 > measured(raw, "roles").value


def test_pages_of_each_origin_are_measured_apart(raw: Path):
    edit_json(raw / "articles/absage-kurier.json", lambda b: b["article"].update(origin="collected"))
    found = {a.origin: a for a in agreement(passes_of(raw)) if (a.measure, a.type) == ("mentions, exact", "all")}
    assert {origin: a.articles for origin, a in found.items()} == {None: 3, "collected": 1, "written": 2}
    assert found["collected"].value == 1 > found[None].value > found["written"].value


def test_one_pass_alone_has_nothing_to_agree_with():
    passes = passes_of(VALID)
    assert agreement({"a": passes["a"]}) == agreement({}) == ()


def test_an_interval_is_that_of_a_plain_bootstrap_over_pages(raw: Path):
    """The same resampling, page by page and figure by figure, without arrays."""
    counts = {"anruf-abendblatt": (22, 22, 22), "anruf-tagblatt": (6, 8, 7), "absage-kurier": (5, 5, 5)}
    found = measured(raw, "mentions, exact")
    assert tuple(map(sum, zip(*counts.values(), strict=True))) == (found.both, found.first, found.second)
    pages = [counts[key] for key in sorted(counts)]
    draws = np.random.default_rng(SEED).integers(len(pages), size=(RESAMPLES, len(pages)))
    values = []
    for draw in draws:
        both, first, second = (sum(pages[i][column] for i in draw) for column in range(3))
        values.append(2 * both / (first + second))
    values.sort()
    assert found.low == pytest.approx(values[round(0.025 * RESAMPLES)], abs=2e-3)
    assert found.high == pytest.approx(values[round(0.975 * RESAMPLES) - 1], abs=2e-3)


def test_figures_are_the_same_every_time():
    passes = passes_of(VALID)
    assert agreement(passes) == agreement(passes)


# --- on the command line ---------------------------------------------------------------------------------------------------------


def test_the_table_has_every_measure_and_json_every_type(run):
    status, out, _ = run("agree", "--raw", VALID)
    assert status == 0
    assert "mentions, exact (F1)" in out and " .957 " in out
    assert ": PER" not in out
    assert max(map(len, out.splitlines())) <= 80
    assert ": PER" in run("agree", "--raw", VALID, "--by-type")[1]
    rows = json.loads(run("agree", "--raw", VALID, "--json")[1])
    assert {row["measure"] for row in rows} <= set(MEASURES)
    assert {row["passes"][0] for row in rows} == {"a"}


def test_differences_are_listed_one_by_one_with_their_words(run):
    status, out, _ = run("agree", "anruf-tagblatt", "--raw", VALID, "--json")
    found = [(row["what"], row["first"], row["second"]) for row in json.loads(out)]
    assert status == 0
    assert ("mention", "PER adler, nominal", None) in found
    assert ("event.certainty", "certain", "probable") in found
    assert len(found) == 4  # a mention of other length is one in each
    assert "certain" in run("agree", "anruf-tagblatt", "--raw", VALID)[1]


def test_words_of_a_withheld_page_are_shown_only_to_who_has_it(raw: Path, run):
    edit_json(
        raw / "passes/b/absage-kurier.json", lambda b: b["events"][0].pop("when", None) or b["events"][0].update(type="talks")
    )
    edit_json(raw / "passes/b/absage-kurier.json", lambda b: b["events"][0].update(cameo="046", plover={"event": "CONSULT"}))
    without = run("agree", "absage-kurier", "--raw", raw, "--json")
    assert without[0] == 0
    assert "“" not in without[1]


def test_without_two_passes_it_says_what_a_pass_is(raw: Path, run):
    for path in (raw / "passes/b").iterdir():
        path.unlink()
    status, _, err = run("agree", "--raw", raw)
    assert (status, "passes/<pass>/<article_id>.json" in err) == (2, True)
    assert run("agree", "wahl-abendblatt", "--raw", VALID)[0] == 2
