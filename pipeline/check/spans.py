"""Level 3: spans against the page."""

import hashlib
import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.check.private import looks_private
from pipeline.check.unit import Check, Unit
from pipeline.findings import Finding, shown
from pipeline.nodes import Bools, Ints, flags, is_any
from pipeline.texts import ALNUM, HYPHEN, SPACE, Bytes, Texts
from schema.vocabulary import RightsStatus, ZoneType

ANNOTATED = frozenset(
    {ZoneType.headline, ZoneType.lead, ZoneType.subheading, ZoneType.paragraph, ZoneType.quote, ZoneType.caption, ZoneType.poll,
     ZoneType.comment}
)  # fmt: skip
"""Zones in which entities and events are marked. Sources may be named anywhere (an agency in the byline)."""


def _backwards(unit: Unit) -> Iterator[Finding]:
    for spans in (unit.flat, unit.private):
        for i in np.flatnonzero(spans.start >= spans.end):
            found = f"start {spans.start[i]}, end {spans.end[i]}"
            yield unit.at("HD301", spans.nodes[spans.node[i]], spans.index[i], found, "start < end")


def _past_the_end(unit: Unit) -> Iterator[Finding]:
    for spans in (unit.flat, unit.private):
        length = unit.length[spans.rows]
        for i in np.flatnonzero(spans.end > length):
            expected = f"at most {length[i]}, the page's length"
            yield unit.at("HD302", spans.nodes[spans.node[i]], spans.index[i], f"end {spans.end[i]}", expected)


def _zones_in_order(unit: Unit) -> Iterator[Finding]:
    start, end = unit.zones.bounds
    rows = unit.zones.rows
    for i in np.flatnonzero((rows[1:] == rows[:-1]) & (start[1:] < end[:-1])) + 1:
        yield unit.at("HD303", unit.zones, i, f"start {start[i]}", f"at least {end[i - 1]}, the end of the zone before")


def _pinned(unit: Unit) -> Iterator[Finding]:
    pinned = unit.node("article.page.sha256").array.to_pylist()
    digests = (None if page is None else hashlib.sha256(page).hexdigest() for page in unit.texts.utf8())
    for row, (digest, sha256, length) in enumerate(zip(digests, pinned, unit.length, strict=True)):
        if digest is None:
            continue
        if digest != sha256:
            yield unit.on(row, "HD308", ("article", "page", "sha256"), f"{sha256[:12]}…", f"the SHA-256 {digest[:12]}…")
        elif unit.texts.length[row] != length:
            found = f"{unit.texts.length[row]} characters"
            yield unit.on(row, "HD308", ("article", "page", "characters"), str(length), found)


def _no_withheld_text(unit: Unit) -> Iterator[Finding]:
    withheld = is_any(unit.node("article.rights.status").array, [RightsStatus.withheld])
    for node in unit.spans:
        texts = pc.struct_field(node.array, "text")
        for i in np.flatnonzero(flags(texts.is_valid()) & withheld[node.rows]) if texts.null_count < len(texts) else ():
            yield unit.at("HD307", node, i, f"{len(texts[i].as_py())} characters")


def _covered(unit: Unit) -> Iterator[Finding]:
    """What stands between zones, before the first and behind the last: white space alone."""
    texts, rows = unit.texts, np.arange(len(unit.root))
    zone_start, zone_end = unit.zones.bounds
    # a gap begins where a page or a zone does; sorted by row, the k-th beginning belongs to the k-th end
    gap_rows = np.concatenate((rows, unit.zones.rows))
    order = np.argsort(gap_rows, kind="stable")
    last = np.searchsorted(unit.zones.rows, rows, side="right")
    starts = np.concatenate((np.zeros_like(rows), zone_end))[order]
    ends = np.insert(zone_start, last, texts.length)
    gap_rows = gap_rows[order]
    size = np.maximum(ends - starts, 0) * texts.known[gap_rows]
    gaps = np.repeat(np.arange(len(size)), size)
    place = np.arange(len(gaps)) - np.repeat(np.cumsum(size) - size, size) + (texts.first[gap_rows] + starts)[gaps]
    said = np.flatnonzero(texts.kinds(place) & SPACE == 0)
    for gap in np.unique(gaps[said]):
        places = place[said[gaps[said] == gap]] - texts.first[gap_rows[gap]]
        found = f"{places[-1] - places[0] + 1} characters from offset {places[0]}"
        yield unit.on(gap_rows[gap], "HD304", ("article", "zones"), found)


def _in_one_zone(unit: Unit) -> Iterator[Finding]:
    spans, zone = unit.flat, unit.zone
    for i in np.flatnonzero((zone < 0) & spans.where(lambda node: node is not unit.zones)):
        found = f"{spans.start[i]}–{spans.end[i]}"
        yield unit.at("HD305", spans.nodes[spans.node[i]], spans.index[i], found, "inside one zone")
    types = unit.node("article.zones[].type")
    marked = spans.where(lambda node: node.path.startswith(("entities", "events")) and ".sources[]" not in node.path)
    marked &= zone >= 0
    for i in np.flatnonzero(marked)[~is_any(types.array, sorted(ANNOTATED))[zone[marked]]]:
        yield unit.at("HD312", spans.nodes[spans.node[i]], spans.index[i], types.array[zone[i]].as_py())


