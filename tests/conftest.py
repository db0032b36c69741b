"""Corpora to test on: a small valid one (made up, with one withheld page), copies of it to spoil, and releases built from it."""

import gc
import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import settings

settings.register_profile("thorough", max_examples=10_000)

os.environ["HF_HUB_OFFLINE"] = "1"  # nothing in the tests may reach for the network
PAGES = os.environ.get("HEISSER_DRAHT_PAGES")

import build_dataset  # noqa: E402
import pipeline.plots  # noqa: E402
from pipeline.build import Built, Checked, build, checking  # noqa: E402
from pipeline.findings import Finding  # noqa: E402
from pipeline.shards import write_tables  # noqa: E402
from pipeline.store import read_table  # noqa: E402
from pipeline.tables import ARTICLE_TABLES, finished, with_splits  # noqa: E402
from schema.records import Bundle  # noqa: E402

TESTS = Path(__file__).parent
ROOT = TESTS.parent
VALID = TESTS / "valid"
WITHHELD = TESTS / "withheld"

Edit = Callable[[Any], None]
Tables = dict[str, dict[str, pa.Table]]
"""Tables of a release: by table, then by split."""


def pytest_collection_finish() -> None:
    """What was imported stays to the end: to look through it for garbage again and again takes a tenth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def hugging_face_home(tmp_path_factory: pytest.TempPathFactory):
    """Caches of ``datasets`` go to a folder that is gone afterwards."""
    import datasets

    datasets.config.HF_DATASETS_CACHE = tmp_path_factory.mktemp("hf")
    datasets.disable_progress_bars()


@pytest.fixture(scope="session", autouse=True)
def cards_read_fast():
    """``datasets`` reads cards by PyYAML's parser in Python, which takes most of ``load_dataset``; here it is the one in C. A test
    compares the two.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("yaml.safe_load", partial(yaml.load, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        yield


@pytest.fixture(autouse=True)
def no_pages(monkeypatch: pytest.MonkeyPatch):
    """A build takes the withheld pages only where a test says so."""
    monkeypatch.delenv("HEISSER_DRAHT_PAGES", raising=False)


_draw = pipeline.plots._svg
_DRAWN: dict[str, str] = {}


def _draw_once(plot: pipeline.plots.Plot) -> str:
    key = repr((plot.title, plot.height, plot.draw.__name__, plot.data))
    if key not in _DRAWN:
        _DRAWN[key] = _draw(plot)
    return _DRAWN[key]


@pytest.fixture(autouse=True)
def figures_once(monkeypatch: pytest.MonkeyPatch):
    """A figure that shows the same as one before is not drawn again: most of a small build is drawing. ``figures_anew`` undoes it."""
    monkeypatch.setattr("pipeline.plots._svg", _draw_once)


@pytest.fixture
def figures_anew(figures_once: None, monkeypatch: pytest.MonkeyPatch):  # noqa: ARG001
    """Every build draws its figures."""
    monkeypatch.setattr("pipeline.plots._svg", _draw)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A copy of the valid corpus, to change, with a changelog for what may come of it."""
    versions = ("1.2.2", "1.2.3", "1.2.4", "1.3.0", "2.0.0")
    (tmp_path / "CHANGELOG.md").write_text("".join(f"## {v} – 2031-10-01\n\n- It.\n\n" for v in versions), encoding="utf-8")
    return Path(shutil.copytree(VALID, tmp_path / "data" / "raw"))


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The valid corpus, built without the withheld page."""
    return build(VALID, tmp_path_factory.mktemp("release") / "1.2.3", None)


@pytest.fixture(scope="session")
def hydrated(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The valid corpus, built with the withheld page at hand."""
    return build(VALID, tmp_path_factory.mktemp("hydrated") / "1.2.3", WITHHELD)


@pytest.fixture(scope="session")
def withheld_pages() -> Path:
    """The folder with the five withheld pages of the repo's own corpus."""
    if PAGES is None:
        pytest.skip("HEISSER_DRAHT_PAGES names no folder with the withheld pages")
    return Path(PAGES)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line; gives exit status, standard output, standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        status = build_dataset.main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def findings_of(raw: Path, pages: Path | None = None, **options: Any) -> list[Finding]:
    """What is found in a raw folder."""
    with checking(raw, pages, **options) as checked:
        return checked.findings.all


def bundles_of(raw: Path) -> tuple[Bundle, ...]:
    """The bundles of a raw folder, each checked by the models alone, in order of files and lines."""
    found = []
    for path in sorted((raw / "articles").iterdir()):
        with pa.input_stream(str(path), compression="detect") as file:
            data = file.read()
        found += [Bundle.model_validate_json(line) for line in ([data] if path.suffix == ".json" else data.splitlines())]
    return tuple(found)


def tables_of_checked(checked: Checked) -> Tables:
    """The tables of a corpus that was checked."""
    with TemporaryDirectory() as folder:
        write_tables(checked.corpus, checked.area, checked.pool, Path(folder), {})
        found: Tables = {}
        for path in sorted(Path(folder).glob("data/*/*.parquet")):
            found.setdefault(path.parent.name, {})[path.name.partition("-")[0]] = pq.ParquetFile(path).read()
    return found


def tables_of_unit(folder: Path) -> dict[str, pa.Table]:
    """The tables of the articles of one unit, all of them in one split."""
    found = {}
    for name in ARTICLE_TABLES:
        batch = read_table(folder, name)
        if name == "articles":
            batch = with_splits(batch, np.arange(len(batch)), *[np.zeros(len(batch), np.int8)] * 2)
        found[name] = finished(name, pa.table(batch), "train", {})
    return found


def edit_json(path: Path, edit: Edit) -> None:
    """Change a JSON file in place."""
    value = json.loads(path.read_text(encoding="utf-8"))
    edit(value)
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def edit_line(path: Path, number: int, edit: Edit) -> None:
    """Change one line (from 0) of a JSON Lines file in place."""
    lines = path.read_text(encoding="utf-8").splitlines()
    value = json.loads(lines[number])
    edit(value)
    lines[number] = json.dumps(value, ensure_ascii=False)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by its path below it."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
