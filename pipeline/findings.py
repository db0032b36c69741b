"""What is wrong with the data: findings, which are data. What the rules are stands in ``rules``, how findings look in ``report``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.rules import RULES, Rule, Severity

Loc = tuple[str | int, ...]
"""Path of a value in a JSON document: keys and positions."""


@dataclass(frozen=True)
class Finding:
    """One place where the data breaks a rule."""

    code: str
    file: str
    """Path below the raw folder."""
    record: str | None = None
    """Identifier of the record (article, event, registry row …)."""
    loc: Loc = ()
    """Path of the value in its document."""
    found: str | None = None
    expected: str | None = None
    document: int | None = None
    """Line that the document stands in, for files with a document a line; None where the file is one document."""
    line: int | None = None
    """Line in the file, from 1."""
    column: int | None = None
    """Character in the line, from 1."""
    at_key: bool = False
    """Whether the key is concerned rather than its value."""

    @property
    def rule(self) -> type[Rule]:
        """The rule that is broken."""
        return RULES[self.code]

    @property
    def field(self) -> str | None:
        """The path as people write it, for instance ``events[3].trigger.end``."""
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.loc)
        return visible("".join(parts).removeprefix(".")) or None

    @property
    def message(self) -> str:
        """What is wrong, in a line."""
        return self.rule.message.format(found=self.found, expected=self.expected)

    @property
    def place(self) -> str:
        """File, line and column, as editors and terminals understand them."""
        return visible(":".join(str(part) for part in (self.file, self.line, self.column) if part is not None))

    def as_dict(self) -> dict[str, str | int | None]:
        """The finding as JSON has it."""
        rule = self.rule
        said: dict[str, str | int | None] = {
            "code": self.code, "level": rule.level(), "severity": rule.severity.value, "title": rule.title, "file": self.file,
            "line": self.line, "column": self.column, "record": self.record, "field": self.field, "message": self.message,
            "found": self.found, "expected": self.expected, "hint": rule.hint,
        }  # fmt: skip
        return {key: visible(value) if isinstance(value, str) else value for key, value in said.items()}


@dataclass
class Findings:
    """Everything that was found so far."""

    all: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Add one finding; raises KeyError for a code that no rule has."""
        RULES[finding.code]
        self.all.append(finding)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add several."""
        for finding in findings:
            self.add(finding)

    @property
    def errors(self) -> list[Finding]:
        """Those that stop a build."""
        return [f for f in self.all if f.rule.severity is Severity.error]

    @property
    def warnings(self) -> list[Finding]:
        """Those that do not."""
        return [f for f in self.all if f.rule.severity is Severity.warning]

    def raise_errors(self) -> None:
        """Raise Refused if there is an error."""
        if self.errors:
            raise Refused(self)


class Refused(Exception):
    """The data breaks rules; nothing was written."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(f"{len(findings.errors)} errors")
        self.findings = findings

    def __reduce__(self) -> tuple[type["Refused"], tuple[Findings]]:
        """How it comes back from a worker."""
        return type(self), (self.findings,)


class CannotRun(Exception):
    """The command cannot do what was asked, for a reason outside the data; the message says why and what to do."""


def some(names: Sequence[str], most: int = 8) -> str:
    """The first of many names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def shown(value: object, length: int = 80) -> str:
    """A value as a finding shows it: on one line, hidden characters escaped, cut to ``length``."""
    text = visible(value if isinstance(value, str) else repr(value))
    return text if len(text) <= length else text[: length - 1] + "…"


def visible(text: str) -> str:
    """Text with everything escaped that could steer a terminal or hide: control, format, surrogate and private characters."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
