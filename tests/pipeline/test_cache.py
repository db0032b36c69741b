"""What a build keeps: the next one gives the bytes of a build from nothing, whatever changed, and whatever became of what was kept."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from filelock import FileLock

from benchmarks.generate import generate
from pipeline import cache, cut, gather, groups, shards, write
from pipeline.build import build
from pipeline.cache import whole
from pipeline.duplicates.candidates import Spool
from pipeline.findings import Refused
from pipeline.means import Means
from pipeline.tables import ARTICLE_TABLES
from tests.conftest import VALID, WITHHELD, files


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty articles in three shards."""
    folder = tmp_path_factory.mktemp("generated") / "raw"
    generate(folder, bundles=30, shards=3, seed=4)
    return folder


@pytest.fixture
def raw(generated: Path, tmp_path: Path) -> Path:
    """A copy, to change."""
    return Path(shutil.copytree(generated, tmp_path / "data" / "raw"))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch):
    """Units of a few articles, groups of a few units, shards of a few units in several row groups, and no time too young to tell."""
    monkeypatch.setattr(cut, "LEAST", 30_000)
    monkeypatch.setattr(cut, "MOST", 100_000)
    monkeypatch.setattr(cut, "_ODDS", 2)
    monkeypatch.setattr(groups, "UNITS", 2)
    monkeypatch.setattr(shards, "SHARD_BYTES", 120_000)
    monkeypatch.setattr(write, "FIRST_GROUP_BYTES", 10_000)
    monkeypatch.setattr(write, "ROW_GROUP_BYTES", 20_000)
    monkeypatch.setattr(cache, "_RACY", 0)


Done = Counter[str]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Iterator[Done]:
    """Counts units, shards that were written, and how often near-duplicates were sought among all signatures."""
    found: Done = Counter()
    work, write, candidates = gather.work, shards.write_shard, Spool.candidates

    def count_unit(task):
        found["units"] += 1
        return work(task)

    def count_shard(task):
        found["shards"] += not task.folder.exists()
        return write(task)

    def count_search(spool, remember):
        found["searches"] += 1
        return candidates(spool, remember)

    monkeypatch.setattr(Spool, "candidates", count_search)
    monkeypatch.setattr(gather, "work", count_unit)
    monkeypatch.setattr(shards, "write_shard", count_shard)
    return found  # type: ignore[return-value]


FRESH: dict[bytes, dict[str, bytes]] = {}
"""What builds without a cache gave, by the hash of the raw files."""


class Builds:
    """Builds of one raw folder, with one cache."""

    def __init__(self, raw: Path, folder: Path, done: Done) -> None:
        self.raw, self.folder, self.done = raw, folder, done
        self.kept = folder / "kept"
        self.number = 0

    def build(self, kept: bool, pages: Path | None = None) -> dict[str, bytes]:
        self.number += 1
        out = self.folder / f"out-{self.number}"
        self.done.clear()
        build(self.raw, out, pages, means=Means(1, None, self.kept if kept else None))
        return files(out)

    def same(self) -> Done:
        """What the cached build did, which must give the bytes of one without a cache."""
        found = self.build(True)
        did = +self.done
        state = sha256(repr(sorted(files(self.raw).items())).encode()).digest()
        if state not in FRESH:
            FRESH[state] = self.build(False)
        fresh = FRESH[state]
        assert sorted(found) == sorted(fresh)
        assert [name for name in fresh if found[name] != fresh[name]] == []
        return did


@pytest.fixture
def builds(raw: Path, tmp_path: Path, done: Done) -> Builds:
    """The first build is done."""
    own = Builds(raw, tmp_path, done)
    own.build(True)
    assert own.done["units"] >= 5
    assert own.done["shards"] >= 4 * len(ARTICLE_TABLES)
    return own


def edit(path: Path, number: int, change: Callable[[dict], None]) -> None:
    """Change one article of a shard."""
    lines = path.read_bytes().splitlines()
    value = json.loads(lines[number])
    change(value)
    lines[number] = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    path.write_bytes(b"\n".join(lines) + b"\n")


def shard(builds: Builds, number: int = 1) -> Path:
    return builds.raw / "articles" / f"part-{number:05}.jsonl"


def kept(builds: Builds, kind: str) -> list[Path]:
    found = sorted(builds.kept.glob(f"*.{kind}"))
    assert found
    return found


# --- what changes ----------------------------------------------------------------------------------------------------------------


def test_nothing_is_done_again_without_a_change(builds: Builds):
    assert builds.same() == {}
    assert builds.same() == {}


