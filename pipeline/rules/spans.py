"""Rules of level 3: spans against the page."""

from pipeline.rules.base import Rule


class HD301(Rule):
    """A span holds at least one character: from ``start`` up to but not including ``end``."""

    title = "span is empty or runs backwards"
    hint = "end must be greater than start"


class HD302(Rule):
    """Offsets count the Unicode code points of the page, from 0. Bytes, UTF-16 units or CRLF give other numbers."""

    title = "span runs past the end of the page"
    hint = "count in Unicode code points, from 0, end exclusive"


class HD303(Rule):
    """Zones stand in the order of the page, and each ends before the next begins."""

    title = "zones overlap or are out of order"
    hint = "sort the zones, and let each end before the next begins"


class HD304(Rule):
    """Zones cover every character of the page that is not white space, so that nothing on it is left unsaid."""

    title = "characters in no zone"
    message = "{found} are in no zone"
    hint = "extend a zone, or add one; `other` takes what fits nowhere"


class HD305(Rule):
    """A span lies inside one zone. One that crosses zones would mix a caption with a paragraph."""

    title = "span is not inside one zone"
    message = "{found} is not {expected}"
    hint = "cut the span, or correct the zones"


class HD306(Rule):
    """Where a raw record carries the text of a span, it is what the page says at these offsets."""

    title = "text is not what the page says"
    message = "{found}, but the page says {expected}"
    hint = "correct the offsets, or leave the text out: the build fills it in"


class HD307(Rule):
    """Not one character of a withheld page stands in the repo: its records carry offsets only."""

    title = "withheld record carries text"
    message = "{found} of text"
    hint = "remove the text, from the history too"


class HD308(Rule):
    """The article pins its page by SHA-256 and length. Offsets into another text mean nothing."""

    title = "page is not the one that is pinned"
    message = "the page has {expected}, pinned is {found}"
    hint = "restore the page; or pin the new one, and check every span against it"


class HD309(Rule):
    """A comment's span is that of a zone of type ``comment``."""

    title = "comment is not a comment zone"
    hint = "give the comment the span of its zone"


class HD310(Rule):
    """A span begins and ends with a character that belongs to it, never with white space."""

    title = "span begins or ends with white space"
    message = "{found} has white space at an end"
    hint = "move the offsets to the first and last character of the words"


class HD311(Rule):
    """Mentions, triggers, markers, cues and arguments are whole words: no letter, digit or hyphenated part of the same word stands
    next to them inside their zone.
    """

    title = "span cuts a word"
    message = "{found}, part of {expected}"
    hint = "take the whole word, or leave it unmarked (docs/guidelines.md, 1)"


class HD312(Rule):
    """Entities and events are marked in headline, lead, subheading, paragraph, quote, caption, poll and comment zones only."""

    title = "span in a zone that may not hold it"
    message = "it lies in a zone of type {found}"
    hint = "remove it, or correct the type of the zone (docs/guidelines.md, 0)"


class HD313(Rule):
    """Mentions of an entity, markers of an event, and comments stand in the order of the page, so that two annotators' files can be
    compared line by line.
    """

    title = "out of the order of the page"
    message = "it begins at {found}, before the one above it at {expected}"
    hint = "sort the list by start"


class HD314(Rule):
    """Telephone numbers, e-mail addresses and account numbers are marked as private, so that they are masked in what leaves the repo.
    Telephone numbers are looked for that exist in the outlet's country, and IBANs whose check digits are right.
    """

    title = "text that looks private is not marked"
    message = "{found} look like private data ({expected})"
    hint = "mark it under article.private, with its kind; `not_private` if it is none"
