"""Tables on the way from one stage to the next: a folder has one file each, Arrow IPC, not packed, so that who reads them has them at
once.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa

from pipeline.cache import whole

_BUFFER = 2**18
"""Bytes that are written at once: the columns of a batch are many, and most of them small."""


def write_folder(folder: Path, tables: Iterable[tuple[str, pa.Table]]) -> None:
    """Make a folder with tables, one file each, as ``read_table`` reads them."""
    with whole(folder) as aside:
        for name, table in tables:
            batch = table.combine_chunks().to_batches()[0] if len(table) else pa.RecordBatch.from_pylist([], table.schema)
            with (
                pa.output_stream(str(aside / name), compression=None, buffer_size=_BUFFER) as file,
                pa.ipc.new_file(file, table.schema) as writer,
            ):
                writer.write_batch(batch)


def read_table(folder: Path, name: str, columns: Sequence[str] | None = None) -> pa.RecordBatch:
    """One of the tables of a unit, or some columns of it. It is mapped, not copied."""
    with pa.memory_map(str(folder / name)) as file:
        batch = pa.ipc.open_file(file).get_batch(0)
    return batch if columns is None else batch.select(list(columns))
