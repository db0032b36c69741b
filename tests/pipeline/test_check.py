"""Every rule: each fixture of tests/invalid is one fault in the valid corpus, and is found at its place, with nothing else."""

import hashlib
import json
import re
import shutil
import tomllib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.build import build
from pipeline.check.private import looks_private
from pipeline.derived import errors_page
from pipeline.findings import CannotRun, Finding, Findings, Refused
from pipeline.rules import RULES, Severity
from pipeline.texts import Texts
from tests.conftest import TESTS, VALID, WITHHELD, edit_json, files, findings_of

FIXTURES = sorted(path for path in (TESTS / "invalid").iterdir() if path.is_dir())
CALL = "articles/anruf-abendblatt.json"
OF_RAW = {code for code in RULES if code < "HD611"}
"""Rules for raw files; those for releases are in test_verify."""


def lay_over(fixture: Path, raw: Path) -> dict:
    """Put a fixture's files over the valid corpus; gives its fault.toml. A link stays a link."""
    fault = tomllib.loads((fixture / "fault.toml").read_text(encoding="utf-8"))
    if fault.get("published"):
        build(raw, None, None)
    (raw.parent.parent / "README.md").write_text("outside of the raw folder")
    for name in fault.get("remove", []):
        (raw / name).unlink()
    for path in fixture.rglob("*"):
        target = raw / path.relative_to(fixture)
        if path.name == "fault.toml" or (path.is_dir() and not path.is_symlink()):
            continue
        for parent in reversed(target.relative_to(raw).parents[:-1]):
            if (raw / parent).is_file():
                (raw / parent).unlink()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy(path, target, follow_symlinks=False)
    return fault


def find(raw: Path, **options) -> list[Finding]:
    try:
        return findings_of(raw, level=options.pop("level", 6), **options)
    except Refused as refused:
        return refused.findings.all


def said(finding: Finding) -> dict:
    values = {key: getattr(finding, key) for key in ("file", "line", "column", "record", "field", "message")}
    return {key: value for key, value in values.items() if value is not None}


def test_the_valid_corpus_has_no_fault(raw: Path):
    assert find(raw) == []


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.name)
def test_a_fault_is_found_at_its_place_and_nothing_else(fixture: Path, raw: Path, tmp_path: Path):
    fault = lay_over(fixture, raw)
    found = find(raw)
    assert {finding.code for finding in found} == {fixture.name[:5]}
    assert [said(finding) for finding in found] == fault["findings"]
    if found[0].rule.severity is Severity.error and found[0].rule.level() < 6:
        with pytest.raises(Refused):
            build(raw, tmp_path / "out", None)
        assert not list(tmp_path.glob("*out*"))


def test_code_docs_and_fixtures_are_one_to_one():
    assert {fixture.name[:5] for fixture in FIXTURES} == OF_RAW
    assert re.findall(r"^### (HD\d+)$", errors_page(), re.MULTILINE) == list(RULES)
    for rule in RULES.values():
        assert rule.title and rule.hint and rule.explanation()
        assert re.fullmatch(r"HD[1-6]\d\d", rule.code)
        assert rule.message.format(found="x", expected="y")


def test_a_place_is_that_of_the_value():
    for fixture in FIXTURES:
        for finding in tomllib.loads((fixture / "fault.toml").read_text(encoding="utf-8"))["findings"]:
            path = fixture / finding["file"]
            if "line" in finding and path.suffix in (".json", ".jsonl") and not path.is_symlink() and path.is_file():
                text = path.read_bytes().decode("utf-8", "replace").split("\n")[finding["line"] - 1]
                assert len(text) >= finding["column"]
                if finding.get("field", "").endswith((".start", ".type", "_id", ".same_as", ".reply_to", ".position", ".value")):
                    key = finding["field"].rpartition(".")[2]
                    assert re.search(rf'"{key}": $', text[: finding["column"] - 1])


