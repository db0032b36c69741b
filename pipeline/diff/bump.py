"""How far a version must be raised for what changed (Semantic Versioning 2.0.0, read for data).

Major takes away what a reader builds on; minor adds; patch corrects. The rules hold before 1.0.0 too.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from pipeline.diff.changes import BUMPS, VOCABULARY, Bump, Change, Diff, noun
from pipeline.house import core

_REASONS, _EXAMPLES = 5, 3


def least_bump(changes: Iterable[Change]) -> Bump:
    """The gravest of all."""
    return max((change.severity for change in changes), key=BUMPS.index, default="none")


def reasons(changes: Iterable[Change], bump: Bump) -> tuple[str, ...]:
    """What asks for a bump, in sentences: one for each kind of change in each table, with the first examples."""

    def what(change: Change) -> tuple[str, str]:
        return change.table, change.kind

    order: dict[tuple[str, str], int] = {}
    own = sorted((c for c in changes if c.severity == bump), key=lambda c: order.setdefault(what(c), len(order)))
    said = [_reason(list(group)) for _, group in groupby(own, what)]
    if len(said) > _REASONS + 1:
        said[_REASONS:] = [f"and {len(said) - _REASONS} more kinds of change"]
    return tuple(said)


def _reason(changes: Sequence[Change]) -> str:
    first, number = changes[0], len(changes)
    examples = list(dict.fromkeys(_example(change) for change in changes))
    named = ", ".join(examples[:_EXAMPLES]) + (", …" if len(examples) > _EXAMPLES else "")
    done = f"{'was' if number == 1 else 'were'} {first.kind.rpartition(' ')[2]}"
    return f"{number:,} {noun(first.kind, number)} {done} ({f'{first.table} {named}'.rstrip()})"


def _example(change: Change) -> str:
    value = str(change.old or change.new) if change.table == VOCABULARY else ""
    return " ".join(part for part in (change.record or change.where, value) if part)


def least_version(old: str, diff: Diff) -> str:
    """The lowest version that may follow ``old``: the least bump, or the next patch where nothing differs.
    Raises CannotRun for what is no version.
    """
    major, minor, patch = core(old)
    if diff.least == "major":
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if diff.least == "minor" else f"{major}.{minor}.{patch + 1}"


def allowed(old_version: str, new_version: str, diff: Diff) -> str | None:
    """None if a new version may hold what changed since an old one, otherwise a sentence that says what it takes and why.

    It must be higher, and raised far enough; higher than needed is always fine. A suffix (``1.1.0-dev``) counts as the version that it
    leads to, and after a version with one anything higher goes: it was never published. Raises CannotRun for what is no version.
    """
    least = least_version(old_version, diff)
    step = f"{old_version} → {new_version}"
    if _precedence(new_version) <= _precedence(old_version):
        return f"{step} does not raise the version; the next one is at least {least}"
    if "-" in old_version or core(new_version) >= core(least):
        return None
    raised: Bump = "minor" if core(new_version)[1] > core(old_version)[1] else "patch"
    return f"{step} is a {raised}, but {diff.why[0]}, which takes at least {least}"


def _precedence(version: str) -> tuple[object, ...]:
    """Sorts versions (Semantic Versioning 2.0.0, section 11): a suffix comes before the version it leads to, build marks do not count."""
    suffix = version.partition("+")[0].partition("-")[2]
    parts = ((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in suffix.split(".") if part)
    return (core(version), not suffix, tuple(parts))
