"""Level 4: records and references within an article."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.check.unit import RECORD_KEYS, Check, Unit
from pipeline.findings import Finding
from pipeline.nodes import Node
from schema.rows import KEYS
from schema.vocabulary import Codes

REFERS = {"entity_id": "entity_id", "event_id": "event_id", "same_as": "event_id", "reply_to": "comment_id"}
"""Fields that refer to a record of the same article, and the kind of identifier that they hold."""


def _defining(unit: Unit) -> dict[str, Node]:
    """The node that defines the identifiers of each kind of record."""
    paths = {f"{name}[].{key}": key for name, key in RECORD_KEYS.items()}
    return {paths[node.path]: node for node in unit.nodes if node.path in paths}


def _references_resolve(unit: Unit) -> Iterator[Finding]:
    for kind, defining in _defining(unit).items():
        known = pa.array(_keyed(defining), pa.string())
        for node in unit.nodes:
            if REFERS.get(node.name) == kind and node is not defining:
                key = pa.array(_keyed(node), pa.string())
                bad = pc.and_(key.is_valid(), pc.invert(pc.is_in(key, known)))
                for i in np.flatnonzero(bad.to_numpy(zero_copy_only=False)):
                    yield unit.at("HD401", node, i, node.array[i].as_py(), f"the {kind} of a record of this article")


def _keyed(node: Node) -> list[str | None]:
    """Identifiers with the row of their article, so that those of different articles differ."""
    return [value and f"{row} {value}" for row, value in zip(node.rows, node.array.to_pylist(), strict=True)]


def _identifiers_once(unit: Unit) -> Iterator[Finding]:
    for node in _defining(unit).values():
        seen = set()
        for i, value in enumerate(_keyed(node)):
            if value in seen:
                yield unit.at("HD402", node, i, node.array[i].as_py())
            seen.add(value)


def _local(unit: Unit) -> Iterator[Finding]:
    for node in unit.nodes:
        if node.name in KEYS:
            for i, value in enumerate(node.array.to_pylist()):
                if value is not None and ":" in value:
                    yield unit.at("HD411", node, i, value)


def _codes_fit(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        for i, event in enumerate(bundle.events):
            plover = event.plover
            codes = Codes(event.cameo, plover.event if plover else None, plover.mode if plover else None)
            if codes not in event.type.codes:
                allowed = "; ".join(_say(c) for c in event.type.codes)
                yield unit.on(bundle, "HD403", ("events", i, "cameo"), f"{event.type}: {_say(codes)}", allowed)


def _say(codes: Codes) -> str:
    plover = "·".join(part for part in (codes.plover, codes.mode) if part) or "no PLOVER"
    return f"CAMEO {codes.cameo or 'none'} with {plover}"


def _roles_fit(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        for i, event in enumerate(bundle.events):
            for j, argument in enumerate(event.arguments):
                if argument.role not in event.type.roles:
                    loc = ("events", i, "arguments", j, "role")
                    yield unit.on(bundle, "HD404", loc, f"{event.type}: {argument.role}", ", ".join(event.type.roles))


def _one_target(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        for i, comment in enumerate(bundle.comments):
            for j, stance in enumerate(comment.stances):
                given = [t for t in (stance.entity_id, stance.event_id, stance.contact_id) if t is not None]
                if len(given) != 1:
                    yield unit.on(bundle, "HD405", ("comments", i, "stances", j), f"{len(given)} targets", "one")


def _same_as(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        position = {event.event_id: i for i, event in enumerate(bundle.events)}
        for i, event in enumerate(bundle.events):
            first = position.get(event.same_as or "")
            if first is None:
                continue
            if first >= i or bundle.events[first].same_as is not None:
                found = f"{event.event_id} → {event.same_as}"
                yield unit.on(bundle, "HD406", ("events", i, "same_as"), found, "an earlier event without same_as")
            elif bundle.events[first].contact_id != event.contact_id:
                expected = f"{bundle.events[first].contact_id}, as {event.same_as} has"
                yield unit.on(bundle, "HD410", ("events", i, "contact_id"), str(event.contact_id), expected)


def _chains_do_not_loop(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        for i, event in enumerate(bundle.events):
            seen = set()
            for j, link in enumerate(event.sources):
                if link.entity_id is not None and link.entity_id in seen:
                    yield unit.on(bundle, "HD407", ("events", i, "sources", j, "entity_id"), link.entity_id)
                seen.add(link.entity_id)


def _annotated_once(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        for i, entity in enumerate(bundle.entities):
            seen = set()
            for j, mention in enumerate(entity.mentions):
                if (mention.start, mention.end) in seen:
                    yield unit.on(bundle, "HD408", ("entities", i, "mentions", j), f"{mention.start}–{mention.end}")
                seen.add((mention.start, mention.end))
        triggers = set()
        for i, event in enumerate(bundle.events):
            key = (event.type, event.trigger.start, event.trigger.end)
            if key in triggers:
                yield unit.on(bundle, "HD408", ("events", i, "trigger"), f"{event.trigger.start}–{event.trigger.end}")
            triggers.add(key)


def _comments_numbered(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        earlier: set[str] = set()
        places: set[tuple[int, int]] = set()
        known = {comment.comment_id for comment in bundle.comments}
        for i, comment in enumerate(bundle.comments):
            if comment.position != i + 1:
                yield unit.on(bundle, "HD409", ("comments", i, "position"), f"position {comment.position}", str(i + 1))
            elif comment.reply_to is not None and comment.reply_to in known - earlier:
                yield unit.on(bundle, "HD409", ("comments", i, "reply_to"), comment.reply_to, "a comment above it")
            if (comment.start, comment.end) in places:
                yield unit.on(bundle, "HD408", ("comments", i), f"{comment.start}–{comment.end}")
            places.add((comment.start, comment.end))
            earlier.add(comment.comment_id)


RULES: tuple[Check, ...] = (
    _local, _references_resolve, _identifiers_once, _codes_fit, _roles_fit, _one_target, _same_as, _chains_do_not_loop, _annotated_once,
    _comments_numbered,
)  # fmt: skip
