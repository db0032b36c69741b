"""Findings as people and machines read them: text, JSON lines, SARIF 2.1.0, GitHub and GitLab annotations."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.text import Text

from pipeline.findings import Finding, visible
from pipeline.formats import Format
from pipeline.rules import RULES, Rule, Severity

SHOWN = 4
"""Findings of one code that the text shows; the rest is counted."""


def machine(findings: Sequence[Finding], form: Format, prefix: str) -> str:
    """Findings in a format for machines. ``prefix`` is the raw folder's path from the repo's root, put before every file's name."""
    if form is Format.json:
        return "".join(json.dumps(finding.as_dict(), ensure_ascii=False) + "\n" for finding in findings)
    if form is Format.sarif:
        return json.dumps(_sarif(findings, prefix), ensure_ascii=False, indent=2) + "\n"
    if form is Format.gitlab:
        return json.dumps(_gitlab(findings, prefix), ensure_ascii=False, indent=2) + "\n"
    return "".join(_github(findings, prefix))


def show(console: Console, findings: Sequence[Finding]) -> None:
    """Findings for people: by code, each rule explained once; the same fault in many places is one line with a count."""
    by_code: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_code[finding.code].append(finding)
    for code, found in sorted(by_code.items()):
        rule = RULES[code]
        style = "bold red" if rule.severity is Severity.error else "bold yellow"
        console.print(Text.assemble((f"{rule.severity}[{code}]", style), (f" {rule.title}", "bold")), soft_wrap=True)
        console.print(Text(f"  {rule.explanation()}", style="dim"), soft_wrap=True)
        kinds = Counter(_kind(finding) for finding in found)
        folded = list({_kind(finding): finding for finding in reversed(found)}.items())[::-1]
        for kind, finding in folded[:SHOWN]:
            times = f"  (and {kinds[kind] - 1:,} more like it)" if kinds[kind] > 1 else ""
            console.print(Text(f"  {one_line(finding)}{times}"), soft_wrap=True)
        rest = sum(kinds[kind] for kind, _ in folded[SHOWN:])
        if rest:
            console.print(Text(f"  … and {rest:,} more (--format json lists all)"), soft_wrap=True)
        console.print(Text(f"  → {rule.hint}", style="cyan"), soft_wrap=True)


def one_line(finding: Finding) -> str:
    """Place, record, field and message of a finding."""
    about = " ".join(part for part in (finding.record, finding.field) if part)
    return visible(f"{finding.place}: {about}{': ' if about else ''}{finding.message}")


def explain(code: str) -> str | None:
    """What a rule asks for and what to do, for the terminal; None for a code that no rule has."""
    rule = RULES.get(code.upper())
    if rule is None:
        return None
    return f"{rule.code} – {rule.title} ({rule.severity}, level {rule.level()})\n\n{rule.explanation()}\n\nWhat to do: {rule.hint}."


def _kind(finding: Finding) -> tuple[object, ...]:
    """What two findings share that are one fault in two places: all but the positions in lists, and the records."""
    return (
        (tuple(part for part in finding.loc if isinstance(part, str)), finding.found, finding.expected)
        if finding.loc
        else (finding,)
    )


# --- machines --------------------------------------------------------------------------------------------------------------------


def _sarif(findings: Sequence[Finding], prefix: str) -> dict[str, Any]:
    used = sorted({finding.code for finding in findings})
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "Heisser Draht", "rules": [_sarif_rule(RULES[code]) for code in used]}},
                "columnKind": "unicodeCodePoints",
                "results": [
                    _sarif_result(finding, used.index(finding.code), prefix, fingerprint)
                    for finding, fingerprint in zip(findings, _fingerprints(findings), strict=True)
                ],
            }
        ],
    }


def _sarif_rule(rule: type[Rule]) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.explanation()},
        "help": {"text": rule.hint},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {"level": rule.level()},
    }


def _sarif_result(finding: Finding, index: int, prefix: str, fingerprint: str) -> dict[str, Any]:
    region = {"startLine": finding.line, "startColumn": finding.column}
    location: dict[str, Any] = {"artifactLocation": {"uri": quote(visible(prefix + finding.file))}}
    if finding.line is not None:
        location["region"] = {key: value for key, value in region.items() if value is not None}
    names = [part for part in (finding.record, finding.field) if part]
    logical = {"logicalLocations": [{"fullyQualifiedName": " ".join(names)}]} if names else {}
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": finding.rule.severity.value,
        "message": {"text": visible(f"{finding.rule.title}: {finding.message}. {finding.rule.hint}")},
        "locations": [{"physicalLocation": location, **logical}],
        "partialFingerprints": {"finding/v1": fingerprint},
    }


def _github(findings: Sequence[Finding], prefix: str) -> Iterator[str]:
    for finding in findings:
        at = {
            "file": prefix + finding.file,
            "line": finding.line,
            "col": finding.column,
            "title": f"{finding.code} {finding.rule.title}",
        }
        properties = ",".join(f"{key}={_escape(str(value), ':,')}" for key, value in at.items() if value is not None)
        about = " ".join(part for part in (finding.record, finding.field) if part)
        message = visible(f"{about}{': ' if about else ''}{finding.message} → {finding.rule.hint}")
        yield f"::{finding.rule.severity} {properties}::{_escape(message)}\n"


def _escape(text: str, more: str = "") -> str:
    """A string as workflow commands want it, so that no data can end a command or begin another."""
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def _gitlab(findings: Sequence[Finding], prefix: str) -> list[dict[str, Any]]:
    severity = {Severity.error: "major", Severity.warning: "minor"}
    return [
        {
            "description": visible(f"{finding.rule.title}: {finding.message}"),
            "check_name": finding.code,
            "fingerprint": fingerprint,
            "severity": severity[finding.rule.severity],
            "location": {"path": visible(prefix + finding.file), "lines": {"begin": finding.line or 1}},
        }
        for finding, fingerprint in zip(findings, _fingerprints(findings), strict=True)
    ]


def _fingerprints(findings: Sequence[Finding]) -> Iterator[str]:
    """For each finding a name that stays the same though lines above it come and go, and that no other has."""
    seen: Counter[tuple[str | None, ...]] = Counter()
    for finding in findings:
        parts = (finding.code, finding.file, finding.record, finding.field)
        seen[parts] += 1
        text = "\0".join(str(part) for part in (*parts, seen[parts]))
        yield hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
