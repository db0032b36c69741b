"""Where in a JSON text a value stands. Only texts with a finding are scanned, so this is written to be exact, not fast."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.findings import Loc

_TOKEN = re.compile(r'[{}\[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}\[\],:"]+', re.DOTALL)


@dataclass
class Places:
    """Offsets, in characters, of everything in a well-formed JSON text."""

    values: dict[Loc, int] = field(default_factory=dict)
    keys: dict[Loc, int] = field(default_factory=dict)
    """Offset of the key of each member; of a key that is given twice, the last."""
    repeated: list[tuple[Loc, int]] = field(default_factory=list)
    """Members whose key stands in the object before, with the offset of the key."""

    def nearest(self, loc: Loc, at_key: bool = False) -> int:
        """Offset of the value (or key) at a path, or of the innermost one around it that is there."""
        if at_key and loc in self.keys:
            return self.keys[loc]
        while loc and loc not in self.values:
            loc = loc[:-1]
        return self.values.get(loc, 0)


def places(text: str) -> Places:
    """Scan a well-formed JSON text. Nesting is kept on a list, so that no depth can overflow the stack."""
    found = Places()
    path: list[str | int] = []
    inside: list[str] = []  # the bracket of each open container
    key_next = False
    for match in _TOKEN.finditer(text):
        token, offset = match.group(), match.start()
        if token in "}]":
            inside.pop()
            path.pop()
        elif token == ",":
            if inside[-1] == "[":
                path[-1] = int(path[-1]) + 1
            key_next = inside[-1] == "{"
        elif token == ":":
            key_next = False
        elif key_next:
            path[-1] = _string(token)
            loc = tuple(path)
            if loc in found.keys:
                found.repeated.append((loc, offset))
            found.keys[loc] = offset
        else:
            found.values[tuple(path)] = offset
            if token in "{[":
                inside.append(token)
                path.append(0)
                key_next = token == "{"
    return found


def odd_literal(text: str) -> int:
    """Offset of the first NaN, Infinity, or number of more than 1,000 digits outside of strings; 0 where there is none."""
    for match in _TOKEN.finditer(text):
        if match.group() in ("NaN", "Infinity", "-Infinity") or (match.group()[0] != '"' and len(match.group()) > 1000):
            return match.start()
    return 0


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of an offset."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def strings(value: object, loc: Loc = ()) -> Iterator[tuple[Loc, str]]:
    """Every string in a parsed JSON value, keys included, with its path."""
    todo = [(loc, value)]
    while todo:
        here, item = todo.pop()
        if isinstance(item, str):
            yield here, item
        elif isinstance(item, dict):
            for key, inner in item.items():
                yield (*here, key), key
                todo.append(((*here, key), inner))
        elif isinstance(item, list):
            todo.extend(((*here, i), inner) for i, inner in enumerate(item))


def _string(token: str) -> str:
    return str(json.loads(token, strict=False))
