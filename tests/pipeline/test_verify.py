"""What a user of ``verify`` relies on: a release that was touched anywhere is found, and what is wrong is named."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import bagit
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.bag import files as bag_files
from pipeline.bag import manifest, sha256, write_bag
from pipeline.build import Built, build
from pipeline.findings import CannotRun, Finding
from pipeline.rules import RULES
from pipeline.verify import verify
from tests.conftest import ROOT, files
from tests.flips import tried
from tests.pipeline.test_check import OF_RAW

EVENTS, KB = "data/events/train-00000-of-00001.parquet", "data/kb/train-00000-of-00001.parquet"


@pytest.fixture
def copy(release: Built, tmp_path: Path) -> Path:
    """A release to spoil."""
    return Path(shutil.copytree(release.folder, tmp_path / "1.2.3"))


def found(folder: Path) -> list[Finding]:
    return verify(folder).findings.all


def resealed(folder: Path) -> Path:
    """The folder as a bag again, as somebody would leave it who changes a release and covers it up."""
    for name in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"):
        (folder / name).unlink(missing_ok=True)
    write_bag(folder, "probe-1.2.3", "2031-10-01")
    return folder


def rewrite(folder: Path, name: str, edit: Callable[[list[dict]], object], schema: pa.Schema | None = None) -> None:
    """Change the rows of a table, and cover it up."""
    table = pq.read_table(folder / name)
    rows = table.to_pylist()
    edit(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema or table.schema), folder / name)
    resealed(folder)


def drop_column(folder: Path) -> None:
    table = pq.read_table(folder / KB).drop_columns(["name_de"])
    pq.write_table(table, folder / KB)
    resealed(folder)


def spoil_page(folder: Path) -> None:
    """Turn one bit in the data of one column, and cover it up."""
    column = pq.read_metadata(folder / EVENTS).row_group(0).column(3)
    data = bytearray((folder / EVENTS).read_bytes())
    data[column.data_page_offset + column.total_compressed_size // 2] ^= 1
    (folder / EVENTS).write_bytes(bytes(data))
    resealed(folder)


def published(folder: Path) -> None:
    """Put the release where its ledger says that it had other files."""
    entry = {
        "version": "1.2.3", "released": "2031-10-01", "digest": "0" * 64, "raw_sha256": "1" * 64,
        "tables": {}, "files": {}, "tools": None,
    }  # fmt: skip
    (folder.parent / "releases.jsonl").write_text(json.dumps(entry) + "\n", encoding="utf-8")
    (folder.parent / "processed").mkdir()
    folder.rename(folder.parent / "processed" / folder.name)


SPOILT: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "HD611": (lambda folder: (folder / "splits.json").unlink(), "splits.json", "it is in the manifest, but not there"),
    "HD612": (lambda folder: (folder / "data/notes.txt").write_text("mine"), "data/notes.txt", "it is there, but in no manifest"),
    "HD613": (lambda folder: (folder / "README.md").write_text("---\n---\n"), "README.md", "its SHA-256 is "),
    "HD614": (
        lambda folder: (folder / "manifest-sha256.txt").write_bytes((folder / "manifest-sha256.txt").read_bytes().upper()),
        "manifest-sha256.txt",
        "it is no manifest as a build writes it",
    ),
    "HD615": (spoil_page, EVENTS, "is damaged from row 1 on"),
    "HD616": (drop_column, KB, "no such column, but the card declares string"),
    "HD617": (lambda folder: rewrite(folder, KB, lambda rows: rows[0].update(type="PALACE")), KB, 'row 1: "PALACE" is not valid'),
    "HD618": (lambda folder: rewrite(folder, KB, lambda rows: rows.pop()), KB, "rows, but release.json says"),
    "HD619": (
        lambda folder: rewrite(folder, EVENTS, lambda rows: rows[0]["arguments"][0].update(entity_id="anruf-abendblatt:n99")),
        EVENTS,
        "row 1: anruf-abendblatt:n99 is no entities row",
    ),
    "HD620": (published, "tagmanifest-sha256.txt", f"but the ledger says {'0' * 64}"),
}  # fmt: skip
"""For each rule what breaks it, and where that is found."""


@pytest.mark.parametrize("code", SPOILT)
def test_each_kind_of_harm_is_found_where_it_was_done(code: str, copy: Path):
    harm, file, message = SPOILT[code]
    harm(copy)
    folder = copy if copy.exists() else copy.parent / "processed" / copy.name
    findings = [finding for finding in found(folder) if finding.code == code]
    assert {finding.file for finding in findings} == {file}
    assert any(message in finding.message for finding in findings)
    others = {finding.code for finding in found(folder)} - {code}
    assert others <= {"HD613", "HD618", "HD619"}  # a changed value changes the digest; what refers to a lost row is lost too


def test_every_rule_for_releases_is_shown_here():
    assert set(SPOILT) == set(RULES) - OF_RAW


@pytest.mark.parametrize("which", ["release", "hydrated"])
def test_a_release_as_it_was_built_is_whole(which: str, request: pytest.FixtureRequest):
    built: Built = request.getfixturevalue(which)
    before = files(built.folder)
    verified = verify(built.folder)
    assert (verified.findings.all, verified.ledger) == ([], None)
    assert files(built.folder) == before  # looking changes nothing


def test_other_tools_for_bags_agree(release: Built, copy: Path):
    bagit.Bag(str(release.folder)).validate()
    command = [sys.executable, "-m", "bagit", "--validate", "--quiet", str(release.folder)]
    assert subprocess.run(command, capture_output=True).returncode == 0
    (copy / EVENTS).write_bytes(b"")
    with pytest.raises(bagit.BagError):
        bagit.Bag(str(copy)).validate()


def test_the_row_and_the_value_are_named(copy: Path):
    rewrite(copy, EVENTS, lambda rows: rows[1]["arguments"][0].update(role="hero"))
    (finding,) = (finding for finding in found(copy) if finding.code == "HD617")
    assert (finding.record, finding.field) == ("anruf-abendblatt:v2", "arguments[0].role")
    assert finding.message.startswith('row 2: "hero" is not valid')


def test_two_rows_with_one_key_are_found(copy: Path):
    rewrite(copy, KB, lambda rows: rows[1].update(kb_id=rows[0]["kb_id"]))
    messages = [finding.message for finding in found(copy) if finding.code == "HD619"]
    assert "two rows have this key" in messages


def test_a_table_that_nobody_declared_is_found(copy: Path):
    shutil.copytree(copy / "data/kb", copy / "data/kb2")
    resealed(copy)
    assert [(finding.code, finding.file) for finding in found(copy)] == [("HD618", KB.replace("kb", "kb2"))]


@pytest.mark.slow
def test_every_changed_byte_is_found(release: Built):
    """``make flips`` does two thousand on the corpus."""
    assert tried(release.folder, 16, seed=5)[0] == []


# --- the command ---------------------------------------------------------------------------------------------------------------


def test_the_command_says_what_is_pinned(raw: Path, run):
    build(raw, None, None)
    status, out, err = run("verify", "--raw", raw)
    assert (status, err) == (0, "")
    assert "Probe 1.2.3 is whole" in out
    assert f"{verify(raw.parent / 'processed/1.2.3').digest}" in out
    assert "is the one that" in out
    assert run("verify", "--raw", raw, "--quiet") == (0, "", "")
    status, out, _ = run("verify", raw.parent / "processed/1.2.3", "--json")
    assert (status, json.loads(out)["whole"], json.loads(out)["findings"]) == (0, True, [])


def test_the_command_fails_with_the_place_and_the_way_out(copy: Path, run):
    (copy / EVENTS).unlink()
    status, out, err = run("verify", copy)
    assert (status, out) == (1, "")
    assert "error[HD611] file of the release is missing" in err
    assert EVENTS in err
    assert "→ get the release again from where it is published" in err
    assert "is NOT as it was released" in err
    status, out, _ = run("verify", copy, "--json")
    assert (status, json.loads(out)["whole"]) == (1, False)


def test_what_is_no_release_is_said(tmp_path: Path, run):
    for folder in (tmp_path, tmp_path / "nothing"):
        status, _, err = run("verify", folder)
        assert status == 2
        assert "is no release" in err
    with pytest.raises(CannotRun, match=r"from before 1\.0\.0, which is no bag; check it by: sha256sum -c"):
        verify(ROOT / "data/processed/0.2.0")


# --- what is no plain file, and where a release stands -------------------------------------------------------------------------


def pipe(folder: Path) -> None:
    (folder / "README.md").unlink()
    os.mkfifo(folder / "README.md")


def dead_link(folder: Path) -> None:
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to("nowhere")


def folder_for_a_manifest(folder: Path) -> None:
    (folder / "manifest-sha256.txt").unlink()
    (folder / "manifest-sha256.txt").mkdir()


@pytest.mark.parametrize(
    ("harm", "code", "file"),
    [
        (pipe, "HD611", "README.md"),
        (dead_link, "HD611", "README.md"),
        (folder_for_a_manifest, "HD611", "manifest-sha256.txt"),
        (lambda folder: (folder / ".gitattributes.parquet").write_text("x"), "HD612", ".gitattributes.parquet"),
        (lambda folder: (folder / "data/kb2").mkdir(), "HD612", "data/kb2"),
    ],
)
def test_what_is_no_file_of_the_release_is_found(harm: Callable[[Path], object], code: str, file: str, copy: Path):
    harm(copy)
    assert (code, file) in {(finding.code, finding.file) for finding in found(copy)}


@pytest.mark.parametrize("split", ["/x", "**", "twice"])
def test_a_release_json_that_no_build_writes_is_said(split: str, copy: Path):
    said = json.loads((copy / "release.json").read_bytes())
    said["tables"] += [{**said["tables"][0], "split": said["tables"][0]["split"] if split == "twice" else split}]
    (copy / "release.json").write_text(json.dumps(said))
    resealed(copy)
    assert [(finding.code, finding.file) for finding in found(copy)] == [("HD614", "release.json")]


def test_tag_files_that_cannot_be_decoded_are_said(copy: Path):
    (copy / "bagit.txt").write_bytes(b"\xff")
    hashes = {name: sha256(copy / name) for name in bag_files(copy) if not name.startswith(("data/", "tagmanifest"))}
    (copy / "tagmanifest-sha256.txt").write_text(manifest(hashes))
    assert [(finding.code, finding.file) for finding in found(copy)] == [("HD614", "bagit.txt")]


@pytest.mark.parametrize("edit", [{"version": "1.2.3-dev"}, {"hydrated": True}])
def test_a_published_release_is_not_taken_for_another(edit: dict, raw: Path):
    folder = build(raw, None, None).folder
    (folder / "release.json").write_text(json.dumps(json.loads((folder / "release.json").read_bytes()) | edit))
    resealed(folder)
    assert "HD620" in {finding.code for finding in found(folder)}


def test_a_release_under_another_name_is_found(raw: Path):
    folder = build(raw, None, None).folder
    folder.rename(folder.with_name("1.2.4"))
    assert [(finding.code, finding.file) for finding in found(folder.with_name("1.2.4"))] == [("HD614", "release.json")]


def test_the_ledger_is_found_where_the_releases_are_a_link(raw: Path):
    folder = build(raw, None, None).folder
    folder.parent.rename(raw.parent / "store")
    folder.parent.symlink_to("store")
    assert verify(folder).ledger is not None