def test_an_article_changes_its_own_unit_and_shards(builds: Builds):
    edit(shard(builds), 5, lambda bundle: bundle["article"].update(published_basis="a letter"))
    did = builds.same()
    assert 1 <= did["units"] <= 2
    assert 1 <= did["shards"] <= 2 * len(ARTICLE_TABLES)


@pytest.mark.slow
def test_other_articles_of_a_unit_leave_a_shard_alone(builds: Builds, monkeypatch: pytest.MonkeyPatch):
    """Also where one of them has a null that none had before: where row groups are cut does not follow from it."""
    monkeypatch.setattr(cut, "MOST", 10**9)
    monkeypatch.setattr(cut, "LEAST", 10**9)  # a unit a file
    monkeypatch.setitem(globals(), "FRESH", {})
    shutil.rmtree(builds.kept)
    builds.same()
    for change in ({"published_basis": "a letter"}, {"captured": None}):
        for line in range(2):
            edit(shard(builds), line, lambda bundle, new=change: bundle["article"].update(new))
            assert builds.same() == {"units": 1, "shards": len(ARTICLE_TABLES)}, (change, line)


def add(path: Path) -> None:
    shutil.copyfile(path / "articles/part-00002.jsonl", path / "articles/part-00003.jsonl")
    text = (path / "articles/part-00003.jsonl").read_text("utf-8").splitlines()
    found = [json.loads(line) for line in text[:2]]
    for i, bundle in enumerate(found):
        bundle["article"]["article_id"] = f"new-{i}"
    (path / "articles/part-00003.jsonl").write_text("".join(json.dumps(bundle) + "\n" for bundle in found), "utf-8")


def kb(path: Path) -> None:
    lines = (path / "kb.jsonl").read_text("utf-8").splitlines()
    row = json.loads(lines[0])
    row["wikidata"] = "Q999999999"
    (path / "kb.jsonl").write_text("\n".join([json.dumps(row), *lines[1:]]) + "\n", "utf-8")