def _comments_in_place(unit: Unit) -> Iterator[Finding]:
    spans = unit.flat
    comments = np.flatnonzero(spans.where(lambda node: node.path == "comments[]") & (unit.zone >= 0))
    zone = unit.zone[comments]
    start, end = (values[zone] for values in unit.zones.bounds)
    whole = (start == spans.start[comments]) & (end == spans.end[comments])
    for i in comments[~(whole & is_any(unit.node("article.zones[].type").array, [ZoneType.comment])[zone])]:
        found = f"{spans.start[i]}–{spans.end[i]}"
        yield unit.at("HD309", spans.nodes[spans.node[i]], spans.index[i], found, "the span of a comment zone")


def _words(unit: Unit) -> Iterator[Finding]:
    """What a page at hand says of a span: the text given for it, white space at its ends, words that it cuts."""
    spans, texts = unit.flat, unit.texts
    known = np.flatnonzero(texts.known[spans.rows])
    first = texts.first[spans.rows[known]] + spans.start[known]
    last = first + (spans.end - spans.start)[known]
    other, given = _other_text(unit, known)
    before, begins, ends, after = texts.kinds(np.stack((first - 1, first, last - 1, last)))
    loose = (begins | ends) & SPACE > 0
    edge = np.zeros(len(texts.lead), dtype=bool)
    for values in unit.zones.bounds:
        edge[(texts.first[unit.zones.rows] + values)[texts.known[unit.zones.rows]]] = True
    cut = _joined(texts, first, before, begins) & ~edge[first] | _joined(texts, last, ends, after) & ~edge[last]
    cut &= spans.where(lambda node: node.path.startswith(("entities", "events")) and not node.path.endswith(".content"))[known]
    private = np.bincount(unit.private.rows, minlength=len(unit.root)) > 0
    for k in np.flatnonzero(other | loose | cut):
        i = known[k]
        node, index, row, start, end = spans.nodes[spans.node[i]], spans.index[i], spans.rows[i], spans.start[i], spans.end[i]
        said = _quoted(unit, row, start, end)
        if other[k]:
            own = given[int(i)]
            yield unit.at("HD306", node, index, f"a text of {len(own)} characters" if private[row] else f"“{shown(own)}”", said)
        elif loose[k]:
            yield unit.at("HD310", node, index, said)
        else:
            page = str(texts.page(row))
            begins = start - len(re.search(r"[\w-]*$", page[max(0, start - 100) : start])[0])  # type: ignore[index]
            ends = end + len(re.match(r"[\w-]*", page[end : end + 100])[0])  # type: ignore[index]
            yield unit.at("HD311", node, index, said, _quoted(unit, row, begins, ends))


def _other_text(unit: Unit, known: Ints) -> tuple[Bools, dict[int, str]]:
    """Which of some spans have a text that is not what the page says; that text by the index of the span."""
    spans = unit.flat
    columns = [pc.struct_field(node.array, "text") for node in unit.spans]
    if all(column.null_count == len(column) for column in columns):
        return np.zeros(len(known), dtype=bool), {}
    first = np.concatenate(([0], np.cumsum([len(column) for column in columns])))
    given = pa.concat_arrays(columns).take(pa.array(first[spans.node[known]] + spans.index[known]))
    other = flags(pc.not_equal(given, unit.texts.slices(spans.rows[known], spans.start[known], spans.end[known])))
    return other, {int(known[k]): given[int(k)].as_py() for k in np.flatnonzero(other)}


def _quoted(unit: Unit, row: int, start: int, end: int) -> str:
    """Words of a page as a finding may show them: masked, and of a withheld page their length alone."""
    said = unit.masked.slice(row, start, end)
    if said is None or not unit.shown[row]:
        return f"{end - start} withheld characters from offset {start}"
    return f"“{shown(said)}”"


def _joined(texts: Texts, place: Ints, before: Bytes, after: Bytes) -> Bools:
    """Whether the characters on both sides of some places, whose kinds are given, belong to one word: letters or digits, or a hyphen
    between such.
    """
    found = before & after & ALNUM > 0
    for hyphen, other, beyond in ((after, before, 1), (before, after, -2)):
        at = np.flatnonzero(hyphen & HYPHEN)
        found[at] |= other[at] & texts.kinds(place[at] + beyond) & ALNUM > 0
    return found


def _in_order(unit: Unit) -> Iterator[Finding]:
    for path in ("entities[].mentions[]", "events[].markers[].span", "comments[]"):
        node = unit.node(path)
        start, _ = node.bounds
        together = node.rows[1:] == node.rows[:-1]
        for place in node.places[:-1]:
            together &= place[1:] == place[:-1]
        for i in np.flatnonzero(together & (start[1:] < start[:-1])) + 1:
            yield unit.at("HD313", node, i, str(start[i]), str(start[i - 1]))


def _private_marked(unit: Unit) -> Iterator[Finding]:
    countries = unit.node("article.source.country").array
    marked = unit.private
    for row, start, end, kind in looks_private(unit.texts, countries):
        own = slice(*np.searchsorted(marked.rows, (row, row + 1)))
        if not ((marked.start[own] <= start) & (end <= marked.end[own])).any():
            yield unit.on(row, "HD314", ("article", "private"), f"{end - start} characters from offset {start}", kind)


BOUNDS: tuple[Check, ...] = (_backwards, _past_the_end, _zones_in_order, _pinned, _no_withheld_text)
"""What must hold before a span may be looked up on its page."""
WITHIN: tuple[Check, ...] = (_covered, _in_one_zone, _comments_in_place, _words, _in_order, _private_marked)
