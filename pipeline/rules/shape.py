"""Rules of level 2: the shape of records."""

from pipeline.rules.base import Rule


class HD201(Rule):
    """Records have only the fields of the schema, so that a misspelt field is noticed and not lost."""

    title = "unknown field"
    message = "no such field (its value is {found})"
    hint = "remove it, or correct its spelling; fields are listed in docs/schema.md"


class HD202(Rule):
    """A field without a default must be given."""

    title = "missing field"
    message = "it must be given"
    hint = "add it; fields are listed in docs/schema.md"


class HD203(Rule):
    """Fields with a vocabulary take its terms and nothing else. A new term goes into schema/vocabulary.py first."""

    title = "value is not in the vocabulary"
    message = "{found} is none of {expected}"
    hint = "take one of the values listed in docs/schema.md"


class HD204(Rule):
    """Values have the type and the form that the schema says; nothing is converted (17 is not "17")."""

    title = "value has the wrong type or form"
    message = "{found}: {expected}"
    hint = "see the field in docs/schema.md"
