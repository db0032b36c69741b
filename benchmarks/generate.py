"""Write a valid corpus of any size, out of nothing: ``python -m benchmarks.generate --bundles 20000 --shards 20 --seed 1 FOLDER``.

A few hundred pages are written once (``benchmarks.template``); each bundle is one of them with other words and names of the same
lengths, so that its spans stay right. Registry, knowledge base and outlets have one size whatever the number of bundles. About one
bundle in twenty repeats an earlier one in nearly the same words; about six in ten report a row of the registry. The same seed and
number of bundles give the same articles, the same number of shards and compression also the same bytes. Memory does not grow.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from operator import getitem
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.registry import DAYS, FIRST_DAY, HOUSES, PAPERS, World, kb_row
from benchmarks.template import Template

TEMPLATES = 300
COPIES = 0.053
"""Part of the bundles that would repeat an earlier one; a copy of a copy is none, which leaves about 5 %."""
CHANGED = 0.01, 0.04
"""Part of its words that a copy changes: least and most."""
REPORTING = 0.6
"""Part of the bundles that report a row of the registry."""
COMPRESSION = {"gz": "gzip", "zst": "zstd"}

CORPUS = f"""\
name = "generated"
title = "Generated corpus"
version = "0.1.0-dev"
released = "2036-01-01"
description = "Invented articles for benchmarks. Nothing in it is about anything."
languages = ["de-DE", "de-AT", "de-CH"]
keywords = ["benchmark"]

[[authors]]
name = "Nobody"

[licences]
annotations = "CC-BY-4.0"
text = "CC-BY-4.0"
code = "MIT"

[split.shares]
train = 0.6
validation = 0.2
test = 0.2

