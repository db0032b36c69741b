"""What a release says of itself: release.json."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.card import leakage_rows
from pipeline.findings import CannotRun
from pipeline.house import address
from schema.base import Model, Sha256
from schema.reference import CorpusMeta, SplitName
from schema.rows import TABLES

RELEASE, CORPUS, CHANGES, DATASHEET = "release.json", "corpus.json", "CHANGES.json", "DATASHEET.md"


class Rows(Model):
    """Size and digest of one split of one table."""

    table: str
    split: SplitName
    rows: int
    bytes: int
    """Size of its Parquet files."""
    digest: Sha256 | None = None
    """Logical digest (see ``pipeline.digest``); null in releases before 1.0.0."""


class Release(Model):
    """What a release says of itself: release.json."""

    name: str
    title: str
    version: str
    hydrated: bool
    """Whether it holds texts that may not be passed on."""
    raw_sha256: str
    """SHA-256 over the names and bytes of the raw files that it was built from."""
    pages: dict[str, int]
    """Number of pages by what became of them."""
    tables: tuple[Rows, ...]
    leakage: dict[str, Any]
    """What splits share (see leakage.json)."""


def read_release(folder: Path) -> Release:
    """What a release says of itself. Raises CannotRun where there is none."""
    if (folder / RELEASE).exists() and not (folder / RELEASE).is_file():
        raise CannotRun(f"{folder / RELEASE} is no file; build a release, or name another folder")
    try:
        release = Release.model_validate_json((folder / RELEASE).read_bytes())
        known, _ = counts(release), leakage_rows(release.leakage)  # what is shown of it
        if sum(map(len, known.values())) != len(release.tables):
            raise CannotRun(f"{folder / RELEASE} is not what a build writes: it names a split of a table twice")
        return release
    except OSError as error:
        raise CannotRun(f"{folder} is no release ({RELEASE}: {error.strerror}); build one, or name another folder") from error
    except ValidationError as error:
        raise CannotRun(f"{folder / RELEASE} is not what a build writes: {error.errors()[0]['msg']}") from error
    except (LookupError, TypeError) as error:
        raise CannotRun(f"{folder / RELEASE} is of another version of this package: {error!r}") from error


def shards(folder: Path, table: str, split: str = "*") -> list[Path]:
    """The Parquet files of a table, or of one split of it, in a release."""
    return sorted(path for path in (folder / "data" / table).glob(f"{split}-*.parquet") if path.is_file())


def counts(release: Release) -> dict[str, dict[str, int]]:
    """Rows by table and split, tables in their order."""
    rows: dict[str, dict[str, int]] = {table.name: {} for table in TABLES}
    for entry in release.tables:
        rows[entry.table][entry.split] = entry.rows
    return rows


def read_meta(folder: Path) -> CorpusMeta:
    """What corpus.toml said when a release was built. Raises CannotRun for a release that does not say it."""
    try:
        return CorpusMeta.model_validate_json((folder / CORPUS).read_bytes())
    except FileNotFoundError:
        raise CannotRun(
            f"{folder} has no {CORPUS}: it is damaged, or from before 1.0.0, when its CITATION.cff and README.md say how to cite it"
        ) from None
    except ValidationError as error:
        raise CannotRun(f"{folder / CORPUS} is not what a build writes: {error.errors()[0]['msg']}") from error


def sizes(release: Release) -> list[str]:
    """How much there is of each table, in words: ``2,604 events``."""
    return [f"{sum(rows.values()):,} {name}" for name, rows in counts(release).items() if rows]


def load_lines(folder: Path, name: str) -> str:
    """The three lines that load a table of a release."""
    place = address(folder) or folder.as_posix()
    return f'from datasets import load_dataset\n\n{name} = load_dataset("{place}", "{name}")\nprint({name})'
