"""Results as a person reads them. Colours and progress only on a terminal; nothing from the data is read as markup."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from pipeline.card import leakage_rows
from pipeline.describe import Release, counts, load_lines
from pipeline.findings import Finding, Severity, ascii_controls
from pipeline.pages import PageReport, PageStatus
from pipeline.seal import Outcome
from pipeline.split import SPLITS

SHOWN = 12
"""Findings of one code that are shown; the rest is counted."""

_STYLE = {
    PageStatus.open: "green", PageStatus.hydrated: "green", PageStatus.withheld: "dim", PageStatus.missing: "yellow",
    PageStatus.mismatched: "bold red",
}  # fmt: skip


def show_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Findings by code: what the rule is and the way out, then each place; many of one code are counted, not listed."""
    by_code: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_code[finding.code].append(finding)
    for code, found in sorted(by_code.items()):
        rule = found[0].rule
        style = "bold red" if rule.severity is Severity.error else "bold yellow"
        console.print(Text.assemble((f"{code} {rule.severity}", style), f"  {rule.title}"), soft_wrap=True)
        for finding in found[:SHOWN]:
            console.print(Text(f"    {one_line(finding)}"), soft_wrap=True)
        if len(found) > SHOWN:
            console.print(Text(f"    … and {len(found) - SHOWN} more (--json lists all)"), soft_wrap=True)
        console.print(Text(f"    → {rule.hint}", style="cyan"), soft_wrap=True)


def one_line(finding: Finding) -> str:
    """File, record, field, and what was found and expected."""
    place = " ".join(ascii_controls(part) for part in (f"{finding.file}:", finding.record, finding.field) if part)
    found = f" is {finding.found}" if finding.found and finding.expected else f" {finding.found}" if finding.found else ""
    return ascii_controls(f"{place}{found}{f'; expected {finding.expected}' if finding.expected else ''}")


def show_pages(console: Console, reports: Iterable[PageReport]) -> None:
    """What became of each page, one by one."""
    table = Table(title="Pages", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in ("article", "page", "file", ""):
        table.add_column(column)
    for report in reports:
        table.add_row(
            Text(report.article_id), Text(report.status, style=_STYLE[report.status]), Text(ascii_controls(report.file or "")),
            Text(ascii_controls(report.reason or "")),
        )  # fmt: skip
    console.print(table)


def show_release(console: Console, release: Release, folder: Path, outcome: Outcome | None = None) -> None:
    """A release: its tables, what its splits share, and how it is loaded."""
    done = {Outcome.written: "written to", Outcome.replaced: "written to", Outcome.unchanged: "is already, byte for byte, in"}
    where = f"{done[outcome]} {folder}" if outcome else f"in {folder}"
    console.print(Text.assemble((f"{release.title} {release.version}", "bold"), f"  {where}"), soft_wrap=True)
    if release.hydrated:
        console.print(
            Text("Hydrated: it holds texts of withheld pages and may not be passed on.", style="bold yellow"), soft_wrap=True
        )
    console.print()
    table = Table(title="Rows", title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("config")
    for name in (*SPLITS, "all"):
        table.add_column(name, justify="right")
    for name, rows in counts(release).items():
        table.add_row(name, *(str(rows.get(split, "–")) for split in SPLITS), str(sum(rows.values())))
    console.print(table)
    console.print()
    leak = Table(title="What splits share", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in ("scheme", "leak", "shared by"):
        leak.add_column(column)
    for cells in leakage_rows(release.leakage):
        leak.add_row(*(Text(ascii_controls(cell)) for cell in cells))
    console.print(leak)
    compared, articles = release.leakage["texts_compared"], release.leakage["articles"]
    console.print(Text(f"Texts compared for near-duplicates: {compared} of {articles}", style="dim"), soft_wrap=True)
    console.print()
    code = load_lines(folder)
    console.print(Syntax(code, "python", background_color="default") if console.is_terminal else Text(code), soft_wrap=True)
