"""Stage 3: levels 3 (spans), 4 (references within an article) and 5 (the corpus).

A rule is a small function that gives the places that break it. Rules over spans and references are queries over all values of a unit
at once; the place of a value is worked out only for findings. Levels are cumulative: rules of a level run only on articles that passed
the one before.
"""

from pipeline.check import corpus, records, spans
from pipeline.check.unit import Check, Unit
from pipeline.findings import Findings
from pipeline.pages import Pages
from pipeline.read import Raw
from pipeline.rules import Severity


def check(raw: Raw, pages: Pages, findings: Findings, level: int = 5) -> None:
    """Run the rules up to a level, over the articles and then over each annotation pass; faults go to ``findings``."""
    unit = _check(Unit(raw, pages, raw.bundles), findings, level, corpus.ARTICLES)
    sound = {bundle.article.article_id for bundle in unit.bundles}
    for name in raw.passes:
        own = raw.as_pass(name)
        _check(Unit(own, pages, own.bundles).without(raw.passes[name].keys() - sound), findings, level, ())
    if level >= 5:
        findings.extend(finding for rule in corpus.RULES for finding in rule(raw))


def _check(unit: Unit, findings: Findings, level: int, articles: tuple[Check, ...]) -> Unit:
    """Run the rules over articles up to a level; gives the articles that passed. ``articles`` are rules of level 5 on them alone."""
    for of_level, groups in ((3, (spans.BOUNDS, spans.WITHIN)), (4, (records.RULES,)), (5, (articles + corpus.LINKS,))):
        for rules in groups if of_level <= level else ():
            found = [finding for rule in rules for finding in rule(unit)] if unit.bundles else []
            findings.extend(found)
            unit = unit.without({str(f.record).partition(":")[0] for f in found if f.rule.severity is Severity.error})
    return unit
