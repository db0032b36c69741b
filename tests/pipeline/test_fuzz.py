"""Bundles of every kind: a valid one is accepted and comes back unchanged, one with a fault is refused with the right code and place.

`pytest tests/pipeline/test_fuzz.py --hypothesis-profile=thorough` draws 10,000 of each.
"""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from pipeline.build import checking
from pipeline.rules import Severity
from tests.conftest import VALID, findings_of, tables_of_unit
from tests.pipeline.test_release import assert_within, local
from tests.strategies import bundles, faulty

FILE = "articles/fuzz.json"
ALLOWED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.large_base_example]
EXAMPLES = 40 if settings.default.max_examples == 100 else settings.default.max_examples
"""Each is a corpus that is checked."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:

    return Path(shutil.copytree(VALID, tmp_path_factory.mktemp("fuzz") / "raw"))


def write(corpus: Path, bundle: dict, text: str) -> None:
    (corpus / "pages/fuzz.txt").write_text(text, encoding="utf-8", newline="")
    (corpus / FILE).write_text(json.dumps(bundle, ensure_ascii=False), encoding="utf-8")


@pytest.mark.slow
@settings(max_examples=EXAMPLES, suppress_health_check=ALLOWED, deadline=None)
@given(bundles())
def test_a_valid_bundle_is_accepted_and_comes_back_unchanged(corpus: Path, made: tuple[dict, str]):
    bundle, text = made
    write(corpus, bundle, text)
    with checking(corpus, None, only=[FILE]) as checked:
        assert checked.findings.all == []
        (unit,) = checked.corpus.index.units
        tables = {name: rows.to_pylist() for name, rows in tables_of_unit(checked.area.folder / unit.name).items()}
    back = {
        "article": tables["articles"][0],
        **{n: [local(r, "fuzz") for r in tables[n]] for n in ("entities", "events", "comments")},
    }
    assert_within(bundle, back)


@settings(max_examples=EXAMPLES, suppress_health_check=ALLOWED, deadline=None)
@given(faulty())
def test_a_fault_is_refused_with_the_right_code_at_the_right_place(corpus: Path, made):
    bundle, text, codes, loc = made
    write(corpus, bundle, text)
    found = [finding for finding in findings_of(corpus, only=[FILE]) if finding.rule.severity is Severity.error]
    assert found, (codes, loc)
    assert any(f.code in codes and f.loc == loc for f in found), (codes, loc, [(f.code, f.loc) for f in found])
    assert all(f.line and f.column for f in found if f.file == FILE)
