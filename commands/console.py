"""What commands say, and where: results on standard output, progress on a terminal only."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.findings import Finding
    from pipeline.pages import PageReport


def console(stderr: bool = False) -> "Console":
    """A console that takes nothing from the data for markup."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, emoji=False, markup=False)


@contextmanager
def stages(silent: bool) -> Iterator[Callable[[str], None]]:
    """Says the stage that is at work, on a terminal only."""
    own = console(stderr=True)
    if silent or not own.is_terminal:
        yield lambda _: None
        return
    with own.status("") as status:
        yield lambda stage: status.update(stage)


def print_json(value: object) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def count(number: int, noun: str) -> str:
    """A number and its noun, in the right number."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def page_dicts(reports: "Iterable[PageReport]") -> list[dict[str, str | None]]:
    """What became of each page, as JSON has it."""
    return [{"article_id": r.article_id, "status": r.status.value, "file": r.file, "reason": r.reason} for r in reports]


def finding_dicts(findings: "Iterable[Finding]") -> list[dict[str, str | int | None]]:
    """Findings, as JSON has them."""
    return [finding.as_dict() for finding in findings]
