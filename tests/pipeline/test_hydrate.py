"""What somebody relies on who has a published release and the pages, and nothing else of ours."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.build import Built, build
from pipeline.findings import CannotRun, Refused
from pipeline.hydrate import hydrate
from tests.conftest import WITHHELD, edit_json, files


def test_a_hydrated_release_is_what_a_build_from_the_raw_files_gives(release: Built, hydrated: Built, tmp_path: Path):
    built = hydrate(release.folder, WITHHELD, tmp_path / "mine")
    assert files(built.folder) == files(hydrated.folder)
    assert built.pages == hydrated.pages


def test_the_command_says_what_became_of_each_page(release: Built, tmp_path: Path, run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = run("hydrate", release.folder, "--pages", WITHHELD)
    assert (status, err) == (0, "")
    assert "irgendein-name.txt" in out
    assert "may not be passed on" in out
    assert (tmp_path / "build/1.2.3+hydrated/README.md").is_file()
    status, out, _ = run("hydrate", release.folder, "--pages", WITHHELD, "--json")
    said = json.loads(out)
    assert (said["outcome"], said["release"]["version"]) == ("unchanged", "1.2.3+hydrated")


def test_what_cannot_be_hydrated_is_said_and_nothing_is_made(release: Built, hydrated: Built, tmp_path: Path, run):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/page.txt").write_text("Another page.", encoding="utf-8")
    before = files(tmp_path)
    for folder, pages, out, message in (
        (release.folder, tmp_path / "pages", tmp_path / "x", "has none of the withheld pages"),
        (release.folder, tmp_path / "nothing", tmp_path / "x", "is not a folder"),
        (hydrated.folder, WITHHELD, tmp_path / "x", "is hydrated already; name the published release"),
        (release.folder, WITHHELD, tmp_path / "data/processed/1.2.3", "may not stand among the published releases"),
        (release.folder, WITHHELD, release.folder / "x", "lies inside the release"),
        (tmp_path / "pages", WITHHELD, tmp_path / "x", "is no release"),
    ):
        with pytest.raises(CannotRun, match=message):
            hydrate(folder, pages, out)
    assert files(tmp_path) == before
    status, _, err = run("hydrate", release.folder)
    assert status == 2
    assert "name their folder by --pages" in err


def test_a_damaged_release_is_not_hydrated(release: Built, tmp_path: Path):
    spoiled = Path(shutil.copytree(release.folder, tmp_path / "1.2.3"))
    (spoiled / "splits.json").write_text("{}", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        hydrate(spoiled, WITHHELD, tmp_path / "x")
    assert {finding.code for finding in refused.value.findings.all} == {"HD613"}
    assert not (tmp_path / "x").exists()


def test_braces_in_the_data_are_no_placeholders(raw: Path, tmp_path: Path):
    edit_json(raw / "articles/wahl-abendblatt.json", lambda b: b["article"]["source"].update(outlet="{{x}}"))
    edit_json(raw / "articles/anruf-abendblatt.json", lambda b: b["article"]["source"].update(outlet="{{version}}"))
    release, wanted = build(raw, tmp_path / "1.2.3", None), build(raw, tmp_path / "wanted", WITHHELD)
    assert files(hydrate(release.folder, WITHHELD, tmp_path / "mine").folder) == files(wanted.folder)


def test_a_column_that_this_version_of_the_package_does_not_know_is_not_lost_in_silence(release: Built, tmp_path: Path):
    from pipeline import hydrate as module

    table = next((release.folder / "data/kb").glob("*.parquet"))
    other = tmp_path / "data/kb" / table.name
    other.parent.mkdir(parents=True)
    rows = pq.read_table(table)
    pq.write_table(rows.append_column("motto", pa.array(["Hail"] * len(rows))), other)
    with pytest.raises(LookupError, match="kb has a column motto"):
        module._Rows.of(tmp_path)
