"""Level 3: spans against the page."""

import hashlib
import re
from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc
from phonenumbers import Leniency, PhoneNumberMatcher

from pipeline.check.unit import Check, Unit
from pipeline.findings import Finding, shown
from pipeline.nodes import Node
from pipeline.spans import Zones, start_end
from schema.vocabulary import PrivateKind, RightsStatus, TextStatus, ZoneType

ANNOTATED = frozenset(
    {ZoneType.headline, ZoneType.lead, ZoneType.subheading, ZoneType.paragraph, ZoneType.quote, ZoneType.caption, ZoneType.poll,
     ZoneType.comment}
)  # fmt: skip
"""Zones in which entities and events are marked. Sources may be named anywhere (an agency in the byline)."""

EMAIL = re.compile(r"(?<![@\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){3,7}(?: ?[0-9A-Z]{1,3})?\b")
DATE = re.compile(r"\b\d{1,2}\.\d{1,2}\.\d{4}\b")
URL = re.compile(r"https?://\S*$")
HYPHENS = frozenset("-\u2010\u2011\u00ad")


def _backwards(unit: Unit) -> Iterator[Finding]:
    for node in _with_private(unit):
        start, end = start_end(node)
        for i in np.flatnonzero((start >= 0) & (start >= end)):
            yield unit.at("HD301", node, i, f"start {start[i]}, end {end[i]}", "start < end")


def _past_the_end(unit: Unit) -> Iterator[Finding]:
    for node in _with_private(unit):
        _, end = start_end(node)
        for i in np.flatnonzero(end > unit.length[node.rows]):
            yield unit.at("HD302", node, i, f"end {end[i]}", f"at most {unit.length[node.rows[i]]}, the page's length")


def _zones_in_order(unit: Unit) -> Iterator[Finding]:
    start, end = start_end(unit.zones)
    rows = unit.zones.rows
    for i in np.flatnonzero((rows[1:] == rows[:-1]) & (start[1:] < end[:-1])) + 1:
        yield unit.at("HD303", unit.zones, i, f"start {start[i]}", f"at least {end[i - 1]}, the end of the zone before")


def _pinned(unit: Unit) -> Iterator[Finding]:
    for bundle, text in zip(unit.bundles, unit.texts, strict=True):
        if text is None:
            continue
        page = bundle.article.page
        digest = hashlib.sha256(text.encode()).hexdigest()
        if digest != page.sha256:
            yield unit.on(bundle, "HD308", ("article", "page", "sha256"), f"{page.sha256[:12]}…", f"the SHA-256 {digest[:12]}…")
        elif len(text) != page.characters:
            yield unit.on(bundle, "HD308", ("article", "page", "characters"), str(page.characters), f"{len(text)} characters")


def _no_withheld_text(unit: Unit) -> Iterator[Finding]:
    for node in unit.spans:
        texts = pc.struct_field(node.array, "text")
        for i in np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False)):
            if unit.bundles[node.rows[i]].article.rights.status is RightsStatus.withheld:
                yield unit.at("HD307", node, i, f"{len(texts[i].as_py())} characters")


def _covered(unit: Unit) -> Iterator[Finding]:
    for bundle, text in zip(unit.bundles, unit.texts, strict=True):
        if text is None:
            continue
        ends = [0, *(zone.end for zone in bundle.article.zones)]
        starts = [*(zone.start for zone in bundle.article.zones), len(text)]
        for start, end in zip(ends, starts, strict=True):
            gap = text[start:end]
            if gap.strip():
                first = start + len(gap) - len(gap.lstrip())
                yield unit.on(bundle, "HD304", ("article", "zones"), f"{len(gap.strip())} characters from offset {first}")


def _in_one_zone(unit: Unit) -> Iterator[Finding]:
    zones = Zones.of(unit.zones)
    types = pc.struct_field(unit.zones.array, "type").to_pylist()
    for node in unit.spans:
        if node is unit.zones:
            continue
        start, end = start_end(node)
        zone = zones.holding(node.rows, start, end)
        for i in np.flatnonzero((start >= 0) & (zone < 0)):
            yield unit.at("HD305", node, i, f"{start[i]}–{end[i]}", "inside one zone")
        if node.path.startswith(("entities", "events")) and ".sources[]" not in node.path:
            for i in np.flatnonzero(zone >= 0):
                if types[zone[i]] not in ANNOTATED:
                    yield unit.at("HD312", node, i, types[zone[i]])