def replaced(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        text = (path / name).read_text("utf-8")
        assert old in text
        (path / name).write_text(text.replace(old, new), "utf-8")

    return change


CHANGES: dict[str, tuple[Callable[[Path], object], bool, bool]] = {
    "touched": (lambda path: os.utime(path / "articles/part-00001.jsonl"), False, False),
    "datasheet": (lambda path: (path / "datasheet.md").write_text("# {{articles}} articles\n", "utf-8"), False, False),
    "shares": (replaced("corpus.toml", "train = 0.6\nvalidation = 0.2", "train = 0.5\nvalidation = 0.3"), False, True),
    "version": (replaced("corpus.toml", 'version = "0.1.0-dev"', 'version = "0.1.1-dev"'), False, True),
    "languages": (replaced("corpus.toml", '"de-DE", "de-AT", "de-CH"', '"de-DE", "de-AT", "de-CH", "fr-CH"'), True, True),
    "kb": (kb, False, True),
    "added": (add, True, True),
    "renamed": (lambda path: (path / "articles/part-00001.jsonl").rename(path / "articles/part-00009.jsonl"), True, True),
    "removed": (lambda path: (path / "articles/part-00009.jsonl").unlink(), True, True),
}
"""What is changed, and whether units and shards may be made again for it."""


@pytest.mark.slow
def test_whatever_changes(builds: Builds):
    """One change after the other."""
    for name, (change, units, shards_written) in CHANGES.items():
        change(builds.raw)
        did = builds.same()
        assert units or did["units"] == 0, name
        assert (did["shards"] > 0) is shards_written, name
        assert (did["searches"] > 0) is (name in ("added", "renamed", "removed")), name
        assert name != "kb" or did["shards"] == len(kept(builds, "shard")) // len(ARTICLE_TABLES), "entities alone have its items"
    assert builds.same() == {}


@pytest.fixture
def small_corpus(tmp_path: Path, done: Done) -> Builds:
    """The valid corpus: files of one article, passes, pages beside them."""
    folder = Path(shutil.copytree(VALID, tmp_path / "data" / "raw"))
    own = Builds(folder, tmp_path, done)
    own.same()
    assert own.same() == {}
    return own


@pytest.mark.slow
def test_a_pass_changes_no_unit(small_corpus: Builds):
    path = small_corpus.raw / "passes/a/anruf-tagblatt.json"
    value = json.loads(path.read_bytes())
    value["events"] = []
    path.write_text(json.dumps(value), "utf-8")
    assert small_corpus.same()["units"] == 0
    path.unlink()
    assert small_corpus.same()["units"] == 0


@pytest.mark.slow
def test_a_page_is_a_part_of_its_unit(small_corpus: Builds):
    """Also where it stands beside a shard: a page that no longer is what the article says is found."""
    page = small_corpus.raw / "pages/wahl-abendblatt.txt"
    text = page.read_text("utf-8")
    for name in ("articles", "shard"):
        if name == "shard":
            records = [json.loads(path.read_bytes()) for path in sorted((small_corpus.raw / "articles").glob("*.json"))]
            shutil.rmtree(small_corpus.raw / "articles")
            (small_corpus.raw / "articles").mkdir()
            (small_corpus.raw / "articles/all.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
            small_corpus.same()
            assert small_corpus.same() == {}
        page.write_text(text.replace("Adler", "Edler", 1), "utf-8")
        with pytest.raises(Refused) as refused:
            small_corpus.build(True)
        assert "HD308" in {finding.code for finding in refused.value.findings.errors}
        page.write_text(text, "utf-8")
        small_corpus.same()


@pytest.mark.slow
def test_what_stands_in_a_page_s_place_is_told(small_corpus: Builds, tmp_path: Path):
    """A withheld page is not there; a link or folder in its place is a fault, which no kept unit hides."""
    page = small_corpus.raw / "pages/absage-kurier.txt"
    target = tmp_path / "elsewhere"
    for kind in ("lost", "link", "folder"):
        if kind == "folder":
            page.unlink()
            page.mkdir()
        elif kind == "link":
            target.write_text("x", "utf-8")
        else:
            page.symlink_to(target)
        told = []
        for with_cache in (True, False):
            with pytest.raises(Refused) as refused:
                small_corpus.build(with_cache)
            told.append(sorted(finding.code for finding in refused.value.findings.errors))
        assert told[0] == told[1], kind
    page.rmdir()
    small_corpus.same()


# --- what becomes of what is kept ------------------------------------------------------------------------------------------------


def truncate(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garbage(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"\x00garbage" * 100)


def flip(path: Path) -> None:
    """One byte, the size and the time of the file as they were."""
    info = path.stat()
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


DAMAGES = (truncate, garbage, flip, Path.unlink)


@pytest.mark.slow
def test_damaged_units_are_made_again(builds: Builds):
    """Each of four units has its own damage, in one file of theirs after the other."""
    for name in ("index", "people", "documents"):
        for damage, unit in zip(DAMAGES, kept(builds, "unit"), strict=False):
            damage(unit / name)
        assert builds.same() == {"units": len(DAMAGES)}
    shutil.rmtree(kept(builds, "unit")[2])
    assert builds.same() == {"units": 1}


def test_damaged_shards_are_made_again(builds: Builds):
    for name in ("*.parquet", "shard.json"):
        for damage, folder in zip(DAMAGES, kept(builds, "shard"), strict=False):
            damage(next(folder.glob(name)))
        assert builds.same() == {"shards": len(DAMAGES)}


@pytest.mark.slow
def test_a_release_and_what_is_kept_are_one_file(builds: Builds):
    """Nothing is copied, and each does without the other."""
    first, second = builds.folder / "out-1", builds.folder / "out-2"
    before = files(first)
    assert builds.build(True) == before
    names = [name for name in before if name.startswith("data/") and "/contacts/" not in name and "/kb/" not in name]
    assert names
    for name in names:
        assert (first / name).samefile(second / name)
        assert not (first / name).stat().st_mode & 0o222
    shutil.rmtree(first)
    assert builds.same() == {}
    shutil.rmtree(builds.kept)
    assert files(second) == before


@pytest.mark.slow
def test_where_a_file_has_one_name_it_is_copied(builds: Builds, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    before = files(builds.folder / "out-1")
    assert builds.build(True) == before
    assert not +builds.done
    for path in (builds.folder / "out-2").rglob("*.parquet"):
        path.chmod(0o644)
        path.write_bytes(b"mine")
    assert builds.same() == {}


@pytest.mark.slow
def test_changed_notes_are_none(builds: Builds):
    path = builds.kept / "kept.json"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"sha256":"', b'"sha256":"0', 1))
    assert path.read_bytes() != whole
    assert builds.same()["units"] >= 5


@pytest.mark.parametrize("data", [None, b"", b"garbage", b"\xff\xfe", b"[]", b"null", b"{}", b'{"a":[1,2]}', b"x\n[{},{}]"])
def test_without_notes_nothing_is_taken_up(tmp_path: Path, data: bytes | None):
    with cache.area(tmp_path) as first:
        unit = first.path(f"{'3' * 40}.unit")
        unit.mkdir()
        (unit / "index").write_bytes(b"x")
        first.note("something", "stamp", 1)
    if data is not None:
        (tmp_path / "kept.json").write_bytes(data)
    with cache.area(tmp_path) as second:
        assert second.kept
        assert unit.exists() is (data is None)
        assert second.recall("something", "stamp") == (1 if data is None else None)


@pytest.mark.slow
def test_files_that_no_build_has_noted_are_removed(builds: Builds):
    """Those of a build that was killed; what is nobody's of ours stays."""
    for name in (f"{'0' * 40}.unit", f"{'1' * 40}.unit.77", "letter.txt"):
        (builds.kept / name).write_bytes(b"x")
    (builds.kept / f"{'2' * 40}.shard.new").mkdir()
    assert builds.same() == {}
    assert {path.name for path in builds.kept.iterdir() if path.name.startswith(("0000000", "1111111", "2222222", "l"))} <= {
        "letter.txt",
        "lock",
    }
    assert (builds.kept / "letter.txt").exists()


@pytest.mark.slow
def test_what_is_not_used_is_removed(builds: Builds):
    before = {path.name for path in builds.kept.iterdir()}
    shard(builds, 2).unlink()
    builds.build(True)
    after = {path.name for path in builds.kept.iterdir()}
    assert len(after) < len(before)
    notes = (builds.kept / "kept.json").read_text("utf-8")
    assert "part-00001" in notes
    assert "part-00002" not in notes
    assert all(name in notes for name in after - {"kept.json", "lock"})


def test_a_refused_build_keeps_what_was_good(builds: Builds):
    before = {path.name for path in builds.kept.iterdir()}
    good = shard(builds).read_bytes()
    edit(shard(builds), 5, lambda bundle: bundle["article"].update(origin="guessed"))
    with pytest.raises(Refused):
        builds.build(True)
    assert 1 <= builds.done["units"] <= 2
    assert before <= {path.name for path in builds.kept.iterdir()}
    with pytest.raises(Refused):
        builds.build(True)
    assert builds.done["units"] == 0
    shard(builds).write_bytes(good)
    assert builds.same()["units"] <= 2


@pytest.mark.slow
def test_the_first_build_is_refused(raw: Path, tmp_path: Path, done: Done):
    """Its good units need not be made again."""
    own = Builds(raw, tmp_path, done)
    good = shard(own).read_bytes()
    edit(shard(own), 5, lambda bundle: bundle["article"].update(origin="guessed"))
    with pytest.raises(Refused):
        own.build(True)
    units = own.done["units"]
    shard(own).write_bytes(good)
    assert own.same()["units"] <= 2 < units


def test_two_builds_at_once(builds: Builds):
    """The second does without what the first one holds, and leaves it alone."""
    before = files(builds.kept)
    with FileLock(builds.kept / "lock"):
        assert builds.same()["units"] >= 5
    assert files(builds.kept) == before
    assert builds.same() == {}


@pytest.mark.slow
@pytest.mark.parametrize("where", ["a file", "below a file", "a lock that is a folder", "read-only"])
def test_where_nothing_can_be_kept_nothing_is(raw: Path, tmp_path: Path, done: Done, where: str, monkeypatch: pytest.MonkeyPatch):
    own = Builds(raw, tmp_path, done)
    if where == "a lock that is a folder":
        (own.kept / "lock").mkdir(parents=True)
    elif where == "read-only":
        own.same()

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        garbage(kept(own, "unit")[0] / "articles")
        monkeypatch.setattr(cache, "_remove", refuse)
        before = files(own.kept)
    else:
        own.kept.write_bytes(b"a file")
        own.kept = own.kept / "below" if where == "below a file" else own.kept
    assert own.same()["units"] >= 5
    if where == "read-only":
        assert files(own.kept) == before


def test_hydrated_builds_keep_nothing(tmp_path: Path, done: Done):
    own = Builds(Path(shutil.copytree(VALID, tmp_path / "data" / "raw")), tmp_path, done)
    own.build(True, pages=WITHHELD)
    assert not own.kept.exists()
    own.build(True)
    before = files(own.kept)
    own.build(True, pages=WITHHELD)
    assert files(own.kept) == before


def test_a_folder_is_made_whole_or_not_at_all(tmp_path: Path):
    place = tmp_path / "unit"
    with pytest.raises(ZeroDivisionError), whole(place) as aside:
        (aside / "half").write_text("half")
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
    with whole(place) as second, whole(place) as first:
        for folder in (first, second):
            (folder / "index").write_text("the same")
    assert [path.name for path in tmp_path.iterdir()] == ["unit"]
    assert files(place) == {"index": b"the same"}
