"""Level 4: records and references within an article."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.check.unit import RECORD_KEYS, Check, Unit
from pipeline.findings import Finding
from pipeline.nodes import Bools, Ints, Node, explode, flags, integers
from schema.rows import KEYS
from schema.vocabulary import Codes, EventType

REFERS = {"entity_id": "entity_id", "event_id": "event_id", "same_as": "event_id", "reply_to": "comment_id"}
"""Fields that refer to a record of the same article, and the kind of identifier that they hold."""

_CODE = np.int64(2**32)  # greater than any code of a string, so that row * _CODE + code is one key
_TYPES = {str(kind): kind for kind in EventType}
_SEPARATOR = "\x1f"  # in no code or role

# --- identifiers -----------------------------------------------------------------------------------------------------------------


def _defining(unit: Unit) -> dict[str, Node]:
    """The node that defines the identifiers of each kind of record."""
    paths = {f"{name}[].{key}": key for name, key in RECORD_KEYS.items()}
    return {paths[node.path]: node for node in unit.nodes if node.path in paths}


def _keyed(nodes: Sequence[Node]) -> list[Ints]:
    """For each value of some nodes a number that is the same for the same string in the same article; -1 for null."""
    codes = _codes(pa.concat_arrays([node.array for node in nodes]))
    keys = np.where(codes < 0, -1, np.concatenate([node.rows for node in nodes]) * _CODE + codes)
    return np.split(keys, np.cumsum([len(node.array) for node in nodes])[:-1])


def _codes(array: pa.Array) -> Ints:
    """For each string a number that is the same for the same one; -1 for null."""
    return integers(pc.dictionary_encode(array).indices)


def _repeated(*columns: Ints) -> Ints:
    """Indexes of the rows that say in all columns (of numbers from 0 to 2³¹) what an earlier row says."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns if len(key) else ():
        size = int(column.max()) + 1
        if int(key.max()) >= 2**62 // size:
            key = np.unique(key, return_inverse=True)[1]
        key = key * size + column
    order = np.argsort(key, kind="stable")
    return np.sort(order[1:][key[order][1:] == key[order][:-1]])


def _references_resolve(unit: Unit) -> Iterator[Finding]:
    for kind, defining in _defining(unit).items():
        refer = [node for node in unit.nodes if REFERS.get(node.name) == kind and node is not defining]
        known, *keys = _keyed([defining, *refer])
        given = np.concatenate(keys)
        dangling = (given >= 0) & ~flags(pc.is_in(pa.array(given), pa.array(known)))
        for node, bad in zip(refer, np.split(dangling, np.cumsum([len(key) for key in keys])[:-1]), strict=True):
            for i in np.flatnonzero(bad):
                yield unit.at("HD401", node, i, node.array[i].as_py(), f"the {kind} of a record of this article")


def _identifiers_once(unit: Unit) -> Iterator[Finding]:
    for node in _defining(unit).values():
        for i in _repeated(node.rows, _codes(node.array)):
            yield unit.at("HD402", node, i, node.array[i].as_py())


def _local(unit: Unit) -> Iterator[Finding]:
    for node in unit.nodes:
        if node.name in KEYS:
            for i in np.flatnonzero(flags(pc.match_substring(node.array, ":"))):
                yield unit.at("HD411", node, i, node.array[i].as_py())


# --- events ----------------------------------------------------------------------------------------------------------------------


def _among(allowed: Sequence[tuple[str | None, ...]], *columns: pa.Array) -> Bools:
    """For each row whether its strings, one of each column, are together one of the allowed tuples."""
    rows = pc.binary_join_element_wise(*(pc.fill_null(column, "") for column in columns), _SEPARATOR)
    return flags(pc.is_in(rows, pa.array([_SEPARATOR.join(value or "" for value in row) for row in allowed], pa.string())))


def _codes_fit(unit: Unit) -> Iterator[Finding]:
    columns = [unit.node(f"events[].{name}").array for name in ("type", "cameo", "plover.event", "plover.mode")]
    fits = _among([(kind, *codes) for kind in EventType for codes in kind.codes], *columns)
    for i in np.flatnonzero(~fits):
        kind, cameo, event, mode = (column[i].as_py() for column in columns)
        allowed = "; ".join(_say(codes) for codes in _TYPES[kind].codes)
        node = unit.node("events[].cameo")
        yield unit.at("HD403", node, i, f"{kind}: {_say(Codes(cameo, event, mode))}", allowed)


