"""The repo's own corpus, release, README and derived files: what stands in the repo is what the code says."""

import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import mlcroissant
import pyarrow.parquet as pq
import pytest
from datasets import Features, get_dataset_config_names, load_dataset

from pipeline.build import build
from pipeline.cite import bibtex
from pipeline.derived import stale
from pipeline.diff import Snapshot, diff
from pipeline.digest import digest
from pipeline.findings import CannotRun, Findings
from pipeline.house import House
from pipeline.hydrate import hydrate
from pipeline.ledger import read_ledger
from pipeline.read import read
from pipeline.release import read_meta, read_release
from pipeline.verify import verify
from schema.derive import arrow_schema
from schema.records import Bundle
from schema.rows import TABLES
from schema.vocabulary import PrivateKind
from tests.conftest import ROOT, files, findings_of

RAW = ROOT / "data" / "raw"
META = read(RAW, Findings()).meta
RELEASE = House.of(RAW).newest()
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(RAW, tmp_path_factory.mktemp("rebuilt") / META.version, None).folder


@pytest.fixture(scope="module")
def rehydrated(tmp_path_factory: pytest.TempPathFactory, withheld_pages: Path):
    return build(RAW, tmp_path_factory.mktemp("rehydrated") / META.version, withheld_pages)


def test_the_raw_files_are_sound():
    assert findings_of(RAW) == []


@pytest.mark.skipif(META.version != RELEASE.name, reason=f"{META.version} is not published yet")
def test_the_release_in_the_repo_is_what_its_raw_files_give(rebuilt: Path):
    assert files(rebuilt) == files(RELEASE)


def test_the_raw_files_still_give_the_records_of_the_newest_release(rebuilt: Path):
    """Whatever the version is called: where no record has changed, every table has the digest that it had, and all files that do not
    name the version say what they said.
    """
    now, then = (read_release(folder) for folder in (rebuilt, RELEASE))
    if diff(Snapshot.of_release(RELEASE), Snapshot.of_release(rebuilt)).changes:
        pytest.skip(f"records have changed since {RELEASE.name}")
    assert {(t.table, t.split): t.digest for t in now.tables} == {(t.table, t.split): t.digest for t in then.tables}
    assert now.leakage == then.leakage
    same = [
        name for name in files(RELEASE) if name in ("splits.json", "agreement.json") or name.startswith(("schema/", "figures/"))
    ]
    assert len(same) > 10
    assert {name: (rebuilt / name).read_bytes() for name in same} == {name: (RELEASE / name).read_bytes() for name in same}
    for table in TABLES:
        old, new = (sorted((folder / "data" / table.name).glob("*.parquet")) for folder in (RELEASE, rebuilt))
        assert [path.name for path in old] == [path.name for path in new]
        for before, after in zip(old, new, strict=True):
            assert pq.ParquetFile(after).read().equals(pq.ParquetFile(before).read())


@pytest.mark.parametrize("version", House.of(RAW).published())
def test_every_release_in_the_repo_is_the_one_in_the_ledger(version: str):
    folder, entry = House.of(RAW).release(version), read_ledger(House.of(RAW).ledger)[version]
    found = {name: hashlib.sha256(data).hexdigest() for name, data in files(folder).items()}
    manifest = "tagmanifest-sha256.txt" if "bagit.txt" in found else "manifest-sha256.txt"
    assert entry.digest == found[manifest]
    assert entry.files == {name: value for name, value in found.items() if name != manifest}
    tables = Snapshot.of_release(folder)
    assert set(entry.tables) == set(tables.tables)
    for name, splits in entry.tables.items():
        for split, value in splits.items():
            assert digest(pq.read_table(next((folder / "data" / name).glob(f"{split}-*.parquet")))) == value


def test_the_newest_release_is_whole():
    verified = verify(RELEASE)
    assert verified.findings.all == []
    assert verified.ledger is not None


@pytest.mark.filterwarnings("ignore:::mlcroissant", "ignore:::rdflib")  # of what mlcroissant stands on
def test_the_newest_release_is_described_in_croissant():
    dataset = mlcroissant.Dataset(jsonld=str(RELEASE / "croissant.json"))
    assert (dataset.metadata.issues.errors, dataset.metadata.issues.warnings) == (set(), set())
    assert len(list(dataset.records("kb"))) == len(rows(RELEASE, "kb"))
    said = json.loads((RELEASE / "croissant.json").read_bytes())
    assert {"rai:dataCollection", "rai:dataBiases", "rai:dataLimitations", "rai:personalSensitiveInformation"} <= set(said)


def test_what_is_derived_is_fresh():
    assert list(stale(ROOT, RAW)) == []


