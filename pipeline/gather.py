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
from pipeline.execute.memory import give_back
from pipeline.groups import MOST, ends, make_group
from pipeline.index import Index
from pipeline.pages import Shelf
from pipeline.progress import Progress
from pipeline.read import Raw
from pipeline.units import Context, Task, work


def gather(raw: Raw, area: Area, pool: Executor, level: int, shelf: Shelf | None, progress: Progress) -> Index:
    """Do all units of a corpus and gather what they give; findings go to those of the raw files. What ``area`` has is not done again."""
    paged = bool(raw.files.names("pages"))
    context = Context(raw.folder.absolute(), area.folder, level, raw.meta.languages, paged, _shelved(shelf, area))
    common = key(level, raw.meta.languages, context.shelf and context.shelf.name)
    pages = _pages(raw) if paged else None
    index = Index(raw, area.folder, common)
    waiting: deque[tuple[str, Cut, bool]] = deque()
    done: list[tuple[str, Cut]] = []

    def missing() -> Iterator[Task]:
        for own in cut(raw.files, raw.articles, area):
            name = f"{key(own.key, common, pages)}.unit"
            there = area.path(name).is_dir()
            bare = replace(own, pieces=tuple(replace(piece, data=None) for piece in own.pieces))
            waiting.append((name, bare, there))
            if not there:
                yield Task(context, own, name)
            elif len(waiting) == 1:
                take()

    def take() -> bool:
        name, own, there = waiting.popleft()
        done.append((name, own))
        progress.did(own.bytes, join() if ends(name) or len(done) == MOST else 0)
        return there

    def join() -> int:
        units = [unit for unit, _ in done]
        group = area.path(f"{key(units)}.group")
        if not group.is_dir():
            make_group(area.folder, units, group)
        found = index.add(group.name, done)
        done.clear()
        give_back()
        return found

    for _ in pool.map(work, missing()):
        while take():  # those before it that were there
            pass
    while waiting:
        take()
    if done:
        progress.did(0, join())
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
