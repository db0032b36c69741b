"""Withheld pages: found by their hash whatever they are called, never used if they are not the ones that were annotated."""

import unicodedata
from pathlib import Path

import pytest

from pipeline.build import checking
from pipeline.findings import CannotRun
from pipeline.pages import PageStatus
from tests.conftest import VALID, WITHHELD, findings_of

PAGE = (WITHHELD / "irgendein-name.txt").read_bytes()


def status(folder: Path | None):
    with checking(VALID, folder) as checked:
        index = checked.corpus.index
        reports = list(index.page_reports())
        at_hand = dict(zip(index.ids().to_pylist(), index.at_hand.values.tolist(), strict=True))
        assert checked.findings.all == []
    (report,) = (r for r in reports if r.article_id == "absage-kurier")
    assert {r.status for r in reports if r is not report} == {PageStatus.open}
    assert at_hand.pop("absage-kurier") == (report.status is PageStatus.hydrated)
    assert all(at_hand.values())
    return report


def test_without_a_folder_a_page_is_withheld():
    assert status(None).status is PageStatus.withheld


@pytest.mark.parametrize("name", ["a.txt", "absage-kurier.txt", "deep/er/page", "ümläut 📄.html"])
def test_a_page_is_found_whatever_it_is_called(tmp_path: Path, name: str):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PAGE)
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)))
    report = status(tmp_path)
    assert (report.status, report.file) == (PageStatus.hydrated, name)


def test_a_page_that_is_not_there_is_missing(tmp_path: Path):
    (tmp_path / "other.txt").write_text("Etwas anderes.")
    assert status(tmp_path).status is PageStatus.missing


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda b: b.replace(b"\n", b"\r\n"), "CRLF"),
        (lambda b: b"\xef\xbb\xbf" + b, "byte order mark"),
        (lambda b: unicodedata.normalize("NFD", b.decode()).encode(), "normal form C"),
        (lambda b: b + b"\n", "last"),
        (lambda b: b + b" \n\n", "white space after"),
        (lambda b: b"\xef\xbb\xbf" + b.replace(b"\n", b"\r\n") + b"\r\n", "CRLF line ends and it has a byte order mark"),
    ],
)
def test_a_copy_changed_by_copying_is_refused_with_the_reason(tmp_path: Path, change, reason: str):
    assert change(PAGE) != PAGE
    (tmp_path / "copy.txt").write_bytes(change(PAGE))
    report = status(tmp_path)
    assert (report.status, report.file) == (PageStatus.mismatched, "copy.txt")
    assert reason in report.reason
    assert report.reason.endswith("not used")


def test_another_text_under_the_article_s_name_is_refused(tmp_path: Path):
    (tmp_path / "absage-kurier.txt").write_bytes(PAGE.replace(b"Palmen", b"Ahornstadt"))
    report = status(tmp_path)
    assert report.status is PageStatus.mismatched
    assert "another text" in report.reason


def test_the_right_copy_wins_over_a_wrong_one(tmp_path: Path):
    (tmp_path / "absage-kurier.txt").write_bytes(PAGE + b"\n")
    (tmp_path / "z.txt").write_bytes(PAGE)
    assert status(tmp_path).status is PageStatus.hydrated


def test_a_folder_that_is_none_is_said(tmp_path: Path):
    with pytest.raises(CannotRun, match="--pages"):
        findings_of(VALID, tmp_path / "nowhere")
