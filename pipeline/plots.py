"""The figures of a release as SVG: made from its statistics, readable without colour, the same bytes every time."""

import io
from collections.abc import Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple
from warnings import catch_warnings, simplefilter

from pipeline.agree import ALL
from pipeline.cache import Remember, anew
from pipeline.execute import Executor
from pipeline.statistics import NAMING, Statistics
from schema.vocabulary import Certainty, ContactKind

if TYPE_CHECKING:  # drawn with pyplot's objects, without its global state
    from matplotlib.axes import Axes

GREYS = ("#222222", "#777777", "#c8c8c8", "#ffffff", "#ffffff")
HATCHES = ("", "", "", "///", "")
ROW = 0.28
"""Inches for a row of a bar chart."""


class Plot(NamedTuple):
    """A figure to draw; the same one gives the same bytes."""

    title: str
    height: float
    """In inches."""
    draw: Callable[..., None]
    """A function of this module, of the axes and of ``data``."""
    data: tuple[Any, ...]
    """All that is shown: lists, strings and numbers."""


def plots(found: Statistics, pool: Executor, remember: Remember = anew) -> dict[str, str]:
    """SVG by file name, for each figure that has something to show. One that ``remember`` knows from an earlier build is not drawn."""
    sketched = {f"{name}.svg": plot for name, sketch in PLOTS.items() if (plot := sketch(found)) is not None}
    wanted = list(sketched.values())
    drawn = remember([_told(p) for p in wanted], lambda which: chain.from_iterable(pool.map(_svgs, [[wanted[i] for i in which]])))
    return dict(zip(sketched, drawn, strict=True))


def _told(plot: Plot) -> list[Any]:
    """What a figure follows from, as JSON can have it."""
    return ["figure", plot.title, plot.height, plot.draw.__name__, plot.data]


def _coverage(found: Statistics) -> Plot | None:
    years = [str(y) for y in range(*_span([*found.contacts_by_year, *found.articles_by_year]))]
    kinds = [kind.value for kind in ContactKind]
    rows = [[found.contacts_by_year[year][kind] for year in years] for kind in kinds]
    articles = [found.articles_by_year[year] for year in years]
    data = (years, rows, [kind.replace("_", " ") for kind in kinds], articles)
    return Plot("Registry rows by kind, and articles, by year", 4.0, _by_year, data) if years else None


def _entity_types(found: Statistics) -> Plot | None:
    rows = found.blocks["entity_types"].rows
    data = ([str(row[0]) for row in rows], _columns(rows, 3), ("names", "nominals", "metonymic"), "mentions")
    return Plot("Mentions by entity type", 1.2 + ROW * len(rows), _bars, data) if rows else None


def _event_types(found: Statistics) -> Plot | None:
    rows = sorted(found.blocks["event_types"].rows, key=lambda row: (-int(str(row[1])), str(row[0])))
    sure = [c.value for c in Certainty]
    data = ([str(row[0]) for row in rows], _columns(rows, len(sure)), sure, "events")
    return Plot("Events by type and certainty", 1.2 + ROW * len(rows), _bars, data) if rows else None


def _certainty(found: Statistics) -> Plot | None:
    rows = {name: counts for name, counts in found.certainty.items() if counts.total()}
    sure = [c.value for c in Certainty]
    shares = [[100 * counts[c] / counts.total() for counts in rows.values()] for c in sure]
    data = ([f"{name} ({counts.total():,})" for name, counts in rows.items()], shares, sure, "% of events")
    return Plot("Certainty of events by on whose word they stand", 1.4 + ROW * len(rows), _bars, data) if rows else None


def _naming(found: Statistics) -> Plot | None:
    rows = {
        f"{actor}, {outlet} ({counts.total()})": counts
        for actor, outlets in found.naming.items()
        for outlet, counts in outlets.items()
    }
    shares = [[100 * counts[way] / counts.total() for counts in rows.values()] for way in NAMING]
    data = (list(rows), shares, NAMING, "% of mentions")
    return Plot("How outlets name the persons that are mentioned most", 1.2 + ROW * len(rows), _bars, data) if rows else None


def _agreement(found: Statistics) -> Plot | None:
    rows = [
        (f"{a.measure} ({a.statistic})", a.value, a.low, a.high, a.aim)
        for a in found.agreement
        if a.type == ALL and a.origin is None and a.value is not None
    ]
    return Plot("Agreement of two annotation passes", 1.2 + 0.22 * len(rows), _intervals, (rows,)) if rows else None


