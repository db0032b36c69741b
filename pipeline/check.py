"""Stage 3: levels 3 (spans), 4 (references within an article) and 5 (the corpus).

A rule is a small function that gives the places that break it. Rules over spans and references are queries over all values of a
unit at once; the place of a value is worked out only for findings.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.findings import Finding, Findings, shown
from pipeline.nodes import Ints, Node, nodes
from pipeline.pages import Pages
from pipeline.read import Raw
from pipeline.spans import Zones, bundles_array, start_end
from schema.records import Bundle
from schema.vocabulary import Codes, RightsStatus, ZoneType

_RECORD = {"entities": "entity_id", "events": "event_id", "comments": "comment_id"}


@dataclass(frozen=True)
class Unit:
    """Articles that are checked together: as records, and as one Arrow array."""

    raw: Raw
    pages: Pages
    bundles: tuple[Bundle, ...]

    @cached_property
    def nodes(self) -> list[Node]:
        """Every node of the array."""
        return nodes(bundles_array(self.bundles))

    @cached_property
    def spans(self) -> list[Node]:
        """Every node that is a span."""
        return [node for node in self.nodes if node.is_span]

    @cached_property
    def zones(self) -> Node:
        """The zones."""
        return next(node for node in self.spans if node.path == "article.zones[]")

    @cached_property
    def length(self) -> Ints:
        """Characters of each page, as pinned."""
        return np.array([bundle.article.page.characters for bundle in self.bundles], dtype=np.int64)

    def finding(
        self, code: str, node: Node, index: int | np.integer[Any], found: str | None = None, expected: str | None = None
    ) -> Finding:
        """A finding at one value of a node."""
        bundle = self.bundles[int(node.rows[index])]
        article_id = bundle.article.article_id
        list_name = node.path.partition("[]")[0]
        record = article_id
        if list_name in _RECORD and node.places:
            record = f"{article_id}:{getattr(getattr(bundle, list_name)[int(node.places[0][index])], _RECORD[list_name])}"
        return Finding(code, self.raw.files[article_id], record, node.where(int(index)), found, expected)

    def on(self, bundle: Bundle, code: str, field: str, found: str | None = None, expected: str | None = None) -> Finding:
        """A finding on an article as a whole."""
        article_id = bundle.article.article_id
        return Finding(code, self.raw.files[article_id], article_id, field, found, expected)


def check(raw: Raw, pages: Pages, findings: Findings) -> None:
    """Run all rules; faults go to ``findings``. Spans are checked first: what is read from a page must lie on it."""
    unit = Unit(raw, pages, raw.bundles)
    if unit.bundles:
        findings.extend(finding for rule in _BOUNDS for finding in rule(unit))
        if not findings.errors:
            findings.extend(finding for rule in _SPANS for finding in rule(unit))
        findings.extend(finding for rule in _REFERENCES for finding in rule(unit))
    findings.extend(finding for rule in _CORPUS for finding in rule(unit))


# --- level 3: spans ----------------------------------------------------------------------------------------------------------


def _backwards(unit: Unit) -> Iterator[Finding]:
    for node in _spans_and_private(unit):
        start, end = start_end(node)
        for i in np.flatnonzero((start >= 0) & (start >= end)):
            yield unit.finding("HD301", node, i, f"start {start[i]}, end {end[i]}", "start < end")


def _past_the_end(unit: Unit) -> Iterator[Finding]:
    for node in _spans_and_private(unit):
        _, end = start_end(node)
        for i in np.flatnonzero(end > unit.length[node.rows]):
            yield unit.finding("HD302", node, i, f"end {end[i]}", f"at most {unit.length[node.rows[i]]}, the page's length")


def _zones_in_order(unit: Unit) -> Iterator[Finding]:
    start, end = start_end(unit.zones)
    rows = unit.zones.rows
    for i in np.flatnonzero((rows[1:] == rows[:-1]) & (start[1:] < end[:-1])) + 1:
        yield unit.finding("HD303", unit.zones, i, f"start {start[i]}", f"at least {end[i - 1]}, the end of the zone before")


def _pinned(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        article = bundle.article
        text = unit.pages.texts.get(article.article_id)
        if text is None:
            continue
        digest = hashlib.sha256(text.encode()).hexdigest()
        if digest != article.page.sha256:
            yield unit.on(bundle, "HD308", "article.page.sha256", digest, article.page.sha256)
        elif len(text) != article.page.characters:
            yield unit.on(bundle, "HD308", "article.page.characters", str(article.page.characters), f"{len(text)} characters")


def _covered(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        text = unit.pages.texts.get(bundle.article.article_id)
        if text is None:
            continue
        ends = [0, *(zone.end for zone in bundle.article.zones)]
        starts = [*(zone.start for zone in bundle.article.zones), len(text)]
        for start, end in zip(ends, starts, strict=True):
            gap = text[start:end]
            if gap.strip():
                first = start + len(gap) - len(gap.lstrip())
                yield unit.on(bundle, "HD304", "article.zones", f"{len(gap.strip())} characters from offset {first}", "a zone")


def _in_one_zone(unit: Unit) -> Iterator[Finding]:
    zones = Zones.of(unit.zones)
    for node in unit.spans:
        if node is unit.zones:
            continue
        start, end = start_end(node)
        zone = zones.holding(node.rows, start, end)
        for i in np.flatnonzero((start >= 0) & (zone < 0)):
            yield unit.finding("HD305", node, i, f"{start[i]}–{end[i]}", "inside one zone")


def _comments_in_place(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        zones = {(z.start, z.end) for z in bundle.article.zones if z.type is ZoneType.comment}
        for i, comment in enumerate(bundle.comments):
            if (comment.start, comment.end) not in zones:
                yield unit.on(bundle, "HD309", f"comments[{i}]", f"{comment.start}–{comment.end}", "the span of a comment zone")


def _same_text(unit: Unit) -> Iterator[Finding]:
    for node in unit.spans:
        texts = pc.struct_field(node.array, "text")
        given = np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False))
        start, end = start_end(node)
        for i in given:
            article = unit.bundles[node.rows[i]].article
            if article.rights.status is RightsStatus.withheld:
                yield unit.finding("HD307", node, i, f"{len(texts[i].as_py())} characters", "no text")
                continue
            page = unit.pages.texts.get(article.article_id)
            said = page[start[i] : end[i]] if page is not None else None
            if said is not None and texts[i].as_py() != said:
                yield unit.finding("HD306", node, i, shown(texts[i].as_py()), shown(said))


def _spans_and_private(unit: Unit) -> list[Node]:
    return [*unit.spans, *(node for node in unit.nodes if node.path == "article.private[]")]


# --- level 4: references within an article -----------------------------------------------------------------------------------


def _identifiers(unit: Unit) -> dict[str, list[Node]]:
    """Nodes that define identifiers, by the kind of record."""
    return {key: [n for n in unit.nodes if n.path == f"{name}[].{key}"] for name, key in _RECORD.items()}


def _references_resolve(unit: Unit) -> Iterator[Finding]:
    refers = {"entity_id": "entity_id", "event_id": "event_id", "same_as": "event_id", "reply_to": "comment_id"}
    for kind, defining in _identifiers(unit).items():
        known = pa.array([f"{r} {v}" for n in defining for r, v in zip(n.rows, n.array.to_pylist(), strict=True)], pa.string())
        for node in unit.nodes:
            if refers.get(node.name) == kind and not any(node is d for d in defining):
                key = pa.array([v and f"{r} {v}" for r, v in zip(node.rows, node.array.to_pylist(), strict=True)], pa.string())
                bad = pc.and_(key.is_valid(), pc.invert(pc.is_in(key, known)))
                for i in np.flatnonzero(bad.to_numpy(zero_copy_only=False)):
                    yield unit.finding("HD401", node, i, node.array[i].as_py(), f"the {kind} of a record of this article")


def _identifiers_once(unit: Unit) -> Iterator[Finding]:
    for defining in _identifiers(unit).values():
        for node in defining:
            values = list(zip(node.rows, node.array.to_pylist(), strict=True))
            seen: set[tuple[int, str]] = set()
            for i, value in enumerate(values):
                if value in seen:
                    yield unit.finding("HD402", node, i, value[1], "an identifier of its own")
                seen.add(value)


def _codes_fit(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        for i, event in enumerate(bundle.events):
            plover = event.plover
            codes = Codes(event.cameo, plover.event if plover else None, plover.mode if plover else None)
            if codes not in event.type.codes:
                allowed = "; ".join(_say(c) for c in event.type.codes)
                yield unit.on(bundle, "HD403", f"events[{i}]", f"{event.type}: {_say(codes)}", allowed)


def _say(codes: Codes) -> str:
    plover = "·".join(part for part in (codes.plover, codes.mode) if part) or "no PLOVER"
    return f"CAMEO {codes.cameo or 'none'} with {plover}"


def _roles_fit(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        for i, event in enumerate(bundle.events):
            for j, argument in enumerate(event.arguments):
                if argument.role not in event.type.roles:
                    field = f"events[{i}].arguments[{j}].role"
                    yield unit.on(bundle, "HD404", field, f"{event.type}: {argument.role}", ", ".join(event.type.roles))


def _one_target(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        for i, comment in enumerate(bundle.comments):
            for j, stance in enumerate(comment.stances):
                given = [t for t in (stance.entity_id, stance.event_id, stance.contact_id) if t is not None]
                if len(given) != 1:
                    yield unit.on(bundle, "HD405", f"comments[{i}].stances[{j}]", f"{len(given)} targets", "one")


def _same_as_first(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        position = {event.event_id: i for i, event in enumerate(bundle.events)}
        for i, event in enumerate(bundle.events):
            first = position.get(event.same_as or "")
            if first is not None and (first >= i or bundle.events[first].same_as is not None):
                expected = "an earlier event without same_as"
                yield unit.on(bundle, "HD406", f"events[{i}].same_as", f"{event.event_id} → {event.same_as}", expected)


# --- level 5: the corpus -----------------------------------------------------------------------------------------------------


def _file_names(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        article_id = bundle.article.article_id
        name = unit.raw.files[article_id].removeprefix("articles/")
        if name != f"{article_id}.json":
            yield unit.on(bundle, "HD501", "article.article_id", article_id, name.removesuffix(".json"))


def _reference_ids_once(unit: Unit) -> Iterator[Finding]:
    for name, ids in (
        ("contacts.jsonl", [c.contact_id for c in unit.raw.contacts]),
        ("kb.jsonl", [k.kb_id for k in unit.raw.kb]),
    ):
        for value, times in Counter(ids).items():
            if times > 1:
                yield Finding("HD502", name, value, None, f"{times} rows", "one row")


def _registry_links(unit: Unit) -> Iterator[Finding]:
    if "contacts.jsonl" in unit.raw.faulty:
        return
    known = pa.array([contact.contact_id for contact in unit.raw.contacts], pa.string())
    for node in unit.nodes if unit.bundles else ():
        if node.name == "contact_id" or node.path == "article.reports[]":
            yield from _unknown(unit, "HD503", node, known, "a contact_id of contacts.jsonl")


def _kb_links(unit: Unit) -> Iterator[Finding]:
    if "kb.jsonl" in unit.raw.faulty:
        return
    known = pa.array([entity.kb_id for entity in unit.raw.kb], pa.string())
    for node in unit.nodes if unit.bundles else ():
        if node.name == "kb_id":
            yield from _unknown(unit, "HD504", node, known, "a kb_id of kb.jsonl")
    rows = {entity.kb_id for entity in unit.raw.kb}
    for contact in unit.raw.contacts:
        ids = [*(p.kb_id for p in contact.participants), *([contact.place.kb_id] if contact.place else [])]
        for kb_id in ids:
            if kb_id is not None and kb_id not in rows:
                yield Finding("HD504", "contacts.jsonl", contact.contact_id, "kb_id", kb_id, "a kb_id of kb.jsonl")


def _unknown(unit: Unit, code: str, node: Node, known: pa.Array, expected: str) -> Iterator[Finding]:
    bad = pc.and_(node.array.is_valid(), pc.invert(pc.is_in(node.array, known)))
    for i in np.flatnonzero(bad.to_numpy(zero_copy_only=False)):
        yield unit.finding(code, node, i, node.array[i].as_py(), expected)


def _kb_types(unit: Unit) -> Iterator[Finding]:
    types = {entity.kb_id: entity.type for entity in unit.raw.kb}
    for bundle in unit.bundles:
        for i, entity in enumerate(bundle.entities):
            known = types.get(entity.kb_id or "")
            if known is not None and known is not entity.type:
                yield unit.on(bundle, "HD505", f"entities[{i}].type", entity.type, f"{known}, as {entity.kb_id} in kb.jsonl")


def _rights(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        article = bundle.article
        status, licence = article.rights.status, article.rights.licence
        if (status is RightsStatus.open) != (licence is not None):
            yield unit.on(
                bundle, "HD510", "article.rights.licence", str(licence), f"{status}: {'a' if licence is None else 'no'} licence"
            )
        page = f"pages/{article.article_id}.txt"
        if status is RightsStatus.open and article.article_id not in unit.pages.texts and page not in unit.raw.faulty:
            yield unit.on(bundle, "HD506", "article.rights.status", "open", page)


def _released_stay(unit: Unit) -> Iterator[Finding]:
    here = {bundle.article.article_id for bundle in unit.bundles}
    here |= {name.removeprefix("articles/").removesuffix(".json") for name in unit.raw.faulty}
    for scheme in ("by_event", "by_time", "by_outlet"):
        for article_id in sorted(set(getattr(unit.raw.splits, scheme)) - here):
            yield Finding("HD508", "splits.json", article_id, scheme, article_id, "an article of the corpus")


Check = Callable[[Unit], Iterator[Finding]]
_BOUNDS: tuple[Check, ...] = (_backwards, _past_the_end, _zones_in_order, _pinned)
_SPANS: tuple[Check, ...] = (_covered, _in_one_zone, _comments_in_place, _same_text)
_REFERENCES: tuple[Check, ...] = (
    _references_resolve, _identifiers_once, _codes_fit, _roles_fit, _one_target, _same_as_first,
)  # fmt: skip
_CORPUS: tuple[Check, ...] = (
    _file_names, _reference_ids_once, _registry_links, _kb_links, _kb_types, _rights, _released_stay,
)  # fmt: skip
