"""Level 2: the bundles of a unit → one Arrow array. Whether a document has the shape of a bundle is Pydantic's alone to say.

Which parser decides what: a document that Pydantic accepts is a bundle. Arrow parses the same bytes under the schema of the model, all
documents of a unit at once, and its array is what goes on. Arrow refuses a key that stands twice, which Pydantic takes; Pydantic refuses
a document over two lines and two in one, which Arrow takes, so that rows are counted against lines. Characters are nobody's but ours
(``pipeline.files``). Most documents are proven valid by their array (``pipeline.screen``), without a Pydantic object: only lines with
something that asks for a closer look, and all lines of a unit that the screen cannot vouch for, are read one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from pipeline.files import Files
from pipeline.read import shape_findings
from pipeline.screen import screen
from pipeline.spans import parse_json
from schema.derive import arrow_schema
from schema.records import Bundle

ASIDE = ("$schema", "page_text")
"""Keys of a bundle that are no columns."""
_ODD = r"[\x{0}-\x{8}\x{b}-\x{1f}\x{7f}-\x{9f}\x{300}-\x{2001}\x{2028}-\x{202e}\x{2060}-\x{20ab}\x{20ad}-\x{10ffff}]|\\[ubfr]|\}\s*null"
"""What asks for a closer look: characters that are hidden or may be not in normal form C (those below U+0300 are, and so are general
punctuation and €), and escapes that can stand for such; and a null that may follow the document, of which Arrow can die
(apache/arrow#47409)."""


@dataclass(frozen=True)
class Line:
    """A document of a unit, and where it stands."""

    piece: int
    line: int | None
    """Line of the piece, from 1; None where the file is one bundle."""
    data: bytes


@dataclass(frozen=True)
class Parsed:
    """Bundles of a unit that have the right shape."""

    root: pa.StructArray
    """A row a bundle: article, entities, events, comments, as they were written, without defaults."""
    page_text: pa.StringArray
    """The page that a bundle carries; null where it carries none."""
    lines: Sequence[Line]
    """Where each row was written."""


def parse(lines: Sequence[Line], names: Sequence[str], files: Files) -> Parsed:
    """The documents that are sound at levels 1 and 2; a finding in ``files`` for each fault of the others, in order of the lines.
    ``names`` are the files of the pieces.

    Lines that ask for a closer look are decided first: each that is left is a document, or an object from { to } at least, so that as
    many rows as lines are one row a line.
    """
    found, before = files.findings.all, len(files.findings.all)
    data = _joined(lines)
    odd = _odd(lines, data)
    kept = [line for line, doubt in zip(lines, odd, strict=True) if not doubt or _valid(line, names[line.piece], files)]
    data = data if len(kept) == len(lines) else _joined(kept)
    array = _arrow(data, len(kept))
    if array is None or not screen(Bundle).accepts(array, data):
        seen = {id(line) for line, doubt in zip(lines, odd, strict=True) if doubt}
        kept = [line for line in kept if id(line) in seen or _valid(line, names[line.piece], files)]
        found[before:] = sorted(found[before:], key=lambda finding: (names.index(finding.file), finding.document or 0))
        array = _arrow(_joined(kept), len(kept))
    if array is None:  # what Pydantic takes and Arrow does not
        array = pa.concat_arrays([_again(line) for line in kept])
    return _parsed(array, kept)


def _valid(line: Line, name: str, files: Files) -> bool:
    """Whether one document is sound, by Python and Pydantic; findings if not."""
    document = files.document(name, line.data, line.line)
    if document is None:
        return False
    try:
        Bundle.model_validate_json(line.data)
    except ValidationError as error:
        files.refuse(name, document.text)
        files.findings.extend(shape_findings(error, document, None))
        return False
    return True


def _joined(lines: Sequence[Line]) -> bytes:
    """Documents as one line each, one behind the other; one that is a file can be written over many lines."""
    return b"\n".join(line.data if line.line else line.data.replace(b"\n", b" ") for line in lines)


def _odd(lines: Sequence[Line], data: bytes) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """For each document whether it asks for a closer look, or is no UTF-8, or is not an object in one line from end to end. ``data`` has
    them joined.
    """
    ends = np.cumsum([0, *(len(line.data) + 1 for line in lines)], dtype=np.int32)
    ends[-1] = len(data)  # there is no line end behind the last one
    array = pa.Array.from_buffers(pa.binary(), len(lines), [None, pa.py_buffer(ends), pa.py_buffer(data)])
    whole = np.array([line.line is not None and _braces(line.data) for line in lines], dtype=bool)
    try:
        texts = array.cast(pa.string())
    except pa.ArrowInvalid:
        return np.ones(len(lines), dtype=bool)
    doubtful = screen(Bundle).doubtful
    found = pc.match_substring_regex(texts, f"{_ODD}|{doubtful}" if doubtful else _ODD)
    return found.to_numpy(zero_copy_only=False) | ~whole  # type: ignore[no-any-return]


def _braces(data: bytes) -> bool:
    return (data[:1] == b"{" and data[-1:] == b"}") or data.strip()[:1] + data.strip()[-1:] == b"{}"


def _arrow(data: bytes, number: int) -> pa.StructArray | None:
    """What Arrow makes of a number of documents that are joined, a row each; None where it refuses one, or makes more or fewer of them.

    What begins with { and ends with } cannot be part of an object that goes over several lines, so that the number of rows tells
    whether each line is one document; lines that do not (``_odd``) must have been read one by one before.
    """
    try:
        return parse_json(data, number, _schema())
    except pa.ArrowException:
        return None


def _again(line: Line) -> pa.StructArray:
    """One document as Pydantic writes it. Raises AssertionError where Arrow does not take even that."""
    bundle = Bundle.model_validate_json(line.data)
    own = bundle.model_dump_json(exclude={"schema_", "page_text"}).encode()
    array = _arrow(own, 1)
    assert array is not None, "Arrow takes what Pydantic writes"
    if bundle.page_text is None:
        return array
    fields = [pa.array([bundle.page_text], pa.string()) if f.name == "page_text" else array.field(f.name) for f in array.type]
    return pa.StructArray.from_arrays(fields, fields=list(array.type))


def _parsed(array: pa.StructArray, lines: Sequence[Line]) -> Parsed:
    kept = [field for field in array.type if field.name not in ASIDE]
    root = pa.StructArray.from_arrays([array.field(field.name) for field in kept], fields=kept)
    return Parsed(root, array.field("page_text"), lines)


@cache
def _schema() -> pa.Schema:
    return pa.schema([*arrow_schema(Bundle), *(pa.field(name, pa.string()) for name in ASIDE)])
