"""Cutting: all lines once, in order, with their numbers, however a file is read or packed; a change moves only the cuts beside it."""

import gzip
import os
import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline import cache, cut, files
from pipeline.cache import Area
from pipeline.cut import Cut, rows
from pipeline.files import Files
from pipeline.findings import Finding, Findings

NAME = "articles/a.jsonl"
Row = tuple[str, int | None, bytes]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch):
    """Units of some dozens of bytes."""
    monkeypatch.setattr(cut, "LEAST", 30)
    monkeypatch.setattr(cut, "MOST", 60)
    monkeypatch.setattr(cut, "_ODDS", 3)
    monkeypatch.setattr(cut, "MAX_DOCUMENT", 100)
    monkeypatch.setattr(cache, "_RACY", 0)


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(data, mtime=0))
    elif path.suffix == ".zst":
        with pa.OSFile(str(path), "wb") as out, pa.CompressedOutputStream(out, "zstd") as stream:
            stream.write(data)
    else:
        path.write_bytes(data)


def units(folder: Path, *names: str, area: Area | None = None) -> tuple[list[Cut], list[Finding], dict[str, str]]:
    own = Files(folder, Findings())
    found = list(cut.cut(own, names or (NAME,), area or Area(folder, kept=False)))
    return found, own.findings.all, own.hashes


def read(folder: Path, found: list[Cut]) -> list[Row]:
    """What workers read: file, line in the file, bytes."""
    own = Files(folder, Findings())
    return [
        (unit.pieces[number].file, None if line is None else line + (unit.pieces[number].line or 0) - 1, data)
        for unit in found for number, line, data in rows(unit.pieces, own)
    ]  # fmt: skip


def expected(data: bytes, name: str = NAME) -> list[Row]:
    return [(name, i, line) for i, line in enumerate(data.split(b"\n"), 1) if line.strip()]


lines = st.lists(
    st.binary(max_size=40).map(lambda data: data.replace(b"\n", b" ")) | st.sampled_from([b"", b" ", b"\r", b"x" * 70]), max_size=40
)


@settings(max_examples=80, deadline=None)
@given(lines, st.booleans(), st.sampled_from([1, 7, 64, 2**20]), st.sampled_from([NAME, f"{NAME}.gz", f"{NAME}.zst"]))
@example([], False, 1, NAME)
@example([b"a" * 100] * 3, True, 7, NAME)
def test_every_line_once_in_order(written: list[bytes], end: bool, block: int, name: str):
    """And the same cuts for every size of blocks."""
    data = b"\n".join(written) + (b"\n" if end else b"")
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        write(Path(folder) / name, data)
        plain, findings, _ = units(Path(folder), name)
        patch.setattr(files, "BLOCK", block)
        found, _, _ = units(Path(folder), name)
        assert found == plain
        assert read(Path(folder), found) == expected(data, name)
        assert [finding.code for finding in findings] == ([] if data.strip() else ["HD109"])
        assert sum(unit.bytes for unit in found) <= len(data)
        assert all(len({piece.file for piece in unit.pieces}) == len(unit.pieces) for unit in found)


def numbered(count: int) -> list[bytes]:
    chance = random.Random(7)
    return [b"%d:%s" % (i, chance.randbytes(3).hex().encode()) for i in range(count)]


def test_a_change_is_near(tmp_path: Path):
    """All units but those beside the line that changed, was added or removed, are the same."""
    written = numbered(400)
    write(tmp_path / NAME, b"\n".join(written))
    before = [unit.key for unit in units(tmp_path)[0]]
    assert len(before) > 40
    for changed in (
        [*written[:200], b"other", *written[201:]],
        [*written[:200], b"more", *written[200:]],
        [*written[:200], *written[201:]],
    ):
        write(tmp_path / NAME, b"\n".join(changed))
        after = [unit.key for unit in units(tmp_path)[0]]
        assert 1 <= len(set(before) - set(after)) <= 8
        assert after[:10] == before[:10]
        assert after[-10:] == before[-10:]