@pytest.mark.slow
def test_a_release_is_hydrated_without_the_raw_files(rebuilt: Path, rehydrated, withheld_pages: Path, tmp_path: Path):
    assert files(hydrate(rebuilt, withheld_pages, tmp_path / "mine").folder) == files(rehydrated.folder)


def test_the_newest_release_goes_by_numbers(tmp_path: Path):
    house = House.of(tmp_path / "raw")
    with pytest.raises(CannotRun, match="no published release"):
        house.newest()
    for name in ("0.9.0", "0.10.0", "1.0.0-dev", "0.10.0+hydrated"):
        (house.processed / name).mkdir(parents=True)
        (house.processed / name / "README.md").write_text("It.")
    (house.processed / "0.11.0").mkdir()  # an empty folder is no release
    assert house.newest().name == "0.10.0"


@pytest.mark.parametrize("head", ["", "---\n---\n", "---\nlicense: other\n---\n"])
def test_renewing_the_head_of_the_readme_keeps_its_body(tmp_path: Path, head: str):
    body = "# Title\n\n---\nA rule, and text.\n"
    (tmp_path / "README.md").write_text(head + body, encoding="utf-8")
    (tmp_path / "data").symlink_to(ROOT / "data")
    renewed = stale(tmp_path, RAW)[tmp_path / "README.md"]
    assert renewed.startswith("---\npretty_name:")
    assert renewed.endswith("---\n" + body)


def test_the_changelog_has_an_entry_for_the_version():
    heading = "## Unreleased" if "-" in META.version else f"## {META.version} – {META.released}"
    assert f"\n{heading}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_a_clone_loads_like_the_release(table):
    names = [t.name for t in TABLES if (RELEASE / "data" / t.name).is_dir()]
    assert get_dataset_config_names(str(ROOT)) == names
    if table.name not in names:
        pytest.skip(f"no {table.name} in {RELEASE.name}")
    clone, release = load_dataset(str(ROOT), table.name), load_dataset(str(RELEASE), table.name)
    assert {k: v.to_list() for k, v in clone.items()} == {k: v.to_list() for k, v in release.items()}
    for name, split in clone.items():
        streamed = load_dataset(str(ROOT), table.name, split=name, streaming=True)
        assert split.features == streamed.features == Features.from_arrow_schema(arrow_schema(table.row))
        assert list(streamed) == split.to_list()
        assert len(split.to_pandas()) == len(split)


@pytest.mark.slow
def test_the_examples_of_the_readme_print_what_it_says():
    blocks = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
    examples = [(code, output) for (a, code), (b, output) in pairwise(blocks) if (a, b) == ("python", "text")]
    assert len(examples) >= 2
    for code, output in examples:
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True)
        printed = [line.rstrip() for line in done.stdout.rstrip().splitlines()]
        assert (done.returncode, printed) == (0, output.rstrip().splitlines()), done.stderr


def test_the_row_that_the_readme_shows_is_in_the_data():
    (shown,) = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", README, re.DOTALL))
    (row,) = (row for row in rows(RELEASE, "events") if row["event_id"] == shown["event_id"])
    assert {key: row[key] for key in shown} == shown


def test_the_readme_counts_what_the_release_holds():
    """“78 pages with more than 3,600 mentions and 2,500 events. 73 of them …; 23 pages were read twice”, of the newest release."""
    pages, mentions, events = re.search(r"has (\d+) pages with more than ([\d,]+) mentions and ([\d,]+) events", README).groups()
    articles = rows(RELEASE, "articles")
    assert int(pages) == len(articles)
    assert int(re.search(r"(\d+) of them were", README)[1]) == sum(a["origin"] == "written" for a in articles)
    counted = sum(len(e["mentions"]) for e in rows(RELEASE, "entities")), len(rows(RELEASE, "events"))
    for said, count in zip((mentions, events), counted, strict=True):
        assert int(said.replace(",", "")) < count < int(said.replace(",", "")) + 100
    assert int(re.search(r"(\d+) pages\s+were\s+read\s+twice", README)[1]) == len(
        {p["article_id"] for p in rows(RELEASE, "passes")}
    )


def test_the_readme_speaks_of_the_newest_release():
    assert bibtex(read_meta(RELEASE), RELEASE.name) in README
    body = README.split("\n---\n", 1)[1]
    assert set(re.findall(r"(?:data/processed/|\*\*Version |@v)(\d+\.\d+\.\d+)", body)) == {RELEASE.name}


def test_announcements_and_contested_figures_are_kept_by_source():
    contacts = {c.contact_id: c for c in read(RAW, Findings()).contacts}
    summit = contacts["2025-10-budapest-summit"]
    stages = [step.status.value for step in summit.status_history]
    assert (stages[0], stages[-1], summit.status.value) == ("announced", "cancelled", "cancelled")
    lengths = {claim.value for claim in contacts["2025-10-16-call"].claims if claim.field == "duration_minutes"}
    assert len(lengths) > 1


