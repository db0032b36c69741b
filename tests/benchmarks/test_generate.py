"""The generator: what it writes is valid, the same every time, and has what a benchmark needs."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.generate import generate
from benchmarks.generate import main as command
from pipeline.build import Checked, checking
from pipeline.duplicates import near_duplicates
from schema.records import Bundle
from schema.vocabulary import OutletKind
from tests.conftest import bundles_of, files, tables_of_checked


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated") / "raw"
    generate(folder, bundles=60, shards=4, seed=5)
    return folder


@pytest.fixture(scope="module")
def checked(corpus: Path) -> Iterator[Checked]:
    with checking(corpus, None) as found:
        yield found


@pytest.fixture(scope="module")
def bundles(corpus: Path) -> tuple[Bundle, ...]:
    return bundles_of(corpus)


def test_breaks_no_rule(checked: Checked):
    assert not checked.findings.all
    assert len(checked.corpus.index) == 60


def test_same_bytes_for_the_same_seed(corpus: Path, tmp_path: Path):
    generate(tmp_path / "again", bundles=60, shards=4, seed=5)
    generate(tmp_path / "other", bundles=60, shards=4, seed=6)
    assert files(tmp_path / "again") == files(corpus)
    assert files(tmp_path / "other") != files(corpus)


@pytest.mark.parametrize("compress", ["gz", "zst"])
def test_compressed_shards_hold_the_same(bundles: tuple[Bundle, ...], tmp_path: Path, compress: str):
    generate(tmp_path / "raw", bundles=60, shards=1, seed=5, compress=compress)
    assert bundles_of(tmp_path / "raw") == bundles


def test_near_duplicates_and_only_meant_ones(checked: Checked, bundles: tuple[Bundle, ...]):
    documents = [row for table in tables_of_checked(checked)["documents"].values() for row in table.to_pylist()]
    pairs = near_duplicates({row["article_id"]: row["text"] for row in documents})
    assert pairs
    assert all(0.6 < pair.similarity < 0.95 for pair in pairs)
    assert len(pairs) <= 8, "about one in twenty of 60, not one template by chance the same as another"
    derived = {b.article.article_id: b.article.derived_from for b in bundles if b.article.derived_from}
    assert derived
    for article_id, origin in derived.items():
        assert any({pair.a, pair.b} == {article_id, origin} for pair in pairs)


def test_articles_report_one_contact_or_none(checked: Checked, bundles: tuple[Bundle, ...]):
    reports = [len(b.article.reports) for b in bundles]
    assert set(reports) == {0, 1}
    assert 0.4 < sum(reports) / len(reports) < 0.8
    assert (len(checked.raw.contacts), len(checked.raw.kb)) == (400, 2000)


def test_a_page_is_as_a_page_of_the_corpus(bundles: tuple[Bundle, ...]):
    articles = [bundle.article for bundle in bundles]
    assert {a.language for a in articles} == {"de-DE", "de-AT", "de-CH"}
    assert {a.source.outlet_kind for a in articles} == set(OutletKind)
    for bundle in bundles:
        assert 25 <= len(bundle.entities) <= 31
        assert (len(bundle.events), len(bundle.comments)) == (10, 3)
        assert 3_000 < bundle.article.page.characters < 5_000
        text = bundle.page_text
        assert text is not None
        assert all(text[a.end : b.start] == "\n\n" for a, b in pairwise(bundle.article.zones))
        for entity in bundle.entities:
            for mention in entity.mentions:
                said = text[mention.start : mention.end]
                assert mention.level == "nominal" or said == entity.name or entity.name.endswith(f" {said}")


@pytest.mark.parametrize("arguments", [["--bundles", "0"], ["--seed", "-1"], ["--bundles", "3", "--shards", "4"]])
def test_numbers_that_make_no_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]):
    assert command([*arguments, str(tmp_path / "raw")]) == 2
    assert "at least" in capsys.readouterr().err
    assert not (tmp_path / "raw").exists()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "mine.txt").write_text("mine")
    assert command(["--bundles", "3", "--shards", "1", str(tmp_path)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert files(tmp_path) == {"mine.txt": b"mine"}
