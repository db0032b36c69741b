"""What is known of a corpus, and what is published of it, do not depend on how it is cut, nor on how many processes do it."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks.generate import generate
from pipeline import cut, means
from pipeline.build import build, checking
from pipeline.findings import Finding
from pipeline.means import Means, ready
from tests.conftest import files

BUNDLES = 24
SIZES = ((1, 1), (30_000, 60_000), (3 * 2**20, 5 * 2**20))


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated") / "raw"
    generate(folder, bundles=BUNDLES, shards=2, seed=9)
    return folder


@pytest.fixture
def raw(generated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(generated, tmp_path / "data" / "raw"))


@pytest.fixture(params=SIZES[1:], ids=["a few lines", "all"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    sized(monkeypatch, request.param)
    return request.param


def sized(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    monkeypatch.setattr(cut, "LEAST", size[0])
    monkeypatch.setattr(cut, "MOST", size[1])
    monkeypatch.setattr(cut, "_ODDS", 1)


def facts(raw: Path) -> dict[str, object]:
    with checking(raw, None) as checked:
        assert checked.findings.errors == []
        index = checked.corpus.index
        mentioned = index.mentioned()
        columns = ("hashes", "open", "at_hand", "published", "bytes", "text_hashes", "outlet", "kind", "language")
        return {
            "units": len(index.units), "ids": index.ids().to_pylist(), "derived": index.derived, "tally": index.tally.to_bytes(),
            "origins": index.origins(range(len(index))), "digest": checked.raw.files.digest(), "outlets": index.outlets.names,
            "reports": (index.reports.rows.tolist(), index.reports.items.tolist()),
            "mentioned": sorted(zip(mentioned.rows.tolist(), mentioned.items.tolist(), strict=True)),
            **{name: getattr(index, name).values.tolist() for name in columns},
        }  # fmt: skip


@pytest.mark.slow
def test_the_index_does_not_depend_on_the_cuts(raw: Path, monkeypatch: pytest.MonkeyPatch):
    found = []
    for own in SIZES:
        sized(monkeypatch, own)
        found.append(facts(raw))
    numbers = [own.pop("units") for own in found]
    assert numbers[0] == BUNDLES > numbers[1] > numbers[2]  # type: ignore[operator]
    assert found[0] == found[1] == found[2]
    assert len(found[0]["ids"]) == BUNDLES  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_release_does_not_depend_on_cuts_or_jobs(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(means, "SMALL", 0)
    first = None
    for jobs, own in ((1, SIZES[2]), (2, SIZES[1]), (3, SIZES[0])):
        sized(monkeypatch, own)
        out = tmp_path / f"out-{jobs}"
        build(raw, out, None, means=Means(jobs))
        found = files(out)
        first = first or found
        assert sorted(found) == sorted(first)
        assert [name for name in first if found[name] != first[name]] == []


def test_processes_for_a_large_corpus_are_started_before_all_else(raw: Path, monkeypatch: pytest.MonkeyPatch):
    def started() -> list[psutil.Process]:
        return [process for process in psutil.Process().children() if process not in others]

    others = psutil.Process().children()
    monkeypatch.setattr(means, "SMALL", sum(path.stat().st_size for path in (raw / "articles").iterdir()))
    with ready(raw, 2, None) as own:
        servers = started()
        assert len(servers) == 1
        with checking(raw, None, means=own) as checked:
            assert len(checked.corpus.index) == BUNDLES
            assert started() == servers
    assert started() == []
    one = min((raw / "articles").iterdir()).relative_to(raw).as_posix()
    for folder, jobs, only in (raw, 1, None), (raw, 2, {one}), (Path(one), 2, None):
        with ready(folder, jobs, None, only=only) as own:
            assert own == Means(jobs)
            assert started() == []


# --- findings ----------------------------------------------------------------------------------------------------------------------


def edit(raw: Path, number: int, change: Callable[[dict], object]) -> tuple[str, int]:
    """Change an article, by its number in the corpus; gives its file and line."""
    half = BUNDLES // 2
    file, line = f"articles/part-{number // half:05}.jsonl", number % half
    lines = (raw / file).read_bytes().splitlines()
    value = json.loads(lines[line])
    change(value)
    lines[line] = json.dumps(value, ensure_ascii=False).encode()
    (raw / file).write_bytes(b"\n".join(lines) + b"\n")
    return file, line + 1


def errors(raw: Path) -> list[Finding]:
    with checking(raw, None) as checked:
        return checked.findings.errors


def article_id(raw: Path, number: int) -> str:
    found: list[str] = []
    edit(raw, number, lambda bundle: found.append(bundle["article"]["article_id"]))
    return found[0]


FAULTS: list[tuple[str, Callable[[dict], object]]] = [
    ("HD203", lambda bundle: bundle["article"].update(origin="guessed")),
    ("HD302", lambda bundle: bundle["entities"][0]["mentions"][0].update(end=2**25)),
    ("HD503", lambda bundle: bundle["article"].update(reports=["nowhere"])),
    ("HD504", lambda bundle: bundle["entities"][0].update(kb_id="nobody")),
    ("HD515", lambda bundle: bundle["article"].update(derived_from="none")),
]


@pytest.mark.usefixtures("size")
def test_every_fault_is_told_with_its_line(raw: Path):
    """Each in two articles of its own, one in either shard."""
    wanted = {code: {edit(raw, number, change) for number in (7 - i, 20 - i)} for i, (code, change) in enumerate(FAULTS)}
    found = errors(raw)
    for code, places in wanted.items():
        own = [finding for finding in found if finding.code == code]
        assert {(finding.file, finding.line) for finding in own} == places, code
        assert {(finding.file, finding.document) for finding in own} == places, code
        assert all(finding.column and finding.column > 1 for finding in own), code


@pytest.mark.usefixtures("size")
def test_blank_and_broken_lines_are_counted(raw: Path):
    path = raw / "articles/part-00001.jsonl"
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([b"", *lines[:3], b"{", b"", *lines[3:], b"\xff"]))
    assert sorted((finding.code, finding.file, finding.line) for finding in errors(raw)) == [
        ("HD102", "articles/part-00001.jsonl", len(lines) + 4),
        ("HD104", "articles/part-00001.jsonl", 5),
    ]


@pytest.mark.usefixtures("size")
def test_an_id_that_stands_twice(raw: Path):
    own = article_id(raw, 2)
    places = [edit(raw, number, lambda bundle: bundle["article"].update(article_id=own)) for number in (9, 22)]
    found = [finding for finding in errors(raw) if finding.code == "HD502"]
    assert [(finding.file, finding.line) for finding in found] == places
    assert all("part-00000.jsonl:3" in str(finding.found) for finding in found)


@pytest.mark.usefixtures("size")
def test_links_lead_from_unit_to_unit(raw: Path):
    """To an article of another shard, and of no other type than the knowledge base says; a loop has no beginning."""
    first, last = article_id(raw, 1), article_id(raw, 23)
    edit(raw, 1, lambda bundle: bundle["article"].update(derived_from=last))
    assert [finding for finding in errors(raw) if finding.code == "HD515"] == []
    edit(raw, 23, lambda bundle: bundle["article"].update(derived_from=first))
    assert len([finding for finding in errors(raw) if finding.code == "HD515"]) == 2

    def other(bundle: dict) -> None:
        entity = next(entity for entity in bundle["entities"] if entity["kb_id"])
        entity["type"] = "GPE" if entity["type"] != "GPE" else "PER"

    place = edit(raw, 17, other)
    assert [(finding.file, finding.line) for finding in errors(raw) if finding.code == "HD505"] == [place]


@pytest.mark.usefixtures("size")
def test_what_was_released_stays(raw: Path):
    with checking(raw, None) as checked:
        ids = checked.corpus.index.ids().to_pylist()
    splits = {scheme: dict.fromkeys([ids[0], ids[-1], "gone"], "train") for scheme in ("by_event", "by_time", "by_outlet")}
    (raw / "splits.json").write_text(json.dumps(splits), "utf-8")
    found = [finding for finding in errors(raw) if finding.code == "HD508"]
    assert [finding.record for finding in found] == ["gone"] * 3


@pytest.mark.usefixtures("size")
def test_a_link_is_told_beside_other_faults(raw: Path):
    """Also in a unit that gives no rows of a release."""
    edit(raw, 6, FAULTS[1][1])
    place = edit(raw, 7, FAULTS[3][1])
    found = errors(raw)
    assert {finding.code for finding in found} == {"HD302", "HD504"}
    assert [(finding.file, finding.line) for finding in found if finding.code == "HD504"] == [place]
