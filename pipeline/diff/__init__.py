"""What changed between two releases, annotation by annotation, and how far the version must be raised for it."""

from collections import Counter

from pipeline.diff.bump import allowed, least_bump, least_version, reasons
from pipeline.diff.changes import Change, Diff
from pipeline.diff.html import html
from pipeline.diff.metadata import metadata_changes
from pipeline.diff.rows import row_changes
from pipeline.diff.schemas import schema_changes
from pipeline.diff.snapshot import Snapshot
from pipeline.diff.text import headline, one_line, show_diff

__all__ = ["Change", "Diff", "Snapshot", "allowed", "diff", "headline", "html", "least_version", "one_line", "show_diff"]


def diff(old: Snapshot | None, new: Snapshot) -> Diff:
    """Compare two releases; without an old one nothing has changed.

    Left out: the order of rows, versions, who annotated, ``documents`` but for its fields, and what follows from
    something else that is told (days, the text of a span that moved, the hash of a page whose text changed). The words of a page
    are quoted only where it is open in both releases and nothing on it became private.
    """
    changes = () if old is None else (*metadata_changes(old, new), *schema_changes(old, new), *row_changes(old, new))
    least = least_bump(changes)
    counts: dict[str, Counter[str]] = {}
    for change in changes:
        counts.setdefault(change.table, Counter())[change.kind] += 1
    return Diff(
        old=old.version if old else None, new=new.version, least=least, why=reasons(changes, least),
        counts={table: dict(sorted(kinds.items())) for table, kinds in counts.items()}, changes=changes,
    )  # fmt: skip
