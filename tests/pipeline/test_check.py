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
GONE = "articles/absage-kurier.json"
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


def zones_out_of_order(b):
    first, second, *rest = b["article"]["zones"]
    b["article"]["zones"] = [second, first, *rest]


def adler_twice(raw: Path) -> None:
    with (raw / "kb.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"kb_id": "adler", "type": "PER", "name": "A", "name_de": "A"}\n')


def two_articles_only(raw: Path) -> None:
    for name in ("wahl-abendblatt", "absage-kurier"):
        (raw / f"articles/{name}.json").unlink()
        (raw / f"pages/{name}.txt").unlink(missing_ok=True)


def copy(file: str, to: str) -> Callable[[Path], None]:
    return lambda raw: shutil.copy(raw / file, raw / to) and None


def contact(edit: Edit) -> Callable[[Path], None]:
    return lambda raw: edit_line(raw / "contacts.jsonl", 0, edit)


A, W = "anruf-abendblatt", "wahl-abendblatt"
WAHL_PAGE, WAHL = f"pages/{W}.txt", f"articles/{W}.json"

FAULTS = [
    # code, file, record, field, what is done
    ("HD101", "contacts.jsonl", None, None, lambda raw: (raw / "contacts.jsonl").rename(raw / "kontakte.jsonl")),
    ("HD101", "corpus.toml", None, None, lambda raw: (raw / "corpus.toml").unlink()),
    ("HD101", "articles", None, None, lambda raw: shutil.rmtree(raw / "articles")),
    ("HD102", CALL, None, None, write(CALL, '{"article": "Präsident"}'.encode("latin-1"))),
    ("HD103", WAHL_PAGE, W, None, setting(WAHL_PAGE, "\n", "\r\n")),
    ("HD103", WAHL_PAGE, W, None, setting(WAHL_PAGE, "ü", "u\u0308")),
    ("HD103", WAHL_PAGE, W, None, setting(WAHL_PAGE, "Brandt", "\u202eBrandt")),
    ("HD104", CALL, None, None, write(CALL, '{"article": ')),
    ("HD104", "corpus.toml", None, None, setting("corpus.toml", "title =", "title ==")),
    ("HD105", "articles/notizen.txt", None, None, write("articles/notizen.txt", "?")),
    ("HD105", "pages/wahl.txt", None, None, write("pages/wahl.txt", "?")),
    ("HD201", CALL, "v1", "events[0].colour", bundle(lambda b: b["events"][0].update(colour="red"))),
    ("HD201", "contacts.jsonl", "2029-05-01-call", "colour", contact(lambda c: c.update(colour=1))),
    ("HD202", CALL, "v2", "events[1].certainty", bundle(lambda b: b["events"][1].pop("certainty"))),
    ("HD203", CALL, "v1", "events[0].type", bundle(lambda b: b["events"][0].update(type="phonecall"))),
    ("HD203", "splits.json", None, f"by_event.{W}", splits(wahl_abendblatt="dev")),
    ("HD204", CALL, "v1", "events[0].trigger.start", bundle(lambda b: b["events"][0]["trigger"].update(start="17"))),
    ("HD204", CALL, "v1", "events[0].trigger.start", bundle(lambda b: b["events"][0]["trigger"].update(start=-1))),
    ("HD204", CALL, A, "article.published", bundle(lambda b: b["article"].update(published="2031-02-30"))),
    ("HD204", "corpus.toml", None, "version", setting("corpus.toml", "1.2.3", "one")),
    ("HD301", CALL, f"{A}:v8", "events[7].content", bundle(lambda b: b["events"][7]["content"].update(start=401, end=401))),
    ("HD302", CALL, f"{A}:v8", "events[7].trigger", bundle(lambda b: b["events"][7]["trigger"].update(end=9999))),
    ("HD302", GONE, "absage-kurier", "article.private[1]", bundle(lambda b: b["article"]["private"][1].update(end=9999), GONE)),
    ("HD303", CALL, A, "article.zones[1]", bundle(zones_out_of_order)),
    ("HD304", CALL, A, "article.zones", bundle(lambda b: b["article"]["zones"].pop(3))),
    ("HD305", CALL, f"{A}:v8", "events[7].content", bundle(lambda b: b["events"][7]["content"].update(start=0, text=None))),
    ("HD306", CALL, f"{A}:n1", "entities[0].mentions[0]", bundle(lambda b: b["entities"][0]["mentions"][0].update(text="Adlers"))),
    ("HD307", GONE, "absage-kurier:v1", "events[0].trigger", bundle(lambda b: b["events"][0]["trigger"].update(text="G"), GONE)),
    ("HD308", CALL, A, "article.page.sha256", setting(f"pages/{A}.txt", "eine Stunde", "zwei Tage  ")),
    ("HD308", CALL, A, "article.page.characters", bundle(lambda b: b["article"]["page"].update(characters=5000))),
    ("HD309", CALL, A, "comments[0]", bundle(lambda b: b["comments"][0].update(end=b["comments"][0]["end"] - 1, text=None))),
    ("HD401", CALL, f"{A}:v1", "events[0].arguments[0].entity_id",
     bundle(lambda b: b["events"][0]["arguments"][0].update(entity_id="n99"))),
    ("HD401", CALL, f"{A}:v2", "events[1].same_as", bundle(lambda b: b["events"][1].update(same_as="v99"))),
    ("HD401", CALL, f"{A}:c2", "comments[1].reply_to", bundle(lambda b: b["comments"][1].update(reply_to="c9"))),
    ("HD402", CALL, f"{A}:n5", "entities[5].entity_id", bundle(lambda b: b["entities"].insert(5, b["entities"][4]))),
    ("HD403", CALL, A, "events[0]", bundle(lambda b: b["events"][0].update(cameo="190"))),
    ("HD404", CALL, A, "events[0].arguments[0].role", bundle(lambda b: b["events"][0]["arguments"][0].update(role="target"))),
    ("HD405", CALL, A, "comments[0].stances[0]", bundle(lambda b: b["comments"][0]["stances"][0].pop("entity_id"))),
    ("HD405", CALL, A, "comments[0].stances[0]",
     bundle(lambda b: b["comments"][0]["stances"][0].update(contact_id="2031-03-03-call"))),
    ("HD406", CALL, A, "events[3].same_as", bundle(lambda b: b["events"][3].update(same_as="v2"))),
    ("HD406", CALL, A, "events[7].same_as", bundle(lambda b: b["events"][7].update(same_as="v8"))),
    ("HD501", "articles/x.json", "absage-kurier", "article.article_id", lambda raw: (raw / GONE).rename(raw / "articles/x.json")),
    ("HD502", "articles/zweitens.json", W, "article.article_id", copy(WAHL, "articles/zweitens.json")),
    ("HD502", "kb.jsonl", "adler", None, adler_twice),
    ("HD503", CALL, A, "article.reports[0]", bundle(lambda b: b["article"].update(reports=["nie"]))),
    ("HD503", CALL, f"{A}:v1", "events[0].contact_id", bundle(lambda b: b["events"][0].update(contact_id="nie"))),
    ("HD504", CALL, f"{A}:n1", "entities[0].kb_id", bundle(lambda b: b["entities"][0].update(kb_id="niemand"))),
    ("HD504", "contacts.jsonl", "2029-05-01-call", "kb_id", contact(lambda c: c["participants"][0].update(kb_id="niemand"))),
    ("HD505", CALL, A, "entities[0].type", bundle(lambda b: b["entities"][0].update(type="ORG"))),
    ("HD506", CALL, A, "article.rights.status", lambda raw: (raw / f"pages/{A}.txt").unlink()),
    ("HD507", "pages/absage-kurier.txt", "absage-kurier", None, write("pages/absage-kurier.txt", WITHHELD_PAGE)),
    ("HD507", GONE, "absage-kurier", None, bundle(lambda b: b.update(page_text=WITHHELD_PAGE), GONE)),
    ("HD508", "splits.json", "weg", "by_event", splits(weg="train")),
    ("HD509", "splits.json", A, None, splits(anruf_abendblatt="train", anruf_tagblatt="test")),
    ("HD510", CALL, A, "article.rights.licence", bundle(lambda b: b["article"]["rights"].pop("licence"))),
    ("HD511", "corpus.toml", None, "split", two_articles_only),
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
