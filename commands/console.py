"""What commands say, and where: results on standard output, progress on a terminal only."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.build import Built
    from pipeline.findings import Finding
    from pipeline.progress import Progress


def console(stderr: bool = False) -> "Console":
    """A console that takes nothing from the data for markup."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, emoji=False, markup=False)


@contextmanager
def stages(silent: bool) -> Iterator["Progress"]:
    """Says the stage that is at work and how far it is, on a terminal only."""
    from pipeline.progress import Progress

    own = None if silent else console(stderr=True)
    if own is None or not own.is_terminal:
        with Progress() as progress:
            yield progress
        return
    from commands.bar import Bar

    with Bar(own) as bar:
        yield bar


def print_json(value: object) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def count(number: int, noun: str) -> str:
    """A number and its noun, in the right number."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def built_dict(built: "Built") -> dict[str, object]:
    """What a build did, as JSON has it."""
    pages = [{"article_id": r.article_id, "status": r.status.value, "file": r.file, "reason": r.reason} for r in built.pages]
    seconds = {stage: round(time, 3) for stage, time in built.times.items()}
    return {
        "folder": str(built.folder), "outcome": built.outcome.value, "release": built.release.model_dump(), "pages": pages,
        "seconds": seconds,
    }  # fmt: skip


def show_built(built: "Built") -> None:
    """What a build did: its pages, warnings and release."""
    from pipeline.report import show
    from pipeline.show import show_pages, show_release, show_times

    terminal = console()
    show_pages(terminal, built.pages)
    terminal.print()
    show(terminal, built.warnings)
    show_times(terminal, built.times)
    show_release(terminal, built.release, built.folder, built.outcome, built.changes)


def finding_dicts(findings: "Iterable[Finding]") -> list[dict[str, str | int | None]]:
    """Findings, as JSON has them."""
    return [finding.as_dict() for finding in findings]
