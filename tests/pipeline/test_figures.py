"""What a release says of itself in figures is counted from its tables."""

import json
import re
import xml.etree.ElementTree as ElementTree
from itertools import count
from pathlib import Path

import pytest

import pipeline.begin
import pipeline.plots
from pipeline.build import Built, build
from pipeline.datasheet import datasheet, unknown
from pipeline.execute import Here
from pipeline.means import Means
from pipeline.plots import PLOTS, plots
from pipeline.seal import differences
from pipeline.statistics import of_nothing
from tests.conftest import ROOT, edit_json
from tests.pipeline.test_release import frame


def text(built: Built, name: str) -> str:
    return (built.folder / name).read_text(encoding="utf-8")


def test_the_numbers_are_those_of_the_tables(release: Built):
    sheet = text(release, "DATASHEET.md")
    mentions = sum(len(m) for m in frame(release, "entities")["mentions"])
    assert f"{len(frame(release, 'articles'))} articles with {mentions} mentions, 2029 to 2031." in sheet
    assert sheet.startswith(f"# Datasheet {release.release.version}\n")
    assert "| Kurier | newspaper | DE | de-DE | written | 1 |" in sheet
    assert not re.search(r"\{\{\w+( \w+)?\}\}", sheet)


def test_a_mention_more_is_a_mention_more_in_card_and_datasheet(release: Built, raw: Path, tmp_path: Path):
    edit_json(raw / "articles/anruf-tagblatt.json", lambda b: b["entities"][0]["mentions"].pop())
    changed = build(raw, tmp_path / "1.2.3", None)
    before, after = (int(re.search(r"with (\d+) mentions", text(b, "DATASHEET.md"))[1]) for b in (release, changed))
    assert before == after + 1
    assert text(release, "figures/entity_types.svg") != text(changed, "figures/entity_types.svg")


def test_what_a_datasheet_may_call_for_does_not_depend_on_the_data():
    """Names are those of an empty release, so that a datasheet is right or wrong before anything is built."""
    empty = of_nothing()
    assert not any(empty.numbers[name] for name in ("articles", "mentions", "contacts"))
    template = "".join(f"{{{{{n}}}}} " for n in empty.numbers) + "".join(f"{{{{table {n}}}}}\n" for n in empty.blocks)
    template += "".join(f"{{{{figure {n}}}}}\n" for n in PLOTS)
    assert list(unknown(template)) == []
    assert "{{" not in datasheet(template, "1.0.0", empty, plots(empty, Here()))


@pytest.mark.parametrize("name", PLOTS)
def test_every_plot_is_svg_without_colour_that_the_card_shows(release: Built, name: str):
    svg = text(release, f"figures/{name}.svg")
    ElementTree.fromstring(svg)
    colours = {c.lower() for c in re.findall(r"#[0-9a-fA-F]{6}\b", svg)}
    assert all(c[1:3] == c[3:5] == c[5:7] for c in colours), "greys alone"
    assert f"(figures/{name}.svg)" in text(release, "README.md")


def test_the_agreement_of_the_release_is_that_of_its_passes(release: Built):
    found = json.loads(text(release, "agreement.json"))
    exact = next(f for f in found if f["measure"] == "mentions, exact" and f["type"] == "all")
    assert (exact["both"], exact["first"], exact["second"]) == (33, 35, 34)
    assert "| mentions, exact (F1) | .957 |" in text(release, "README.md")


@pytest.mark.parametrize(("published", "year"), [("../2029", 2029), ("2029/..", 2029), ("2029~", 2029), ("2028-12/2029-01", 2029)])
def test_a_year_is_counted_for_every_time_that_can_be_written(raw: Path, tmp_path: Path, published: str, year: int):
    for path in (raw / "articles").iterdir():
        edit_json(path, lambda b: b["article"].update(published=published))
    sheet = text(build(raw, tmp_path / "1.2.3", None), "DATASHEET.md")
    assert f"mentions, {year} to {year}." in sheet


@pytest.mark.slow
def test_what_shows_the_same_as_in_the_last_build_is_not_made_again(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = []

    def told(name, make):
        return lambda *args: (made.append(name or args[0].draw.__name__), make(*args))[1]

    monkeypatch.setattr("pipeline.plots._svg", told(None, pipeline.plots._svg))
    monkeypatch.setattr("pipeline.begin.agreement", told("agreement", pipeline.begin.agreement))
    out = (tmp_path / str(number) / "1.2.3" for number in count())
    first = build(raw, next(out), None, means=Means(cache=tmp_path / "cache"))
    assert sorted(made) == ["_bars", "_bars", "_bars", "_bars", "_by_year", "_intervals", "agreement"]
    made.clear()
    again = build(raw, next(out), None, means=Means(cache=tmp_path / "cache"))
    assert made == [] == differences(first.folder, again.folder)
    edit_json(raw / "articles/anruf-tagblatt.json", lambda b: b["entities"][0]["mentions"].pop())
    changed = build(raw, next(out), None, means=Means(cache=tmp_path / "cache"))
    assert set(made) == {"_bars"} and len(made) < 4, "figures of mentions, none of events, years, or passes"
    assert differences(changed.folder, build(raw, next(out), None).folder) == []
    made.clear()
    edit_json(raw / "passes/b/anruf-tagblatt.json", lambda b: b["events"].pop())
    changed = build(raw, next(out), None, means=Means(cache=tmp_path / "cache"))
    assert sorted(made) == ["_intervals", "agreement"]
    assert differences(changed.folder, build(raw, next(out), None).folder) == []


def test_a_placeholder_is_told_whatever_is_in_it():
    said = list(unknown("{{ articles }} {{table  outlets}}\n{{tabel outlets}} {{figure}}\n{{}} {{article s}} {{a-b}}"))
    assert said == [(2, "{{tabel outlets}}"), (2, "{{figure}}"), (3, "{{}}"), (3, "{{article s}}"), (3, "{{a-b}}")]


def test_without_passes_and_datasheet_nothing_is_said_of_them(raw: Path, tmp_path: Path):
    (raw / "datasheet.md").unlink()
    for path in (raw / "passes").rglob("*.json"):
        path.unlink()
    built = build(raw, tmp_path / "1.2.3", None)
    names = {path.name for path in built.folder.rglob("*")}
    assert not names & {"agreement.json", "agreement.svg", "DATASHEET.md"}


def test_no_number_in_the_datasheet_is_typed_by_hand():
    """What is left without placeholders, references to law and standards, and dates has no digit."""
    prose = (ROOT / "data/raw/datasheet.md").read_text(encoding="utf-8")
    for allowed in (
        r"\{\{[^}]*\}\}", r"```.*?```", r"`[^`]*`", r"<!--.*?-->", r"^## \d\. ", r"\(section\s+\d\)",
        r"§§? ?\d+[a-z]?(\(\d\))?(–\d+[a-z])?( and \d+[a-z])?", r"Art\. \d+(\(\d\))?(\([a-z]\))?", r"recital 26",
        r"\(EU\) 2019/790", r"7 June 2021", r"\b20\d\d\b", r"64\(12\)", r"SHA-256",
        r"UTF-8", r"version\s+1\.1\s+to\s+1\.2", r"version\s+0\.1\.0", r"guidelines\s+1\.0",
        r"U\+2588", r"CC BY 4\.0", r"from 0", r"reader-1", r"\bF1\b",
        r"Croissant 1\.1", r"BagIt 1\.0",
    ):  # fmt: skip
        prose = re.sub(allowed, "", prose, flags=re.DOTALL | re.MULTILINE)
    assert re.findall(r".*\d.*", prose) == []
