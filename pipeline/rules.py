"""Every rule that raw files must keep, as data: one small class for each code. docs/errors.md is written from this module.

The first digit of a code is the level at which it is checked; a record that fails one level is not taken to the next. The docstring
explains the rule, ``message`` says what is wrong (``{found}`` and ``{expected}`` are filled in from the finding), ``hint`` is the way
out.
"""

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


# --- 1: files and encoding ---------------------------------------------------------------------------------------------------


class HD101(Rule):
    """A raw folder has corpus.toml, contacts.jsonl, kb.jsonl and a folder articles. splits.json comes with the first release."""

    title = "file is missing"
    message = "it is not there"
    hint = "add it; the README says what belongs into a raw folder"


class HD102(Rule):
    """All raw files are UTF-8. A file in another encoding shows other characters to other people, and its offsets mean nothing."""

    title = "bytes are not UTF-8"
    message = "{found}"
    hint = "save the file as UTF-8"


class HD103(Rule):
    """Text is kept in one form: no byte order mark, LF line ends, Unicode normal form C, no control characters but LF and TAB, no
    bidirectional overrides. Otherwise two copies that look the same would differ in hash and offsets.
    """

    title = "text is not in canonical form"
    message = "{found}"
    hint = "save it without BOM, with LF line ends, in normal form C; remove hidden characters"


class HD104(Rule):
    """JSON and TOML must be well-formed to the letter: also no NaN or Infinity, no lone surrogates, no nesting without end."""

    title = "file is not well-formed"
    message = "{found}"
    hint = "mend the JSON or TOML at the place named"


class HD105(Rule):
    """Every file in articles/ and pages/ belongs to an article, and every folder in passes/ to a pass, named in small letters, digits and
    hyphens. What does not is read by nothing, which is rarely what was meant.
    """

    title = "file that nothing reads"
    message = "nothing reads it"
    hint = "move it out of data/raw, or give it the name that its place asks for"
    severity = Severity.warning


class HD106(Rule):
    """A link is followed only to a file inside the raw folder, so that a corpus cannot pull in other files of a machine."""

    title = "link leads nowhere or out of the raw folder"
    message = "{found}"
    hint = "put the file itself in its place"


class HD107(Rule):
    """A raw file is a plain file: no folder, no pipe, no device."""

    title = "not a plain file"
    message = "it is {found}"
    hint = "put a plain file in its place"


class HD108(Rule):
    """One document – a file, or a line of a shard – has at most 64 MiB, and a compressed shard at most 200 times its own size when
    unpacked. What is larger is not read, so that no file can exhaust the memory.
    """

    title = "too large"
    message = "{found}; the limit is {expected}"
    hint = "split it into smaller documents or shards"


class HD109(Rule):
    """A file without content says nothing; a registry without rows would have every link dangle."""

    title = "file is empty"
    message = "nothing in it"
    hint = "fill it, or remove it"


class HD110(Rule):
    """A key stands once in an object. Parsers disagree on which of two counts, so that two people could read two datasets."""

    title = "key is given twice"
    message = "“{found}” stands here again"
    hint = "remove one of the two"


class HD111(Rule):
    """A string, as it is after its escapes are resolved, has no control characters but LF and TAB, no bidirectional overrides, no half
    of a surrogate pair, and is in normal form C.
    """

    title = "hidden character in a string"
    message = "{found}"
    hint = "remove it, or write the character itself"


# --- 2: shape of records -------------------------------------------------------------------------------------------------------


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


# --- 3: spans against the page -------------------------------------------------------------------------------------------------


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


# --- 4: references within an article ---------------------------------------------------------------------------------------------


class HD401(Rule):
    """A reference names a record of the same article."""

    title = "reference to a record that is not there"
    message = "{found} is not {expected}"
    hint = "correct the identifier, or add the record"


class HD402(Rule):
    """An identifier names one record of an article."""

    title = "identifier is used twice"
    message = "{found} is used before"
    hint = "give each record of an article its own identifier"


class HD403(Rule):
    """CAMEO and PLOVER codes follow from the event type; a type has one or a few pairs."""

    title = "codes do not fit the event type"
    hint = "take one of the pairs that docs/schema.md lists for the type"


class HD404(Rule):
    """Each event type has its own roles."""

    title = "role does not fit the event type"
    hint = "take one of the roles that docs/schema.md lists for the type"


class HD405(Rule):
    """A stance is towards one thing: an entity, an event or a row of the registry."""

    title = "stance has no target, or several"
    hint = "give exactly one of entity_id, event_id, contact_id"


class HD406(Rule):
    """``same_as`` points to the first event of the article that means the same happening, so that there are no chains and no loops."""

    title = "same_as does not point to the first event"
    hint = "point to an earlier event that has no same_as itself"


class HD407(Rule):
    """A chain of sources goes from the outermost to the innermost, and names nobody twice: nobody is his own source."""

    title = "source chain loops"
    message = "{found} is in the chain before"
    hint = "name each source once, outermost first"


class HD408(Rule):
    """An entity has each mention once, an event type each trigger once, and a comment zone one comment."""

    title = "annotated twice"
    message = "{found} is annotated the same way before"
    hint = "remove one of the two"


class HD409(Rule):
    """Comments are numbered 1, 2, 3 … in the order of the page, and answer earlier ones."""

    title = "comment is misnumbered, or answers a later one"
    hint = "number the comments as they stand; a reply comes after what it answers"


