"""A published release and the user's own pages → a hydrated build, without the raw files.

A release holds everything that people wrote but for the texts of withheld pages. So its rows go back to records, and from there on the
way is that of every build: the result is, to the byte, what a build from the raw files with the same pages gives.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from pipeline.build import Built, assemble
from pipeline.findings import CannotRun
from pipeline.pages import find_pages
from pipeline.read import Raw
from pipeline.release import DATASHEET, Release, read_meta, shards
from pipeline.seal import aside, seal
from pipeline.tables import build_tables
from pipeline.target import check_target
from pipeline.verify import verify
from schema.base import Model
from schema.records import Article, Bundle, Comment, Entity, Event, Pass, PassArticle
from schema.reference import Contact, KbEntity, Splits
from schema.rows import KEYS, TABLES
from schema.vocabulary import TextStatus

M = TypeVar("M", bound=Model)
Row = dict[str, Any]


def hydrate(release_folder: Path, pages_folder: Path, out: Path | None, step: Callable[[str], None] = lambda _: None) -> Built:
    """Build a release anew with the texts of the withheld pages that ``pages_folder`` has. Without ``out`` it goes to
    ``build/<version>+hydrated`` below the working folder.

    Raises Refused where the release is not whole, and CannotRun where it is hydrated already, of another version of this package, or
    where none of its withheld pages is found.
    """
    step("verify")
    verified = verify(release_folder, step)
    verified.findings.raise_errors()
    release = verified.release
    assert release is not None  # or there would have been findings
    if release.hydrated:
        raise CannotRun(f"{release_folder} is hydrated already; name the published release")
    step("read")
    try:
        raw = _raw(release_folder, release)
    except (OSError, ValidationError, LookupError) as error:
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else repr(error)
        raise CannotRun(
            f"{release_folder} is of another version of this package ({said}); install the one of version {release.version}"
        ) from error
    step("find pages")
    pages = find_pages(raw, pages_folder)
    if not pages.hydrated:
        reasons = [f"{report.article_id}: {report.reason}" for report in pages.reports if report.reason]
        raise CannotRun(f"{pages_folder} has none of the withheld pages ({'; '.join(reasons) or 'the release withholds none'})")
    target = out or Path("build") / f"{release.version}+hydrated"
    check_target(target, release.version, hydrated=True)
    with aside(target) as work:
        step("tables")
        tables = build_tables(raw, pages, raw.splits)
        if (release_folder / DATASHEET).is_file():  # its figures stay those of the release
            copyfile(release_folder / DATASHEET, work / DATASHEET)
        made = assemble(work, raw, pages, raw.splits, tables, None, step)
        step("seal")
        outcome = seal(work, target)
    return Built(target, outcome, made, None, pages.reports, [])


@dataclass(frozen=True)
class _Rows:
    """The rows of a release, by table."""

    tables: Mapping[str, list[Row]]

    @classmethod
    def of(cls, folder: Path) -> "_Rows":
        rows: dict[str, list[Row]] = {}
        for table in TABLES:
            parts = [pq.read_table(path) for path in shards(folder, table.name)]
            if unknown := {name for part in parts for name in part.column_names} - set(table.row.model_fields):
                raise LookupError(f"{table.name} has a column {min(unknown)}")
            rows[table.name] = pa.concat_tables(parts).to_pylist() if parts else []
        return cls(rows)

    def by_article(self, name: str) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.tables[name]:
            found.setdefault(row["article_id"], []).append(row)
        return found


def _raw(folder: Path, release: Release) -> Raw:
    """The records that a release was built from, as ``read`` gives them of raw files."""
    rows = _Rows.of(folder)
    parts = {name: rows.by_article(name) for name in _PARTS}
    articles = sorted(rows.tables["articles"], key=lambda row: str(row["article_id"]))
    bundles: dict[str, Bundle] = {}
    for row in articles:
        key = row["article_id"]
        own = {name: [_own(model, part) for part in parts[name].get(key, [])] for name, model in _PARTS.items()}
        bundles[key] = _record(Bundle, _local({"article": _own(Article, row), **own}, key))
    passes: dict[str, dict[str, Bundle]] = {}
    for row in sorted(rows.tables["passes"], key=lambda row: (row["pass_name"], row["article_id"])):
        one = _record(Pass, {"article": _own(PassArticle, row), **{name: row[name] for name in _PARTS}})
        passes.setdefault(row["pass_name"], {})[row["article_id"]] = one.bundle(bundles[row["article_id"]])
    return Raw(
        folder=folder, meta=read_meta(folder),
        contacts=tuple(_record(Contact, _own(Contact, row)) for row in rows.tables["contacts"]),
        kb=tuple(_record(KbEntity, _own(KbEntity, row)) for row in rows.tables["kb"]),
        splits=Splits.model_validate_json((folder / "splits.json").read_bytes()), bundles=tuple(bundles.values()), passes=passes,
        origins={}, contact_lines=(), kb_lines=(),
        pages={row["article_id"]: row["text"] for row in articles if row["text_status"] == TextStatus.open},
        datasheet=None,  # a template, which a release has filled in
        faulty=frozenset(), refused={}, whole=True, digest=release.raw_sha256,
    )  # fmt: skip


_PARTS: dict[str, type[Model]] = {"entities": Entity, "events": Event, "comments": Comment}
"""Lists of a bundle, which are tables of a release."""


def _own(model: type[Model], row: Row) -> Row:
    """A row without the columns that a release adds: keys, days, splits."""
    return {name: row[name] for name, field in model.model_fields.items() if not field.exclude}


def _record(model: type[M], value: Row) -> M:
    return model.model_validate_json(json.dumps(value, default=str))


def _local(value: Any, article_id: str, name: str = "") -> Any:
    """A row with identifiers as they are within its article."""
    if isinstance(value, dict):
        return {key: _local(inner, article_id, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_local(inner, article_id, name) for inner in value]
    return value.removeprefix(f"{article_id}:") if name in KEYS and isinstance(value, str) else value
