"""What differs in what two releases say of themselves."""

from collections.abc import Iterator

from pipeline.diff.changes import CORPUS, Change
from pipeline.diff.records import differences
from pipeline.diff.snapshot import Snapshot

_LEFT_OUT = ("version", "released", "split")
"""Every release has its own, or shows what came of it in its splits."""


def metadata_changes(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """Changes of title, authors, licences and the like; releases before 1.0.0 do not say them. Under another licence a reader may have to
    stop using what they use.
    """
    if old.meta is not None and new.meta is not None:
        before, after = ({key: value for key, value in meta.items() if key not in _LEFT_OUT} for meta in (old.meta, new.meta))
        for found in differences(before, after):
            licence = found.where.startswith("licences")
            yield Change(table=CORPUS, severity="major" if licence else "patch", **found._asdict())
