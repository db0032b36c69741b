"""What differs between two versions of one record, annotation by annotation."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from pydantic import JsonValue

from pipeline.diff.align import align
from pipeline.diff.kinds import kind
from schema.rows import TABLES

_KEYS = {table.name: table.key for table in TABLES}
"""Lists of whole records, with what their items are identified by."""
_IN_ORDER = frozenset({"reports", "sources"})
"""Lists whose order says something: the main contact comes first, the outermost source."""
_LONGEST = 200
"""Characters of a text that are told whole."""
_AROUND = 30
"""Characters told on either side of what differs in a longer one."""


class Found(NamedTuple):
    """A difference within a record."""

    kind: str
    where: str
    old: JsonValue = None
    new: JsonValue = None


def differences(old: Any, new: Any, where: str = "") -> Iterator[Found]:
    """Compare two values of one place. What only one side has a field for, or what is of another type there, is a change of the
    schema and not told here.
    """
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _fields(old, new, where)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _items(old, new, where)
    elif old is None or new is None or type(old) is type(new):
        yield _found(where, old, new)


def without_texts(value: Any) -> Any:
    """A record without the words of its page."""
    if isinstance(value, dict):
        return {key: without_texts(inner) for key, inner in value.items() if key != "text"}
    return [without_texts(inner) for inner in value] if isinstance(value, list) else value


def _fields(old: dict[str, Any], new: dict[str, Any], where: str) -> Iterator[Found]:
    names = [name for name in new if name in old]
    if {"start", "end"} <= set(names) and (old["start"], old["end"]) != (new["start"], new["end"]):
        yield Found("span moved", where or "start", _place(old), _place(new))
        names = [name for name in names if name not in ("start", "end", "text")]
    if old.get("text") is None or new.get("text") is None:
        names = [name for name in names if name != "text"]  # whether it is given, the article's text_status says
    elif old["text"] != new["text"]:
        names = [name for name in names if name != "page"]  # its hash and length follow
    for name in names:
        yield from differences(old[name], new[name], f"{where}.{name}" if where else name)


def _items(old: list[Any], new: list[Any], where: str) -> Iterator[Found]:
    key = _KEYS.get(where.rpartition(".")[2])
    if key and all(isinstance(value, dict) and key in value for value in (*old, *new)):
        one, other = ({value[key]: value for value in values} for values in (old, new))
        for name in sorted(one.keys() | other.keys(), key=natural):
            yield from differences(one.get(name), other.get(name), f"{where}[{name}]")
        return
    equal, pairs, removed, added = align(old, new)
    places = [j for _, j in sorted([*equal, *pairs])]
    if where.rpartition(".")[2] in _IN_ORDER and places != sorted(places):
        yield Found("order changed", where, told(old), told(new))
    changed = [(j, 0, differences(old[i], new[j], f"{where}[{j}]")) for i, j in pairs]
    gone = [(i, 1, iter([_found(f"{where}[{i}]", old[i], None)])) for i in removed]
    come = [(j, 2, iter([_found(f"{where}[{j}]", None, new[j])])) for j in added]
    for _, _, found in sorted([*changed, *gone, *come], key=lambda entry: entry[:2]):
        yield from found


def natural(key: str) -> tuple[str, int, str]:
    """Sorts identifiers as people count: ``v2`` before ``v10``."""
    digits = len(key) - len(key.rstrip("0123456789"))
    return key[: len(key) - digits], int(key[len(key) - digits :] or 0), key


def _found(where: str, old: Any, new: Any) -> Found:
    if _is_address(old):
        return Found(kind(where, old, new), where, None, new)  # it goes where it spells out a withheld page's words
    if isinstance(old, dict) and new is None:
        old = {name: value for name, value in old.items() if not _is_address(value)}
    if isinstance(old, str) and isinstance(new, str):
        return Found(kind(where, old, new), where, *_excerpts(old, new))
    return Found(kind(where, old, new), where, told(old), told(new))


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _place(span: dict[str, Any]) -> JsonValue:
    return told({name: span[name] for name in ("start", "end", "text") if name in span})


def told(value: Any) -> JsonValue:
    """A value as JSON has it: nulls and empty lists left out, long texts cut."""
    if isinstance(value, dict):
        return {name: told(inner) for name, inner in value.items() if inner is not None and inner != []}
    if isinstance(value, list):
        return [told(inner) for inner in value]
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[: _LONGEST - 1]}…"
    return value.isoformat() if isinstance(value, date) else value


def _excerpts(old: str, new: str) -> tuple[str, str]:
    """Two texts from shortly before they part to shortly after they meet again; whole ones where both are short."""
    if max(len(old), len(new)) <= _LONGEST:
        return old, new
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    return _excerpt(old, head, tail), _excerpt(new, head, tail)


def _excerpt(text: str, head: int, tail: int) -> str:
    start, end = max(0, head - _AROUND), min(len(text), len(text) - tail + _AROUND)
    cut = min(end, start + _LONGEST)
    return f"{'…' if start else ''}{text[start:cut]}{'…' if cut < len(text) else ''}"
