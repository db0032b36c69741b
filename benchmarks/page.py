"""The page of a template while it is written: characters, slots for words and names, and the spans that a pattern labels."""

import re
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from benchmarks.registry import Name, World
from benchmarks.words import POOLS

CAST = {
    "G": ("GPE",) * 6 + ("LOC",) * 2 + ("FAC",) * 2,
    "P": ("PER",) * 8 + ("ORG",) * 5 + ("GRP",),
    "X": ("WEA", "EVT", "MED") * 2,
}
"""Types of the entities of a page, by the sign that stands for them in a pattern."""
_TOKEN = re.compile(r"\[(\w+) |(\])|\$([A-Z])|([^\[\]$]+)")


@dataclass
class Cast:
    """An entity of the page."""

    number: int
    """From 1: entity n1, n2, …"""
    name: Name
    mentions: list[dict[str, Any]] = field(default_factory=list)


class Slot(NamedTuple):
    """A place of the page where a word or name stands that can be exchanged."""

    name: bool
    """Whether it is a name, and not a word."""
    of: int
    """The entity, or the word's pool, from 0."""
    full: bool = False
    """Whether the full name stands there."""


@dataclass
class Label:
    """A stretch of a sentence that its pattern names."""

    label: str
    start: int | None = None
    """None until the first character of it is written."""
    end: int = 0
    entity: str | None = None
    """The first entity mentioned in it."""

    @property
    def span(self) -> dict[str, int | None]:
        """The stretch as a span."""
        return {"start": self.start, "end": self.end}


class Page:
    """Written from its beginning to its end. Words come from pools, names from a cast whose members take turns."""

    def __init__(self, random: Random, world: World) -> None:
        self._random = random
        types = [(sign, type) for sign in CAST for type in CAST[sign]]
        rest = {
            type: random.sample([n for n in world.names if n.type == type], len(types)) for type in sorted({t for _, t in types})
        }
        self.cast = [Cast(i, rest[type].pop()) for i, (_, type) in enumerate(types, 1)]
        self._by_sign = {sign: [c for c, (s, _) in zip(self.cast, types, strict=True) if s == sign] for sign in CAST}
        self._turn = dict.fromkeys(CAST, 0)
        self._open: list[Label] = []
        self.parts = [""]
        """The text between slots; every second part is a slot's."""
        self.slots: list[Slot] = []
        self.pools: list[list[str]] = []
        """For each slot of a word its pool."""
        self.kept: list[bool] = []
        """For each slot of a word whether it is in the article proper."""
        self.length = 0
        self.words = 0
        """Words of the article proper."""
        self.proper = False
        """Whether what is written now is in the article proper."""

    def sentence(self, pattern: str) -> list[Label]:
        """Write a sentence; gives what its pattern labels, in the order in which the stretches end."""
        found = []
        for label, close, sign, text in _TOKEN.findall(pattern):
            if label:
                self._open.append(Label(label))
            elif close:
                done = self._open.pop()
                done.end = self.length
                found.append(done)
            elif sign in self._by_sign:
                self._mention(sign)
            elif sign:
                self._word(sign)
            else:
                self.write(text)
        return found

    def write(self, text: str) -> None:
        """Write words that stay the same in every bundle."""
        self._begin()
        self.parts[-1] += text
        self.length += len(text)
        self.words += len(re.findall(r"\w+", text)) if self.proper else 0

    def _slot(self, length: int, slot: Slot) -> None:
        self._begin()
        self.parts += ["", ""]
        self.slots.append(slot)
        self.length += length
        self.words += self.proper

    def _begin(self) -> None:
        for label in self._open:
            label.start = self.length if label.start is None else label.start

    def _word(self, kind: str) -> None:
        pool = self._random.choice(POOLS[kind])
        self.pools.append(pool)
        self.kept.append(self.proper)
        self._slot(len(pool[0]), Slot(False, len(self.pools) - 1))

    def _mention(self, sign: str) -> None:
        cast = self._by_sign[sign]
        own = cast[self._turn[sign] % len(cast)]
        self._turn[sign] += 1
        for label in self._open:
            label.entity = label.entity or f"n{own.number}"
        start, first = self.length, not own.mentions
        nominal = own.name.type == "PER" and not first and self._random.random() < 0.3
        if nominal:
            self._word("M")
        else:
            self._slot(len(own.name.full if first else own.name.short), Slot(True, own.number - 1, first))
        own.mentions.append({"start": start, "end": self.length, "level": "nominal" if nominal else "name"})
