"""Results as a person reads them. Colours and progress only on a terminal; nothing from the data is read as markup."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from pipeline.agree import ALL, LEVEL, RESAMPLES, Agreement, Difference
from pipeline.bag import TAGS
from pipeline.card import leakage_rows
from pipeline.diff import Diff, headline, least_version
from pipeline.findings import visible
from pipeline.pages import PageReport, PageReports, PageStatus
from pipeline.publish import Outcome as Sent
from pipeline.publish import Published
from pipeline.release import Release, counts, load_lines
from pipeline.seal import Outcome
from pipeline.split import SPLITS
from pipeline.statistics import AGREEMENT_COLUMNS, agreement_row
from pipeline.verify import Verified

_STYLE = {
    PageStatus.open: "green", PageStatus.hydrated: "green", PageStatus.withheld: "dim", PageStatus.missing: "yellow",
    PageStatus.mismatched: "bold red",
}  # fmt: skip


LISTED = 200
"""Pages that are listed one by one; of more, only those of which there is something to say."""


def show_pages(console: Console, reports: PageReports | Sequence[PageReport]) -> None:
    """What became of each page: one by one, or of many how often, and those that are missing or mismatched."""
    if len(reports) > LISTED:
        counted = Counter(report.status.value for report in reports)
        console.print(f"Pages: {', '.join(f'{n:,} {status}' for status, n in sorted(counted.items()))}", soft_wrap=True)
        reports = [report for report in reports if report.reason][:LISTED]
        if not reports:
            return
    table = Table(title="Pages", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in ("article", "page", "file", ""):
        table.add_column(column)
    for report in reports:
        table.add_row(
            Text(report.article_id), Text(report.status, style=_STYLE[report.status]), Text(visible(report.file or "")),
            Text(visible(report.reason or "")),
        )  # fmt: skip
    console.print(table)


def show_agreement(console: Console, figures: Sequence[Agreement], by_type: bool) -> None:
    """How far passes agree, over all pages and over those of each origin; a figure below what was aimed at is marked."""
    groups: dict[str, list[Agreement]] = {}
    for figure in figures:
        if by_type or (figure.type == ALL and (figure.origin is None or figure.aim is not None)):
            title = f"Passes {visible(figure.passes[0])} and {visible(figure.passes[1])}, {figure.origin or 'all'} pages"
            groups.setdefault(title, []).append(figure)
    for title, own in groups.items():
        table = Table(title=title, box=None, pad_edge=False, header_style="bold", title_justify="left")
        cells = [agreement_row(figure) for figure in own]
        for i, column in enumerate(AGREEMENT_COLUMNS):  # figures are never cut; the names wrap
            width = max(len(column), *(len(row[i]) for row in cells)) if i else None
            table.add_column(column, justify="right" if i else "left", min_width=width, no_wrap=i > 0)
        for figure in own:
            style = "bold yellow" if figure.value is not None and figure.aim is not None and figure.value < figure.aim else ""
            table.add_row(*agreement_row(figure), style=style)
        console.print(table)
        console.print()
    console.print(Text(f"Intervals: {LEVEL} % of {RESAMPLES:,} resamples of articles", style="dim"), soft_wrap=True)


def show_differences(console: Console, found: Iterable[Difference]) -> None:
    """What two passes have not in common, one by one."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("at", "what", "first", "second"):
        table.add_column(column)
    for d in found:
        values = (Text(visible(value)) if value else Text("–", style="dim") for value in (d.first, d.second))
        table.add_row(f"{d.start}–{d.end}", d.what, *values)
    console.print(table)


def show_verified(console: Console, found: Verified) -> None:
    """What became of a release that was verified."""
    errors = len(found.findings.errors)
    title = f"{found.release.title} {found.release.version}" if found.release else str(found.folder)
    if errors:
        console.print(
            Text(f"{title} in {found.folder} is NOT as it was released: {errors:,} findings", style="bold red"), soft_wrap=True
        )
        return
    assert found.release is not None
    rows = sum(entry.rows for entry in found.release.tables)
    tables = len({entry.table for entry in found.release.tables})
    console.print(Text.assemble((f"{title} is whole", "bold green"), f": {rows:,} rows in {tables} tables"), soft_wrap=True)
    console.print(f"Digest (SHA-256 of {TAGS}): {found.digest}", soft_wrap=True)
    if found.ledger is not None:
        console.print(f"It is the one that {found.ledger} says was published.", soft_wrap=True)
    else:
        console.print(
            "No ledger beside it has this version: compare the digest with the one that the publisher gives.", soft_wrap=True
        )


def show_published(console: Console, done: Published, dry_run: bool) -> None:
    """What was sent to the Hub, or would be."""
    will = "would be" if dry_run else "was"
    said = {
        Sent.published: f"{done.repo}: {done.version} {will} published as {done.tag}",
        Sent.tagged: f"{done.repo}: main is {done.version} already; it {will} tagged {done.tag}",
        Sent.unchanged: f"{done.repo}: {done.version} is published already, as {done.tag}",
    }
    console.print(Text(said[done.outcome], style="bold"), soft_wrap=True)
    if done.created:
        console.print(f"The repository {will} made: public, unless its owner's settings say otherwise", soft_wrap=True)
    size = sum(done.uploaded.values())
    sent = "to send" if dry_run else "sent"
    console.print(f"Files {sent}: {len(done.uploaded):,} ({size:,} bytes); there already: {len(done.kept):,}", soft_wrap=True)
    for name in done.deleted:
        console.print(Text(f"  not in this version: {visible(name)}"), soft_wrap=True)
    console.print(Text(done.url), soft_wrap=True)


def show_times(console: Console, times: Mapping[str, float]) -> None:
    """Where the time went, the longest stages first."""
    total = sum(times.values())
    stages = sorted(times.items(), key=lambda item: -item[1])
    said = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stages if seconds >= max(0.1, total / 100))
    console.print(Text(f"It took {total:.1f} s: {said}", style="dim"), soft_wrap=True)
    console.print()


def show_release(
    console: Console, release: Release, folder: Path, outcome: Outcome | None = None, changes: Diff | None = None
) -> None:
    """A release: its tables, what changed since the last one, what its splits share, and how it is loaded."""
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
    if changes is not None and changes.old is not None:
        since = f"{headline(changes)} (the next version is {least_version(changes.old, changes)} or higher; see CHANGES.json)"
        console.print(Text(since), soft_wrap=True)
        console.print()
    leak = Table(title="What splits share", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in ("scheme", "leak", "shared by"):
        leak.add_column(column)
    for cells in leakage_rows(release.leakage):
        leak.add_row(*(Text(visible(cell)) for cell in cells))
    console.print(leak)
    compared, articles = release.leakage["texts_compared"], release.leakage["articles"]
    console.print(Text(f"Texts compared for near-duplicates: {compared} of {articles}", style="dim"), soft_wrap=True)
    console.print()
    code = load_lines(folder, "events" if counts(release)["events"] else "documents")
    console.print(Syntax(code, "python", background_color="default") if console.is_terminal else Text(code), soft_wrap=True)
