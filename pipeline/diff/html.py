"""A comparison as one HTML page that needs nothing else: no script, no font, no picture from elsewhere.

The page is a tree of elements (``xml.etree``), so that whatever comes from the data is escaped by the library that writes it.
"""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from pydantic import JsonValue

from pipeline.diff.changes import Change, Diff
from pipeline.diff.text import count_rows, grouped, headline, place, said
from pipeline.findings import shown, visible

_OF_A_GROUP = 200
"""Changes of a group that are listed."""
_GROUPS = 2_000
"""Groups that are listed."""
_STYLE = """
:root { color-scheme: light dark; --line: #8886; --old: #d33; --new: #2a2; }
body { font: 16px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
table.counts { width: auto; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
td.old { border-left: 3px solid var(--old); width: 30%; } td.new { border-left: 3px solid var(--new); width: 30%; }
td.kind { white-space: nowrap; } tr.major td.kind { font-weight: bold; } .more, .number { opacity: .75; }
summary { cursor: pointer; padding: .25rem 0; } summary b { margin-right: .6rem; }
@media print { body { max-width: none; margin: 0; font-size: 10pt; } tr, summary { break-inside: avoid; } }
"""


def html(diff: Diff) -> str:
    """The page: how much of what changed, then the changes by article and row, before and after side by side.

    Groups are folded; groups of more than 200 changes, and more than 2,000 groups, are cut, with a word on how much is left out.
    """
    page = ET.Element("html", lang="en")
    head = _in(page, "head")
    _in(head, "meta", charset="utf-8")
    _in(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _in(head, "title", headline(diff))
    _in(head, "style", _STYLE)
    body = _in(page, "body")
    _in(body, "h1", headline(diff))
    reasons = _in(body, "ul") if diff.why else body
    for reason in diff.why:
        _in(reasons, "li", visible(reason))
    if diff.changes:
        _in(body, "h2", "How much of what")
        _counts(body, diff)
        _in(body, "h2", "Change by change")
    groups = grouped(diff)
    for title, changes in list(groups.items())[:_GROUPS]:
        _group(body, title, changes, opened=len(groups) == 1)
    _more(body, len(groups) - _GROUPS, "articles and rows")
    return f"<!doctype html>\n{ET.tostring(page, encoding='unicode', method='html')}\n"


def _counts(body: ET.Element, diff: Diff) -> None:
    table = _in(body, "table", **{"class": "counts"})
    _row(table, "th", (("table", ""), ("kind", ""), ("changes", "")))
    for name, kind, number in count_rows(diff):
        _row(table, "td", ((name, ""), (kind, "kind"), (f"{number:,}", "number")))


def _group(body: ET.Element, title: str, changes: list[Change], opened: bool) -> None:
    details = _in(body, "details", **({"open": "open"} if opened else {}))
    summary = _in(details, "summary")
    _in(summary, "b", shown(title, 200))
    _in(summary, "span", f"{len(changes):,}", **{"class": "number"})
    table = _in(details, "table")
    _row(table, "th", (("kind", ""), ("where", ""), ("before", ""), ("after", "")))
    for change in changes[:_OF_A_GROUP]:
        cells = ((change.kind, "kind"), (place(change), ""), (_cell(change.old), "old"), (_cell(change.new), "new"))
        _row(table, "td", cells, change.severity)
    _more(details, len(changes) - _OF_A_GROUP, "changes")


def _cell(value: JsonValue) -> str:
    return "" if value is None else said(value)


def _more(parent: ET.Element, number: int, what: str) -> None:
    if number > 0:
        _in(parent, "p", f"… {number:,} more {what}; the comparison as JSON has all of them.", **{"class": "more"})


def _row(table: ET.Element, tag: str, cells: Iterable[tuple[str, str]], style: str = "") -> None:
    row = _in(table, "tr", **({"class": style} if style else {}))
    for text, own in cells:
        _in(row, tag, visible(text), **({"class": own} if own else {}))


def _in(parent: ET.Element, tag: str, text: str | None = None, /, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    element.text = text
    return element
