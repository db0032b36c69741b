"""What a worker makes of one unit: everything that can be told of its bundles without the rest of the corpus.

A folder with the tables that it gives, as a release has them, and ``index`` (``pipeline.entries``), with what the unit says in its
metadata. Nothing in them depends on where the unit stands: lines are those of its pieces. A unit with an error has no tables.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import xxhash

import pipeline.arrow  # noqa: F401 – before the first array
from pipeline.at_hand import clean_texts, find_pages, masked
from pipeline.check import check_unit
from pipeline.check.unit import Unit
from pipeline.cut import Cut, rows
from pipeline.entries import Said, Written, entries
from pipeline.files import MAX_DOCUMENT, Files
from pipeline.findings import Findings
from pipeline.pages import PageReport, PageStatus
from pipeline.parse import Line, Parsed, parse
from pipeline.read import Origin
from pipeline.spans import with_defaults
from pipeline.store import write_folder
from pipeline.tables import article_tables, released
from pipeline.tally import Tally, people
from pipeline.texts import Texts


@dataclass(frozen=True)
class Context:
    """What all units of a build have in common."""

    folder: Path
    """The raw folder."""
    area: Path
    """Where the files are put."""
    level: int
    """Last level of rules to run."""
    languages: tuple[str, ...]
    """Languages that an article may have."""
    paged: bool
    """Whether there is a folder with pages."""
    shelf: Path | None = None
    """The user's copies of withheld pages (a pickled ``Shelf``)."""


@dataclass(frozen=True)
class Task:
    """One unit to do."""

    context: Context
    cut: Cut
    name: str
    """Name of the folder to make."""


def work(task: Task) -> str:
    """Do a unit: make its folder, whole or not at all; gives its name."""
    files = Files(task.context.folder, Findings())
    names, parsed = _parsed(task.cut, files)
    root = with_defaults(parsed.root)
    texts, reports = find_pages(root, parsed, names, files, task.context.paged, task.context.shelf)
    beside = texts.to_pylist() if task.context.paged or task.context.shelf else [None] * len(texts)
    written = [
        Written(line.piece, line.line, _hash(line.data, text), len(line.data))
        for line, text in zip(parsed.lines, beside, strict=True)
    ]
    del parsed  # what was read is as large as all that is made of it
    shown = masked(root, pages := Texts(texts))
    unit = Unit(
        root=root, origins=[Origin(names[own.piece], own.line) for own in written], texts=pages, masked=shown,
        shown=np.array([report.status is PageStatus.open for report in reports], dtype=bool), languages=task.context.languages,
        faulty=frozenset(finding.file for finding in files.findings.errors),
    )  # fmt: skip
    found, sound = check_unit(unit, task.context.level)
    files.findings.extend(found)
    sane = not files.findings.errors
    clean = clean_texts(root, shown) if sane else pa.nulls(len(root), pa.string())
    said = Said(
        tuple(files.findings.all), Tally.of(root) if sane else Tally(),
        {name: value for name, value in files.hashes.items() if name not in names},
        {name: sorted(found) for name, found in files.refused.items()},
    )  # fmt: skip
    index = entries(unit, written, reports, clean, sound)
    tables = _tables(unit, clean, reports) if sane else iter(())
    del unit, pages, shown
    write_folder(task.context.area / task.name, _measured(tables, index, said))
    return task.name


def _measured(tables: Iterator[tuple[str, pa.Table]], index: pa.Table, said: Said) -> Iterator[tuple[str, pa.Table]]:
    """The tables of a unit, and behind them the index, with what the unit says and how large they were: to three bits, so that a change
    to one of many articles hardly shows.
    """
    each = {}
    for name, table in tables:
        size = table.nbytes // max(1, len(index))
        rest = max(0, size.bit_length() - 3)
        each[name] = size >> rest << rest
        yield name, table
        del table  # before the next one is made
    yield "index", index.replace_schema_metadata({"said": replace(said, each=each).to_bytes()})


def _tables(unit: Unit, clean: pa.StringArray, reports: Sequence[PageReport]) -> Iterator[tuple[str, pa.Table]]:
    """What a sound unit gives beside the index, one table after the other, so that not all are in memory at once."""
    given, text, spans, zone = released(unit.root, unit.nodes, unit.masked), unit.masked.array, unit.flat, unit.zone
    yield "people", people(unit.root)
    del unit  # with all that was worked out of its pages
    status = pa.array([report.status.text_status.value for report in reports], pa.string())
    yield from article_tables(given, spans, zone, status, text, clean)


def reparsed(cut: Cut, folder: Path) -> Unit:
    """A unit as it stands in its files, to look for places in it: its bundles that have the right shape, lines as in their files."""
    names, parsed = _parsed(cut, Files(folder, Findings()))
    before = [(piece.line or 1) - 1 for piece in cut.pieces]
    origins = [Origin(names[own.piece], None if own.line is None else own.line + before[own.piece]) for own in parsed.lines]
    pages = Texts(parsed.page_text)
    root = with_defaults(parsed.root)
    return Unit(root, origins, pages, masked(root, pages), np.zeros(len(root), dtype=bool))


def _parsed(cut: Cut, files: Files) -> tuple[list[str], Parsed]:
    """The files of the pieces of a unit, and its bundles that have the right shape."""
    names = [piece.file for piece in cut.pieces]
    return names, parse(list(_short_enough(rows(cut.pieces, files), names, files)), names, files)


def _short_enough(found: Iterator[tuple[int, int | None, bytes]], names: Sequence[str], files: Files) -> Iterator[Line]:
    for piece, line, data in found:
        if len(data) > MAX_DOCUMENT:
            files.too_long(names[piece], len(data), line)
        else:
            yield Line(piece, line, data)


def _hash(data: bytes, text: str | None) -> bytes:
    """Hash of an article's bytes, and of its page as far as that is not in them."""
    digest = xxhash.xxh3_128(data)
    if text is not None:
        digest.update(f"{len(data)}\n{text}".encode("utf-8", "surrogatepass"))
    return digest.digest()
