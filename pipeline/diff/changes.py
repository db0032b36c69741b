"""What a comparison of two releases says: a change, all of them, and how grave they are."""

from typing import Literal

from pydantic import JsonValue

from schema.base import Model
from schema.rows import TABLES, OfArticle

Severity = Literal["patch", "minor", "major"]
Bump = Literal["none", "patch", "minor", "major"]
BUMPS: tuple[Bump, ...] = ("none", "patch", "minor", "major")
"""From least to most."""

ORDER = {table.name: i for i, table in enumerate(TABLES)}
"""Place of each table."""
VOCABULARY = "vocabulary"
"""Stands for a table where a change is one of a vocabulary; ``record`` is then the vocabulary's name."""
CORPUS = "corpus"
"""Stands for a table where a change is one of the metadata."""


class Change(Model):
    """One thing that two releases do not have in common."""

    table: str
    """The table; or ``vocabulary``, or ``corpus`` for the metadata."""
    record: str | None = None
    """Key of the row; null where the table itself differs."""
    kind: str
    """What changed and how, for instance ``span moved``: a noun, then a participle."""
    where: str | None = None
    """Path of the field, for instance ``mentions[3].level``: what was removed stands at its old place, all else at its new one.
    Items with an identifier of their own have that for a number (``entities[n3]``). Null where the whole row is meant.
    """
    old: JsonValue = None
    """What stood there; null also where it may not be said again."""
    new: JsonValue = None
    """What stands there now."""
    severity: Severity
    """The version bump that this change alone asks for."""

    @property
    def group(self) -> str:
        """What people look at together: the article with all its records, else the row or the table."""
        if self.record is None or self.table == VOCABULARY:
            return "schema"
        return self.record.partition(":")[0] if self.table in OF_ARTICLE else f"{self.table} {self.record}"


class Diff(Model):
    """The difference between two releases: CHANGES.json. The same two give the same, whatever the order of their rows."""

    old: str | None
    """Version of the older one; null for a first release, which changes nothing."""
    new: str
    """Version of the newer one."""
    least: Bump
    """The least part of the version that must be raised."""
    why: tuple[str, ...]
    """What asks for it, in sentences."""
    counts: dict[str, dict[str, int]]
    """Number of changes by table and kind."""
    changes: tuple[Change, ...]
    """The schema first, then by table, row and field."""


OF_ARTICLE = frozenset(table.name for table in TABLES if issubclass(table.row, OfArticle))
"""Tables whose rows belong to an article."""
CITED = frozenset(table.name for table in TABLES if table.key == "article_id" or table.name not in OF_ARTICLE)
"""Tables whose keys stand on their own, so that others cite them."""


def noun(kind: str, number: int = 1) -> str:
    """What a kind is about, in words: ``2`` of ``mention added`` are ``mentions``."""
    one = {"factuality": "factuality value", "private": "private span", "rights": "rights field", "when": "time"}.get(
        name := kind.rpartition(" ")[0], name
    )
    if number == 1:
        return one
    return f"{one[:-1]}ies" if one.endswith("y") else f"{one}es" if one.endswith("s") else f"{one}s"
