"""What the benchmarks do to a corpus, and what becomes of a benchmark that fails."""

import json
from pathlib import Path

import pytest

pytest.importorskip("psutil", reason="the extra bench is not installed")

from benchmarks.bench import Bench, Failed
from benchmarks.generate import generate
from benchmarks.run import main
from benchmarks.suites import change, differences
from tests.conftest import bundles_of, findings_of


def test_a_changed_corpus_is_valid_and_differs_in_one_article(tmp_path: Path):
    for name in ("one", "other"):
        generate(tmp_path / name, 9, shards=3, seed=2)
    change(tmp_path / "other", 4)
    assert list(differences(tmp_path / "one", tmp_path / "other")) == ["articles/part-00001.jsonl"]
    assert findings_of(tmp_path / "other") == []
    before, after = (bundles_of(tmp_path / name) for name in ("one", "other"))
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert len(changed) == 1
    old, new = (text.split() for text in (changed[0][0].page_text, changed[0][1].page_text))
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 1
    with pytest.raises(IndexError):
        change(tmp_path / "other", 9)


def test_differences_see_what_is_missing(tmp_path: Path):
    for folder, names in (("one", "ab"), ("other", "bc")):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / name).write_text("same")
    assert list(differences(tmp_path / "one", tmp_path / "other")) == ["a", "c"]


@pytest.mark.slow
def test_results_of_a_run(tmp_path: Path):
    options = ["--bundles", "20", "--repeat", "2", "--work", str(tmp_path / "work"), "--results", str(tmp_path / "results")]
    assert main(["build", "--cases", "bound", "bound-records", *options]) == 0
    first, *rows = [json.loads(line) for line in (tmp_path / "results" / "build.jsonl").read_text().splitlines()]
    assert first["machine"]["cores"] >= 1
    assert str(tmp_path) not in str(rows)
    assert [(row["case"], row["round"]) for row in rows] == [("bound", 0), ("bound-records", 0), ("bound", 1), ("bound-records", 1)]
    assert all(row["seconds"] > 0 and row["bytes"] > 0 for row in rows)


def test_a_command_that_fails_leaves_no_result(tmp_path: Path):
    bench = Bench("build", tmp_path)
    with pytest.raises(Failed, match="status 1"):
        bench.run("nothing", ["false"])
    assert bench.results == []


def test_a_dry_run_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert (
        main(["rebuild", "--dry-run", "--repeat", "1", "--work", str(tmp_path / "work"), "--results", str(tmp_path / "results")])
        == 0
    )
    said = capsys.readouterr().err
    assert said.count("build_dataset.py build") == 4
    assert "--cache" in said
    assert list((tmp_path / "work").iterdir()) == []
    assert not (tmp_path / "results").exists()