# --- completeness of the annotation ------------------------------------------------------------------------------------------


def test_withheld_articles_say_nothing_of_their_pages():
    for path in (RAW / "articles").glob("*.json"):
        bundle = Bundle.model_validate_json(path.read_bytes())
        if bundle.article.rights.status == "withheld":
            assert '"text"' not in path.read_text(encoding="utf-8")
            assert bundle.page_text is None


@pytest.mark.slow
def test_hydrating_fills_in_every_text(rehydrated, withheld_pages: Path):
    assert Counter(report.status for report in rehydrated.pages) == {"hydrated": 5, "open": 73}
    pages = {}
    for article in rows(rehydrated.folder, "articles"):
        text = article["text"]
        assert len(text) == article["page"]["characters"]
        pages[article["article_id"]] = text
        covered = "".join(text[a["end"] : b["start"]] for a, b in pairwise(article["zones"]))
        assert not covered.strip()
    counted = Counter()
    for name in ("articles", "entities", "events", "comments"):
        for row in rows(rehydrated.folder, name):
            compare(row, pages[row["article_id"]], counted, name)
    for row in rows(rehydrated.folder, "documents"):
        compare({key: row[key] for key in ("blocks", "entities", "events")}, row["text"], counted, "documents")
    assert {name: len(spans(rows(RELEASE, name))) for name in counted} == counted
    assert {r.file for r in rehydrated.pages} - {None} == {p.name for p in withheld_pages.iterdir()}


@pytest.mark.parametrize("name", ["documents", "articles", "entities", "events", "comments", "passes"])
def test_a_withheld_page_has_no_text_and_an_open_one_every_text(name: str):
    for row in rows(RELEASE, name):
        texts = spans(row) + ([row["text"]] if name in ("articles", "documents") else [])
        assert row["text_status"] in ("open", "withheld")
        assert all((text is None) is (row["text_status"] == "withheld") for text in texts)


@pytest.mark.slow
def test_private_data_appears_in_no_output(rehydrated, withheld_pages: Path):
    """Not in a text, not in a card, not in a schema; left out are names of readers that are words of some page too."""
    by_hash = {hashlib.sha256(p.read_bytes()).hexdigest(): p for p in (*withheld_pages.iterdir(), *(RAW / "pages").iterdir())}
    private, shown = set(), []
    for path in (RAW / "articles").glob("*.json"):
        article = Bundle.model_validate_json(path.read_bytes()).article
        page = masked = by_hash[article.page.sha256].read_bytes().decode()
        spans = [span for span in article.private if span.kind is not PrivateKind.not_private]
        private |= {page[span.start : span.end] for span in spans}
        assert all(any(span.start <= m.start() < span.end for span in spans) for m in re.finditer(r"\d{8,}", page))
        for span in spans:
            masked = masked[: span.start] + "\u2588" * (span.end - span.start) + masked[span.end :]
        shown.append(masked)
    visible = "\n".join(shown)
    secret = {words for words in private if words not in visible and len(words) > 4}
    assert len(secret) > 100
    for folder in (rehydrated.folder, RELEASE):
        texts = {name: data.decode("utf-8", "replace") for name, data in files(folder).items()}
        texts["tables"] = json.dumps(
            [rows(folder, t.name) for t in TABLES if (folder / "data" / t.name).is_dir()], default=str, ensure_ascii=False
        )
        assert [(name, words) for name, text in texts.items() for words in secret if words in text] == []


def rows(folder: Path, name: str) -> list[dict]:
    return [row for split in load_dataset(str(folder), name).values() for row in split.to_list()]


def compare(value: object, page: str, counted: Counter, name: str) -> None:
    """Every span in a value has the text of its slice."""
    if isinstance(value, dict):
        if {"start", "end", "text"} <= set(value) and value["start"] is not None:
            assert value["text"] == page[value["start"] : value["end"]]
            counted[name] += 1
        for key, inner in value.items():
            if not (name == "articles" and key == "page"):
                compare(inner, page, counted, name)
    elif isinstance(value, list):
        for inner in value:
            compare(inner, page, counted, name)


def spans(value: object) -> list[str | None]:
    """Texts of all spans in a value."""
    if isinstance(value, dict):
        own = [value["text"]] if {"start", "end", "text"} <= set(value) and value["start"] is not None else []
        return own + [text for inner in value.values() for text in spans(inner)]
    return [text for inner in value for text in spans(inner)] if isinstance(value, list) else []
