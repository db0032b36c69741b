"""Levels 3 (spans), 4 (references within an article) and 5 (the corpus).

A rule is a small function that gives the places that break it. Rules over spans and references are queries over all values of a unit
at once; the place of a value is worked out only for findings. Levels are cumulative: rules of a level run only on articles that passed
the one before. Rules of level 5 that need the whole corpus run over its index, when all units are done.
"""

import numpy as np

from pipeline.check import articles, records, spans
from pipeline.check.unit import Check, Unit
from pipeline.findings import Finding
from pipeline.nodes import Bools
from pipeline.rules import Severity


def check_unit(unit: Unit, level: int, own: tuple[Check, ...] = articles.RULES) -> tuple[list[Finding], Bools]:
    """Run the rules of levels 3 and 4 over a unit as far as ``level``, and those of level 5 that need nothing else (``own``); gives
    what was found, and which rows passed levels 3 and 4.
    """
    found: list[Finding] = []
    sound = np.ones(len(unit.root), dtype=bool)
    left = unit
    for of_level, rules in ((3, spans.BOUNDS), (3, spans.WITHIN), (4, records.RULES), (5, own)):
        if of_level > level or not sound.any():
            break
        new = [finding for rule in rules for finding in rule(left)]
        found += new
        faulty = {str(finding.record).partition(":")[0] for finding in new if finding.rule.severity is Severity.error}
        if faulty and of_level < 5:
            sound &= np.array([key not in faulty for key in unit.article_ids], dtype=bool)
            left = unit.without(~sound)
    return found, sound
