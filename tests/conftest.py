"""Corpora to test on: a small valid one (made up, with one withheld page), copies of it to spoil, and releases built from it."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("thorough", max_examples=10_000)

os.environ["HF_HUB_OFFLINE"] = "1"  # nothing in the tests may reach for the network
PAGES = os.environ.get("HEISSER_DRAHT_PAGES")

import build_dataset  # noqa: E402
from pipeline.build import Built, build  # noqa: E402

TESTS = Path(__file__).parent
ROOT = TESTS.parent
VALID = TESTS / "valid"
WITHHELD = TESTS / "withheld"

Edit = Callable[[Any], None]


@pytest.fixture(scope="session", autouse=True)
def hugging_face_home(tmp_path_factory: pytest.TempPathFactory):
    """Caches of ``datasets`` go to a folder that is gone afterwards."""
    import datasets

    datasets.config.HF_DATASETS_CACHE = tmp_path_factory.mktemp("hf")
    datasets.disable_progress_bars()


@pytest.fixture(autouse=True)
def no_pages(monkeypatch: pytest.MonkeyPatch):
    """A build takes the withheld pages only where a test says so."""
    monkeypatch.delenv("HEISSER_DRAHT_PAGES", raising=False)


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
