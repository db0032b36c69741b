"""The plot of docs/performance.md: like the figures of a release, in greys, the same bytes for the same results."""

import io
from collections.abc import Sequence
from statistics import median
from typing import Any
from warnings import catch_warnings, simplefilter

from pipeline.plots import GREYS, ROW


def bars(title: str, rows: Sequence[tuple[str, Sequence[float], float]], marked: str) -> str:
    """SVG of horizontal bars. A row is a name, the seconds of its runs, and its peak memory in MiB; the one ``marked`` is dark.

    Bars are medians; a line on a bar of seconds goes from the fastest run to the slowest.
    """
    from matplotlib import rc_context, rcParamsDefault
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {key: value for key, value in rcParamsDefault.items() if key != "backend"}
    settings |= {"svg.fonttype": "none", "svg.hashsalt": "performance", "font.size": 9, "text.parse_math": False}
    names, places = [name for name, _, _ in rows], range(len(rows))
    looks = {"color": [GREYS[0] if name == marked else GREYS[2] for name in names], "edgecolor": "black", "linewidth": 0.5}
    with catch_warnings(), rc_context(settings):
        simplefilter("ignore")  # a viewer has the glyphs that this machine lacks
        figure = Figure(figsize=(8, 1.3 + ROW * len(rows)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        left.barh(places, [median(seconds) for _, seconds, _ in rows], **looks)
        for y, (_, seconds, _) in enumerate(rows):
            left.plot([min(seconds), max(seconds)], [y, y], color=GREYS[1], linewidth=2)
        right.barh(places, [memory for _, _, memory in rows], **looks)
        left.set_yticks(places, names)
        left.set_ylim(len(rows) - 0.4, -0.6)
        left.set_xlabel("seconds (bar: median; line: fastest to slowest run)")
        right.set_xlabel("peak memory of all processes, MiB (PSS)")
        for axes in (left, right):
            axes.spines[["top", "right"]].set_visible(False)
            axes.set_xlim(left=0)
        figure.suptitle(title, fontsize=11)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
