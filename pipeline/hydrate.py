"""A published release and the user's own pages → a hydrated build, without the raw files.

A release holds everything that people wrote but for the texts of withheld pages. So its rows go back to records, and from there on the
way is that of every build: the result is, to the byte, what a build from the raw files with the same pages gives.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import pipeline.arrow  # noqa: F401 – before the first array
from pipeline.begin import begin
from pipeline.build import Built, about, assemble
from pipeline.cache import area
from pipeline.corpus import Corpus, compare
from pipeline.execute import executor
from pipeline.findings import CannotRun, Findings
from pipeline.gather import gather
from pipeline.pages import PageReports, Shelf
from pipeline.passes import read_passes
from pipeline.progress import Progress
from pipeline.read import read
from pipeline.release import DATASHEET, Release, read_meta, shards
from pipeline.seal import aside, seal
from pipeline.shards import write_tables
from pipeline.split import SPLITS
from pipeline.target import check_target
from pipeline.verify import verify
from schema.base import Model
from schema.records import Article, Comment, Entity, Event, PassArticle
from schema.reference import Contact, KbEntity
from schema.rows import KEYS, TABLES
from schema.vocabulary import TextStatus

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
    findings = Findings()
    shelf = Shelf.of(pages_folder)
    with TemporaryDirectory(prefix="heisser-draht-") as folder, area(None) as place, executor(1) as pool:
        try:
            _write_raw(release_folder, Path(folder))
            raw = read(Path(folder), findings, meta=read_meta(release_folder))
        except (OSError, LookupError) as error:
            raise CannotRun(_other_version(release_folder, release, repr(error))) from error
        step("check articles")
        index = gather(raw, place, pool, 2, shelf, Progress())
        passes = read_passes(index, shelf)
        if findings.errors:
            raise CannotRun(_other_version(release_folder, release, findings.errors[0].message))
        reports = PageReports(index.page_reports().table.sort_by("article_id"))
        if not index.hydrated:
            reasons = [f"{report.article_id}: {report.reason}" for report in reports if report.reason]
            raise CannotRun(f"{pages_folder} has none of the withheld pages ({'; '.join(reasons) or 'the release withholds none'})")
        corpus = compare(Corpus(index, passes), place, findings)
        findings.raise_errors()
        target = out or Path("build") / f"{release.version}+hydrated"
        check_target(target, release.version, hydrated=True)
        with aside(target) as work, begin(corpus, pool) as begun:
            step("write")
            shards = write_tables(corpus, place, pool, work, about(raw.meta, hydrated=True))
            if (release_folder / DATASHEET).is_file():  # its figures stay those of the release
                copyfile(release_folder / DATASHEET, work / DATASHEET)
            step("describe")
            made = assemble(work, corpus, begun, shards, None, release.raw_sha256)
            step("seal")
            outcome = seal(work, target)
    return Built(target, outcome, made, None, reports, [], {})


def _other_version(folder: Path, release: Release, why: str) -> str:
    return f"{folder} is of another version of this package ({why}); install the one of version {release.version}"


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


def _write_raw(release: Path, folder: Path) -> None:
    """Write the records that a release was built from as raw files: a shard for each split, with the pages that are open."""
    rows = _Rows.of(release)
    parts = {name: rows.by_article(name) for name in _PARTS}
    (folder / "articles").mkdir()
    for i, split in enumerate(SPLITS):
        lines = []
        for row in rows.tables["articles"]:
            if row["split"] == split:
                key = row["article_id"]
                own = {name: [_own(model, part) for part in parts[name].get(key, [])] for name, model in _PARTS.items()}
                bundle = _local({"article": _own(Article, row), **own}, key)
                lines.append(bundle | ({"page_text": row["text"]} if row["text_status"] == TextStatus.open else {}))
        if lines:
            _write_lines(folder / f"articles/{i}-{split}.jsonl", lines)
    for row in rows.tables["passes"]:
        record = {"article": _own(PassArticle, row), **{name: row[name] for name in _PARTS}}
        path = folder / "passes" / row["pass_name"] / f"{row['article_id']}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_lines(path, [record])
    _write_lines(folder / "contacts.jsonl", [_own(Contact, row) for row in rows.tables["contacts"]])
    _write_lines(folder / "kb.jsonl", [_own(KbEntity, row) for row in rows.tables["kb"]])
    copyfile(release / "splits.json", folder / "splits.json")


def _write_lines(path: Path, rows: Iterable[Row]) -> None:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False, default=str)}\n" for row in rows), encoding="utf-8")


_PARTS: dict[str, type[Model]] = {"entities": Entity, "events": Event, "comments": Comment}
"""Lists of a bundle, which are tables of a release."""


def _own(model: type[Model], row: Row) -> Row:
    """A row without the columns that a release adds: keys, days, splits."""
    return {name: row[name] for name, field in model.model_fields.items() if not field.exclude}


def _local(value: Any, article_id: str, name: str = "") -> Any:
    """A row with identifiers as they are within its article."""
    if isinstance(value, dict):
        return {key: _local(inner, article_id, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_local(inner, article_id, name) for inner in value]
    return value.removeprefix(f"{article_id}:") if name in KEYS and isinstance(value, str) else value
