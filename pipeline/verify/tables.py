"""The tables of a release: can they be read, are they of the declared columns, do their rows keep the schema, are they the ones that
release.json describes?
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from pipeline.digest import digest, of_shards
from pipeline.findings import Finding, shown
from pipeline.release import RELEASE, Release, Rows, shards
from schema.rows import TABLES

ROWS = 1_000
"""Rows that are checked at a time."""
_SHARD = re.compile(r"[a-z]+-\d{5}-of-\d{5}\.parquet")
_KEYS = {table.name: table.key for table in TABLES}


@dataclass(frozen=True)
class Part:
    """One split of one table, as it was read."""

    table: str
    split: str
    file: str
    """Path of its first shard, below the release."""
    data: pa.Table
    bytes: int
    """Size of all its shards."""
    digests: tuple[str, ...]
    """Logical digests of its shards, in their order."""
    named: tuple[str, ...]
    """The same as the metadata of the shards name them."""

    @property
    def keys(self) -> list[str | None]:
        """The key of each row."""
        key = _KEYS[self.table]
        return self.data[key].to_pylist() if key in self.data.column_names else [None] * len(self.data)


def read_part(folder: Path, table: str, split: str) -> Part | Finding:
    """One split of one table, or what keeps it from being read."""
    paths = shards(folder, table, split)
    file = f"data/{table}/{split}-*.parquet"
    if not paths:
        return Finding("HD615", file, found="there is no file of it")
    parts, named = [], []
    for shard in paths:
        file = shard.relative_to(folder).as_posix()
        try:
            with shard.open("rb") as stream:  # Arrow opens only paths in UTF-8
                parquet = pq.ParquetFile(stream, page_checksum_verification=True)
                parts.append(parquet.read())
                named.append((parquet.metadata.metadata or {}).get(b"digest", b"").decode("ascii", "replace"))
        except Exception as error:  # there is nothing that a damaged file cannot make a reader stumble over
            return Finding("HD615", file, found=damage(shard) or first_line(error))
    try:
        whole = pa.concat_tables(parts)
        size = sum(path.stat().st_size for path in paths)
        digests = tuple(digest(part) for part in parts)
        return Part(table, split, paths[0].relative_to(folder).as_posix(), whole, size, digests, tuple(named))
    except pa.ArrowException as error:
        return Finding("HD615", file, found=f"its shards are of different columns: {first_line(error)}")


def damage(path: Path) -> str | None:
    """Which column of a Parquet file cannot be read, and from which row on; None where that cannot be told."""
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        leaves = [file.metadata.schema.column(i).path for i in range(file.metadata.num_columns)]
    except Exception:
        return None
    for leaf in leaves:
        row = 0
        try:
            for batch in file.iter_batches(batch_size=1, columns=[leaf]):
                row += len(batch)
        except Exception as error:
            return f"column {leaf.replace('.list.element', '[]')} is damaged from row {row + 1} on: {first_line(error)}"
    return None


def declared(folder: Path) -> dict[str, pa.Schema]:
    """Columns of each table, as the card declares them for ``load_dataset``. Raises ValueError for a card that does not."""
    from datasets import Features

    if not (folder / "README.md").is_file():
        raise ValueError("it is no file")
    try:
        head = yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])
        infos = head["dataset_info"]
        return {info["config_name"]: Features._from_yaml_list(info["features"]).arrow_schema for info in infos}
    except Exception as error:
        raise ValueError(f"it declares no tables ({first_line(error)})") from error


def check_columns(part: Part, schema: pa.Schema) -> Iterator[Finding]:
    """Columns that are not those declared, one by one."""
    found = part.data.schema
    if found.remove_metadata().equals(schema.remove_metadata()):
        return
    names = dict.fromkeys([*schema.names, *found.names])
    differing = [n for n in names if n not in found.names or n not in schema.names or found.field(n).type != schema.field(n).type]
    for name in differing:
        types = [shown(str(s.field(name).type), 200) if name in s.names else "no such column" for s in (found, schema)]
        yield Finding("HD616", part.file, loc=(name,), found=types[0], expected=types[1])
    if not differing:
        yield Finding("HD616", part.file, found=f"columns in the order {', '.join(found.names)}", expected=", ".join(schema.names))


def check_described(part: Part, said: Rows) -> Iterator[Finding]:
    """Numbers of rows and bytes, and logical digests (counted, and named in the file), that are not those of release.json."""
    if said.rows != len(part.data):
        yield Finding("HD618", part.file, found=f"it has {len(part.data)} rows", expected=str(said.rows))
    elif said.digest is not None and (value := of_shards(part.digests)) != said.digest:
        yield Finding("HD618", part.file, found=f"its logical digest is {value}", expected=said.digest)
    if said.bytes != part.bytes:
        yield Finding("HD618", part.file, found=f"it has {part.bytes} bytes", expected=str(said.bytes))
    if said.digest is not None and of_shards(part.named) != said.digest:
        named = shown(", ".join(part.named)) or "missing"
        yield Finding("HD618", part.file, found=f"the digest in its metadata is {named}", expected=said.digest)


def check_rows(part: Part, schema: dict[str, Any]) -> Iterator[Finding]:
    """Rows that break the JSON Schema of their table, each value with its path."""
    import jsonschema_rs

    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True, offline=True)
    first = 1
    for batch in part.data.to_batches(ROWS):
        keys = batch[_KEYS[part.table]].to_pylist()
        for i, row in enumerate(json.loads(json.dumps(batch.to_pylist(), default=str))):
            for error in validator.iter_errors(row):
                loc = tuple(error.instance_path)
                found = f"row {first + i}: {shown(error.message, 200)}"
                yield Finding("HD617", part.file, shown(keys[i]) if keys[i] else None, loc, found)
        first += len(batch)


def check_listed(folder: Path, release: Release) -> Iterator[Finding]:
    """Tables that stand in the folder and not in release.json."""
    known = {(entry.table, entry.split) for entry in release.tables}
    for path in sorted((folder / "data").glob("*/*")):
        if (path.parent.name, path.name.partition("-")[0]) not in known or not _SHARD.fullmatch(path.name):
            yield Finding(
                "HD618", path.relative_to(folder).as_posix(), found="it is a table", expected=f"nothing of it ({RELEASE})"
            )


def first_line(error: Exception) -> str:
    """What an exception says, on one line."""
    return shown(str(error).partition("\n")[0] or repr(error), 200)
