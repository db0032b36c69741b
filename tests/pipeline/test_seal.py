"""What a maintainer relies on when a build is killed, when two of them meet, and when the disk is full or may not be written."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.build import Built, build
from pipeline.findings import CannotRun, Refused
from pipeline.ledger import read_ledger
from pipeline.seal import Outcome
from tests.conftest import ROOT, VALID, WITHHELD, edit_line, files


@pytest.mark.slow
def test_a_killed_build_leaves_nothing_half_made():
    """``make kill`` does two hundred of them."""
    done = subprocess.run([sys.executable, "-m", "tests.kill", "--kills", "3"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_killed_builds_left_is_cleared_away(raw: Path):
    build(raw, None, None, "1.3.0-dev")
    processed = raw.parent / "processed"
    before = files(processed)
    (processed / ".heisser-draht-building.x").mkdir()
    (processed / ".heisser-draht-building.x/half").write_text("")
    (processed / "1.3.0-dev").rename(
        processed / ".heisser-draht-replaced.1.3.0-dev"
    )  # as a build that was killed between two renames
    assert build(raw, None, None).outcome is Outcome.written
    assert {name: data for name, data in files(processed).items() if not name.startswith("1.2.3/")} == before


@pytest.mark.slow
def test_of_two_builds_at_once_one_wins_and_one_says_so(raw: Path):
    """The first stops in the middle of its work, the second comes and goes, the first goes on."""
    code = (
        "import os, signal, sys; from pathlib import Path; from pipeline.build import build; from pipeline.progress import Progress; "
        "progress = Progress(); "
        "progress.begun = lambda step, _: os.kill(os.getpid(), signal.SIGSTOP) if step == 'describe' else None; "
        "build(Path(sys.argv[1]), None, None, None, progress)"
    )
    first = subprocess.Popen([sys.executable, "-c", code, str(raw)], cwd=ROOT)
    try:
        os.waitpid(first.pid, os.WUNTRACED)
        with pytest.raises(CannotRun, match="another build is at work in"):
            build(raw, None, None)
    finally:
        first.send_signal(signal.SIGCONT)
    assert first.wait() == 0
    assert build(raw, None, None).outcome is Outcome.unchanged
    assert list(read_ledger(raw.parent / "releases.jsonl")) == ["1.2.3"]


# --- full and read-only disks --------------------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a file system in memory, with the options given; needs the right to."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        place = tmp_path / f"disk{len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("file systems cannot be mounted here")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("size", ["8k", "100k", "200k", "300k"])
def test_a_full_disk_is_said_and_nothing_is_half_made(size: str, disk: Callable[[str], Path]):
    place = disk(f"size={size}")
    with pytest.raises(CannotRun, match=r"No space left on device; nothing was published"):
        build(VALID, place / "1.2.3", None)
    assert files(place) == {}


def test_a_full_disk_leaves_the_last_release_as_it_was(raw: Path, disk: Callable[[str], Path]):
    place = disk("size=8m")
    shutil.copytree(raw, place / "data/raw")
    shutil.copy(raw.parent.parent / "CHANGELOG.md", place)
    build(place / "data/raw", None, None)
    (place / "thesis").write_bytes(bytes(shutil.disk_usage(place).free - 200_000))
    before = files(place)
    with pytest.raises(CannotRun, match="No space left on device"):
        build(place / "data/raw", None, None, "1.2.4")
    assert files(place) == before


def test_a_read_only_disk_is_said(disk: Callable[[str], Path]):
    place = disk("size=8k,ro")
    for target in (place / "1.2.3", place / "deeper" / "1.2.3"):
        with pytest.raises(CannotRun, match=r"cannot be written: Read-only file system; name another folder by --out"):
            build(VALID, target, None)


@pytest.mark.skipif(os.geteuid() == 0, reason="whoever is root may write everywhere")
def test_a_folder_without_permission_is_said(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(CannotRun, match="cannot be written: Permission denied"):
        build(VALID, tmp_path / "1.2.3", None)
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("target", ["s3://bucket/1.2.3", "nosuch://host/1.2.3", "ftp://me:hidden@127.0.0.1:1/1.2.3"])
def test_an_address_that_cannot_be_written_is_said(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run):
    """No driver for it, or nobody there; and no folder of that name is made here."""
    monkeypatch.chdir(tmp_path)
    status, out, err = run("build", "--raw", VALID, "--no-cache", "--out", target, "--quiet")
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert re.search(r"needs another library|cannot be reached", err)
    assert target.partition(":")[0] in err and "hidden" not in err
    assert files(tmp_path) == {}


def test_a_release_is_not_hydrated_to_an_address(release: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run):
    monkeypatch.chdir(tmp_path)
    status, _, err = run("hydrate", release.folder, "--pages", WITHHELD, "--out", "s3://bucket/mine", "--quiet")
    assert status == 2
    assert "names another machine; build into a folder of this one" in err
    assert files(tmp_path) == {}


# --- the ledger ----------------------------------------------------------------------------------------------------------------


def test_the_ledger_says_what_was_published(raw: Path):
    built = build(raw, None, None)
    (line,) = (raw.parent / "releases.jsonl").read_text(encoding="utf-8").splitlines()
    said = json.loads(line)
    assert (said["version"], said["released"], said["raw_sha256"]) == ("1.2.3", "2031-10-01", built.release.raw_sha256)
    assert said["tables"]["kb"]["train"] == next(part.digest for part in built.release.tables if part.table == "kb")
    assert set(said["files"]) == set(files(built.folder)) - {"tagmanifest-sha256.txt"}
    assert {"python", "pyarrow", "pydantic", "datasets"} <= set(said["tools"])


def test_only_what_is_published_is_in_the_ledger(raw: Path, tmp_path: Path):
    build(raw, None, None, "1.3.0-dev")
    build(raw, None, WITHHELD)
    build(raw, tmp_path / "elsewhere", None)
    assert not (raw.parent / "releases.jsonl").exists()


def test_a_release_that_the_ledger_lacks_is_entered_by_the_next_build(raw: Path):
    """As after a kill between the two."""
    build(raw, None, None)
    whole = (raw.parent / "releases.jsonl").read_bytes()
    (raw.parent / "releases.jsonl").unlink()
    assert build(raw, None, None).outcome is Outcome.unchanged
    assert (raw.parent / "releases.jsonl").read_bytes() == whole


def test_a_version_that_was_published_is_not_published_again_with_other_files(raw: Path):
    """Also where the release itself is gone, as in a clone without it."""
    first = files(build(raw, None, None).folder)
    shutil.rmtree(raw.parent / "processed/1.2.3")
    whole = (raw / "kb.jsonl").read_bytes()
    edit_line(raw / "kb.jsonl", 0, lambda row: row.update(name="Other"))
    with pytest.raises(Refused) as refused:
        build(raw, None, None)
    assert [finding.message for finding in refused.value.findings.all] == ["table kb, split train; not so in release 1.2.3"]
    (raw / "kb.jsonl").write_bytes(whole + b"\n")  # the same records in other raw files
    with pytest.raises(CannotRun, match=r"releases\.jsonl says that 1\.2\.3 was published with other files; .* release\.json"):
        build(raw, None, None)
    assert not (raw.parent / "processed/1.2.3").exists()
    (raw / "kb.jsonl").write_bytes(whole)
    assert files(build(raw, None, None).folder) == first


def test_a_spoiled_ledger_is_said(raw: Path):
    build(raw, None, None)
    ledger = raw.parent / "releases.jsonl"
    whole = ledger.read_text("utf-8")
    for line in ("{", '{"version": "1.2.3"}', ""):
        ledger.write_text(f"{whole}{line}\n", "utf-8")
        with pytest.raises(CannotRun, match=r"releases\.jsonl:2 is no entry of a ledger .*restore it from the repo"):
            build(raw, None, None, "1.2.4")


def test_a_ledger_that_cannot_be_written_is_said(raw: Path):
    (raw.parent / ".releases.jsonl.new").mkdir()
    with pytest.raises(CannotRun, match=r"1\.2\.3 is published, but .*releases\.jsonl cannot be written"):
        build(raw, None, None)
    (raw.parent / ".releases.jsonl.new").rmdir()
    assert build(raw, None, None).outcome is Outcome.unchanged
    assert list(read_ledger(raw.parent / "releases.jsonl")) == ["1.2.3"]


def test_a_ledger_without_its_last_newline_is_not_spoiled(raw: Path):
    build(raw, None, None)
    ledger = raw.parent / "releases.jsonl"
    ledger.write_bytes(ledger.read_bytes().rstrip(b"\n"))
    build(raw, None, None, "1.2.4")
    assert list(read_ledger(ledger)) == ["1.2.3", "1.2.4"]


def test_the_release_before_must_be_there_as_it_was_published(raw: Path):
    before = build(raw, None, None).folder
    (before / "README.md").write_text("x")
    with pytest.raises(CannotRun, match=r"README\.md is not as it was published"):
        build(raw, None, None, "1.2.4")
    shutil.rmtree(before)
    with pytest.raises(CannotRun, match=r"releases\.jsonl has 1\.2\.3, but .* is not there"):
        build(raw, None, None, "1.2.4")


def test_a_release_that_was_moved_in_goes_through_the_gates(raw: Path, tmp_path: Path):
    build(raw, None, None)
    build(raw, tmp_path / "1.2.2", None, "1.2.2").folder.rename(raw.parent / "processed/1.2.2")
    with pytest.raises(Refused) as refused:
        build(raw, None, None, "1.2.2")
    assert [finding.code for finding in refused.value.findings.errors] == ["HD602"]


def test_a_link_is_not_replaced(raw: Path, tmp_path: Path):
    real = build(raw, tmp_path / "real/1.3.0-dev", None, "1.3.0-dev").folder
    (raw.parent / "processed").mkdir()
    (raw.parent / "processed/1.3.0-dev").symlink_to(real)
    before = files(real)
    with pytest.raises(CannotRun, match="is a link"):
        edit_line(raw / "kb.jsonl", 0, lambda row: row.update(name="Other"))
        build(raw, None, None, "1.3.0-dev")
    assert files(real) == before


@pytest.mark.parametrize("out", [".", "sub/..", "data/processed/sub/1.2.3", "data/processed/1.2.3/sub"])
def test_a_place_that_no_release_can_have_is_said(out: str, raw: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(raw.parent.parent)
    before = files(Path())
    with pytest.raises(CannotRun):
        build(raw, Path(out), None)
    assert files(Path()) == before


def test_a_changelog_in_another_encoding_is_said(raw: Path):
    build(raw, None, None)
    (raw.parent.parent / "CHANGELOG.md").write_bytes("## 1.2.4 – 2031-10-01\n".encode("cp1252"))
    with pytest.raises(Refused) as refused:
        build(raw, None, None, "1.2.4")
    assert [finding.code for finding in refused.value.findings.errors] == ["HD604"]


@pytest.mark.slow
def test_ctrl_c_stops_a_build_and_leaves_nothing_behind(raw: Path):
    code = (
        "import os, signal, sys; import build_dataset, pipeline.shards; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "  # in the background, nobody takes notice of it
        "pipeline.shards.write_tables = lambda *_: os.kill(os.getpid(), signal.SIGINT); "
        "sys.exit(build_dataset.main(sys.argv[1:]))"
    )
    before = files(raw.parent)
    command = [sys.executable, "-c", code, "build", "--raw", str(raw)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "build_dataset.py: stopped; run the same command again\n"
    assert files(raw.parent) == before
    assert not (raw.parent / "processed").exists()