def _say(codes: Codes) -> str:
    plover = "·".join(part for part in (codes.plover, codes.mode) if part) or "no PLOVER"
    return f"CAMEO {codes.cameo or 'none'} with {plover}"


def _roles_fit(unit: Unit) -> Iterator[Finding]:
    node = unit.node("events[].arguments[].role")
    _, parents = explode(unit.node("events[].arguments").array)
    types = unit.node("events[].type").array.take(pa.array(parents))
    for i in np.flatnonzero(~_among([(kind, role) for kind in EventType for role in kind.roles], types, node.array)):
        kind = _TYPES[types[i].as_py()]
        yield unit.at("HD404", node, i, f"{kind}: {node.array[i].as_py()}", ", ".join(kind.roles))


def _same_as(unit: Unit) -> Iterator[Finding]:
    own, same_as, contacts = (unit.node(f"events[].{name}") for name in ("event_id", "same_as", "contact_id"))
    key, other = _keyed([own, same_as])
    first = _find(key, other, side="right")
    contact = _codes(contacts.array)
    known = np.flatnonzero(first >= 0)
    later = (first >= np.arange(len(first))) | (other[first] >= 0)
    for i in known[(later | (contact[first] != contact))[known]]:
        if later[i]:
            found = f"{own.array[i].as_py()} → {same_as.array[i].as_py()}"
            yield unit.at("HD406", same_as, i, found, "an earlier event without same_as")
        else:
            expected = f"{contacts.array[first[i]].as_py()}, as {same_as.array[i].as_py()} has"
            yield unit.at("HD410", contacts, i, str(contacts.array[i].as_py()), expected)


def _find(keys: Ints, wanted: Ints, side: str) -> Ints:
    """For each wanted key its first (``left``) or last (``right``) index among ``keys``; -1 where it is not there, or negative."""
    if not len(keys):
        return np.full(len(wanted), -1)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    index = np.searchsorted(ordered, wanted, "left") if side == "left" else np.searchsorted(ordered, wanted, "right") - 1
    index = np.clip(index, 0, len(keys) - 1)
    return np.where((wanted >= 0) & (ordered[index] == wanted), order[index], -1)


def _chains_do_not_loop(unit: Unit) -> Iterator[Finding]:
    node = unit.node("events[].sources[].entity_id")
    _, events = explode(unit.node("events[].sources").array)
    codes = _codes(node.array)
    given = np.flatnonzero(codes >= 0)
    for i in given[_repeated(events[given], codes[given])]:
        yield unit.at("HD407", node, i, node.array[i].as_py())


# --- what is annotated ---------------------------------------------------------------------------------------------------------


def _annotated_once(unit: Unit) -> Iterator[Finding]:
    mentions, triggers, comments = (unit.node(path) for path in ("entities[].mentions[]", "events[].trigger", "comments[]"))
    _, entities = explode(unit.node("entities[].mentions").array)
    types = _codes(unit.node("events[].type").array)
    for node, alike in ((mentions, [entities]), (triggers, [triggers.rows, types]), (comments, [comments.rows])):
        start, end = node.bounds
        for i in _repeated(*alike, start, end):
            yield unit.at("HD408", node, i, f"{start[i]}–{end[i]}")


# --- comments --------------------------------------------------------------------------------------------------------------------


def _one_target(unit: Unit) -> Iterator[Finding]:
    stances = unit.node("comments[].stances[]")
    targets = [unit.node(f"{stances.path}.{name}").array for name in ("entity_id", "event_id", "contact_id")]
    given = np.sum([flags(target.is_valid()) for target in targets], axis=0)
    for i in np.flatnonzero(given != 1):
        yield unit.at("HD405", stances, i, f"{given[i]} targets", "one")


def _comments_numbered(unit: Unit) -> Iterator[Finding]:
    own, reply_to, position = (unit.node(f"comments[].{name}") for name in ("comment_id", "reply_to", "position"))
    key, other = _keyed([own, reply_to])
    place, said = own.places[0] + 1, integers(position.array)
    below = _find(key, other, side="left") >= np.arange(len(key))
    for i in np.flatnonzero((said != place) | below):
        if said[i] != place[i]:
            yield unit.at("HD409", position, i, f"position {said[i]}", str(place[i]))
        else:
            yield unit.at("HD409", reply_to, i, reply_to.array[i].as_py(), "a comment above it")


RULES: tuple[Check, ...] = (
    _local, _references_resolve, _identifiers_once, _codes_fit, _roles_fit, _one_target, _same_as, _chains_do_not_loop, _annotated_once,
    _comments_numbered,
)  # fmt: skip
