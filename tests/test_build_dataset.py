"""The command line: what it prints, where, and with which exit status."""

import json
import os
import shutil
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
    _, out, _ = run("--raw", VALID, "--no-cache", "--out", tmp_path / "r", "--pages", WITHHELD)
    (line,) = (line for line in out.splitlines() if line.startswith("absage-kurier"))
    assert line.split() == ["absage-kurier", "hydrated", "irgendein-name.txt"]
    assert "may not be passed on" in out


def test_pages_come_from_the_environment_too(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HEISSER_DRAHT_PAGES", str(WITHHELD))
    _, out, _ = run("build", "--raw", VALID, "--no-cache", "--out", tmp_path / "r", "--json")
    assert json.loads(out)["release"]["version"] == "1.2.3+hydrated"


def test_json_and_quiet_are_for_machines(run, tmp_path: Path):
    status, out, _ = run("build", "--raw", VALID, "--no-cache", "--out", tmp_path / "r", "--json")
    result = json.loads(out)
    assert status == 0
    assert result["outcome"] == "written"
    assert {p["article_id"]: p["status"] for p in result["pages"]}["absage-kurier"] == "withheld"
    assert run("build", "--raw", VALID, "--no-cache", "--out", tmp_path / "r", "--quiet") == (0, "", "")
    assert run("validate", "--raw", VALID, "--quiet") == (0, "", "")


def test_findings_give_status_1_their_place_and_the_way_out(raw: Path, run, tmp_path: Path):
    edit_json(raw / "articles/anruf-abendblatt.json", lambda b: b["events"][0]["arguments"][0].update(entity_id="n99"))
    for command in (["validate"], ["build", "--out", tmp_path / "out"]):
        status, _, err = run(*command, "--raw", raw)
        assert status == 1
        assert "error[HD401] reference to a record that is not there" in err
        assert "articles/anruf-abendblatt.json:1:" in err
        assert ": anruf-abendblatt:v1 events[0].arguments[0].entity_id: n99 is not the entity_id of a record" in err
        assert "→ correct the identifier, or add the record" in err
    status, out, _ = run("build", "--raw", raw, "--out", tmp_path / "out", "--json")
    (finding,) = json.loads(out)["findings"]
    assert (status, finding["code"], finding["record"]) == (1, "HD401", "anruf-abendblatt:v1")
    assert not (tmp_path / "out").exists()


def test_explain_says_what_a_rule_asks_for(run):
    status, out, _ = run("explain", "hd301")
    assert status == 0
    assert out.startswith("HD301 – span is empty or runs backwards (error, level 3)")
    assert "What to do: end must be greater than start." in out
    status, _, err = run("explain", "HD999")
    assert status == 2
    assert "there is no rule HD999" in err


# --- only some articles ------------------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments], check=True, capture_output=True
    )


def validated(out: str) -> list[str]:
    """Files with findings, from JSON lines."""
    return sorted({json.loads(line)["file"] for line in out.splitlines()})


def test_paths_and_changed_since_check_only_what_they_name(raw: Path, run):
    git(raw, "init", "-q")
    git(raw, "add", "-A")
    git(raw, "commit", "-qm", "valid")
    for name in ("wahl-abendblatt", "anruf-tagblatt"):
        edit_json(raw / f"articles/{name}.json", lambda b: b["events"][0].update(colour="red"))
    git(raw, "add", "articles/anruf-tagblatt.json")
    git(raw, "commit", "-qm", "one")
    (raw / "articles/neu.json").write_text("{")
    every = ["articles/anruf-tagblatt.json", "articles/neu.json", "articles/wahl-abendblatt.json"]
    for arguments, expected in (
        ([], every),
        (["--changed-since", "HEAD"], every[1:]),
        (["--changed-since", "HEAD~1"], every),
        ([raw / "articles/wahl-abendblatt.json"], every[2:]),
        ([raw / "articles"], every),
        ([raw / "pages/wahl-abendblatt.txt"], every[2:]),
        ([raw / "articles/wahl-abendblatt.json", "--changed-since", "HEAD"], every[2:]),
        ([raw / "articles/anruf-tagblatt.json", "--changed-since", "HEAD"], []),
        ([raw / "kb.jsonl"], every),
    ):
        status, out, _ = run("validate", *arguments, "--raw", raw, "--format", "json")
        assert (validated(out), status) == (expected, 1 if expected else 0), arguments
    with (raw / "kb.jsonl").open("a") as file:
        file.write("\n")
    assert validated(run("validate", "--raw", raw, "--changed-since", "HEAD", "--format", "json")[1]) == every
    _, out, _ = run("validate", raw / "articles/anruf-abendblatt.json", "--raw", raw)
    assert out.startswith("1 article (only those asked for")


