"""Bundles of every kind: a valid one is accepted and comes back unchanged, one with a fault is refused with the right code and place.

`pytest tests/pipeline/test_fuzz.py --hypothesis-profile=thorough` draws 10,000 of each.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from pipeline.build import load_and_check
from pipeline.findings import Findings
from pipeline.split import split
from pipeline.tables import build_tables
from tests.conftest import VALID
from tests.pipeline.test_release import assert_within, local
from tests.strategies import bundles, faulty

FILE = "articles/fuzz.json"
ALLOWED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.large_base_example]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:

    return Path(shutil.copytree(VALID, tmp_path_factory.mktemp("fuzz") / "raw"))


def checked(corpus: Path, bundle: dict, text: str):
    (corpus / "pages/fuzz.txt").write_text(text, encoding="utf-8", newline="")
    (corpus / FILE).write_text(json.dumps(bundle, ensure_ascii=False), encoding="utf-8")
    return load_and_check(corpus, None, only=[FILE])


@settings(suppress_health_check=ALLOWED, deadline=None)
@given(bundles())
def test_a_valid_bundle_is_accepted_and_comes_back_unchanged(corpus: Path, made: tuple[dict, str]):
    bundle, text = made
    result = checked(corpus, bundle, text)
    assert result.findings.all == []
    raw = result.raw
    splits = split(replace(raw, whole=True), [], Findings())
    name = splits.by_event["fuzz"]
    tables = {table: rows[name].to_pylist() for table, rows in build_tables(raw, result.pages, splits).items() if name in rows}
    back = {
        "article": tables["articles"][0],
        **{n: [local(r, "fuzz") for r in tables[n]] for n in ("entities", "events", "comments")},
    }
    assert_within(bundle, back)


@settings(suppress_health_check=ALLOWED, deadline=None)
@given(faulty())
def test_a_fault_is_refused_with_the_right_code_at_the_right_place(corpus: Path, made):
    bundle, text, codes, loc = made
    found = checked(corpus, bundle, text).findings.errors
    assert found, (codes, loc)
    assert any(f.code in codes and f.loc == loc for f in found), (codes, loc, [(f.code, f.loc) for f in found])
    assert all(f.line and f.column for f in found if f.file == FILE)
