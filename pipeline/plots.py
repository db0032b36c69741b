"""The figures of a release as SVG: made from its statistics, readable without colour, the same bytes every time."""

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

from pipeline.agree import ALL
from pipeline.statistics import NAMING, Statistics
from schema.vocabulary import Certainty, ContactKind

if TYPE_CHECKING:  # drawn with pyplot's objects, without its global state
    from matplotlib.axes import Axes

GREYS = ("#222222", "#777777", "#c8c8c8", "#ffffff", "#ffffff")
HATCHES = ("", "", "", "///", "")
ROW = 0.28
"""Inches for a row of a bar chart."""


def plots(found: Statistics) -> dict[str, str]:
    """SVG by file name, for each figure that has something to show."""
    drawn = {name: draw(found) for name, draw in PLOTS.items()}
    return {f"{name}.svg": svg for name, svg in drawn.items() if svg is not None}


def _coverage(found: Statistics) -> str | None:
    years = [str(y) for y in range(*_span([*found.contacts_by_year, *found.articles_by_year]))]
    kinds = [kind.value for kind in ContactKind]

    def draw(axes: "Axes") -> None:
        rows = [[found.contacts_by_year[year][kind] for year in years] for kind in kinds]
        _stacked(axes, years, rows, [kind.replace("_", " ") for kind in kinds])
        axes.plot(
            range(len(years)), [found.articles_by_year[year] for year in years], "ko-", markerfacecolor="white", label="articles"
        )
        axes.set_ylabel("rows, articles")
        axes.legend(frameon=False, fontsize=8)

    return _figure(draw, "Registry rows by kind, and articles, by year", 4.0) if years else None


def _entity_types(found: Statistics) -> str | None:
    rows = found.blocks["entity_types"].rows
    labels = ("names", "nominals", "metonymic")

    def draw(axes: "Axes") -> None:
        _bars(axes, [str(row[0]) for row in rows], [[row[3 + i] for row in rows] for i in range(3)], labels)
        axes.set_xlabel("mentions")

    return _figure(draw, "Mentions by entity type", 1.2 + ROW * len(rows)) if rows else None


def _event_types(found: Statistics) -> str | None:
    rows = sorted(found.blocks["event_types"].rows, key=lambda row: (-int(str(row[1])), str(row[0])))
    sure = [c.value for c in Certainty]

    def draw(axes: "Axes") -> None:
        _bars(axes, [str(row[0]) for row in rows], [[row[3 + i] for row in rows] for i in range(len(sure))], sure)
        axes.set_xlabel("events")

    return _figure(draw, "Events by type and certainty", 1.2 + ROW * len(rows)) if rows else None


def _certainty(found: Statistics) -> str | None:
    rows = {name: counts for name, counts in found.certainty.items() if counts.total()}
    sure = [c.value for c in Certainty]

    def draw(axes: "Axes") -> None:
        shares = [[100 * counts[c] / counts.total() for counts in rows.values()] for c in sure]
        _bars(axes, [f"{name} ({counts.total():,})" for name, counts in rows.items()], shares, sure)
        axes.set_xlabel("% of events")

    return _figure(draw, "Certainty of events by on whose word they stand", 1.4 + ROW * len(rows)) if rows else None


def _naming(found: Statistics) -> str | None:
    rows = {
        f"{actor}, {outlet} ({counts.total()})": counts
        for actor, outlets in found.naming.items()
        for outlet, counts in outlets.items()
    }

    def draw(axes: "Axes") -> None:
        shares = [[100 * counts[way] / counts.total() for counts in rows.values()] for way in NAMING]
        _bars(axes, list(rows), shares, NAMING)
        axes.set_xlabel("% of mentions")

    return _figure(draw, "How outlets name the persons that are mentioned most", 1.2 + ROW * len(rows)) if rows else None


def _agreement(found: Statistics) -> str | None:
    rows = [a for a in found.agreement if a.type == ALL and a.origin is None and a.value is not None]

    def draw(axes: "Axes") -> None:
        for y, a in enumerate(rows):
            if a.value is not None and a.low is not None and a.high is not None:
                axes.plot([a.low, a.high], [y, y], color="black", linewidth=1)
                axes.plot([a.value], [y], "ko", markersize=5)
            if a.aim is not None:
                axes.plot([a.aim], [y], marker="|", color="black", markersize=12, markeredgewidth=2)
        axes.set_yticks(range(len(rows)), [f"{a.measure} ({a.statistic})" for a in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(min([0.0, *(a.low for a in rows if a.low is not None)]), 1.02)
        axes.grid(axis="x", color="#cccccc", linewidth=0.5)
        axes.set_xlabel("dot: value; line: interval; bar: the value aimed at")

    return _figure(draw, "Agreement of two annotation passes", 1.2 + 0.22 * len(rows)) if rows else None


PLOTS: dict[str, Callable[[Statistics], str | None]] = {
    "coverage": _coverage, "entity_types": _entity_types, "event_types": _event_types, "certainty": _certainty, "naming": _naming,
    "agreement": _agreement,
}  # fmt: skip
"""What is drawn, by name."""

# --- drawing ---------------------------------------------------------------------------------------------------------------------


def _span(years: Sequence[str]) -> tuple[int, int]:
    numbers = [int(year) for year in years if year.isdigit()]
    return (min(numbers), max(numbers) + 1) if numbers else (0, 0)


def _stacked(axes: "Axes", names: Sequence[str], series: Sequence[Sequence[float]], labels: Sequence[str]) -> None:
    """Columns of stacked parts."""
    bottom = [0.0] * len(names)
    for i, (values, label) in enumerate(zip(series, labels, strict=True)):
        axes.bar(names, values, bottom=bottom, label=label, **_look(i))
        bottom = [b + v for b, v in zip(bottom, values, strict=True)]


def _bars(axes: "Axes", names: Sequence[str], series: Sequence[Sequence[Any]], labels: Sequence[str]) -> None:
    """Horizontal bars of stacked parts, the first one on top."""
    left = [0.0] * len(names)
    for i, (values, label) in enumerate(zip(series, labels, strict=True)):
        axes.barh(range(len(names)), values, left=left, label=label, **_look(i))
        left = [b + v for b, v in zip(left, values, strict=True)]
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.legend(frameon=False, fontsize=8, ncols=len(labels), loc="lower center", bbox_to_anchor=(0.5, 1.0))


def _look(i: int) -> dict[str, Any]:
    """A grey and a hatch that tell one part of a bar from the next."""
    return {"color": GREYS[i % len(GREYS)], "hatch": HATCHES[i % len(HATCHES)], "edgecolor": "black", "linewidth": 0.5}


def _figure(draw: Callable[["Axes"], None], title: str, height: float) -> str:
    """One set of axes as SVG, with its text as text and nothing in it that changes from run to run."""
    from matplotlib import rc_context, rcParamsDefault
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {
        key: value for key, value in rcParamsDefault.items() if key != "backend"
    }  # whatever the user has set
    settings |= {"svg.fonttype": "none", "svg.hashsalt": "figure", "font.size": 9, "text.parse_math": False}
    with catch_warnings(), rc_context(settings):
        simplefilter("ignore")  # a viewer has the glyphs that this machine lacks
        figure = Figure(figsize=(8, height), layout="constrained")
        axes = figure.subplots()
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        draw(axes)
        figure.suptitle(title, fontsize=11)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
