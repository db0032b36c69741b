"""What is compared: the tables of a release and the schemas of their rows, read from a folder or taken from a build."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

import pipeline.arrow  # noqa: F401 – before the first array
from pipeline.bag import PAYLOAD, TAGS, entries, sha256
from pipeline.findings import CannotRun
from pipeline.release import CORPUS, RELEASE, shards
from schema.derive import json_schemas
from schema.reference import CorpusMeta
from schema.rows import TABLES

_SCHEMA = "-row.schema.json"


class Snapshot(NamedTuple):
    """A release, or what is to become one."""

    version: str
    tables: Mapping[str, pa.Table]
    """Each table over all its splits. A table without a row can be missing: a release has no file for it."""
    schemas: Mapping[str, dict[str, Any]]
    """JSON Schema of the rows of each table."""
    meta: Mapping[str, Any] | None = None
    """What corpus.toml said; None for releases that do not say it."""

    @property
    def names(self) -> set[str]:
        """All its tables, those without a row too."""
        return {*self.tables, *self.schemas}

    @classmethod
    def of_release(cls, folder: Path) -> Self:
        """Read a release of this version of the package or an older one. Raises CannotRun if it is none, or damaged."""
        try:
            said = json.loads((folder / RELEASE).read_bytes())
            version, rows = str(said["version"]), defaultdict[str, int](int)
            for entry in said["tables"]:
                rows[entry["table"]] += entry["rows"]
        except OSError as error:
            raise CannotRun(f"{folder} is no release ({RELEASE}: {error.strerror}); name the folder of one") from error
        except (ValueError, LookupError, TypeError) as error:
            raise CannotRun(f"{folder / RELEASE} is not what a build writes; name the folder of a whole release") from error
        if changed := _changed(folder):
            raise CannotRun(f"{folder} is damaged: {changed} is not as it was published; fetch or build it anew")
        tables = {name: _table(folder, name) for name, number in sorted(rows.items()) if number}
        if short := [name for name, table in tables.items() if table.num_rows != rows[name]]:
            raise CannotRun(f"{folder} is damaged: {short[0]} has not the rows that {RELEASE} names; fetch or build it anew")
        schemas = {path.name.removesuffix(_SCHEMA): _json(path) for path in sorted((folder / "schema").glob(f"*{_SCHEMA}"))}
        if missing := sorted(tables.keys() - schemas):
            raise CannotRun(f"{folder} is damaged: schema/{missing[0]}{_SCHEMA} is missing; fetch or build it anew")
        return cls(version, tables, schemas, _json(folder / CORPUS) if (folder / CORPUS).is_file() else None)

    @classmethod
    def of_build(cls, meta: CorpusMeta, folder: Path) -> Self:
        """What a build has so far: a folder with tables, and the schemas that go with them."""
        schemas = {name.removesuffix(_SCHEMA): schema for name, schema in json_schemas().items() if name.endswith(_SCHEMA)}
        tables = {table.name: _table(folder, table.name) for table in TABLES if shards(folder, table.name)}
        return cls(meta.version, tables, schemas, meta.model_dump(mode="json"))


def _changed(folder: Path) -> str | None:
    """The first file that a manifest lists and that is not so. Releases before 1.0.0 have one manifest."""
    try:
        names = [PAYLOAD, *([TAGS] if (folder / TAGS).is_file() else [])]
        hashes = {path: value for name in names for path, value in entries(folder / name).items()}
        return next((path for path, value in hashes.items() if sha256(folder / path) != value), None)
    except OSError as error:
        return Path(str(error.filename)).relative_to(folder).as_posix()
    except ValueError as error:
        return str(error)


def _table(folder: Path, name: str) -> pa.Table:
    files = shards(folder, name)
    if not files:
        raise CannotRun(f"{folder} is damaged: data/{name} has no Parquet file; fetch or build it anew")
    try:
        return pa.concat_tables([pq.ParquetFile(path).read() for path in files])
    except (OSError, pa.ArrowException) as error:
        raise CannotRun(f"{folder} is damaged: data/{name} cannot be read; fetch or build it anew") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        schema = json.loads(path.read_bytes())
    except (OSError, ValueError):
        schema = None
    if not isinstance(schema, dict):
        raise CannotRun(f"{path} is damaged; fetch or build the release anew")
    return schema
