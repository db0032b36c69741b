"""The datasheet: prose that people write in datasheet.md, with placeholders for every figure that a build counts."""

import re
from collections.abc import Iterator, Mapping

from pipeline.plots import PLOTS
from pipeline.statistics import Statistics, markdown, of_nothing

PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")


def datasheet(template: str, version: str, found: Statistics, figures: Mapping[str, str]) -> str:
    """The datasheet of one version. Raises KeyError for a placeholder that ``unknown`` would find."""

    def fill(match: re.Match[str]) -> str:
        kind, name = _parts(match)
        if kind == "table":
            return markdown(found.blocks[name]).rstrip("\n")
        if kind == "figure":
            return figure(name) if f"{name}.svg" in figures else "*Nothing to show yet.*"
        return version if name == "version" else f"{found.numbers[name]:,}" if "year" not in name else str(found.numbers[name])

    return PLACEHOLDER.sub(fill, template)


def figure(name: str) -> str:
    """A plot as card and datasheet show it."""
    return f"![{name.replace('_', ' ')}](figures/{name}.svg)"


def unknown(template: str) -> Iterator[tuple[int, str]]:
    """Line and text of each placeholder that stands for nothing."""
    names = of_nothing()
    known = {"": {*names.numbers, "version"}, "table": set(names.blocks), "figure": set(PLOTS)}
    for number, line in enumerate(template.split("\n"), 1):
        for match in PLACEHOLDER.finditer(line):
            kind, name = _parts(match)
            if name not in known.get(kind, ()):
                yield number, match.group()


def _parts(match: re.Match[str]) -> tuple[str, str]:
    """Kind (empty for a number) and name that a placeholder asks for."""
    kind, _, name = match[1].strip().rpartition(" ")
    return kind.strip(), name