def test_findings_say_no_withheld_word_and_no_private_data(raw: Path):
    def shift(b):
        for entity in b["entities"]:
            for mention in entity["mentions"]:
                mention["end"] -= 1
                mention.pop("text", None)

    edit_json(raw / "articles/absage-kurier.json", shift)
    found = findings_of(raw, WITHHELD)
    assert {finding.code for finding in found} == {"HD311"}
    said = json.dumps([finding.as_dict() for finding in found])
    assert not any(word in said for word in ("Adle", "Brand", "Palme", "Nordmar"))
    edit_json(
        raw / CALL,
        lambda b: b["events"][7].update(
            trigger={"start": b["article"]["private"][0]["start"] - 1, "end": b["article"]["private"][0]["end"]}
        ),
    )
    (finding,) = (f for f in find(raw, level=3) if f.code == "HD310")
    assert "0555" not in finding.message
    assert "███" in finding.message


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Rufen Sie 030 1234567, oder +49 30 7654321 an", ["telephone"] * 2),
        ("+41 44 258 33 33; 030/12 34 56 78; (030) 12 34 56; 0049 30 1234567; 01716440", ["telephone"] * 4),
        ("Schreiben Sie an a.b+c@kurier.example!", ["email"]),
        ("IBAN DE89 3704 0044 0532 0130 00", ["bank_account"]),
        ("AT61 1904 3002 3457 3201 BIC BAWAATWW und BE68\u00a05390\u00a00754\u00a07034", ["bank_account"] * 2),
        ("0171\u202f1234567", ["telephone"]),
        ("Stand: 02.05.2025 14:00 Uhr, https://kurier.example/a/030-12345678", []),
        ("10 000 000 Euro, 1 000 000 000, 2024 000 100, 007 2021, 0900 1800 Uhr, 0:0, 600.000, 978-3-16-148410-0", []),
        ("@kanzler@social.bund.example, EU27 2024 2025 2026, DE00 3704 0044 0532 0130 00, 19.05.2025 00:16", []),
    ],
)
def test_private_data_is_known_by_its_form(text: str, kinds: list[str]):
    assert [kind for *_, kind in looks_private(Texts.of([text]), pa.array(["DE"]))] == kinds


def test_what_only_looks_private_can_be_said_to_be_none(raw: Path):
    edit_json(raw / CALL, lambda b: b["article"]["private"][0].update(kind="not_private"))
    assert find(raw) == []
    folder = build(raw, raw.parent / "x", None).folder
    rows = pq.read_table(folder / "data/articles").to_pylist()
    assert any("0555 010203" in (row["text"] or "") for row in rows)


def test_a_span_may_end_where_its_zone_ends(raw: Path):
    """A credit stands directly behind a caption, as guidelines 2 has it."""
    page, article = "Adler und BrandtKeystone", raw / "articles/wahl-abendblatt.json"
    (raw / "pages/wahl-abendblatt.txt").write_text(page)

    def change(b):
        b["article"]["page"] = {"sha256": hashlib.sha256(page.encode()).hexdigest(), "characters": len(page)}
        b["article"]["zones"] = [{"start": 0, "end": 16, "type": "caption"}, {"start": 16, "end": 24, "type": "credit"}]
        b["entities"] = [
            {
                "entity_id": "n1",
                "type": "PER",
                "name": "B",
                "kb_id": "brandt",
                "mentions": [{"start": 10, "end": 16, "level": "name"}],
            }
        ]
        b["events"] = []

    edit_json(article, change)
    assert find(raw) == []
    edit_json(article, lambda b: b["entities"][0]["mentions"][0].update(end=15))
    assert [finding.code for finding in find(raw)] == ["HD311"]


