"""A template: one page with its annotation, whose words and names can be exchanged for others of the same length."""

import json
import re
from operator import itemgetter
from random import Random
from typing import Any

import numpy as np

from benchmarks import patterns
from benchmarks.page import Label, Page
from benchmarks.registry import Name, World
from benchmarks.words import READERS
from schema.vocabulary import EventType, MarkerKind, Role

EVENTS, PLAIN, PARAGRAPHS, COMMENTS = 10, 18, 7, 3
"""Events, sentences without an event, paragraphs and comments of a page."""
_LINKED = ("call", "meeting", "talks")
"""Types of events that are linked to the registry."""
_CODES = {type.value: type.codes for type in EventType}
_ROLES, _MARKERS = {role.value for role in Role}, {kind.value for kind in MarkerKind}
_MARK = "\ue000"
"""Begins a string that stands for a value in the JSON of a template."""

_Sentence = tuple[str | None, str]
"""A type of event, or None, and a pattern."""


class Template:
    """A page that was written once: its text as parts between slots, and its bundle's JSON as parts between values."""

    def __init__(self, world: World, seed: int, number: int) -> None:
        self._random = Random(f"template {seed} {number}")
        self._page = Page(self._random, world)
        self._zones: list[dict[str, Any]] = []
        self._private: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []
        self._comments: list[dict[str, Any]] = []
        self._write()
        self.pools, self.words = self._page.pools, self._page.words
        self.sizes, self.kept = np.array([len(pool) for pool in self.pools]), np.array(self._page.kept)
        alike = [world.alike[c.name.shape] for c in self._page.cast]
        self.names = [(names, names.index(c.name)) for names, c in zip(alike, self._page.cast, strict=True)]
        """For each entity the names that can take its place, and which of them it has."""
        self._json, self._keys = self._bundle()
        words, cast = len(self.pools), len(self._page.cast)
        places = [words + s.of + (0 if s.full else cast) if s.name else s.of for s in self._page.slots]
        self._slots = itemgetter(*places)  # words, full names and short names, one behind the other → what stands in the slots

    def render(self, words: list[str], names: list[Name]) -> str:
        """The page with a word for each pool and a name for each entity."""
        parts = self._page.parts.copy()
        parts[1::2] = self._slots([*words, *(name.full for name in names), *(name.short for name in names)])
        return "".join(parts)

    def bundle(self, values: dict[str, str], names: list[Name]) -> str:
        """The bundle as JSON, with JSON for each of its values (see ``_bundle``) and a name for each entity."""
        parts = self._json.copy()
        named = [value for name in names for value in name.json]
        parts[1::2] = [named[key] if isinstance(key, int) else values[key] for key in self._keys]
        return "".join(parts)

    # --- zones -------------------------------------------------------------------------------------------------------------------

    def _write(self) -> None:
        choose = self._random.choice
        told = self._random.sample(patterns.EVENTS, EVENTS)
        sentences: list[_Sentence] = [*told[1:], *((None, choose(patterns.PLAIN)) for _ in range(PLAIN))]
        self._random.shuffle(sentences)
        self._zone("kicker", (None, "$N"))
        self._zone("headline", (None, choose(patterns.HEADLINES)), proper=True)
        self._zone("lead", told[0], (None, choose(patterns.PLAIN)), proper=True)
        self._zone("byline", (None, "Von unserer Redaktion"))
        for i in range(PARAGRAPHS):
            if i in (2, 5):
                self._zone("subheading", (None, choose(patterns.SUBHEADINGS)), proper=True)
            if i == 4:
                self._zone("caption", (None, choose(patterns.CAPTIONS)))
                self._zone("credit", (None, "Bild: Archiv"))
            first, last = (k * len(sentences) // PARAGRAPHS for k in (i, i + 1))
            self._zone("paragraph", *sentences[first:last], proper=True)
        self._zone("navigation", (None, "Mehr zum Thema – zurück zur Übersicht"))
        self._zone("comment_heading", (None, "Kommentare"))
        for i in range(COMMENTS):
            self._comment(i + 1)

    def _zone(self, type: str, *sentences: _Sentence, proper: bool = False) -> dict[str, Any]:
        if self._zones:
            self._page.write("\n\n")
        self._page.proper = proper
        start = self._page.length
        for i, (event, pattern) in enumerate(sentences):
            if i:
                self._page.write(" ")
            found = self._page.sentence(pattern)
            if event is not None:
                self._events.append(self._event(event, found))
        self._zones.append({"start": start, "end": self._page.length, "type": type})
        return self._zones[-1]

    # --- records -----------------------------------------------------------------------------------------------------------------

    def _comment(self, position: int) -> None:
        cast = self._page.cast
        author = self._zone("comment_author", (None, self._random.choice(READERS)))
        self._private.append({"start": author["start"], "end": author["end"], "kind": "reader_name"})
        before = [len(c.mentions) for c in cast]
        zone = self._zone("comment", *((None, text) for text in self._random.sample(patterns.COMMENTS, 2)))
        named = [f"n{c.number}" for c, mentions in zip(cast, before, strict=True) if len(c.mentions) > mentions]
        stances = [{"entity_id": name, "stance": self._stance()} for name in named[:2]]
        stances.append({"event_id": f"v{self._random.randrange(EVENTS) + 1}", "stance": self._stance()})
        labels: dict[str, Any] = {"sentiment": self._random.choice(patterns.SENTIMENTS)}
        for label in ("arguments_used", "off_topic", "inappropriate", "discriminating", "personal_story", "feedback"):
            labels[label] = self._random.random() < 0.2
        own = {"start": zone["start"], "end": zone["end"], "comment_id": f"c{position}", "author": f"reader-{position}"}
        answer = {"reply_to": "c1"} if position == COMMENTS else {}
        self._comments.append(own | {"position": position} | answer | {"stances": stances, "labels": labels})

    def _stance(self) -> str:
        return self._random.choice(patterns.STANCES)

    def _event(self, type: str, found: list[Label]) -> dict[str, Any]:
        code = self._random.choice(_CODES[type])
        by_label = {label.label: label for label in found}
        markers = [{"span": label.span, "kind": label.label} for label in found if label.label in _MARKERS]
        event: dict[str, Any] = {"event_id": f"v{len(self._events) + 1}", "type": type, "trigger": by_label["trigger"].span}
        if type in _LINKED:
            first = next((e for e in self._events if e["type"] == type), None)
            event |= {"same_as": first["event_id"]} if first else {}
            event["contact_id"] = f"{_MARK}contact"
        event |= {"cameo": code.cameo} if code.cameo else {}
        if code.plover:
            event["plover"] = {"event": code.plover.value} | ({"mode": code.mode.value} if code.mode else {})
        event["certainty"] = self._random.choice(("probable", "possible", "unknown")) if markers else "certain"
        event["polarity"] = "negative" if "negation" in by_label else "positive"
        event["time"] = self._random.choice(("past", "present", "future"))
        event |= {"markers": markers} if markers else {}
        if source := by_label.get("source"):
            event["sources"] = [_entity(source) | {"span": source.span, "cue": by_label["cue"].span, "mode": "reported"}]
        event["arguments"] = [{"role": a.label} | _entity(a) | {"span": a.span} for a in found if a.label in _ROLES]
        if when := by_label.get("when"):
            event["when"] = {"span": when.span, "value": f"{_MARK}day"}
        if place := by_label.get("place"):
            event["place"] = _entity(place) | {"span": place.span}
        return event | ({"content": by_label["content"].span} if "content" in by_label else {})

    # --- JSON --------------------------------------------------------------------------------------------------------------------

    def _bundle(self) -> tuple[list[str], list[str | int]]:
        """The bundle as JSON between values, and what the values are: a name of one, or 2i and 2i+1 for entity i's name and kb_id."""
        entities = [
            {"entity_id": f"n{c.number}", "type": c.name.type, "name": f"{_MARK}{2 * i}", "kb_id": f"{_MARK}{2 * i + 1}"}
            | {"mentions": c.mentions}
            for i, c in enumerate(self._page.cast)
            if c.mentions
        ]
        article: dict[str, Any] = {name: f"{_MARK}{name}" for name in ("article_id", "source", "language", "published", "captured")}
        article |= {
            "origin": "written",
            "rights": {"status": "open", "licence": "CC-BY-4.0", "holder": "Nobody"},
            "page": {"sha256": f"{_MARK}sha256", "characters": self._page.length},
            "zones": self._zones,
            "private": self._private,
            "reports": f"{_MARK}reports",
            "derived_from": f"{_MARK}derived_from",
            "annotation": {"guidelines": "1.2", "annotators": [{"name": "generator", "kind": "person"}], "adjudicated": False},
        }
        bundle = {"article": article, "entities": entities, "events": self._events, "comments": self._comments}
        written = json.dumps(bundle | {"page_text": f"{_MARK}page_text"}, ensure_ascii=False, separators=(",", ":"))
        parts = re.split(rf'"{_MARK}(\w+)"', written)
        return parts, [int(key) if key.isdigit() else key for key in parts[1::2]]


def _entity(label: Label) -> dict[str, Any]:
    return {"entity_id": label.entity} if label.entity else {}
