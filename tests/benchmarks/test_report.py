"""The page of performance: figures come from results alone, and what people wrote around them stays."""

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("psutil", reason="the extra bench is not installed")

from benchmarks.report import FIGURES, main
from tests.conftest import ROOT, files

RUNS = [("bound", 2.0), ("bound", 4.0), ("bound", 3.0), ("build", 6.0), ("build", 6.6), ("build", 5.4)]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "performance.md", tmp_path / "docs")
    return tmp_path / "docs"


def results(folder: Path, name: str, rows: list[dict]) -> Path:
    folder.mkdir(exist_ok=True)
    lines = [{"machine": {"cores": 2, "memory_gib": 8.0}}, *rows]
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def built() -> list[dict]:
    return [
        {"case": case, "bundles": 1000, "seconds": seconds, "cpu": seconds, "pss": 100 << 20, "rss": 150 << 20, "bytes": 5_000_000}
        for case, seconds in RUNS
    ]


def run(folder: Path, docs: Path) -> int:
    return main(["--results", str(folder), "--docs", str(docs)])


def test_medians_spread_and_ratios(docs: Path, tmp_path: Path):
    assert run(results(tmp_path / "r", "build", built()), docs) == 0
    page = (docs / "performance.md").read_text()
    assert "| bound | 1,000 | 3 | 3.00 (2.00–4.00) | 1.00 × | 3.00 | 100 | 150 | 5.00 |" in page
    assert "| **build** | 1,000 | 3 | 6.00 (5.40–6.60) | 2.00 × | 6.00 | 100 | 150 | 5.00 |" in page
    assert "cores 2, memory (GiB) 8.0" in page
    assert page.count("Not measured yet.") == len(FIGURES) - 1


def test_the_same_results_give_the_same_bytes_and_prose_stays(docs: Path, tmp_path: Path):
    folder = results(tmp_path / "r", "build", built())
    page = docs / "performance.md"
    page.write_text(page.read_text().replace("Seconds by the clock", "My own words"))
    run(folder, docs)
    once = files(docs)
    assert set(once) == {"performance.md", "performance.svg"}
    assert "My own words" in page.read_text()
    run(folder, docs)
    assert files(docs) == once


def test_ratio_to_the_case_of_the_same_table(docs: Path, tmp_path: Path):
    rows = [
        {"case": case, "bundles": 10, "table": table, "seconds": 9.0, "inside": inside, "cpu": 1.0, "pss": 1 << 20, "rss": 1 << 20}
        for table, case, inside in (
            ("events", "pyarrow", 0.5),
            ("events", "cold", 2.0),
            ("documents", "pyarrow", 4.0),
            ("documents", "cold", 2.0),
        )
    ]
    assert run(results(tmp_path / "r", "load", rows), docs) == 0
    page = (docs / "performance.md").read_text()
    assert "| cold | 10 | events | 1 | 2.00 (2.00–2.00) | 4.00 × | 1 |" in page
    assert "| cold | 10 | documents | 1 | 2.00 (2.00–2.00) | 0.50 × | 1 |" in page


@pytest.mark.parametrize("spoil", ["", "{", '{"no machine": 1}\n', '{"machine": {}}\n{"case": "bound"}\n'])
def test_what_holds_no_results_changes_nothing(docs: Path, tmp_path: Path, spoil: str, capsys: pytest.CaptureFixture[str]):
    folder = results(tmp_path / "r", "build", built())
    (folder / "build.jsonl").write_text(spoil)
    before = files(docs)
    assert run(folder, docs) == 2
    assert "does not hold the results" in capsys.readouterr().err
    assert files(docs) == before
