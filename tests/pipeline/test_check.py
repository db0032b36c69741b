"""Every rule: one fault in a valid corpus is found, with its code, file, record and field, and no other fault is."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.build import build, load_and_check
from pipeline.findings import RULES, CannotRun, Finding, Findings, Refused
from tests.conftest import VALID, WITHHELD, Edit, edit_json, edit_line, files

CALL = "articles/anruf-abendblatt.json"
WITHHELD_ARTICLE = "articles/absage-kurier.json"
WITHHELD_PAGE = (WITHHELD / "irgendein-name.txt").read_text(encoding="utf-8")


def bundle(edit: Edit, file: str = CALL) -> Callable[[Path], None]:
    return lambda raw: edit_json(raw / file, edit)


def write(file: str, content: str | bytes) -> Callable[[Path], None]:
    data = content.encode() if isinstance(content, str) else content
    return lambda raw: (raw / file).write_bytes(data) and None


def setting(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(raw: Path) -> None:
        text = (raw / file).read_text(encoding="utf-8")
        assert old in text
        (raw / file).write_text(text.replace(old, new), encoding="utf-8")

    return change


def splits(**by_event: str) -> Callable[[Path], None]:
    value = {"by_event": {k.replace("_", "-"): v for k, v in by_event.items()}, "by_time": {}, "by_outlet": {}}
    return write("splits.json", json.dumps(value))


FAULTS = [
    # code, file, record, field, what is done
    ("HD101", "contacts.jsonl", None, None, lambda raw: (raw / "contacts.jsonl").rename(raw / "kontakte.jsonl")),
    ("HD101", "corpus.toml", None, None, lambda raw: (raw / "corpus.toml").unlink()),
    ("HD101", "articles", None, None, lambda raw: shutil.rmtree(raw / "articles")),
    ("HD102", CALL, None, None, write(CALL, '{"article": "Präsident"}'.encode("latin-1"))),
    ("HD103", "pages/wahl-abendblatt.txt", "wahl-abendblatt", None, setting("pages/wahl-abendblatt.txt", "\n", "\r\n")),
    ("HD103", "pages/wahl-abendblatt.txt", "wahl-abendblatt", None, setting("pages/wahl-abendblatt.txt", "ü", "u\u0308")),
    ("HD103", "pages/wahl-abendblatt.txt", "wahl-abendblatt", None, setting("pages/wahl-abendblatt.txt", "Brandt", "\u202eBrandt")),
    ("HD104", CALL, None, None, write(CALL, '{"article": ')),
    ("HD104", "corpus.toml", None, None, setting("corpus.toml", "title =", "title ==")),
    ("HD105", "articles/notizen.txt", None, None, write("articles/notizen.txt", "?")),
    ("HD105", "pages/wahl.txt", None, None, write("pages/wahl.txt", "?")),
    ("HD201", CALL, "v1", "events[0].colour", bundle(lambda b: b["events"][0].update(colour="red"))),
    ("HD201", "contacts.jsonl", "2029-05-01-call", "colour", lambda raw: edit_line(raw / "contacts.jsonl", 0, lambda c: c.update(colour=1))),
    ("HD202", CALL, "v2", "events[1].certainty", bundle(lambda b: b["events"][1].pop("certainty"))),
    ("HD203", CALL, "v1", "events[0].type", bundle(lambda b: b["events"][0].update(type="phonecall"))),
    ("HD203", "splits.json", None, "by_event.wahl-abendblatt", splits(wahl_abendblatt="dev")),
    ("HD204", CALL, "v1", "events[0].trigger.start", bundle(lambda b: b["events"][0]["trigger"].update(start="17"))),
    ("HD204", CALL, "v1", "events[0].trigger.start", bundle(lambda b: b["events"][0]["trigger"].update(start=-1))),
    ("HD204", CALL, "anruf-abendblatt", "article.published", bundle(lambda b: b["article"].update(published="2031-02-30"))),
    ("HD204", "corpus.toml", None, "version", setting("corpus.toml", "1.2.3", "one")),
    ("HD301", CALL, "anruf-abendblatt:v8", "events[7].content", bundle(lambda b: b["events"][7]["content"].update(start=401, end=401))),
    ("HD302", CALL, "anruf-abendblatt:v8", "events[7].trigger", bundle(lambda b: b["events"][7]["trigger"].update(end=9999))),
    ("HD302", WITHHELD_ARTICLE, "absage-kurier", "article.private[1]",
     bundle(lambda b: b["article"]["private"][1].update(end=9999), WITHHELD_ARTICLE)),
    ("HD303", CALL, "anruf-abendblatt", "article.zones[1]", bundle(lambda b: b["article"]["zones"].reverse() or b["article"]["zones"].sort(
        key=lambda z: (z["start"] if z["start"] != 0 else 9.5)))),
    ("HD304", CALL, "anruf-abendblatt", "article.zones", bundle(lambda b: b["article"]["zones"].pop(3))),
    ("HD305", CALL, "anruf-abendblatt:v8", "events[7].content",
     bundle(lambda b: b["events"][7]["content"].update(start=0, text=None))),
    ("HD306", CALL, "anruf-abendblatt:n1", "entities[0].mentions[0]", bundle(lambda b: b["entities"][0]["mentions"][0].update(text="Adlers"))),
    ("HD307", WITHHELD_ARTICLE, "absage-kurier:v1", "events[0].trigger",
     bundle(lambda b: b["events"][0]["trigger"].update(text="Gipfel"), WITHHELD_ARTICLE)),
    ("HD308", CALL, "anruf-abendblatt", "article.page.sha256", setting("pages/anruf-abendblatt.txt", "eine Stunde", "zwei Tage  ")),
    ("HD308", CALL, "anruf-abendblatt", "article.page.characters", bundle(lambda b: b["article"]["page"].update(characters=5000))),
    ("HD309", CALL, "anruf-abendblatt", "comments[0]", bundle(lambda b: b["comments"][0].update(end=b["comments"][0]["end"] - 1, text=None))),
    ("HD401", CALL, "anruf-abendblatt:v1", "events[0].arguments[0].entity_id",
     bundle(lambda b: b["events"][0]["arguments"][0].update(entity_id="n99"))),
    ("HD401", CALL, "anruf-abendblatt:v2", "events[1].same_as", bundle(lambda b: b["events"][1].update(same_as="v99"))),
    ("HD401", CALL, "anruf-abendblatt:c2", "comments[1].reply_to", bundle(lambda b: b["comments"][1].update(reply_to="c9"))),
    ("HD402", CALL, "anruf-abendblatt:n5", "entities[5].entity_id", bundle(lambda b: b["entities"].insert(5, b["entities"][4]))),
    ("HD403", CALL, "anruf-abendblatt", "events[0]", bundle(lambda b: b["events"][0].update(cameo="190"))),
    ("HD404", CALL, "anruf-abendblatt", "events[0].arguments[0].role", bundle(lambda b: b["events"][0]["arguments"][0].update(role="target"))),
    ("HD405", CALL, "anruf-abendblatt", "comments[0].stances[0]", bundle(lambda b: b["comments"][0]["stances"][0].pop("entity_id"))),
    ("HD405", CALL, "anruf-abendblatt", "comments[0].stances[0]",
     bundle(lambda b: b["comments"][0]["stances"][0].update(contact_id="2031-03-03-call"))),
    ("HD406", CALL, "anruf-abendblatt", "events[3].same_as", bundle(lambda b: b["events"][3].update(same_as="v2"))),
    ("HD406", CALL, "anruf-abendblatt", "events[7].same_as", bundle(lambda b: b["events"][7].update(same_as="v8"))),
    ("HD501", "articles/x.json", "absage-kurier", "article.article_id", lambda raw: (raw / WITHHELD_ARTICLE).rename(raw / "articles/x.json")),
    ("HD502", "articles/zweitens.json", "wahl-abendblatt", "article.article_id",
     lambda raw: shutil.copy(raw / "articles/wahl-abendblatt.json", raw / "articles/zweitens.json") and None),
    ("HD502", "kb.jsonl", "adler", None, lambda raw: edit_line(raw / "kb.jsonl", 2, lambda k: None) or (raw / "kb.jsonl").write_text(
        (raw / "kb.jsonl").read_text(encoding="utf-8") + '{"kb_id": "adler", "type": "PER", "name": "A", "name_de": "A"}\n', encoding="utf-8") and None),
    ("HD503", CALL, "anruf-abendblatt", "article.reports[0]", bundle(lambda b: b["article"].update(reports=["nie"]))),
    ("HD503", CALL, "anruf-abendblatt:v1", "events[0].contact_id", bundle(lambda b: b["events"][0].update(contact_id="nie"))),
    ("HD504", CALL, "anruf-abendblatt:n1", "entities[0].kb_id", bundle(lambda b: b["entities"][0].update(kb_id="niemand"))),
    ("HD504", "contacts.jsonl", "2029-05-01-call", "kb_id",
     lambda raw: edit_line(raw / "contacts.jsonl", 0, lambda c: c["participants"][0].update(kb_id="niemand"))),
    ("HD505", CALL, "anruf-abendblatt", "entities[0].type", bundle(lambda b: b["entities"][0].update(type="ORG"))),
    ("HD506", CALL, "anruf-abendblatt", "article.rights.status", lambda raw: (raw / "pages/anruf-abendblatt.txt").unlink()),
    ("HD507", "pages/absage-kurier.txt", "absage-kurier", None, write("pages/absage-kurier.txt", WITHHELD_PAGE)),
    ("HD507", WITHHELD_ARTICLE, "absage-kurier", None, bundle(lambda b: b.update(page_text=WITHHELD_PAGE), WITHHELD_ARTICLE)),
    ("HD508", "splits.json", "weg", "by_event", splits(weg="train")),
    ("HD509", "splits.json", "anruf-abendblatt", None, splits(anruf_abendblatt="train", anruf_tagblatt="test")),
    ("HD510", CALL, "anruf-abendblatt", "article.rights.licence", bundle(lambda b: b["article"]["rights"].pop("licence"))),
    ("HD511", "corpus.toml", None, "split", lambda raw: [(raw / f"articles/{n}.json").unlink() or (raw / f"pages/{n}.txt").unlink(
        missing_ok=True) for n in ("wahl-abendblatt", "absage-kurier")] and None),
]  # fmt: skip


def find(raw: Path) -> list[Finding]:
    try:
        return load_and_check(raw, None).findings.all
    except Refused as refused:
        return refused.findings.all


def test_the_valid_corpus_has_no_fault(raw: Path):
    assert find(raw) == []


@pytest.mark.parametrize(("code", "file", "record", "field", "spoil"), FAULTS, ids=[f"{f[0]}-{f[1]}-{f[3]}" for f in FAULTS])
def test_a_fault_is_found_at_its_place_and_nothing_else(raw: Path, tmp_path: Path, code, file, record, field, spoil):
    spoil(raw)
    found = find(raw)
    assert [(f.code, f.file, f.record, f.field) for f in found] == [(code, file, record, field)] * (2 if code == "HD511" else 1)
    if found[0].rule.severity == "error":
        with pytest.raises(Refused):
            build(raw, tmp_path / "out", None)
        assert not (tmp_path / "out").exists()
        assert not list(tmp_path.glob(".out*"))


def test_every_rule_has_a_fault_here():
    assert {fault[0] for fault in FAULTS} == set(RULES)


def test_a_finding_must_have_a_rule():
    with pytest.raises(KeyError):
        Findings().add("HD999", "x")


def test_several_faults_are_found_in_one_run(raw: Path):
    def spoil(b):
        b["events"][0]["arguments"][0]["entity_id"] = "n99"
        b["events"][1]["contact_id"] = "nie"
        b["events"][3]["arguments"][0]["role"] = "target"

    edit_json(raw / CALL, spoil)
    (raw / "articles/wahl-abendblatt.json").write_text("[")
    (raw / "pages/wahl-abendblatt.txt").unlink()
    assert {f.code for f in find(raw)} == {"HD104", "HD401", "HD404", "HD503"}


def test_what_a_finding_shows_cannot_steer_a_terminal(raw: Path, run):
    edit_json(raw / CALL, lambda b: b["events"][0].update(type="\x1b[31mrot\u202e[bold]x[/bold]"))
    status, _, err = run("validate", "--raw", raw)
    assert status == 1
    assert "\x1b" not in err
    assert "\u202e" not in err
    assert "[bold]x[/bold]" in err


def test_an_unreadable_raw_folder_is_said(tmp_path: Path):
    with pytest.raises(CannotRun, match="not a folder"):
        load_and_check(tmp_path / "nothing", None)


def test_checking_changes_nothing(raw: Path):
    before = files(raw)
    find(raw)
    assert files(raw) == before == files(VALID)