@pytest.mark.parametrize(("start", "end", "sound"), [(0, 14, True), (0, 5, False), (6, 14, False), (15, 20, True), (21, 26, True)])
def test_a_hyphenated_compound_is_one_word(raw: Path, start: int, end: int, sound: bool):
    page = "Adler-Sprecher Kurti–Adler"
    (raw / "pages/wahl-abendblatt.txt").write_text(page)

    def change(b):
        b["article"]["page"] = {"sha256": hashlib.sha256(page.encode()).hexdigest(), "characters": len(page)}
        b["article"]["zones"] = [{"start": 0, "end": len(page), "type": "paragraph"}]
        mention = {"start": start, "end": end, "level": "name"}
        b["entities"] = [{"entity_id": "n1", "type": "PER", "name": "B", "kb_id": None, "mentions": [mention]}]
        b["events"] = []

    edit_json(raw / "articles/wahl-abendblatt.json", change)
    assert [finding.code for finding in find(raw)] == ([] if sound else ["HD311"])


def test_long_strings_are_not_repeated(raw: Path):
    edit_json(
        raw / "articles/absage-kurier.json",
        lambda b: b["comments"][0].update(txt="Ein ganzer Satz, der nirgends stehen darf, auch hier nicht."),
    )
    (finding,) = find(raw)
    assert finding.message == "no such field (its value is a string of 59 characters)"


def test_a_link_to_an_article_with_a_fault_does_not_dangle(raw: Path):
    edit_json(raw / "articles/anruf-tagblatt.json", lambda b: b["article"].update(derived_from="anruf-abendblatt"))
    edit_json(raw / CALL, lambda b: b.update(colour=1))
    assert [finding.code for finding in find(raw)] == ["HD201"]


def test_a_finding_must_have_a_rule():
    with pytest.raises(KeyError):
        Findings().add(Finding("HD999", "x"))


def test_a_fault_in_a_pass_is_told_there_and_that_of_its_article_once(raw: Path):
    def too_far(bundle):
        bundle["entities"][0]["mentions"][0].update(end=99_999)

    edit_json(raw / "passes/b/anruf-tagblatt.json", too_far)
    assert [(finding.code, finding.file) for finding in find(raw)] == [("HD302", "passes/b/anruf-tagblatt.json")]
    edit_json(raw / "articles/anruf-tagblatt.json", too_far)
    assert [(finding.code, finding.file) for finding in find(raw)] == [("HD302", "articles/anruf-tagblatt.json")]


def test_a_pass_of_a_name_that_no_table_could_carry_is_told(raw: Path):
    (raw / "passes/b").rename(raw / "passes/Zweiter Durchgang")
    assert [(finding.code, finding.file) for finding in find(raw)] == [("HD105", "passes/Zweiter Durchgang")]


APART = {
    "HD101": "a missing registry leaves no link to check",
    "HD107": "so does a folder in its place",
    "HD508": "a shard that cannot be unpacked (HD108) may hold the article",
    "HD511": "said only of a corpus without errors",
    "HD520": "there is one datasheet, and HD519 has it",
    **dict.fromkeys(("HD601", "HD602", "HD603", "HD604"), "said only of a corpus without errors"),
}
"""Faults that cannot stand beside all others."""