def test_packed_is_plain(tmp_path: Path):
    data = b"\n".join(numbered(200))
    found = []
    for ending in ("", ".gz", ".zst"):
        write(tmp_path / f"{NAME}{ending}", data)
        own, _, hashes = units(tmp_path, f"{NAME}{ending}")
        found.append([(piece.line, piece.start, piece.stop) for unit in own for piece in unit.pieces])
        assert len(hashes[f"{NAME}{ending}"]) == 64
        bare = [Cut(tuple(cut.Piece(p.file, p.line, p.start, p.stop) for p in unit.pieces), unit.key, unit.bytes) for unit in own]
        assert read(tmp_path, bare) == read(tmp_path, own)  # from the middle of a packed file
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("block", [1, 50, 2**20])
def test_a_line_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int):
    """It is told with its line; the lines around it are read. What ends a unit goes by bytes, so one a little over the limit is left to
    the worker.
    """
    monkeypatch.setattr(files, "BLOCK", block)
    data = b"\n".join([b"first", b"x" * 1000, b"third", b"y" * 2000, b"", b"last"])
    write(tmp_path / NAME, data)
    found, findings, _ = units(tmp_path)
    long = {finding.document for finding in findings} | {line for _, line, data in read(tmp_path, found) if len(data) > 100}
    assert {finding.code for finding in findings} <= {"HD108"}
    assert long == {2, 4}
    assert [row for row in read(tmp_path, found) if len(row[2]) <= 100] == [
        (NAME, 1, b"first"), (NAME, 3, b"third"), (NAME, 6, b"last"),
    ]  # fmt: skip
    assert all(len({piece.file for piece in unit.pieces}) == len(unit.pieces) for unit in found)


@pytest.mark.parametrize("data", [b"", b"\n", b" \n\t\n", b"\n\n\n"])
@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_a_file_with_nothing_in_it(tmp_path: Path, data: bytes, ending: str):
    write(tmp_path / f"{NAME}{ending}", data)
    found, findings, _ = units(tmp_path, f"{NAME}{ending}")
    assert read(tmp_path, found) == []
    assert [finding.code for finding in findings] == ["HD109"]


def test_files_of_one_article_and_shards_share_units(tmp_path: Path):
    """Files that follow one another; a page beside a file is a part of the key."""
    names = []
    for i in range(12):
        names.append(f"articles/{i:02}.json{'l' if i % 4 == 3 else ''}")
        write(tmp_path / names[-1], b'{"n":\n%d}' % i if i % 4 != 3 else b"{}\n\n{}\n")
    found, findings, hashes = units(tmp_path, *names)
    assert findings == []
    assert set(hashes) == set(names)
    assert 1 < len(found) < len(names)
    assert [piece.file for unit in found for piece in unit.pieces] == names
    assert [row[:2] for row in read(tmp_path, found)][:5] == [
        (names[0], None), (names[1], None), (names[2], None), (names[3], 1), (names[3], 3),
    ]  # fmt: skip
    write(tmp_path / "pages/05.txt", b"A page.")
    again, _, _ = units(tmp_path, *names)
    assert [unit.pieces for unit in again] != [] and sum(unit.key not in {old.key for old in found} for unit in again) in (1, 2)


def test_what_was_remembered_is_what_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    written = numbered(100)
    write(tmp_path / NAME, b"\n".join(written))
    area = Area(tmp_path, kept=True)
    fresh = units(tmp_path, area=area)
    with monkeypatch.context() as patch:
        patch.setattr(Files, "blocks", lambda *_: pytest.fail("it is read"))
        assert units(tmp_path, area=area) == fresh
    info = (tmp_path / NAME).stat()
    write(tmp_path / NAME, b"\n".join([b"changed"[: len(written[0])], *written[1:]]))
    os.utime(tmp_path / NAME, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert units(tmp_path, area=area)[2] != fresh[2]


def test_a_young_file_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its time could be that of the next state as well."""
    monkeypatch.setattr(cache, "_RACY", 3_600 * 10**9)
    write(tmp_path / NAME, b"a\nb")
    area = Area(tmp_path, kept=True)
    units(tmp_path, area=area)
    assert area.used == set()
