"""What a maintainer relies on at a release: each kind of change is met with the least version that it takes, and shown as what it is."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.bag import PAYLOAD, TAGS, write_bag
from pipeline.build import build
from pipeline.findings import CannotRun, Refused
from tests.conftest import edit_json


def record_added(raw: Path) -> None:
    with (raw / "kb.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"kb_id": "westend", "type": "GPE", "name": "West End", "name_de": "Westend"}\n')


def label_fixed(raw: Path) -> None:
    edit_json(raw / "articles/anruf-abendblatt.json", lambda b: b["events"][0].update(polarity="negative"))


def split_moved(raw: Path) -> None:
    fix_splits(raw, lambda splits: splits["by_outlet"].update({"absage-kurier": "train"}))


def field_dropped(raw: Path) -> None:
    """The last release had one field more than the models have now."""
    release = raw.parent / "processed/1.2.3"
    path = release / "data/kb/train-00000-of-00001.parquet"
    table = pq.read_table(path)
    pq.write_table(table.append_column("motto", pa.array(["Hail"] * len(table))), path)
    for name in (PAYLOAD, TAGS):
        (release / name).unlink()
    write_bag(release, "it", "2031-10-01")
    (raw.parent / "releases.jsonl").unlink()  # which knows that it had not


def article_removed(raw: Path) -> None:
    fix_splits(raw, lambda splits: [scheme.pop("wahl-abendblatt") for scheme in splits.values()])
    (raw / "articles/wahl-abendblatt.json").unlink()
    (raw / "pages/wahl-abendblatt.txt").unlink()


def fix_splits(raw: Path, edit: Callable[[dict], object]) -> None:
    """Take the splits of the release for those of the next, but for an edit."""
    shutil.copy(raw.parent / "processed/1.2.3/splits.json", raw)
    edit_json(raw / "splits.json", edit)


def licence_changed(raw: Path) -> None:
    text = (raw / "corpus.toml").read_text(encoding="utf-8")
    (raw / "corpus.toml").write_text(text.replace('annotations = "CC-BY-4.0"', 'annotations = "CC-BY-NC-4.0"'), encoding="utf-8")


def nothing(_: Path) -> None:
    pass


CHANGES: tuple[tuple[Callable[[Path], None], str | None, str, set[tuple[str, str | None, str]]], ...] = (
    (record_added, "1.2.4", "1.3.0", {("kb", "westend", "record added")}),
    (label_fixed, None, "1.2.4", {("events", "anruf-abendblatt:v1", "factuality changed")}),
    (split_moved, "1.3.0", "2.0.0", {("articles", "absage-kurier", "split changed")}),
    (field_dropped, "1.3.0", "2.0.0", {("kb", None, "field removed")}),
    (article_removed, "1.3.0", "2.0.0", {("articles", "wahl-abendblatt", "record removed")}),
    (licence_changed, "1.3.0", "2.0.0", {("corpus", None, "value changed")}),
    (nothing, None, "1.2.4", set()),
)
"""What is changed, the version that is too low for it, the least that is not, and what the comparison shows."""


@pytest.mark.slow
@pytest.mark.parametrize(("change", "low", "least", "shown"), CHANGES, ids=[change.__name__ for change, *_ in CHANGES])
def test_a_change_takes_the_version_that_it_deserves(change, low: str | None, least: str, shown: set, raw: Path):
    build(raw, None, None)
    change(raw)
    if low is not None:
        with pytest.raises(Refused) as refused:
            build(raw, None, None, low)
        (finding,) = refused.value.findings.errors
        assert finding.code == "HD603"
        assert finding.message.endswith(f"which takes at least {least}")
        assert not (raw.parent / "processed" / low).exists()
    release = build(raw, None, None, least).folder
    said = json.loads((release / "CHANGES.json").read_bytes())
    assert (said["old"], said["new"]) == ("1.2.3", least)
    found = {(c["table"], c["record"], c["kind"]) for c in said["changes"]}
    if change is article_removed:  # its records go with it
        assert {c["record"].partition(":")[0] for c in said["changes"]} == {"wahl-abendblatt"}
        assert {kind for _, _, kind in found} == {"record removed"}
    else:
        assert found == shown
    assert shown <= found


def test_a_first_release_and_a_hydrated_build_have_nothing_to_compare(raw: Path, release, hydrated):
    assert not (release.folder / "CHANGES.json").exists()
    assert not (hydrated.folder / "CHANGES.json").exists()
    first = build(raw, None, None)
    assert first.changes is None
    assert not (first.folder / "CHANGES.json").exists()


def test_a_build_in_the_making_says_what_has_changed(raw: Path, run):
    build(raw, None, None)
    record_added(raw)
    _, out, _ = run("build", "--raw", raw, "--version", "1.2.4-dev")
    assert "1.2.3 → 1.2.4-dev: 1 change, at least a minor version (the next version is 1.3.0 or higher" in out
    status, out, _ = run("validate", "--raw", raw, "--level", "5")  # as far as the version does not matter
    assert status == 0


def test_validate_says_what_a_build_would_refuse(raw: Path, run):
    build(raw, None, None)
    record_added(raw)
    status, _, err = run("validate", "--raw", raw)
    assert status == 1
    assert "error[HD601] raw files no longer give the published release" in err
    assert "corpus.toml:3:1: westend version: record added, kb; not so in release 1.2.3" in err
    corpus = (raw / "corpus.toml").read_text(encoding="utf-8").replace('"1.2.3"', '"1.2.4"')
    (raw / "corpus.toml").write_text(corpus, encoding="utf-8")
    status, _, err = run("validate", "--raw", raw)
    assert status == 1
    assert "error[HD603] version does not rise enough for what changed" in err


@pytest.mark.slow
def test_a_withdrawn_version_is_neither_needed_nor_used_again(raw: Path):
    build(raw, None, None)
    record_added(raw)
    build(raw, None, None, "1.3.0")
    ledger = raw.parent / "releases.jsonl"
    first, second = ledger.read_text(encoding="utf-8").splitlines()
    shutil.rmtree(raw.parent / "processed/1.3.0")
    with pytest.raises(CannotRun, match=r"has 1\.3\.0, but .* is not there"):
        build(raw, None, None, "2.0.0")
    second = second.replace('"withdrawn":null', '"withdrawn":"2031-11-01"')
    ledger.write_text(f"{first}\n{second}\n", encoding="utf-8")
    (raw.parent.parent / "CHANGELOG.md").write_text("## 1.3.0 – 2031-10-01\n## 2.0.0 – 2031-10-01\n", encoding="utf-8")
    changes = json.loads((build(raw, None, None, "2.0.0").folder / "CHANGES.json").read_bytes())
    assert changes["old"] == "1.2.3"
    with pytest.raises(Refused) as refused:
        build(raw, None, None, "1.2.9")
    assert "HD602" in {finding.code for finding in refused.value.findings.errors}