def side_by_side(raw: Path) -> set[str]:
    """Put every fault that can into one corpus: each spoiled article under a name of its own; gives their codes."""
    for name in ("HD512-one-item-two-entities", "HD517-verified-nothing"):
        lay_over(TESTS / "invalid" / name, raw)
    registry = [(TESTS / "valid/contacts.jsonl").read_text(encoding="utf-8")]
    knowledge = []
    codes = set()
    for fixture in FIXTURES:
        code, name = fixture.name[:5], fixture.name.lower()
        if code in APART:
            continue
        codes.add(code)
        for path in sorted(fixture.rglob("*.*")):
            file = path.relative_to(fixture).as_posix()
            if file == "datasheet.md":
                shutil.copy(path, raw)
            elif file == "contacts.jsonl":
                registry.append(path.read_text(encoding="utf-8", errors="replace").replace('_id": "20', f'_id": "{name}-20'))
            elif file == "kb.jsonl":
                knowledge.append(path.read_text(encoding="utf-8").replace('kb_id": "', f'kb_id": "{name}-'))
            elif file.startswith("passes/"):
                shutil.copy(path, raw / file)
            elif file.startswith("articles/") and (path.is_symlink() or path.suffix != ".json"):
                shutil.copy(path, raw / "articles" / f"{name}{''.join(path.suffixes)}", follow_symlinks=False)
            elif file.startswith("articles/"):
                copy_article(fixture, path, raw, name)
            elif file.startswith("pages/") and not path.is_symlink():
                article = raw / "articles" / f"{name}.json"
                if not article.exists():
                    copy_article(fixture, VALID / "articles" / f"{path.stem}.json", raw, name, page=False)
                    shutil.copy(path, raw / "pages" / f"{name}.txt")
    (raw / "contacts.jsonl").write_text("".join(registry), encoding="utf-8")
    with (raw / "kb.jsonl").open("a", encoding="utf-8") as file:
        file.write("".join(knowledge))
    members = {"hd509-parted": "train", "anruf-tagblatt": "test", "anruf-abendblatt": "train"}
    (raw / "splits.json").write_text(json.dumps({"by_event": members, "by_time": {}, "by_outlet": {}}), encoding="utf-8")
    copy_article(VALID, VALID / "articles/wahl-abendblatt.json", raw, "hd506-no-page", page=False)
    shutil.copy(raw / "articles/hd506-no-page.json", raw / "articles/hd501-file-name.json")
    edit_json(raw / "articles/hd501-file-name.json", lambda b: b["article"].update(article_id="other-name"))
    return codes


def copy_article(fixture: Path, path: Path, raw: Path, name: str, page: bool = True) -> None:
    """Copy a spoiled article under another name, as text, so that its fault stays what it is."""
    data = path.read_bytes()
    own = path.stem if (VALID / "articles" / path.name).exists() else "wahl-abendblatt"
    data = data.replace(f'"article_id": "{own}"'.encode(), f'"article_id": "{name}"'.encode())
    (raw / "articles" / f"{name}.json").write_bytes(data)
    source = next((p for p in (fixture / f"pages/{own}.txt", VALID / f"pages/{own}.txt") if p.exists()), None)
    if page and source is not None:
        shutil.copy(source, raw / "pages" / f"{name}.txt")


def test_one_of_every_fault_is_reported_in_one_run(raw: Path, run):
    codes = side_by_side(raw)
    assert codes | set(APART) == OF_RAW
    found = find(raw)
    assert codes - {finding.code for finding in found} == set()
    assert all(finding.line and finding.column for finding in found if finding.loc)
    status, out, _ = run("validate", "--raw", raw, "--format", "sarif")
    assert status == 1
    assert {result["ruleId"] for result in json.loads(out)["runs"][0]["results"]} == {finding.code for finding in found}


def test_levels_are_cumulative(raw: Path):
    def spoil(b):
        b["events"][0]["arguments"][0]["entity_id"] = "n99"
        b["events"][2]["contact_id"] = "nie"
        b["events"][5].pop("same_as")

    edit_json(raw / CALL, spoil)
    (raw / "articles/wahl-abendblatt.json").write_text("[")
    assert [f.code for f in find(raw, level=1)] == ["HD104"]
    assert {f.code for f in find(raw, level=4)} == {"HD104", "HD401"}
    assert {f.code for f in find(raw)} == {"HD104", "HD401"}  # what failed level 4 is not taken to level 5


def test_what_a_finding_shows_cannot_steer_a_terminal(raw: Path, run):
    edit_json(raw / CALL, lambda b: b["events"][0].update(type="[bold]x[/bold]\n::error::pwned%0A"))
    status, _, err = run("validate", "--raw", raw)
    assert status == 1
    assert "[bold]x[/bold]\\n::error" in err
    _, out, _ = run("validate", "--raw", raw, "--format", "github")
    assert len(out.splitlines()) == 1
    assert out.startswith("::error file=")


def test_an_unreadable_raw_folder_is_said(tmp_path: Path):
    with pytest.raises(CannotRun, match="not a folder"):
        findings_of(tmp_path / "nothing")


def test_checking_changes_nothing(raw: Path):
    before = files(raw)
    find(raw)
    assert files(raw) == before == files(VALID)
