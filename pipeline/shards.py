"""Stage 6, over all articles: which shard has which, who writes it, and where it goes.

Shards are sized by bytes. Where a split is cut follows from how many bytes its articles have before each unit, so that a change moves no
cut that is not near it, and every shard but those that it is in can be used again.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.cache import Area, key, place
from pipeline.corpus import Corpus
from pipeline.execute import Executor
from pipeline.index import Ref
from pipeline.passes import Passed
from pipeline.progress import Progress
from pipeline.split import SPLITS, Assigned
from pipeline.tables import ARTICLE_TABLES, passes_table, reference_table
from pipeline.texts import Texts
from pipeline.write import Part, Piece, Shard, ShardTask, read_shard, write_shard, write_table
from schema.reference import SplitName
from schema.rows import TABLES

SHARD_BYTES = 32 * 2**20
"""Bytes of raw files whose articles make a shard: small enough that a change writes little anew, and that a worker has little to hold."""


def write_tables(
    corpus: Corpus, area: Area, pool: Executor, folder: Path, about: Mapping[str, str], progress: Progress | None = None
) -> list[Shard]:
    """Write every table that has rows as ``data/<table>/<split>-<number>-of-<count>.parquet``; gives the files in the order of tables,
    splits and numbers. An empty split is not written. ``about`` is what each file says of the release that it is a part of.
    """
    assert corpus.splits is not None, "only what was split has tables"
    index, splits = corpus.index, corpus.splits
    wikidata = _wikidata(corpus, area)
    tasks = []
    for split, parts, size in plan(index.units, index.bytes.values, index.content(), splits):
        for table in ARTICLE_TABLES:
            items = wikidata if table == "entities" else None
            task = ShardTask(area.folder, area.folder, table, split, tuple(parts), size, tuple(about.items()), items, index.depends)
            tasks.append(replace(task, folder=area.path(f"{key(task.key())}.shard")))
    progress = progress or Progress()
    missing = [task for task in tasks if not task.folder.is_dir()]
    missing.sort(key=lambda task: -task.memory)  # so that no worker is left with a large one in the end, or waits for one between
    progress.did(sum(map(_share, tasks)) - sum(map(_share, missing)))
    for task, _ in zip(missing, pool.map(write_shard, missing), strict=True):
        progress.did(_share(task))
    found = []
    for _, group in groupby(sorted(tasks, key=lambda task: (task.table, task.split)), key=lambda task: (task.table, task.split)):
        shards = [(task.folder, shard) for task in group if (shard := read_shard(task.folder)) is not None]
        for i, (own, shard) in enumerate(shards):
            path = f"data/{shard.table}/{shard.split}-{i:05}-of-{len(shards):05}.parquet"
            place(own / shard.path, folder / path, area.kept)
            found.append(replace(shard, path=path))
    return in_order([*found, *_small_tables(corpus, splits, folder, about)])


def plan(
    units: Sequence[Ref], sizes: np.ndarray, content: np.ndarray, splits: Assigned
) -> Iterator[tuple[SplitName, list[Part], int]]:
    """The shards of each split, one after the other: which articles of which units, and their bytes.

    ``sizes`` are the bytes of each article in its raw file, ``content`` is a hash of all that its rows depend on (``Index.content``).
    """
    for code, split in enumerate(SPLITS):
        own = splits.by_event == code
        before = np.concatenate(([0], np.cumsum(np.where(own, sizes, 0), dtype=np.int64)))
        parts: list[Part] = []
        number = begun = 0
        for unit in units:
            rows = np.flatnonzero(own[unit.first : unit.first + unit.articles])
            if not len(rows):
                continue
            if parts and int(before[unit.first]) // SHARD_BYTES > number:
                yield split, parts, int(before[unit.first]) - begun
                parts = []
            if not parts:
                begun = int(before[unit.first])
                number = begun // SHARD_BYTES
            at = unit.first + rows
            by_time, by_outlet = splits.by_time[at], splits.by_outlet[at]
            said = sha256(content[at].tobytes() + by_time.tobytes() + by_outlet.tobytes()).hexdigest()
            parts.append(Part(unit.name, rows.astype(np.int32), by_time, by_outlet, said, unit.each))
        if parts:
            yield split, parts, int(before[-1]) - begun


def _share(task: ShardTask) -> int:
    """The part of a task in the bytes of its articles, which all tables of a shard have together."""
    share, rest = divmod(task.bytes, len(ARTICLE_TABLES))
    return share + rest if task.table == ARTICLE_TABLES[-1] else share


def in_order(shards: Iterable[Shard]) -> list[Shard]:
    """Files in the order in which a release names them: by table, split and number."""
    tables = [table.name for table in TABLES]
    return sorted(shards, key=lambda shard: (tables.index(shard.table), SPLITS.index(shard.split), shard.path))


def _small_tables(corpus: Corpus, splits: Assigned, folder: Path, about: Mapping[str, str]) -> Iterator[Shard]:
    """The tables that are written by this process: registry, knowledge base, passes."""
    tables: list[tuple[str, SplitName, list[pa.Table]]] = [
        (name, "train", [reference_table(name, corpus.index.raw)]) for name in ("contacts", "kb")
    ]
    for code, split in enumerate(SPLITS):
        tables.append(("passes", split, [_pass(name, own, splits, code) for name, own in corpus.passes.items()]))
    for table, split, parts in tables:
        pieces = [Piece(part, part.nbytes) for part in parts]
        shard = write_table(table, split, pieces, folder, f"data/{table}/{split}-00000-of-00001.parquet", about)
        if shard is not None:
            yield shard


def _pass(name: str, own: Mapping[str, Passed], splits: Assigned, code: int) -> pa.Table:
    here = [passed for passed in own.values() if splits.by_event[passed.article] == code]
    status = [passed.text_status.value for passed in here]
    return passes_table(name, [passed.bundle for passed in here], status, Texts.of([passed.masked for passed in here]))


def _wikidata(corpus: Corpus, area: Area) -> Path:
    text = json.dumps({entity.kb_id: entity.wikidata for entity in corpus.index.raw.kb}, sort_keys=True)
    path = area.path(f"{sha256(text.encode()).hexdigest()[:40]}.wikidata")
    path.write_text(text, encoding="utf-8")
    return path