class HD410(Rule):
    """Records that mean the same happening are about the same row of the registry."""

    title = "same happening, other registry row"
    hint = "give both the same contact_id, or separate them"


class HD411(Rule):
    """Raw files have local identifiers (n1, v1, c1). Global ones (<article_id>:v1) are made when a release is built."""

    title = "identifier of a release in a raw file"
    message = "{found} names its article"
    hint = "write the part after the colon"


# --- 5: the corpus -----------------------------------------------------------------------------------------------------------------


class HD501(Rule):
    """An article's file is named after it, so that it can be found, and cannot be there twice."""

    title = "article is not named like its file"
    message = "article {found} in a file named {expected}"
    hint = "rename the file, or correct article_id"


class HD502(Rule):
    """An identifier names one article, one row of the registry, or one row of the knowledge base."""

    title = "identifier is used twice in the corpus"
    message = "{found}"
    hint = "give each its own identifier"


class HD503(Rule):
    """Links to the registry lead to a row of contacts.jsonl."""

    title = "no such row in the registry"
    message = "{found} is no contact_id of contacts.jsonl"
    hint = "correct contact_id, or add the row to contacts.jsonl"


class HD504(Rule):
    """Links to the knowledge base lead to a row of kb.jsonl."""

    title = "no such row in the knowledge base"
    message = "{found} is no kb_id of kb.jsonl"
    hint = "correct kb_id, or add the row to kb.jsonl"


class HD505(Rule):
    """An entity has the type of its row in the knowledge base."""

    title = "entity and knowledge base disagree on the type"
    hint = "correct the type in one of them"


class HD506(Rule):
    """An open article has its page in the raw folder."""

    title = "open article without its page"
    message = "{expected} is not there"
    hint = "add the page, or withhold the article"


class HD507(Rule):
    """A withheld page is nowhere in the raw folder, under whatever name; it is known by its SHA-256."""

    title = "page of a withheld article in the repo"
    message = "the page may not be passed on"
    hint = "remove it, from the history too"


class HD508(Rule):
    """An article that a release has fixed in a split stays in the corpus."""

    title = "splits.json names an article that is not there"
    message = "{found} is not in the corpus"
    hint = "restore it; after a take-down remove it here, in a new major version"


class HD509(Rule):
    """Articles that report the same contact, repeat one another or are near-duplicates stand in one split; released ones never move."""

    title = "articles that belong together are in different splits"
    hint = "unlink them, or start a new major version"


class HD510(Rule):
    """An open page has a licence; a withheld page has none that we could give."""

    title = "rights are incomplete"
    hint = "give an open page its licence; leave it out for a withheld one"


class HD511(Rule):
    """Train, validation and test should each have an article. An empty split is neither written nor declared."""

    title = "a split has no article"
    message = "{found} is empty"
    hint = "add articles, or change the shares in corpus.toml"
    severity = Severity.warning


class HD512(Rule):
    """A Wikidata item stands for one row of the knowledge base."""

    title = "Wikidata item of two entities"
    message = "{found}, as {expected} has too"
    hint = "find out whose it is; null for the other, or merge the rows"


class HD513(Rule):
    """Dates, status and history of a registry row agree: no end before the beginning, history in order, and its last step the
    status where a life has ended (held, postponed, cancelled).
    """

    title = "dates or statuses of a contact disagree"
    hint = "correct the date, the status, or the history"


class HD514(Rule):
    """A claim on a length in minutes is a whole number, so that it can be computed with; a length in words is a ``duration``."""

    title = "claimed number is none"
    message = "{found} is not {expected}"
    hint = "write the digits, or use the field duration"


class HD515(Rule):
    """``derived_from`` names another article of the corpus, or an agency (``agency:dpa``); nothing is derived from itself."""

    title = "derived_from names nothing that is known"
    message = "{found} is not {expected}, or leads back here"
    hint = "name an article of the corpus, or agency:<name>"


class HD516(Rule):
    """corpus.toml names the languages of all articles; the card and catalogues go by it."""

    title = "language that corpus.toml does not name"
    message = "{found} is none of {expected}"
    hint = "add it to languages in corpus.toml, or correct the article"
    severity = Severity.warning


class HD517(Rule):
    """``wikidata_verified`` is about an item that is given."""

    title = "verified, but no Wikidata item"
    message = "wikidata is null, wikidata_verified true"
    hint = "give the item, or set wikidata_verified to false"


class HD518(Rule):
    """An annotation pass in passes/ is a second reading of an article of the corpus."""

    title = "pass over an article that is not there"
    message = "passes over {found}, but articles/ has no such article"
    hint = "add the article, or correct article_id and the name of the file, or delete the pass"


class HD519(Rule):
    """The datasheet calls for figures by name, between double braces: ``{{articles}}`` a number, ``{{table outlets}}`` a table,
    ``{{figure coverage}}`` a plot, ``{{version}}`` the version. The build puts in what it counted.
    """

    title = "placeholder that stands for nothing"
    message = "{found} is no figure that a build counts"
    hint = "take one that data/raw/datasheet.md uses already, or see pipeline/statistics.py and pipeline/plots.py for all of them"


# --- 6: the release ------------------------------------------------------------------------------------------------------------------


class HD601(Rule):
    """A published version never changes. If the raw files give other tables than the release of the version that corpus.toml names,
    the version must be raised.
    """

    title = "raw files no longer give the published release"
    message = "table {found}, differs from release {expected}"
    hint = "raise the version in corpus.toml; or undo the change"
