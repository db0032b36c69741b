"""What Croissant's vocabulary for responsible AI asks, answered from the datasheet: a mark before a passage says which question it
answers.
"""

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

RAI = (
    "dataCollection", "dataCollectionType", "dataCollectionMissingData", "dataCollectionRawData", "dataImputationProtocol",
    "dataManipulationProtocol", "dataPreprocessingProtocol", "dataAnnotationProtocol", "dataAnnotationPlatform",
    "dataAnnotationAnalysis", "dataReleaseMaintenancePlan", "personalSensitiveInformation", "dataSocialImpact", "dataBiases",
    "dataLimitations", "dataUseCases", "annotationsPerItem", "annotatorDemographics", "machineAnnotationTools",
)  # fmt: skip
"""Properties of Croissant RAI 1.0, “RAI property information”, that are text: all but ``dataCollectionTimeframe``."""
MARK = re.compile(r"<!-- rai:(\w+) -->")


def rai_of(sheet: str) -> dict[str, str]:
    """Texts by property of RAI, from the passages of a datasheet that a mark stands before: ``<!-- rai:dataBiases -->`` on a line of
    its own. A passage ends before the next blank line or heading; several with one mark are one text, in their order.
    """
    found: dict[str, str] = {}
    for mark in _marks(sheet):
        if mark.name in RAI and mark.text:
            found[mark.name] = f"{found[mark.name]}\n\n{mark.text}" if mark.name in found else mark.text
    return found


def unknown_rai(template: str) -> Iterator[tuple[int, str]]:
    """Line and text of each mark that names no property of RAI, marks no text, or does not stand on a line of its own."""
    for mark in _marks(template):
        if mark.name not in RAI or not mark.text:
            yield mark.line, mark.said


class _Mark(NamedTuple):
    line: int
    said: str
    name: str
    """Empty where the line is no whole mark."""
    text: str
    """The passage, with line breaks only before the items of a list and the rows of a table."""


def _marks(sheet: str) -> Iterator[_Mark]:
    lines = sheet.split("\n")
    for number, line in enumerate(lines, 1):
        if re.search(r"<!--\s*rai\b", line):
            match = MARK.fullmatch(line.strip())
            rest = (below for below in lines[number:] if not MARK.fullmatch(below.strip()))
            passage = takewhile(lambda below: below.strip() and not below.startswith("#"), rest)
            text = re.sub(r"\n(?!- |\|)\s*", " ", "\n".join(passage))
            yield _Mark(number, line.strip(), match[1] if match else "", text.strip())
