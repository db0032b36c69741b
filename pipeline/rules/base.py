"""What a rule is: its code, severity and words, and the list of all rules."""

from enum import StrEnum
from typing import ClassVar


class Severity(StrEnum):
    """Whether a finding stops a build."""

    error = "error"
    warning = "warning"


LEVELS = {
    1: "Files and encoding",
    2: "Shape of records",
    3: "Spans against the page",
    4: "References within an article",
    5: "The corpus",
    6: "The release",
}

RULES: dict[str, type["Rule"]] = {}
"""Every rule, by code."""


class Rule:
    """A rule; a subclass is named after its code."""

    code: ClassVar[str]
    title: ClassVar[str]
    message: ClassVar[str] = "{found}; expected {expected}"
    hint: ClassVar[str]
    severity: ClassVar[Severity] = Severity.error

    def __init_subclass__(cls) -> None:
        """Enter the rule under its code."""
        cls.code = cls.__name__
        RULES[cls.code] = cls

    @classmethod
    def level(cls) -> int:
        """Level at which it is checked."""
        return int(cls.code[2])

    @classmethod
    def explanation(cls) -> str:
        """What the rule asks for, and why."""
        return " ".join((cls.__doc__ or "").split())