def test_a_renamed_article_is_one_that_is_gone(raw: Path, run):
    shutil.rmtree(raw / "passes")
    (raw / "splits.json").write_text('{"by_event": {"absage-kurier": "train"}, "by_time": {}, "by_outlet": {}}')
    git(raw, "init", "-q")
    git(raw, "add", "-A")
    git(raw, "commit", "-qm", "valid")
    git(raw, "mv", "articles/absage-kurier.json", "articles/absage-neu.json")
    text = (raw / "articles/absage-neu.json").read_text(encoding="utf-8")
    (raw / "articles/absage-neu.json").write_text(
        text.replace('"article_id": "absage-kurier"', '"article_id": "absage-neu"'), encoding="utf-8"
    )
    status, out, _ = run("validate", "--raw", raw, "--changed-since", "HEAD", "--format", "json")
    assert (status, validated(out)) == (1, ["splits.json"])


def test_a_folder_that_git_ignores_is_not_passed_over(raw: Path, run):
    git(raw.parent, "init", "-q")
    (raw.parent / ".gitignore").write_text("raw\n")
    git(raw.parent, "add", "-A")
    git(raw.parent, "commit", "-qm", "x")
    status, _, err = run("validate", "--raw", raw, "--changed-since", "HEAD")
    assert status == 2
    assert "git ignores" in err


def test_a_page_of_an_article_in_a_shard_is_not_passed_over(raw: Path, run):
    bundle = json.loads((raw / "articles/wahl-abendblatt.json").read_text(encoding="utf-8"))
    (raw / "articles/wahl-abendblatt.json").unlink()
    (raw / "articles/s.jsonl").write_text(json.dumps(bundle) + "\n", encoding="utf-8")
    (raw / "pages/wahl-abendblatt.txt").write_text("kaputt")
    for path in ("pages/wahl-abendblatt.txt", "articles"):
        status, out, _ = run("validate", raw / path, "--raw", raw, "--format", "json")
        assert (status, {json.loads(line)["code"] for line in out.splitlines()}) == (1, {"HD308"})


def test_what_cannot_be_compared_is_said(raw: Path, run, tmp_path: Path):
    (raw / "leer").mkdir()
    for arguments, said in (
        (["--changed-since", "HEAD"], "git cannot compare"),
        ([tmp_path], "is not in"),
        ([raw / "articles/weg.json"], "is not there"),
        ([raw / "leer"], "holds no article"),
    ):
        status, _, err = run("validate", *arguments, "--raw", raw)
        assert status == 2
        assert said in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--raw", "nowhere"], "nowhere is not a folder"),
        (["--nope"], "Unknown option"),
        (["sell"], "sell"),
        (["validate", "--pages", "nowhere"], "--pages"),
        (["validate", "--level", "7"], "level"),
        (["validate", "--format", "xml"], "format"),
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


