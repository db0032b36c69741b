"""Every rule that raw files and releases must keep, as data: one small class for each code, a module for each level. docs/errors.md is
written from them.

The first digit of a code is the level at which it is checked; a record that fails one level is not taken to the next. The docstring
explains the rule, ``message`` says what is wrong (``{found}`` and ``{expected}`` are filled in from the finding), ``hint`` is the way
out.
"""

# The modules enter their rules as they are imported, in the order of the levels.
from pipeline.rules import files, shape, spans, references, corpus, release  # noqa: F401, I001
from pipeline.rules.base import LEVELS, RULES, Rule, Severity

__all__ = ["LEVELS", "RULES", "Rule", "Severity"]
