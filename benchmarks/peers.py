"""What the build is compared with: ``python -m benchmarks.peers NAME RAW OUT``.

Each peer reads the shards of a raw folder and writes Parquet below OUT, as people do it with that tool: with zstd, but for
``datasets``, whose ``to_parquet`` sets Snappy and takes no other. What a peer does and does not do stands in its docstring, which the
report quotes. None checks links, spans, near-duplicates, splits or rights, none fills in the texts of spans, and none writes a card,
checksums or a manifest.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet as pq

from schema.derive import arrow_schema
from schema.records import Bundle

PROCESSES = 2
PARQUET: dict[str, Any] = {
    "compression": "zstd", "use_content_defined_chunking": True, "write_page_index": True, "write_page_checksum": True,
}  # fmt: skip
"""How the files of a release are written (``pipeline.write``)."""
PIECE = 4 * 2**20
"""Bytes that are parsed at once."""


def bundle_schema() -> pa.Schema:
    """The columns of a bundle in a shard, the page with them."""
    return arrow_schema(Bundle).append(pa.field("page_text", pa.string()))


# --- the practical lower bound ---------------------------------------------------------------------------------------------------


def bound(raw: Path, out: Path, *, nested: bool = True) -> None:
    """Parse with pyarrow.json and an explicit schema, take the lists of records apart, write Parquet: two processes, a shard a task.

    It writes the tables ``articles`` (the page with it), ``entities``, ``events`` and ``comments``, each with ``article_id`` as key, and
    with ``nested`` also ``documents``, a row an article with everything as it was parsed. A row group is what one piece of about 4 MB
    holds. It validates nothing beyond types, and its identifiers stay local to the article.
    """
    with ProcessPoolExecutor(PROCESSES, get_context("fork")) as pool:
        for _ in pool.map(partial(_convert, out=out, nested=nested), shards(raw)):
            pass


def bound_records(raw: Path, out: Path) -> None:
    """As ``bound``, without the nested table."""
    bound(raw, out, nested=False)


def _convert(shard: Path, out: Path, nested: bool) -> None:
    writers: dict[str, pq.ParquetWriter] = {}
    schema = bundle_schema()
    try:
        for piece in _pieces(shard):
            bundles = pyarrow.json.read_json(
                pa.BufferReader(piece),
                read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(piece) + 1),
                parse_options=pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
            ).combine_chunks()
            for name, table in _tables(bundles, nested):
                if name not in writers:
                    path = out / "data" / name / f"{shard.name.partition('.')[0]}.parquet"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    writers[name] = pq.ParquetWriter(path, table.schema, **PARQUET)
                writers[name].write_table(table)
    finally:
        for writer in writers.values():
            writer.close()


def _pieces(shard: Path) -> Iterator[bytes]:
    """The lines of a shard, unpacked, about PIECE bytes of whole lines at a time."""
    rest = b""
    with pa.input_stream(str(shard)) as stream:
        while block := stream.read(PIECE):
            whole, newline, tail = block.rpartition(b"\n")
            if newline:
                yield rest + whole + newline
            rest = tail if newline else rest + tail
    if rest:
        yield rest


def _tables(bundles: pa.Table, nested: bool) -> Iterator[tuple[str, pa.Table]]:
    article = bundles["article"].chunk(0)
    names = [field.name for field in article.type]
    yield "articles", pa.table([*article.flatten(), bundles["page_text"]], names=[*names, "text"])
    ids = pc.struct_field(article, "article_id")
    for name in ("entities", "events", "comments"):
        records = bundles[name].chunk(0)
        items = records.flatten()
        fields = [field.name for field in items.type]
        yield name, pa.table([ids.take(pc.list_parent_indices(records)), *items.flatten()], names=["article_id", *fields])
    if nested:
        yield "documents", bundles


# --- what people write -------------------------------------------------------------------------------------------------------------


def load_json(raw: Path, out: Path, processes: int | None = None) -> None:
    """``load_dataset("json", …)`` with declared features and a cold cache, then ``to_parquet``: in one process, as both are if nothing
    is said.

    One nested table, no validation beyond types. Without declared features ``datasets`` 5 keeps records that vary as JSON text.
    """
    datasets = _datasets()
    loaded = datasets.load_dataset(
        "json",
        data_files=[str(shard) for shard in shards(raw)],
        features=datasets.Features.from_arrow_schema(bundle_schema()),
        split="train",
        cache_dir=str(out / "cache"),
        num_proc=processes,
    )
    loaded.to_parquet(str(out / "bundles.parquet"))


def load_json_parallel(raw: Path, out: Path) -> None:
    """As ``json``, but two processes load (``num_proc=2``); one writes."""
    load_json(raw, out, PROCESSES)


def generator(raw: Path, out: Path, processes: int | None = None) -> None:
    """``Dataset.from_generator`` over lines that Pydantic validates and dumps, with a cold cache, then ``to_parquet``: in one process, as
    both are if nothing is said.

    One nested table. Each record is validated on its own against the models (levels 1 and 2 in part), nothing across records.
    """
    datasets = _datasets()
    made = datasets.Dataset.from_generator(
        _validated,
        features=datasets.Features.from_arrow_schema(bundle_schema()),
        cache_dir=str(out / "cache"),
        gen_kwargs={"paths": [str(shard) for shard in shards(raw)]},
        num_proc=processes,
    )
    made.to_parquet(str(out / "bundles.parquet"))


def generator_parallel(raw: Path, out: Path) -> None:
    """As ``generator``, but two processes generate (``num_proc=2``); one writes."""
    generator(raw, out, PROCESSES)


def _validated(paths: list[str]) -> Iterator[dict[str, Any]]:
    for path in paths:
        for piece in _pieces(Path(path)):
            for line in piece.splitlines():
                bundle = Bundle.model_validate_json(line)
                yield bundle.model_dump(mode="json") | {"page_text": bundle.page_text}


def _datasets() -> Any:
    os.environ["HF_HUB_OFFLINE"] = "1"  # before the import, which reads it
    import datasets

    datasets.disable_progress_bars()
    return datasets


def duckdb(raw: Path, out: Path) -> None:
    """DuckDB's ``read_json``, which finds the types out from a sample, into one Parquet file; two threads.

    One nested table, no validation: a misspelt field becomes a column, a field of a record that no row of the sample has stops it.
    """
    import duckdb as engine

    with engine.connect() as connection:
        connection.execute(f"SET threads = {PROCESSES}")
        connection.execute(f"SET temp_directory = '{_quoted(out / 'spill')}'")
        files = ", ".join(f"'{_quoted(shard)}'" for shard in shards(raw))
        read = f"SELECT * FROM read_json([{files}], format = 'newline_delimited')"  # noqa: S608
        connection.execute(f"COPY ({read}) TO '{_quoted(out / 'bundles.parquet')}' (FORMAT parquet, COMPRESSION zstd)")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


PEERS: dict[str, Callable[[Path, Path], None]] = {
    "bound": bound, "bound-records": bound_records, "json": load_json, "json-parallel": load_json_parallel, "generator": generator,
    "generator-parallel": generator_parallel, "duckdb": duckdb,
}  # fmt: skip


def shards(raw: Path) -> list[Path]:
    """The shards of a raw folder, in order. Raises FileNotFoundError where there are none."""
    found = sorted(path for path in (raw / "articles").glob("*.jsonl*") if path.is_file())
    if not found:
        raise FileNotFoundError(f"{raw / 'articles'} has no shards")
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command; gives the exit status: 0 written, 2 not possible."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Write Parquet the way others do.")
    parser.add_argument("name", choices=PEERS)
    parser.add_argument("raw", type=Path)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args(arguments)
    try:
        shards(asked.raw)
        asked.out.mkdir(parents=True)
        PEERS[asked.name](asked.raw, asked.out)
    except OSError as error:
        sys.stderr.write(f"benchmarks.peers: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
