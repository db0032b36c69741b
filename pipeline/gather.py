"""Stages 1 to 3, over all articles: units are cut, done by workers, and taken into the index in their order."""

import pickle
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipeline.cache import Area, key, state
from pipeline.cut import Cut, cut
from pipeline.execute import Executor
from pipeline.index import Index
from pipeline.pages import Shelf
from pipeline.progress import Progress
from pipeline.read import Raw
from pipeline.units import Context, Task, work


def gather(raw: Raw, area: Area, pool: Executor, level: int, shelf: Shelf | None, progress: Progress) -> Index:
    """Do all units of a corpus and gather what they give; findings go to those of the raw files. What ``area`` has is not done again."""
    paged = bool(raw.files.names("pages"))
    context = Context(raw.folder.absolute(), area.folder, level, raw.meta.languages, paged, _shelved(shelf, area))
    depends = (level, raw.meta.languages, _pages(raw) if paged else None, context.shelf and context.shelf.name)
    index = Index(raw, area.folder)
    waiting: deque[tuple[str, Cut, bool]] = deque()

    def missing() -> Iterator[Task]:
        for own in cut(raw.files, raw.articles, area):
            name = f"{key(own.key, depends)}.unit"
            there = area.path(name).is_dir()
            bare = replace(own, pieces=tuple(replace(piece, data=None) for piece in own.pieces))
            waiting.append((name, bare, there))
            if not there:
                yield Task(context, own, name)

    def take() -> bool:
        name, own, there = waiting.popleft()
        progress.did(own.bytes, index.add(name, own))
        return there

    for _ in pool.map(work, missing()):
        while take():  # those before it that were there
            pass
    while waiting:
        take()
    return index


def _pages(raw: Raw) -> list[tuple[str, list[Any]]]:
    """What tells the pages beside shards from others: those beside files of one article are part of their units' bytes."""
    if all(name.endswith(".json") for name in raw.articles):
        return []
    return [(name, state(raw.folder / name)) for name in raw.files.names("pages")]


def _shelved(shelf: Shelf | None, area: Area) -> Path | None:
    """The user's pages, in a file that workers read."""
    if shelf is None:
        return None
    data = pickle.dumps(shelf)
    path = area.path(f"{sha256(data).hexdigest()[:40]}.shelf")
    path.write_bytes(data)
    return path