def test_an_empty_setting_is_none(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HEISSER_DRAHT_PAGES", "")
    _, out, _ = run("build", "--raw", VALID, "--no-cache", "--out", tmp_path / "r", "--json")
    assert json.loads(out)["release"]["hydrated"] is False
    for argument in (["--pages", ""], ["--pages="]):
        status, _, err = run("validate", "--raw", VALID, *argument)
        assert (status, err) == (2, "build_dataset.py: an argument is empty\n")


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_a_terminal_without_unicode_is_no_traceback(environment):
    done = subprocess.run(
        [sys.executable, ROOT / "build_dataset.py", "explain", "HD301"], capture_output=True, env={**os.environ, **environment}
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_reader_that_goes_away_is_no_traceback():
    for form in ("sarif", "text"):
        command = f"set -o pipefail; {sys.executable} {ROOT / 'build_dataset.py'} validate --raw {VALID} --format {form} | true"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 2)  # 0 if it had written all before the reader went


def test_info_on_a_release_of_another_kind_is_said(run, release, tmp_path: Path):
    shutil.copytree(release.folder, tmp_path / "r")
    for change in (lambda r: r.update(leakage={}), lambda r: r["tables"][0].update(table="quotes"), lambda r: r.pop("tables")):
        (tmp_path / "r/release.json").write_bytes((release.folder / "release.json").read_bytes())
        edit_json(tmp_path / "r/release.json", change)
        status, _, err = run("info", tmp_path / "r")
        assert status == 2
        assert "release.json" in err


def test_a_damaged_release_is_said(raw: Path, run):
    run("build", "--raw", raw, "--quiet")
    (raw.parent / "processed/1.2.3/data/kb/train-00000-of-00001.parquet").write_bytes(b"PAR1")
    status, _, err = run("validate", "--raw", raw)
    assert status == 2
    assert "is damaged" in err


def test_it_runs_as_a_script_from_anywhere(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, ROOT / "build_dataset.py", "validate", "--raw", VALID], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 articles, 3 contacts, 7 knowledge-base rows: 0 errors, 0 warnings" in done.stdout
    assert files(tmp_path) == {}


# --- means ---------------------------------------------------------------------------------------------------------------------


def test_what_a_build_keeps_is_beside_the_raw_files_or_where_it_is_told(raw: Path, run, tmp_path: Path):
    kept = raw.parent.parent / "build/cache"
    assert run("build", "--raw", raw, "--out", tmp_path / "a", "--no-cache", "--quiet") == (0, "", "")
    assert not kept.exists()
    assert run("build", "--raw", raw, "--out", tmp_path / "b", "--cache", tmp_path / "own", "--quiet") == (0, "", "")
    assert list((tmp_path / "own").glob("*.unit"))
    assert not kept.exists()
    for name in ("c", "d"):
        assert run("build", "--raw", raw, "--out", tmp_path / name, "--quiet") == (0, "", "")
        assert list(kept.glob("*.unit"))
    assert files(tmp_path / "a") == files(tmp_path / "b") == files(tmp_path / "c") == files(tmp_path / "d")


def test_a_page_that_is_withheld_leaves_nothing_among_what_is_kept(raw: Path, run, tmp_path: Path):
    kept = tmp_path / "own"
    status, _, err = run("build", "--raw", raw, "--out", tmp_path / "r", "--pages", WITHHELD, "--cache", kept, "--quiet")
    assert (status, err) == (0, "")
    assert not kept.exists() or not files(kept)


@pytest.mark.slow
def test_the_number_of_processes_changes_nothing(raw: Path, run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pipeline.means.SMALL", 0)  # so that this corpus, too, is shared by processes
    for jobs in (1, 2):
        assert run("build", "--raw", raw, "--out", tmp_path / str(jobs), "--jobs", jobs, "--no-cache", "--quiet") == (0, "", "")
    assert files(tmp_path / "1") == files(tmp_path / "2")
    status, out, err = run("build", "--raw", raw, "--jobs", "-1")
    assert status == 2
    assert "jobs" in out + err


@pytest.mark.parametrize("command", ["build", "validate"])
def test_a_cluster_that_cannot_be_reached_is_said(raw: Path, run, command: str):
    before = files(raw.parent)
    status, out, err = run(command, "--raw", raw, "--scheduler", "tcp://127.0.0.1:9", "--quiet")
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "tcp://127.0.0.1:9" in err
    assert files(raw.parent) == before


# --- releases ------------------------------------------------------------------------------------------------------------------


def test_two_releases_are_compared_by_folder_or_version(raw: Path, run, tmp_path: Path):
    run("build", "--raw", raw, "--quiet")
    edit_json(raw / "articles/anruf-abendblatt.json", lambda b: b["events"][0].update(polarity="negative"))
    status, out, err = run("diff", "--raw", raw)  # the newest release, and what the raw files give now
    assert (status, err) == (0, "")
    assert "1.2.3 → 1.2.3: 1 change, at least a patch version" in out
    assert "factuality changed  events v1 polarity: positive → negative" in out
    run("build", "--raw", raw, "--version", "1.2.4", "--quiet")
    page = tmp_path / "changes.html"
    _, out, _ = run("diff", "1.2.3", raw.parent / "processed/1.2.4", "--raw", raw, "--json", "--html", page)
    said = json.loads(out)
    assert (said["old"], said["new"], said["least"], len(said["changes"])) == ("1.2.3", "1.2.4", "patch", 1)
    assert "<html" in page.read_text(encoding="utf-8")
    assert said == json.loads((raw.parent / "processed/1.2.4/CHANGES.json").read_bytes())
    status, _, err = run("diff", "3.2.1", "--raw", raw)
    assert status == 2
    assert "3.2.1 is no release: there is no such folder, and no release of that version in" in err


@pytest.mark.parametrize("style", ["bibtex", "apa", "cff", "datacite", "zenodo"])
def test_a_citation_names_the_version_and_pins_its_files(style: str, raw: Path, run):
    run("build", "--raw", raw, "--quiet")
    _, digest, _ = run("verify", "--raw", raw, "--json")
    status, out, err = run("cite", "--raw", raw, "--format", style)
    assert (status, err) == (0, "")
    assert "1.2.3" in out
    assert (json.loads(digest)["digest"] in out) is (style != "zenodo")
    assert run("cite", "1.2.3", "--raw", raw, "--format", style)[1] == out


def test_a_release_can_be_published_only_when_it_is_whole(raw: Path, run):
    run("build", "--raw", raw, "--quiet")
    (raw.parent / "processed/1.2.3/splits.json").write_text("{}", encoding="utf-8")
    status, _, err = run("publish", "hub", "somebody/probe", "--raw", raw, "--dry-run")
    assert status == 1
    assert "error[HD613] file was changed" in err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "spared"),
    [
        (("--help",), {"pyarrow", "pydantic", "numpy", "yaml"}),
        (("validate", "{raw}/articles/anruf-tagblatt.json", "--raw", "{raw}"), {"yaml", "pipeline.diff", "pipeline.seal"}),
        (("build", "--raw", "{raw}", "--out", "{out}", "--no-cache"), {"huggingface_hub"}),
    ],
    ids=["help", "validate", "build"],
)  # fmt: skip
def test_a_command_loads_nothing_that_only_others_need(raw: Path, tmp_path: Path, arguments: tuple[str, ...], spared: set[str]):
    """Nor does any of them start a process for a small corpus, or load what takes a second and 100 MB."""
    code = (
        "import sys, build_dataset; done = build_dataset.main(sys.argv[1:]); "
        "print(done, *sorted(name for name in sys.modules), file=sys.stderr)"
    )
    given = [argument.format(raw=raw, out=tmp_path / "1.2.3") for argument in arguments]
    done = subprocess.run([sys.executable, "-c", code, *given], cwd=ROOT, capture_output=True, text=True)
    status, *loaded = done.stderr.splitlines()[-1].split()
    assert status in ("0", "None"), done.stderr
    assert {"commands.data", "cyclopts"} <= set(loaded)
    heavy = {"pandas", "datasets", "pipeline.execute.local", "distributed"} | (
        set() if "build" in arguments else {"matplotlib", "scipy", "pyarrow.parquet"}
    )
    assert set(loaded) & (heavy | spared) == set()
