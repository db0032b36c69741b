"""The formats of a report, apart from what writes them, so that the command line knows their names at once."""

from enum import StrEnum


class Format(StrEnum):
    """How findings are written."""

    text = "text"
    """For people: by code, the first explained, repeats folded."""
    json = "json"
    """One JSON object a line, all findings."""
    sarif = "sarif"
    """SARIF 2.1.0, for code scanning."""
    github = "github"
    """Workflow commands that GitHub shows at the lines concerned."""
    gitlab = "gitlab"
    """Code Quality report of GitLab."""
