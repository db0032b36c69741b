"""The command line: what it prints, where, and with which exit status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, VALID, WITHHELD, edit_json, files


def test_a_bare_call_builds(raw: Path, run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(raw.parent.parent)
    status, out, err = run()
    assert (status, err) == (0, "")
    assert "Probe 1.2.3  written to data/processed/1.2.3" in out
    assert 'load_dataset("data/processed/1.2.3", "events")' in out
    assert "\x1b[" not in out
    status, out, _ = run("build")
    assert status == 0
    assert "is already, byte for byte, in data/processed/1.2.3" in out


def test_the_summary_says_what_became_of_each_page(run, tmp_path: Path):
    _, out, _ = run("--raw", VALID, "--out", tmp_path / "r", "--pages", WITHHELD)
    (line,) = (line for line in out.splitlines() if line.startswith("absage-kurier"))
    assert line.split() == ["absage-kurier", "hydrated", "irgendein-name.txt"]
    assert "may not be passed on" in out


def test_pages_come_from_the_environment_too(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HEISSER_DRAHT_PAGES", str(WITHHELD))
    _, out, _ = run("build", "--raw", VALID, "--out", tmp_path / "r", "--json")
    assert json.loads(out)["release"]["version"] == "1.2.3+hydrated"


def test_json_and_quiet_are_for_machines(run, tmp_path: Path):
    status, out, _ = run("build", "--raw", VALID, "--out", tmp_path / "r", "--json")
    result = json.loads(out)
    assert status == 0
    assert result["outcome"] == "written"
    assert {p["article_id"]: p["status"] for p in result["pages"]}["absage-kurier"] == "withheld"
    assert run("build", "--raw", VALID, "--out", tmp_path / "r", "--quiet") == (0, "", "")
    assert run("validate", "--raw", VALID, "--quiet") == (0, "", "")


def test_findings_give_status_1_their_place_and_the_way_out(raw: Path, run, tmp_path: Path):
    edit_json(raw / "articles/anruf-abendblatt.json", lambda b: b["events"][0]["arguments"][0].update(entity_id="n99"))
    for command in (["validate"], ["build", "--out", tmp_path / "out"]):
        status, _, err = run(*command, "--raw", raw)
        assert status == 1
        assert "HD401 error  reference to a record that is not there" in err
        assert "articles/anruf-abendblatt.json: anruf-abendblatt:v1 events[0].arguments[0].entity_id is n99; expected" in err
        assert "→ correct the identifier, or add the record" in err
    status, out, _ = run("build", "--raw", raw, "--out", tmp_path / "out", "--json")
    (finding,) = json.loads(out)["findings"]
    assert (status, finding["code"], finding["record"]) == (1, "HD401", "anruf-abendblatt:v1")
    assert not (tmp_path / "out").exists()


def test_many_findings_of_a_kind_are_counted(raw: Path, run):
    edit_json(raw / "articles/anruf-abendblatt.json", lambda b: [e.update(colour="red") for e in b["events"] * 1 + b["entities"]])
    status, _, err = run("validate", "--raw", raw)
    assert status == 1
    assert "… and 4 more (--json lists all)" in err
    _, out, _ = run("validate", "--raw", raw, "--json")
    assert len(json.loads(out)["findings"]) == 16


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--raw", "nowhere"], "nowhere is not a folder"),
        (["--nope"], "Unknown option"),
        (["sell"], "sell"),
        (["validate", "--pages", "nowhere"], "--pages"),
        (["info", "nowhere"], "nowhere is no release"),
    ],
)
def test_what_cannot_run_gives_status_2_and_no_traceback(run, arguments, said):
    status, out, err = run(*arguments)
    assert status == 2
    assert said in out + err
    assert "Traceback" not in out + err


def test_info_shows_a_release(run, release):
    status, out, _ = run("info", release.folder)
    assert status == 0
    assert out.startswith(f"Probe 1.2.3  in {release.folder}")
    _, out, _ = run("info", release.folder, "--json")
    assert json.loads(out)["tables"]


def test_it_runs_as_a_script_from_anywhere(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, ROOT / "build_dataset.py", "validate", "--raw", VALID], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 articles, 3 contacts, 7 knowledge-base rows: 0 errors, 0 warnings" in done.stdout
    assert files(tmp_path) == {}
