"""A comparison as a person reads it on a terminal: how much of what, then the changes of each article, folded."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic import JsonValue

from pipeline.diff.changes import VOCABULARY, Change, Diff
from pipeline.findings import shown

if TYPE_CHECKING:
    from rich.console import Console

_OF_A_KIND, _GROUPS = 3, 20
"""Changes of one kind that are shown of a group, and groups that are shown."""
_STYLE = {"major": "bold red", "minor": "yellow", "patch": ""}


def show_diff(console: "Console", diff: Diff) -> None:
    """Print a comparison. Nothing from the data is read as markup."""
    from rich.table import Table
    from rich.text import Text

    console.print(Text(headline(diff), style="bold"), soft_wrap=True)
    for reason in diff.why:
        console.print(Text(f"  {shown(reason, 400)}"), soft_wrap=True)
    if not diff.changes:
        return
    console.print()
    table = Table(title="Changes", title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("table")
    table.add_column("kind")
    table.add_column("changes", justify="right")
    for name, kind, number in count_rows(diff):
        table.add_row(Text(shown(name)), Text(kind), f"{number:,}")
    console.print(table)
    groups = grouped(diff)
    for title, changes in list(groups.items())[:_GROUPS]:
        console.print()
        console.print(Text(shown(title), style="bold"), soft_wrap=True)
        for own in _by_kind(changes):
            for change in own[:_OF_A_KIND]:
                console.print(Text(f"  {change.kind}  {line(change)}", style=_STYLE[change.severity]), soft_wrap=True)
            if len(own) > _OF_A_KIND:
                console.print(
                    Text(f"  {own[0].kind}  {own[0].table} … {len(own) - _OF_A_KIND:,} more", style="dim"), soft_wrap=True
                )
    if (more := len(groups) - _GROUPS) > 0:
        console.print()
        console.print(Text(f"… {more:,} more articles and rows", style="dim"), soft_wrap=True)


def headline(diff: Diff) -> str:
    """The whole comparison in a line."""
    if diff.old is None:
        return f"{shown(diff.new)}: the first release"
    number = f"{len(diff.changes):,} change{'' if len(diff.changes) == 1 else 's'}" if diff.changes else "no difference"
    return f"{shown(diff.old)} → {shown(diff.new)}: {number}" + (f", at least a {diff.least} version" if diff.changes else "")


def count_rows(diff: Diff) -> Iterator[tuple[str, str, int]]:
    """Table, kind and number of changes."""
    for name, kinds in diff.counts.items():
        for kind, number in kinds.items():
            yield name, kind, number


def grouped(diff: Diff) -> dict[str, list[Change]]:
    """Changes by what people look at together: the schema, then articles that were changed, other rows, and those that are new."""
    groups: dict[str, list[Change]] = {}
    for change in diff.changes:
        groups.setdefault(change.group, []).append(change)

    def only_added(changes: Sequence[Change]) -> bool:
        return all(change.kind == "record added" for change in changes)

    return dict(sorted(groups.items(), key=lambda entry: only_added(entry[1])))  # sorting is stable


def place(change: Change) -> str:
    """Where a change is, within its group: the table, what the row is called within its article, and the field."""
    if change.table == VOCABULARY:
        return shown(change.record or "")
    own = (change.record or "").partition(":")[2]
    return shown(" ".join(part for part in (change.table, own, change.where) if part), 200)


def one_line(change: Change) -> str:
    """Table, path, and before and after, for where the record is named already."""
    where = " ".join(part for part in (change.table, change.where) if part)
    return f"{where}: {said(change.old)} → {said(change.new)}" if (change.old, change.new) != (None, None) else where


def line(change: Change) -> str:
    """Place, and before and after."""
    if change.old is None and change.new is None:
        return place(change)
    return f"{place(change)}: {said(change.old)} → {said(change.new)}"


def said(value: JsonValue) -> str:
    """A value in a line: a span as its offsets and words, a record as its fields."""
    return shown(_said(value), 260)


def _said(value: JsonValue) -> str:
    if isinstance(value, dict):
        rest = [f"{name} {_said(inner)}" for name, inner in value.items() if name not in ("start", "end", "text")]
        span = f"{value['start']}–{value['end']}" if "start" in value and "end" in value else ""
        words = f"„{value['text']}“" if "text" in value else ""
        return ", ".join(part for part in (f"{span} {words}".strip(), *rest) if part)
    if isinstance(value, list):
        return "; ".join(_said(inner) for inner in value)
    return "–" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _by_kind(changes: Sequence[Change]) -> list[list[Change]]:
    """Changes of one kind in one table together, in the order of the first of each."""
    kinds: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        kinds.setdefault((change.table, change.kind), []).append(change)
    return list(kinds.values())