def _comments_in_place(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        zones = {(z.start, z.end): z.type for z in bundle.article.zones}
        for i, comment in enumerate(bundle.comments):
            inside = any(start <= comment.start and comment.end <= end for start, end in zones)
            if inside and zones.get((comment.start, comment.end)) is not ZoneType.comment:
                yield unit.on(bundle, "HD309", ("comments", i), f"{comment.start}–{comment.end}", "the span of a comment zone")


def _words(unit: Unit) -> Iterator[Finding]:
    """What a page at hand says of a span: the text given for it, white space at its ends, words that it cuts."""
    zones = Zones.of(unit.zones)
    edges = {(int(r), int(e)) for r, s, e in zip(zones.rows, zones.start, zones.end, strict=True) for e in (s, e)}
    for node in unit.spans:
        start, end = start_end(node)
        texts = pc.struct_field(node.array, "text").to_pylist()
        whole_words = node.path.startswith(("entities", "events")) and not node.path.endswith(".content")
        for i in np.flatnonzero(start >= 0):
            row, s, e = int(node.rows[i]), int(start[i]), int(end[i])
            page = unit.texts[row]
            if page is None:
                continue
            said = page[s:e]
            cut = [offset for offset in (s, e) if (row, offset) not in edges and _joined(page, offset)]
            if texts[i] is not None and texts[i] != said:
                own = f"“{shown(texts[i])}”" if not unit.bundles[row].article.private else f"a text of {len(texts[i])} characters"
                yield unit.at("HD306", node, i, own, _quoted(unit, row, s, e))
            elif said != said.strip():
                yield unit.at("HD310", node, i, _quoted(unit, row, s, e))
            elif whole_words and cut:
                first = s - len(re.search(r"[\w-]*$", page[max(0, s - 100) : s])[0])  # type: ignore[index]
                last = e + len(re.match(r"[\w-]*", page[e : e + 100])[0])  # type: ignore[index]
                yield unit.at("HD311", node, i, _quoted(unit, row, s, e), _quoted(unit, row, first, last))


def _quoted(unit: Unit, row: int, start: int, end: int) -> str:
    """Words of a page as a finding may show them: masked, and of a withheld page their length alone."""
    article, page = unit.bundles[row].article, unit.texts[row]
    if page is None or unit.pages.text_status(article) is not TextStatus.open:
        return f"{end - start} withheld characters from offset {start}"
    return f"“{shown(unit.pages.masked[article.article_id][start:end])}”"


def _joined(page: str, offset: int) -> bool:
    """Whether the characters on both sides of an offset belong to one word: letters or digits, or a hyphen between such."""
    if not 0 < offset < len(page):
        return False
    before, after = page[offset - 1], page[offset]
    if after in HYPHENS:
        return before.isalnum() and page[offset + 1 : offset + 2].isalnum()
    if before in HYPHENS:
        return after.isalnum() and page[max(0, offset - 2) : offset - 1].isalnum()
    return before.isalnum() and after.isalnum()


def _in_order(unit: Unit) -> Iterator[Finding]:
    for node in unit.spans:
        if node.path in ("entities[].mentions[]", "events[].markers[].span", "comments[]"):
            start, _ = start_end(node)
            outer = node.places[:-1]
            together = node.rows[1:] == node.rows[:-1]
            for place in outer:
                together &= place[1:] == place[:-1]
            for i in np.flatnonzero(together & (start[1:] < start[:-1])) + 1:
                yield unit.at("HD313", node, i, str(start[i]), str(start[i - 1]))


def _private_marked(unit: Unit) -> Iterator[Finding]:
    for bundle, text in zip(unit.bundles, unit.texts, strict=True):
        if text is None:
            continue
        marked = [(span.start, span.end) for span in bundle.article.private]
        for start, end, kind in sorted(_looks_private(text, bundle.article.source.country)):
            if not any(s <= start and end <= e for s, e in marked):
                yield unit.on(bundle, "HD314", ("article", "private"), f"{end - start} characters from offset {start}", kind)


def _looks_private(text: str, country: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of telephone numbers that exist in the outlet's country, of e-mail addresses, and of valid IBANs."""
    plain = text.translate({0xA0: " ", 0x202F: " "})  # the same length, so that offsets stay
    for number in PhoneNumberMatcher(plain, country, leniency=Leniency.VALID, max_tries=65_535):
        if not DATE.search(number.raw_string) and not URL.search(plain[max(0, number.start - 200) : number.start]):
            yield number.start, number.end, PrivateKind.telephone.value
    for match in EMAIL.finditer(plain):
        yield match.start(), match.end(), PrivateKind.email.value
    for match in IBAN.finditer(plain):
        for end in range(match.end(), match.start() + 14, -1):  # a BIC behind it looks like more of it
            if (end == len(plain) or not plain[end].isalnum()) and _is_iban(plain[match.start() : end]):
                yield match.start(), end, PrivateKind.bank_account.value
                break


def _is_iban(text: str) -> bool:
    """Whether the check digits are right (ISO 13616)."""
    code = text.replace(" ", "")
    return not text.endswith(" ") and int("".join(str(int(char, 36)) for char in code[4:] + code[:4])) % 97 == 1


def _with_private(unit: Unit) -> list[Node]:
    return [*unit.spans, *(node for node in unit.nodes if node.path == "article.private[]")]


BOUNDS: tuple[Check, ...] = (_backwards, _past_the_end, _zones_in_order, _pinned, _no_withheld_text)
"""What must hold before a span may be looked up on its page."""
WITHIN: tuple[Check, ...] = (_covered, _in_one_zone, _comments_in_place, _words, _in_order, _private_marked)
