"""What all invented articles link to: knowledge base, registry and outlets, of one size whatever the number of bundles."""

import json
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from random import Random
from typing import Any

from benchmarks.words import ENDS, GIVEN, POOLS, STEMS

CONTACTS = 400
"""Rows of the registry."""
KB = {"PER": 700, "GPE": 320, "ORG": 350, "LOC": 200, "FAC": 200, "WEA": 60, "EVT": 70, "MED": 60, "GRP": 40}
"""Rows of the knowledge base by type; 2,000 together."""
FIRST_DAY, DAYS = date(2031, 1, 1), 1800
"""The time that articles are spread over."""
HOUSES, PAPERS = 8, 5
"""Publishing houses, and outlets of each: only papers of one house print one another's copy."""


@dataclass(frozen=True)
class Name:
    """A thing that has a name: a row of the knowledge base, or one without."""

    type: str
    kb_id: str | None
    full: str
    short: str

    @cached_property
    def json(self) -> tuple[str, str]:
        """Name and kb_id as JSON."""
        return json.dumps(self.full, ensure_ascii=False), json.dumps(self.kb_id)

    @property
    def shape(self) -> tuple[str, int, int]:
        """What must agree for one name to take another's place."""
        return self.type, len(self.full), len(self.short)


@dataclass(frozen=True)
class Outlet:
    """A publisher of pages."""

    name: str
    code: str
    kind: str
    language: str
    house: int


@dataclass(frozen=True)
class World:
    """Everything that articles refer to."""

    names: list[Name]
    alike: dict[tuple[str, int, int], list[Name]]
    """Names by shape."""
    outlets: list[Outlet]
    contacts: list[dict[str, Any]]

    @classmethod
    def of(cls, seed: int) -> "World":
        """The world of a seed."""
        random = Random(f"world {seed}")
        names = _names(random)
        alike = defaultdict(list)
        for name in names:
            alike[name.shape].append(name)
        outlets = _outlets(random)
        persons = [name for name in names if name.type == "PER"]
        return cls(names, dict(alike), outlets, [_contact(random, i, persons, outlets) for i in range(CONTACTS)])


def _names(random: Random) -> list[Name]:
    names, seen = [], set()
    for type, count in KB.items():
        own = 0
        while own < count:
            short = random.choice(STEMS) + random.choice(ENDS[type])
            full = f"{random.choice(GIVEN)} {short}" if type == "PER" else short
            if slug(full) not in seen:
                seen.add(slug(full))
                names.append(Name(type, slug(full), full, short))
                own += 1
    return names


def slug(text: str) -> str:
    """A text as an identifier: small ASCII letters and hyphens."""
    plain = unicodedata.normalize("NFD", text.lower().replace("ß", "ss"))
    return "".join("-" if c in " -" else c for c in plain if c.isascii())


def _outlets(random: Random) -> list[Outlet]:
    kinds = ["newspaper"] * 4 + ["portal", "broadcaster", "magazine", "agency", "association", "blog"]
    outlets = []
    stems = random.sample(STEMS, HOUSES * PAPERS)
    for i, stem in enumerate(stems):
        kind = kinds[i % len(kinds)]
        language = ("de-DE", "de-DE", "de-AT", "de-CH")[i % 4]
        outlets.append(Outlet(f"{stem}er Rundschau", slug(stem), kind, language, i % HOUSES))
    return outlets


def _contact(random: Random, number: int, persons: list[Name], outlets: list[Outlet]) -> dict[str, Any]:
    day = FIRST_DAY + timedelta(days=number * DAYS // CONTACTS)
    kind, status = random.choice(
        (
            ("phone_call", "held"),
            ("phone_call", "held"),
            ("meeting", "held"),
            ("encounter", "held"),
            ("planned_meeting", "cancelled"),
        )
    )
    return {
        "contact_id": f"{day}-{kind.replace('_', '-')}-{number:03}",
        "kind": kind,
        "status": status,
        "date": day.isoformat(),
        "participants": [{"name": p.full, "kb_id": p.kb_id} for p in random.sample(persons, 2)],
        "topics": [random.choice(random.choice(POOLS["N"])) for _ in range(2)],
        "sources": [{"outlet": random.choice(outlets).name, "published": day.isoformat()}],
        "verified": True,
    }


def kb_row(name: Name) -> dict[str, Any]:
    """A name as a row of kb.jsonl."""
    aliases = [name.short] if name.short != name.full else []
    return {"kb_id": name.kb_id, "type": name.type, "name": name.full, "name_de": name.full, "aliases_de": aliases}
