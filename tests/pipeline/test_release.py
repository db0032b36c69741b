"""What a user of a release relies on: every configuration loads, tables join, spans and texts agree, private data is gone."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from datasets import Features, get_dataset_config_names, load_dataset
from jsonschema import Draft202012Validator

from pipeline.bag import sha256
from pipeline.build import Built, build
from pipeline.findings import CannotRun, Refused
from pipeline.seal import Outcome
from schema.derive import arrow_schema
from schema.rows import KEYS, TABLES
from tests.conftest import ROOT, VALID, WITHHELD, files

NAMES = [table.name for table in TABLES]
MANIFESTS = ["tagmanifest-sha256.txt", "manifest-sha256.txt"]
PRIVATE = ["0555 010203", "User #17", "User #4", "redaktion@kurier.example", "Nutzer 9"]


def frame(built: Built, name: str) -> pd.DataFrame:
    """All splits of a table, as a user would put them together."""
    splits = load_dataset(str(built.folder), name)
    return pd.concat([split.to_pandas().assign(_split=key) for key, split in splits.items()], ignore_index=True)


@pytest.fixture(scope="session", params=["release", "hydrated"])
def built(request: pytest.FixtureRequest) -> Built:
    return request.getfixturevalue(request.param)


def test_the_default_configuration_is_documents(built: Built):
    assert get_dataset_config_names(str(built.folder)) == NAMES
    assert "blocks" in load_dataset(str(built.folder))["train"].column_names


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_configuration_loads_in_memory_and_streams_with_the_same_features(built: Built, table):
    features = Features.from_arrow_schema(arrow_schema(table.row))
    loaded = load_dataset(str(built.folder), table.name)
    streamed = load_dataset(str(built.folder), table.name, streaming=True)
    assert (
        set(loaded)
        == set(streamed)
        == set(("train", "validation", "test") if table.split else ("train",))
        - ({"test"} if table.name in ("comments", "passes") else set())
    )
    for name, split in loaded.items():
        assert split.features == features == streamed[name].features
        assert list(streamed[name]) == split.to_list()
        assert len(split.to_pandas()) == len(split) > 0
        assert str(split.info.version) == "1.2.3"
        for info in (split.info, streamed[name].info):
            assert info.license == "CC-BY-4.0" and "@misc{" in info.citation
            assert all(part.digest in info.description for part in built.release.tables if part.table == table.name)


def test_all_splits_of_a_table_have_the_same_schema_to_the_letter(built: Built):
    for table in TABLES:
        schemas = [pq.read_schema(path) for path in (built.folder / "data" / table.name).glob("*.parquet")]
        assert schemas
        assert all(schema.equals(arrow_schema(table.row)) for schema in schemas)


def test_both_builds_have_the_same_rows_but_for_the_text(release: Built, hydrated: Built):
    def blank(value: object) -> object:
        if isinstance(value, dict):
            return {k: blank(v) for k, v in value.items() if k not in ("text", "text_status")}
        return [blank(v) for v in value] if isinstance(value, list) else value

    for table in TABLES:
        for path in (release.folder / "data" / table.name).glob("*.parquet"):
            other = hydrated.folder / "data" / table.name / path.name
            assert blank(pq.read_table(path).to_pylist()) == blank(pq.read_table(other).to_pylist())


def test_every_span_is_the_slice_of_its_page(hydrated: Built):
    pages = dict(frame(hydrated, "articles")[["article_id", "text"]].itertuples(index=False))
    assert all(pages.values())
    seen = 0

    def compare(value: object, page: str) -> None:
        nonlocal seen
        if isinstance(value, dict):
            if {"start", "end", "text"} <= set(value) and value["start"] is not None:
                assert value["text"] == page[value["start"] : value["end"]]
                seen += 1
            for inner in value.values():
                compare(inner, page)
        elif isinstance(value, list):
            for inner in value:
                compare(inner, page)

    for name in ("articles", "entities", "events", "comments"):
        for split in load_dataset(str(hydrated.folder), name).values():
            for row in split.to_list():
                compare(row, pages[row["article_id"]])
    assert seen > 100
    for split in load_dataset(str(hydrated.folder), "documents").values():
        for row in split.to_list():
            compare({k: row[k] for k in ("blocks", "entities", "events")}, row["text"])


def test_offsets_count_code_points(release: Built):
    (article,) = (a for a in load_dataset(str(release.folder), "articles")["train"] if a["article_id"] == "anruf-abendblatt")
    assert "📞" in article["text"]  # one code point, two UTF-16 units, four bytes
    comment = next(z for z in article["zones"] if z["type"] == "comment")
    assert article["text"][comment["start"] : comment["end"]].startswith("Endlich reden")


def test_a_withheld_page_says_nothing(release: Built):
    page = (WITHHELD / "irgendein-name.txt").read_text(encoding="utf-8")
    (row,) = frame(release, "articles").query("article_id == 'absage-kurier'").to_dict("records")
    assert row["text_status"] == "withheld"
    assert pd.isna(row["text"])
    assert row["page"] == {"sha256": hashlib.sha256(page.encode()).hexdigest(), "characters": len(page)}
    everything = json.dumps([pq.read_table(p).to_pylist() for p in release.folder.rglob("*.parquet")], default=str)
    everything += "".join(p.read_text(encoding="utf-8") for p in release.folder.rglob("*") if p.suffix in (".md", ".json", ".cff"))
    assert [line for line in page.splitlines() if len(line) > 8 and line in everything] == []


def test_private_data_is_masked_in_every_output(built: Built):
    for path in built.folder.rglob("*"):
        if path.is_file():
            text = (
                json.dumps(pq.read_table(path).to_pylist(), default=str) if path.suffix == ".parquet" else path.read_text("utf-8")
            )
            assert [private for private in PRIVATE if private in text] == []
    article = frame(built, "articles").set_index("article_id").loc["anruf-abendblatt"]
    for span in article["private"]:
        assert set(article["text"][span["start"] : span["end"]]) == {"█"}


def test_tables_join_by_their_keys_without_orphans(built: Built):
    tables = {name: frame(built, name) for name in NAMES}
    for table in TABLES:
        assert tables[table.name][table.key].is_unique
    articles = tables["articles"].set_index("article_id")
    for name in ("entities", "events", "comments", "documents"):
        rows = tables[name]
        assert set(rows["article_id"]) <= set(articles.index)
        assert (articles.loc[rows["article_id"], "split"].to_numpy() == rows["_split"]).all()
    keys = {name: set(tables[table][key]) for name, table, key in (
        ("entity_id", "entities", "entity_id"), ("event_id", "events", "event_id"), ("same_as", "events", "event_id"),
        ("comment_id", "comments", "comment_id"), ("reply_to", "comments", "comment_id"), ("contact_id", "contacts", "contact_id"),
        ("kb_id", "kb", "kb_id"), ("article_id", "articles", "article_id"),
    )}  # fmt: skip
    assert set(KEYS) <= set(keys)
    found = set()

    def follow(value: object) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                if name in keys and inner is not None:
                    assert inner in keys[name], (name, inner)
                    found.add(name)
                follow(inner)
        elif isinstance(value, list):
            for inner in value:
                follow(inner)

    for name in NAMES:
        for split in load_dataset(str(built.folder), name).values():
            if name != "passes":  # a pass has identifiers of its own
                follow(split.to_list())
    assert found == set(keys)
    assert {c for reports in articles["reports"] for c in reports} <= keys["contact_id"]


def test_rows_carry_what_is_derived(release: Built):
    events = frame(release, "events").set_index("event_id")
    assert str(events.loc["anruf-abendblatt:v2", "when_day"]) == "2031-03-03"
    assert events.loc["anruf-abendblatt:v6", "when_day"] is None
    entities = frame(release, "entities").set_index("entity_id")
    assert entities.loc["wahl-abendblatt:n2", "wikidata"] == "Q101"
    assert str(frame(release, "articles").set_index("article_id").loc["wahl-abendblatt", "published_day"]) == "2029-05-02"


def test_rows_are_what_the_json_schemas_say(release: Built):
    for table in TABLES:
        schema = json.loads((release.folder / "schema" / f"{table.name}-row.schema.json").read_text(encoding="utf-8"))
        validator = Draft202012Validator(schema)
        for path in (release.folder / "data" / table.name).glob("*.parquet"):
            for row in json.loads(json.dumps(pq.read_table(path).to_pylist(), default=str)):
                assert list(validator.iter_errors(row)) == []


def test_the_raw_records_come_back_from_the_tables(release: Built):
    """Raw → Parquet → raw: nothing that people wrote is lost or changed."""
    tables = {name: frame_rows(release, name) for name in ("articles", "entities", "events", "comments")}
    for path in (VALID / "articles").glob("*.json"):
        bundle = json.loads(path.read_text(encoding="utf-8"))
        article_id = bundle["article"]["article_id"]
        back = {
            "article": next(r for r in tables["articles"] if r["article_id"] == article_id),
            **{
                name: [local(r, article_id) for r in tables[name] if r["article_id"] == article_id]
                for name in ("entities", "events", "comments")
            },
        }
        assert_within(bundle, back)


def frame_rows(built: Built, name: str) -> list[dict]:
    return [row for split in load_dataset(str(built.folder), name).values() for row in split.to_list()]


def local(value: object, article_id: str) -> object:
    if isinstance(value, dict):
        return {k: local(v, article_id) for k, v in value.items()}
    if isinstance(value, list):
        return [local(v, article_id) for v in value]
    return value.removeprefix(f"{article_id}:") if isinstance(value, str) else value


def assert_within(written: object, back: object, path: str = "") -> None:
    if isinstance(written, dict):
        for key, value in written.items():
            assert_within(value, back[key], f"{path}.{key}")
    elif isinstance(written, list):
        assert len(written) == len(back), path
        for i, value in enumerate(written):
            assert_within(value, back[i], f"{path}[{i}]")
    elif path.endswith(".text") and "█" in (back or ""):
        assert len(written) == len(back)
    else:
        assert written == back, path


# --- the folder --------------------------------------------------------------------------------------------------------------


def test_the_manifests_are_what_sha256sum_checks(release: Built):
    done = subprocess.run(["sha256sum", "-c", "--strict", *MANIFESTS], cwd=release.folder, capture_output=True, text=True)
    assert done.returncode == 0
    lines = [line for name in MANIFESTS for line in (release.folder / name).read_text(encoding="utf-8").splitlines()]
    assert {line.split("  ", 1)[1] for line in lines} == set(files(release.folder)) - {"tagmanifest-sha256.txt"}


def test_the_card_says_how_to_cite_and_to_check_this_version(release: Built, hydrated: Built):
    card = (release.folder / "README.md").read_text(encoding="utf-8")
    assert "> The testers. (2031). Probe (Version 1.2.3) [Data set]." in card
    assert "@misc{probe-1.2.3," in card
    (command,) = (line for line in card.splitlines() if line.startswith("sha256sum -c"))
    done = subprocess.run(command, shell=True, cwd=release.folder, capture_output=True, text=True, check=True)
    assert done.stdout == f"{sha256(release.folder / 'tagmanifest-sha256.txt')}  tagmanifest-sha256.txt\n"
    said = {path.name for path in release.folder.iterdir()} - {path.name for path in hydrated.folder.iterdir()}
    assert said == {"croissant.json"}
    assert "Cite this version" not in (hydrated.folder / "README.md").read_text(encoding="utf-8")


def test_an_empty_split_is_neither_written_nor_declared(release: Built):
    assert not (release.folder / "data/comments/test-00000-of-00001.parquet").exists()
    head = yaml.safe_load((release.folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    (comments,) = (c for c in head["configs"] if c["config_name"] == "comments")
    assert [d["split"] for d in comments["data_files"]] == ["train", "validation"]
    assert sum(c.get("default", False) for c in head["configs"]) == 1


def test_a_parquet_file_says_what_it_is_a_part_of(release: Built):
    parts = {(part.table, part.split): part for part in release.release.tables}
    for path in release.folder.rglob("*.parquet"):
        metadata = pq.read_metadata(path)
        said = {key.decode(): value.decode() for key, value in metadata.metadata.items() if key != b"ARROW:schema"}
        assert "@misc{" in said.pop("citation")  # and nothing of Hugging Face's: the card declares the features
        part = parts[path.parent.name, path.name.partition("-")[0]]
        assert said == {
            "dataset": "Probe", "version": "1.2.3", "license": "CC-BY-4.0",
            "table": part.table, "split": part.split, "digest": part.digest,
        }  # fmt: skip
        assert metadata.row_group(0).column(0).compression == "ZSTD"
        assert metadata.row_group(0).column(0).has_offset_index


@pytest.mark.slow
def test_two_builds_give_the_same_bytes_whatever_the_surroundings(release: Built, tmp_path: Path):
    surroundings = {"PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONUTF8": "0"}
    source = shutil.copytree(VALID, tmp_path / "elsewhere")
    command = [sys.executable, str(ROOT / "build_dataset.py"), "--quiet", "--raw", str(source), "--out", str(tmp_path / "again")]
    subprocess.run(command, check=True, env={**os.environ, **surroundings}, cwd=tmp_path, umask=0o077)
    assert files(tmp_path / "again") == files(release.folder)


@pytest.mark.usefixtures("figures_anew")
def test_the_order_in_which_a_disk_names_its_files_does_not_matter(release: Built, tmp_path: Path, monkeypatch):
    class Backwards:
        def __init__(self, entries: list) -> None:
            self.entries = iter(entries)

        def __iter__(self):
            return self

        def __next__(self):
            return next(self.entries)

        def __enter__(self):
            return self

        def __exit__(self, *_: object) -> None:
            pass

    scandir, listdir = os.scandir, os.listdir

    def backwards(path: object = ".") -> Backwards:
        with scandir(path) as entries:
            return Backwards(sorted(entries, key=lambda entry: entry.name, reverse=True))

    monkeypatch.setattr(os, "scandir", backwards)
    monkeypatch.setattr(os, "listdir", lambda path=".": sorted(listdir(path), reverse=True))
    assert next(VALID.iterdir()).name == "passes"
    built = build(VALID, tmp_path / "again", None).folder
    monkeypatch.undo()
    assert files(built) == files(release.folder)


def test_the_same_build_leaves_a_release_alone(raw: Path, tmp_path: Path):
    out = tmp_path / "data" / "processed" / "1.2.3"
    assert build(raw, None, None).outcome is Outcome.written
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*")}
    assert build(raw, None, None).outcome is Outcome.unchanged
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*")} == before
    assert [p.name for p in out.parent.iterdir()] == ["1.2.3"]


@pytest.mark.slow
def test_a_published_release_is_never_overwritten(raw: Path, tmp_path: Path):
    build(raw, None, None)
    before = files(tmp_path / "data" / "processed")
    (raw / "kb.jsonl").write_text(
        (raw / "kb.jsonl").read_text(encoding="utf-8").replace("Gatehouse", "Gate House"), encoding="utf-8"
    )
    with pytest.raises(Refused) as refused:
        build(raw, None, None)
    (finding,) = refused.value.findings.all
    assert (finding.code, finding.record) == ("HD601", "torhaus")
    assert finding.message == "value changed, kb name: Gatehouse → Gate House; not so in release 1.2.3"
    assert files(tmp_path / "data" / "processed") == before
    assert build(raw, None, None, version="1.2.4").outcome is Outcome.written
    assert build(raw, None, None, version="1.3.0-dev").outcome is Outcome.written
    (raw / "kb.jsonl").write_text((raw / "kb.jsonl").read_text(encoding="utf-8").replace("Gate House", "House"), encoding="utf-8")
    assert build(raw, None, None, version="1.3.0-dev").outcome is Outcome.replaced
    assert {p.name for p in (tmp_path / "data" / "processed").iterdir()} == {"1.2.3", "1.2.4", "1.3.0-dev"}


@pytest.mark.parametrize("name", ["thesis.txt", "manifest-sha256.txt"])
def test_a_folder_that_is_no_release_is_never_touched(tmp_path: Path, name: str):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text("years of work")
    for version, pages in (("1.2.3", None), ("1.2.3", WITHHELD), ("1.2.3-dev", None)):
        with pytest.raises(CannotRun, match="is no release"):
            build(VALID, tmp_path / "mine", pages, version)
    assert files(tmp_path) == {f"mine/{name}": b"years of work"}


def test_what_is_published_is_not_replaced_by_what_is_not(raw: Path, tmp_path: Path):
    published = build(raw, None, None).folder
    elsewhere = Path(shutil.copytree(published, tmp_path / "copy"))
    before = files(tmp_path)
    for target, version, pages in ((published, "9.9.9-dev", None), (elsewhere, None, WITHHELD), (elsewhere, "1.2.3-dev", None)):
        with pytest.raises(CannotRun, match=r"stays as it is|under its own name"):
            build(raw, target, pages, version)
    with pytest.raises(CannotRun, match="inside the release"):
        build(raw, published / "sub", None, "2.0.0-dev")
    assert files(tmp_path) == before


def test_a_passing_build_with_a_stranger_s_file_is_not_replaced(raw: Path, tmp_path: Path):
    built = build(raw, tmp_path / "x", None, "1.2.3-dev").folder
    (built / "notes.txt").write_text("mine")
    with pytest.raises(CannotRun, match="holds more than a release"):
        build(raw, built, None, "1.2.4-dev")
    assert (built / "notes.txt").read_text() == "mine"


def test_a_hydrated_build_is_marked_and_kept_apart(raw: Path, tmp_path: Path):
    made = build(raw, None, WITHHELD)
    assert made.folder == tmp_path / "build" / "1.2.3+hydrated"
    assert "do not pass on" in (made.folder / "README.md").read_text(encoding="utf-8")
    assert json.loads((made.folder / "release.json").read_text(encoding="utf-8"))["hydrated"] is True
    for folder in ("data/processed/1.2.3", "data/processed", "other/data/processed/7.7.7"):
        with pytest.raises(CannotRun, match="may not stand among the published"):
            build(raw, tmp_path / folder, WITHHELD)
    for pages in (WITHHELD, None):
        with pytest.raises(CannotRun, match="lies in the raw folder"):
            build(raw, raw / "x", pages)
    assert not (tmp_path / "data" / "processed").exists()


@pytest.mark.usefixtures("raw")
@pytest.mark.parametrize(
    ("cwd", "given"),
    [("data/raw", "."), ("data/raw/articles", ".."), ("data", "raw"), (".", "data/raw/"), (".", "./data/../data/raw")],
)
def test_a_release_goes_beside_the_raw_files_however_they_are_named(tmp_path: Path, monkeypatch, cwd: str, given: str):
    monkeypatch.chdir(tmp_path / cwd)
    build(Path(given), None, None)
    build(Path(given), None, WITHHELD)
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("release.json")} == {
        "data/processed/1.2.3/release.json", "build/1.2.3+hydrated/release.json",
    }  # fmt: skip


def test_a_release_has_its_own_name_among_published_ones(raw: Path, tmp_path: Path):
    for folder in ("data/processed", "data/processed/0.3.0"):
        with pytest.raises(CannotRun, match="under its own name only"):
            build(raw, tmp_path / folder, None, "0.3.0-dev")
    flat = Path(shutil.copytree(raw, tmp_path / "repo" / "raw"))
    assert build(flat, None, WITHHELD).folder == tmp_path / "repo" / "build" / "1.2.3+hydrated"


def test_a_corpus_without_articles_is_not_published(raw: Path):
    for path in (raw / "articles").iterdir():
        path.unlink()
    shutil.rmtree(raw / "pages")
    shutil.rmtree(raw / "passes")
    with pytest.raises(CannotRun, match="no article"):
        build(raw, None, None)


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRun, match="cannot be written"):
        build(VALID, tmp_path / "file" / "release", None)
