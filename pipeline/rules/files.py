"""Rules of level 1: files and encoding."""

from pipeline.rules.base import Rule, Severity


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
