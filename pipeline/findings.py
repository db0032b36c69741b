"""What is wrong with the data: rules by code, and findings, which are data. How they look is decided where they are shown."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """Whether a finding stops a build."""

    error = "error"
    warning = "warning"


@dataclass(frozen=True)
class Rule:
    """A rule that data must keep. The first digit of its code is the level at which it is checked."""

    code: str
    title: str
    hint: str
    severity: Severity = Severity.error


RULES = {
    rule.code: rule
    for rule in (
        # 1 – files and encoding
        Rule("HD101", "file is missing", "add the file; docs: README, “The raw files”"),
        Rule("HD102", "bytes are not UTF-8", "save the file as UTF-8"),
        Rule("HD103", "text is not in canonical form", "save as UTF-8 without BOM, with LF line ends, in Unicode normal form C"),
        Rule("HD104", "file is not well-formed", "mend the JSON or TOML at the place named"),
        Rule("HD105", "file that nothing reads", "move it out of data/raw, or give it the name of an article", Severity.warning),
        # 2 – shape of records
        Rule("HD201", "unknown field", "remove it, or correct its spelling; fields are listed in docs/schema.md"),
        Rule("HD202", "missing field", "add it; fields are listed in docs/schema.md"),
        Rule("HD203", "value is not in the vocabulary", "take one of the values listed in docs/schema.md"),
        Rule("HD204", "value has the wrong type or form", "see the field in docs/schema.md"),
        # 3 – spans and pages
        Rule("HD301", "span is empty or runs backwards", "end must be greater than start"),
        Rule("HD302", "span runs past the end of the page", "count in Unicode code points, from 0, end exclusive"),
        Rule("HD303", "zones overlap or are out of order", "sort the zones, and let each end before the next begins"),
        Rule("HD304", "characters in no zone", "extend a zone, or add one; `other` takes what fits nowhere"),
        Rule("HD305", "span is not inside one zone", "a span may not cross zones, nor lie between them"),
        Rule("HD306", "text is not what the page says", "correct the offsets, or leave the text out: the build fills it in"),
        Rule("HD307", "withheld record carries text", "remove the text: nothing of a withheld page may stand in the repo"),
        Rule("HD308", "page is not the one that is pinned", "restore the page, or pin the new one and check every span against it"),
        Rule("HD309", "comment is not a comment zone", "a comment's span is that of a zone of type comment"),
        # 4 – references within an article
        Rule("HD401", "reference to a record that is not there", "correct the identifier, or add the record"),
        Rule("HD402", "identifier is used twice", "give each record of an article its own identifier"),
        Rule("HD403", "codes do not fit the event type", "take one of the pairs that docs/schema.md lists for the type"),
        Rule("HD404", "role does not fit the event type", "take one of the roles that docs/schema.md lists for the type"),
        Rule("HD405", "stance has no target, or several", "give exactly one of entity_id, event_id, contact_id"),
        Rule("HD406", "same_as does not point to the first event", "point to an earlier event that has no same_as itself"),
        # 5 – the corpus
        Rule("HD501", "article is not named like its file", "rename the file, or correct article_id"),
        Rule("HD502", "identifier is used twice in the corpus", "give each its own identifier"),
        Rule("HD503", "no such row in the registry", "correct contact_id, or add the row to contacts.jsonl"),
        Rule("HD504", "no such row in the knowledge base", "correct kb_id, or add the row to kb.jsonl"),
        Rule("HD505", "entity and knowledge base disagree on the type", "correct the type in one of them"),
        Rule("HD506", "open article without its page", "add data/raw/pages/<article_id>.txt, or withhold the article"),
        Rule("HD507", "page of a withheld article in the repo", "remove it, from the history too: it may not be passed on"),
        Rule(
            "HD508",
            "splits.json names an article that is not there",
            "restore it; after a take-down remove it here, in a new major version",
        ),
        Rule("HD509", "articles that belong together are in different splits", "unlink them, or start a new major version"),
        Rule("HD510", "rights are incomplete", "an open page needs a licence; a withheld one has none"),
        Rule("HD511", "a split has no article", "add articles, or change the shares in corpus.toml", Severity.warning),
    )
}
"""Every rule, by code."""


@dataclass(frozen=True)
class Finding:
    """One place where the data breaks a rule."""

    code: str
    file: str
    """Path below the raw folder."""
    record: str | None = None
    """Identifier of the record (article, event, registry row …)."""
    field: str | None = None
    """Path of the field, for instance ``events[3].trigger.end``."""
    found: str | None = None
    expected: str | None = None

    @property
    def rule(self) -> Rule:
        """The rule that is broken."""
        return RULES[self.code]

    def as_dict(self) -> dict[str, str | None]:
        """The finding as JSON has it."""
        rule = self.rule
        return {
            "code": self.code, "severity": rule.severity.value, "title": rule.title, "file": self.file, "record": self.record,
            "field": self.field, "found": self.found, "expected": self.expected, "hint": rule.hint,
        }  # fmt: skip


@dataclass
class Findings:
    """Everything that was found so far."""

    all: list[Finding] = field(default_factory=list)

    def add(self, code: str, file: str, **details: str | None) -> None:
        """Add one finding; raises KeyError for a code that no rule has."""
        RULES[code]
        self.all.append(Finding(code, file, **details))

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add several."""
        self.all.extend(findings)

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


class CannotRun(Exception):
    """The command cannot do what was asked, for a reason outside the data; the message says why and what to do."""


def shown(value: object, length: int = 80) -> str:
    """A value as a finding shows it: on one line, control characters escaped, cut to ``length``."""
    text = ascii_controls(value if isinstance(value, str) else repr(value))
    return text if len(text) <= length else text[: length - 1] + "…"


def ascii_controls(text: str) -> str:
    """Text with everything escaped that could steer a terminal or hide: control, format, surrogate and private characters."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