[split.by_time]
validation_from = "{FIRST_DAY + timedelta(DAYS * 6 // 10)}"
test_from = "{FIRST_DAY + timedelta(DAYS * 8 // 10)}"
"""


@dataclass(frozen=True)
class _Draft:
    """What chance has decided about a bundle."""

    number: int
    chance: np.random.Generator
    template: int
    shift: int
    """How far names are shifted among those of their shape."""
    house: int
    paper: int
    contact: int | None
    minute: int
    copies: int | None
    """Number of the earlier bundle that it would repeat."""
    credits: bool
    """Whether it would name that one in derived_from."""


class Corpus:
    """The bundles of a seed, each made on its own from the seed and its number."""

    def __init__(self, seed: int, bundles: int) -> None:
        """Raises ValueError for a number of bundles below 1 or a negative seed."""
        if bundles < 1 or seed < 0:
            raise ValueError("a corpus has at least one bundle, and a seed is not negative")
        self.seed, self.bundles, self.world = seed, bundles, World.of(seed)
        self._templates: dict[int, Template] = {}

    def line(self, number: int) -> bytes:
        """One bundle as a line of JSON."""
        own = self._draft(number)
        original = None if own.copies is None else self._draft(own.copies)
        if original is not None and original.copies is not None:
            original = None  # a copy of a copy would drift away from the first
        seen = original or own
        template = self._template(seen.template)
        words = self._words(template, own, original)
        names = [alike[(at + seen.shift) % len(alike)] for alike, at in template.names]
        text = template.render(words, names)
        values = self._article(own, original) | {
            "sha256": f'"{hashlib.sha256(text.encode()).hexdigest()}"',
            "page_text": json.dumps(text, ensure_ascii=False),
        }
        return f"{template.bundle(values, names)}\n".encode()

    def _draft(self, number: int) -> _Draft:
        chance = np.random.default_rng([self.seed, number])
        c = chance.random(10).tolist()
        return _Draft(
            number, chance, template=int(c[0] * TEMPLATES), shift=int(c[1] * 100_000), house=int(c[2] * HOUSES), paper=int(c[3] * PAPERS),
            contact=int(len(self.world.contacts) * c[4] ** 2) if c[5] < REPORTING else None, minute=int(c[6] * 1440),
            copies=int(c[7] * number) if number and c[8] < COPIES else None, credits=c[9] < 0.5,
        )  # fmt: skip

    def _template(self, number: int) -> Template:
        if number not in self._templates:
            self._templates[number] = Template(self.world, self.seed, number)
        return self._templates[number]

    @staticmethod
    def _words(template: Template, own: _Draft, original: _Draft | None) -> list[str]:
        sizes, kept = template.sizes, template.kept
        picked = (own.chance.random(len(sizes)) * sizes).astype(np.int64)
        if original is not None:
            picked = np.where(kept, (original.chance.random(len(sizes)) * sizes).astype(np.int64), picked)
            least, most = CHANGED
            count = max(1, int(template.words * (least + (most - least) * own.chance.random())))
            changed = own.chance.permutation(np.flatnonzero(kept))[:count]
            picked[changed] = (picked[changed] + 1 + own.chance.integers(sizes[changed] - 1)) % sizes[changed]
        return list(map(getitem, template.pools, picked.tolist()))

    def _article(self, own: _Draft, original: _Draft | None) -> dict[str, str]:
        """Values of the article's fields and of those that follow from them, as JSON."""
        seen = original or own
        outlet = self.world.outlets[seen.house + HOUSES * own.paper]
        day = FIRST_DAY + timedelta(own.number * DAYS // self.bundles)
        contact = None if seen.contact is None else self.world.contacts[seen.contact]["contact_id"]
        source = json.dumps(
            {
                "outlet": outlet.name, "outlet_kind": outlet.kind, "country": outlet.language[3:], "section": "Politik",
                "url": f"https://{outlet.code}.example/{day}/{own.number}",
            },
            ensure_ascii=False, separators=(",", ":"),
        )  # fmt: skip
        return {
            "article_id": f'"{self._article_id(own, original)}"',
            "source": source,
            "language": f'"{outlet.language}"',
            "published": f'"{day}T{own.minute // 60:02}:{own.minute % 60:02}:00"',
            "captured": f'"{day}"',
            "reports": "[]" if contact is None else f'["{contact}"]',
            "derived_from": f'"{self._article_id(original, None)}"' if original is not None and own.credits else "null",
            "contact": "null" if contact is None else f'"{contact}"',
            "day": f'"{day - timedelta(1)}"',
        }

    def _article_id(self, own: _Draft, original: _Draft | None) -> str:
        outlet = self.world.outlets[(original or own).house + HOUSES * own.paper]
        return f"{FIRST_DAY + timedelta(own.number * DAYS // self.bundles)}-{outlet.code}-{own.number:07}"


def generate(folder: Path, bundles: int, shards: int, seed: int, compress: str | None = None) -> None:
    """Write a raw folder. Raises ValueError for numbers that make no corpus, FileExistsError for a folder that has anything in it."""
    corpus = Corpus(seed, bundles)
    if not 1 <= shards <= bundles:
        raise ValueError("a corpus has at least one shard, and no more shards than bundles")
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    (folder / "articles").mkdir(parents=True, exist_ok=True)
    (folder / "corpus.toml").write_text(CORPUS, encoding="utf-8")
    _write_rows(folder / "contacts.jsonl", corpus.world.contacts)
    _write_rows(folder / "kb.jsonl", map(kb_row, corpus.world.names))
    for shard in range(shards):
        name = f"part-{shard:05}.jsonl" + (f".{compress}" if compress else "")
        with _open(folder / "articles" / name, compress) as stream:
            for number in range(shard * bundles // shards, (shard + 1) * bundles // shards):
                stream.write(corpus.line(number))


def _write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _open(path: Path, compress: str | None) -> AbstractContextManager[Any]:
    if compress is None:
        return path.open("wb")
    stream: AbstractContextManager[Any] = pa.CompressedOutputStream(str(path), COMPRESSION[compress])
    return stream


def main(arguments: list[str] | None = None) -> int:
    """The command; gives the exit status: 0 written, 2 not possible."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate", description="Write a valid corpus of any size.")
    parser.add_argument("--bundles", type=int, default=20_000)
    parser.add_argument("--shards", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compress", choices=sorted(COMPRESSION))
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args(arguments)
    try:
        generate(asked.folder, asked.bundles, asked.shards, asked.seed, asked.compress)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"benchmarks.generate: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
