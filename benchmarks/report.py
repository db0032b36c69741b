"""Write the figures of docs/performance.md and its plot from the results: ``python -m benchmarks.report``.

Each figure stands between ``<!-- figures: NAME -->`` and ``<!-- end of figures -->``; what stands around it stays. A benchmark that has
no results says so. Times are medians with the least and the greatest in parentheses; memory is the greatest peak of all runs.
"""

import argparse
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bench import RESULTS, ROOT
from benchmarks.peers import PEERS
from benchmarks.plot import bars

OURS = "build"
_FIGURES = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)

Row = dict[str, Any]


@dataclass(frozen=True)
class Group:
    """Runs of one case on one corpus."""

    key: tuple[Any, ...]
    rows: Sequence[Row]

    def median(self, name: str = "seconds") -> float:
        """Median of a measurement."""
        return float(median(row[name] for row in self.rows))

    def spread(self, name: str = "seconds") -> str:
        """Median, with least and greatest."""
        values = [row[name] for row in self.rows]
        return f"{_number(median(values))} ({_number(min(values))}–{_number(max(values))})"

    @property
    def memory(self) -> float:
        """Greatest peak of the summed PSS, in MiB."""
        return float(max(row["pss"] for row in self.rows) / 2**20)

    @property
    def resident(self) -> float:
        """Greatest peak of the summed RSS, in MiB."""
        return float(max(row["rss"] for row in self.rows) / 2**20)


def groups(rows: Iterable[Row], *keys: str) -> list[Group]:
    """Runs that agree in some fields, in the order of their first runs."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return [Group(key, own) for key, own in found.items()]


def _number(value: float) -> str:
    """Three significant digits, as far as they stand behind the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _ratio(value: float, base: Group | None, name: str = "seconds") -> str:
    return "–" if base is None else f"{_number(value / base.median(name))} ×"


def _find(found: Sequence[Group], *key: Any) -> Group | None:
    return next((group for group in found if group.key == key), None)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    rules = ["---", *["--:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in [head, rules, *rows])


# --- figures ---------------------------------------------------------------------------------------------------------------------


def _build(rows: list[Row]) -> str:
    found = groups(rows, "case", "bundles")
    lines = []
    for group in found:
        case, bundles = group.key
        own = [f"**{case}**" if case == OURS else case, f"{bundles:,}", len(group.rows), group.spread()]
        base = _find(found, "bound", bundles)
        took = [_number(group.median("cpu")), f"{group.memory:,.0f}", f"{group.resident:,.0f}"]
        lines.append([*own, _ratio(group.median(), base), *took, _number(group.median("bytes") / 1e6)])
    return _table(("case", "bundles", "n", "s", "to bound", "CPU s", "PSS MiB", "RSS MiB", "MB written"), lines)


def _memory(rows: list[Row]) -> str:
    found = groups(rows, "case", "bundles")
    lines = []
    for group in found:
        case, bundles = group.key
        smallest = min((g for g in found if g.key[0] == case), key=lambda g: int(g.key[1]))
        own = [case, f"{bundles:,}", len(group.rows), f"{group.memory:,.0f}", f"{_number(group.memory / smallest.memory)} ×"]
        lines.append([*own, f"{group.resident:,.0f}", group.spread(), f"{bundles / group.median():,.0f}"])
    return _table(("case", "bundles", "n", "PSS MiB", "to the smallest", "RSS MiB", "s", "bundles a second"), lines)


def _against(base: str, name: str = "seconds", split: str | None = None) -> Callable[[list[Row]], str]:
    """A table of times in proportion to one of the cases; with ``split``, for each value of a field."""

    def figure(rows: list[Row]) -> str:
        found = groups([row for row in rows if name in row], *filter(None, ("case", "bundles", split)))
        lines = []
        for group in found:
            case, bundles, *rest = group.key
            first = _find(found, base, bundles, *rest)
            own = [case, f"{bundles:,}", *rest, len(group.rows), group.spread(name), _ratio(group.median(name), first, name)]
            lines.append([*own, f"{group.memory:,.0f}"])
        return _table(("case", "bundles", *filter(None, (split,)), "n", "s", f"to {base}", "PSS MiB"), lines)

    return figure


def _small(rows: list[Row]) -> str:
    lines = [[*g.key, len(g.rows), g.spread(), f"{g.memory:,.0f}"] for g in groups(rows, "case")]
    return _table(("command", "n", "s", "PSS MiB"), lines)


FIGURES: dict[str, Callable[[list[Row]], str]] = {
    "build": _build, "memory": _memory, "rebuild": _against("first"), "dask": _against("jobs"),
    "load": _against("pyarrow", "inside", "table"), "small": _small,
}  # fmt: skip
"""What is made of the results of each benchmark."""


def figure(name: str, results: Path) -> str:
    """One figure as Markdown. Raises KeyError for a name that there is none for, ValueError for a file that holds no results."""
    if name == "peers":
        return "".join(f"- `{key}`: {_one_line(peer)}\n" for key, peer in PEERS.items())
    make = FIGURES[name]
    path = results / f"{name}.jsonl"
    if not path.exists():
        return "Not measured yet.\n"
    try:
        first, *rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        machine: dict[str, Any] = first["machine"]
        table = make(rows)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} does not hold the results of a benchmark: {error!r}") from error
    facts = ", ".join(f"{key.replace('_gib', ' (GiB)')} {value}" for key, value in machine.items())
    return f"{table}\nMeasured with: {facts}.\n"


def _one_line(peer: Callable[..., None]) -> str:
    return " ".join((inspect.getdoc(peer) or "").replace("``", "`").split())


def write(results: Path, docs: Path) -> None:
    """Put the figures into performance.md and draw performance.svg. Raises as ``figure`` does, and OSError; nothing is written then."""
    page = docs / "performance.md"
    text = page.read_text(encoding="utf-8")
    text = _FIGURES.sub(lambda match: f"{match[1]}\n{figure(match[2], results)}\n{match[3]}", text)
    built = results / "build.jsonl"
    if built.exists():
        rows = [json.loads(line) for line in built.read_text(encoding="utf-8").splitlines()[1:]]
        largest = max(row["bundles"] for row in rows)
        found = groups((row for row in rows if row["bundles"] == largest), "case")
        drawn = [(str(g.key[0]), [row["seconds"] for row in g.rows], g.memory) for g in found]
        title = f"Build of {largest:,} bundles: time and peak memory"
        (docs / "performance.svg").write_text(bars(title, drawn, OURS), encoding="utf-8")
    page.write_text(text, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """The command; gives the exit status: 0 written, 2 not possible."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description="Write docs/performance.md from the results.")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    asked = parser.parse_args(arguments)
    try:
        write(asked.results, asked.docs)
    except (OSError, KeyError, ValueError) as error:
        sys.stderr.write(f"benchmarks.report: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