PLOTS: dict[str, Callable[[Statistics], Plot | None]] = {
    "coverage": _coverage, "entity_types": _entity_types, "event_types": _event_types, "certainty": _certainty, "naming": _naming,
    "agreement": _agreement,
}  # fmt: skip
"""What is drawn, by name."""

# --- drawing ---------------------------------------------------------------------------------------------------------------------


def _span(years: Sequence[str]) -> tuple[int, int]:
    numbers = [int(year) for year in years if year.isdigit()]
    return (min(numbers), max(numbers) + 1) if numbers else (0, 0)


def _columns(rows: Sequence[tuple[Any, ...]], number: int) -> list[list[Any]]:
    """Columns of a table of the statistics, behind the name and two more."""
    return [[row[3 + i] for row in rows] for i in range(number)]


def _by_year(
    axes: "Axes", years: Sequence[str], rows: Sequence[Sequence[float]], kinds: Sequence[str], articles: Sequence[int]
) -> None:
    """Columns of stacked kinds of registry rows, and a line of articles."""
    bottom = [0.0] * len(years)
    for i, (values, label) in enumerate(zip(rows, kinds, strict=True)):
        axes.bar(years, values, bottom=bottom, label=label, **_look(i))
        bottom = [b + v for b, v in zip(bottom, values, strict=True)]
    axes.plot(range(len(years)), articles, "ko-", markerfacecolor="white", label="articles")
    axes.set_ylabel("rows, articles")
    axes.legend(frameon=False, fontsize=8)


def _bars(axes: "Axes", names: Sequence[str], series: Sequence[Sequence[Any]], labels: Sequence[str], unit: str) -> None:
    """Horizontal bars of stacked parts, the first one on top."""
    left = [0.0] * len(names)
    for i, (values, label) in enumerate(zip(series, labels, strict=True)):
        axes.barh(range(len(names)), values, left=left, label=label, **_look(i))
        left = [b + v for b, v in zip(left, values, strict=True)]
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.legend(frameon=False, fontsize=8, ncols=len(labels), loc="lower center", bbox_to_anchor=(0.5, 1.0))
    axes.set_xlabel(unit)


def _intervals(axes: "Axes", rows: Sequence[tuple[str, float, float | None, float | None, float | None]]) -> None:
    """A line for each measure (name, value, ends of its interval, value aimed at)."""
    for y, (_, value, low, high, aim) in enumerate(rows):
        if low is not None and high is not None:
            axes.plot([low, high], [y, y], color="black", linewidth=1)
            axes.plot([value], [y], "ko", markersize=5)
        if aim is not None:
            axes.plot([aim], [y], marker="|", color="black", markersize=12, markeredgewidth=2)
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(min([0.0, *(low for _, _, low, _, _ in rows if low is not None)]), 1.02)
    axes.grid(axis="x", color="#cccccc", linewidth=0.5)
    axes.set_xlabel("dot: value; line: interval; bar: the value aimed at")


def _look(i: int) -> dict[str, Any]:
    """A grey and a hatch that tell one part of a bar from the next."""
    return {"color": GREYS[i % len(GREYS)], "hatch": HATCHES[i % len(HATCHES)], "edgecolor": "black", "linewidth": 0.5}


def _svgs(plots: Sequence[Plot]) -> list[str]:
    """Several figures, by one process: to load matplotlib takes as long as to draw four."""
    return [_svg(plot) for plot in plots]


def _svg(plot: Plot) -> str:
    """One set of axes as SVG, with its text as text and nothing in it that changes from run to run."""
    from matplotlib import rc_context, rcParamsDefault
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {
        key: value for key, value in rcParamsDefault.items() if key != "backend"
    }  # whatever the user has set
    settings |= {"svg.fonttype": "none", "svg.hashsalt": "figure", "font.size": 9, "text.parse_math": False}
    with catch_warnings(), rc_context(settings):
        simplefilter("ignore")  # a viewer has the glyphs that this machine lacks
        figure = Figure(figsize=(8, plot.height), layout="constrained")
        canvas = FigureCanvasSVG(figure)
        axes = figure.subplots()
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        plot.draw(axes, *plot.data)
        figure.suptitle(plot.title, fontsize=11)
        out = io.StringIO()
        # ``savefig`` draws everything once more, for the layout alone
        canvas.print_svg(out, metadata={"Date": None, "Creator": None, "Title": plot.title})  # type: ignore[no-untyped-call]
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
