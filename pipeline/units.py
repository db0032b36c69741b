"""What a worker makes of one unit: everything that can be told of its bundles without the rest of the corpus.

A folder with the tables that it gives, as a release has them, and ``index``, a small row an article with what the corpus must know of it,
and findings, counts and hashes in the metadata. All are Arrow IPC, not packed, so that who reads them has them at once. Nothing in them
depends on where the unit stands: lines are those of its pieces. A unit with an error has no tables.
"""

import json
import pickle
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

import pipeline.arrow  # noqa: F401 – before the first array
from pipeline.cache import whole
from pipeline.check import check_unit
from pipeline.check.unit import Unit
from pipeline.counting import distinct
from pipeline.cut import Cut, rows
from pipeline.duplicates.minhash import BANDS, NOTHING, signatures
from pipeline.files import MAX_DOCUMENT, Files
from pipeline.findings import Finding, Findings
from pipeline.grams import text_hashes
from pipeline.nodes import Bools, Ints, explode, integers, is_any
from pipeline.pages import PageReport, PageStatus, Shelf
from pipeline.parse import Line, Parsed, parse
from pipeline.read import Origin
from pipeline.spans import SEPARATOR, with_defaults
from pipeline.tables import article_tables, released
from pipeline.tally import Tally, people
from pipeline.texts import Texts
from schema.base import edtf_bounds
from schema.vocabulary import ARTICLE_ZONES, PrivateKind, RightsStatus

INDEX = pa.schema({
    "piece": pa.int32(), "line": pa.int32(), "bytes": pa.int32(), "hash": pa.list_(pa.uint64(), 2), "sound": pa.bool_(),
    "article_id": pa.string(), "outlet": pa.string(), "outlet_kind": pa.string(), "language": pa.string(), "published": pa.date32(),
    "open": pa.bool_(), "page_status": pa.string(), "page_file": pa.string(), "page_reason": pa.string(),
    "sha256": pa.string(), "characters": pa.int32(), "derived_from": pa.string(),
    "reports": pa.list_(pa.string()), "mentioned": pa.list_(pa.string()), "contacts": pa.list_(pa.string()),
    "kb": pa.list_(pa.struct({"kb_id": pa.string(), "type": pa.string()})),
    "signature": pa.list_(pa.uint64(), BANDS), "text_hash": pa.uint64(),
})  # fmt: skip
"""What the corpus knows of an article. ``hash`` is that of ``Written``; ``published`` is the last day that its time can mean;
``mentioned`` are registry rows of its events, ``contacts`` all that it links to, ``kb`` its links with the types that its entities have;
``sha256`` and ``characters`` pin a page that is withheld and null otherwise; ``signature`` and ``text_hash`` are of the clean text; the
text hash is 0 where that is not at hand.
"""


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


class Written(NamedTuple):
    """Where a bundle was written."""

    piece: int
    line: int | None
    """Line of the piece, from 1; None where the file is one bundle."""
    hash: bytes
    """Of all that its rows depend on, but for what all units of a build have in common."""
    bytes: int


@dataclass(frozen=True)
class Said:
    """What a unit says besides its rows."""

    findings: tuple[Finding, ...] = ()
    """Lines are those of the piece, as if each file began with it."""
    tally: Tally = field(default_factory=Tally)
    hashes: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the pages that were read, by file."""
    refused: dict[str, list[str]] = field(default_factory=dict)
    """Identifiers in documents that were left out for a fault, by file."""
    each: dict[str, int] = field(default_factory=dict)
    """About how many bytes the rows of an article take in memory, by table."""

    def to_bytes(self) -> bytes:
        """As JSON."""
        found = [asdict(finding) for finding in self.findings]
        value = {
            "findings": found,
            "tally": self.tally.to_bytes().decode(),
            "hashes": self.hashes,
            "refused": self.refused,
            "each": self.each,
        }
        return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Said":
        """What ``to_bytes`` gave."""
        value = json.loads(data)
        findings = tuple(Finding(**{**found, "loc": tuple(found["loc"])}) for found in value["findings"])
        return cls(findings, Tally.from_bytes(value["tally"].encode()), value["hashes"], value["refused"], value["each"])


def work(task: Task) -> str:
    """Do a unit: make its folder, whole or not at all; gives its name."""
    files = Files(task.context.folder, Findings())
    names, parsed = _parsed(task.cut, files)
    root = with_defaults(parsed.root)
    texts, reports = _pages(root, parsed, names, files, task.context)
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
    clean = _clean(root, shown) if sane else pa.nulls(len(root), pa.string())
    said = Said(
        tuple(files.findings.all), Tally.of(root) if sane else Tally(),
        {name: value for name, value in files.hashes.items() if name not in names},
        {name: sorted(found) for name, found in files.refused.items()},
    )  # fmt: skip
    index = _index(unit, written, reports, clean, sound)
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


def read_index(folder: Path) -> tuple[pa.RecordBatch, Said]:
    """The index of a unit: a row an article, and what it says besides."""
    batch = read_table(folder, "index")
    return batch, Said.from_bytes(batch.schema.metadata[b"said"])


def read_table(folder: Path, name: str, columns: Sequence[str] | None = None) -> pa.RecordBatch:
    """One of the tables of a unit, or some columns of it. It is mapped, not copied."""
    with pa.memory_map(str(folder / name)) as file:
        batch = pa.ipc.open_file(file).get_batch(0)
    return batch if columns is None else batch.select(list(columns))


def reparsed(cut: Cut, folder: Path) -> Unit:
    """A unit as it stands in its files, to look for places in it: its bundles that have the right shape, lines as in their files."""
    names, parsed = _parsed(cut, Files(folder, Findings()))
    before = [(piece.line or 1) - 1 for piece in cut.pieces]
    origins = [Origin(names[own.piece], None if own.line is None else own.line + before[own.piece]) for own in parsed.lines]
    pages = Texts(parsed.page_text)
    root = with_defaults(parsed.root)
    return Unit(root, origins, pages, masked(root, pages), np.zeros(len(root), dtype=bool))


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


_BUFFER = 2**18
"""Bytes that are written at once: the columns of a batch are many, and most of them small."""


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


# --- pages -----------------------------------------------------------------------------------------------------------------------


def _pages(
    root: pa.StructArray, parsed: Parsed, names: Sequence[str], files: Files, context: Context
) -> tuple[pa.StringArray, list[PageReport]]:
    """Unmasked text of each page, as far as it is at hand, and what became of it. An open page comes with the raw files; a withheld
    one, which must not, is looked for in the user's folder.
    """
    article = root.field("article")
    ids, hashes = (column.to_pylist() for column in (article.field("article_id"), article.field("page").field("sha256")))
    status, carried = article.field("rights").field("status").to_pylist(), parsed.page_text.is_valid()
    other: dict[int, str | None] = {}
    reports = []
    for row, (article_id, sha256, rights, own, line) in enumerate(
        zip(ids, hashes, status, carried.to_pylist(), parsed.lines, strict=True)
    ):
        file, text = f"pages/{article_id}.txt", None
        if not own and context.paged:
            text = other[row] = files.text(file, required=False)
        elif context.paged and (files.folder / file).exists():
            files.findings.add(Finding("HD105", file, article_id))
        if rights == RightsStatus.open:
            reports.append(PageReport(article_id, PageStatus.open))
            continue
        if own:
            files.findings.add(Finding("HD507", names[line.piece], article_id, ("page_text",), None, None, line.line))
        elif text is not None and files.hashes[file] != sha256:
            files.findings.add(Finding("HD507", file, article_id))
        if context.shelf is None:
            other[row], report = None, PageReport(article_id, PageStatus.withheld)
        else:
            other[row], report = _shelf(context.shelf).find(article_id, sha256)
        reports.append(report)
    replaced = np.isin(np.arange(len(root)), list(other))
    return pc.replace_with_mask(parsed.page_text, replaced, pa.array(other.values(), pa.string())), reports


@lru_cache(maxsize=1)
def _shelf(path: Path) -> Shelf:
    shelf = pickle.loads(path.read_bytes())  # noqa: S301 – written by this build
    assert isinstance(shelf, Shelf)
    return shelf


def masked(root: pa.StructArray, pages: Texts) -> Texts:
    """The pages as they may leave the repo: private data masked."""
    items, rows = explode(root.field("article").field("private"))
    private = pc.not_equal(items.field("kind"), PrivateKind.not_private.value).to_numpy(zero_copy_only=False)
    start, end = (integers(items.field(name))[private] for name in ("start", "end"))
    return pages.masked(rows[private], start, end)


def _clean(root: pa.StructArray, pages: Texts) -> pa.StringArray:
    """The clean text of each article: headline, lead, subheadings and paragraphs, joined by blank lines; null where it is not at hand."""
    zones, rows = explode(root.field("article").field("zones"))
    kept = is_any(zones.field("type"), [zone.value for zone in ARTICLE_ZONES])
    start, end = (integers(zones.field(name))[kept] for name in ("start", "end"))
    blocks = pages.slices(rows[kept], start, end)
    offsets = np.searchsorted(rows[kept], np.arange(len(root) + 1))
    texts = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), blocks), SEPARATOR)
    return pc.if_else(pa.array(pages.known), texts, None)


def _hash(data: bytes, text: str | None) -> bytes:
    """Hash of an article's bytes, and of its page as far as that is not in them."""
    digest = xxhash.xxh3_128(data)
    if text is not None:
        digest.update(f"{len(data)}\n{text}".encode("utf-8", "surrogatepass"))
    return digest.digest()


# --- index -----------------------------------------------------------------------------------------------------------------------


def _index(unit: Unit, lines: Sequence[Written], reports: Sequence[PageReport], clean: pa.StringArray, sound: Bools) -> pa.Table:
    article = unit.root.field("article")
    source, page = article.field("source"), article.field("page")
    is_open = [status == RightsStatus.open for status in article.field("rights").field("status").to_pylist()]
    hidden = pa.array(is_open)
    days: dict[str, Any] = {}
    published = article.field("published").to_pylist()
    for value in published:
        if value not in days:
            days[value] = edtf_bounds(value)[1]
    contacts = [(node.rows, node.array) for node in unit.nodes if node.name == "contact_id" or node.path == "article.reports[]"]
    mentioned = [(node.rows, node.array) for node in unit.nodes if node.path == "events[].contact_id"]
    entities = unit.node("entities[]")
    links = pa.StructArray.from_arrays([entities.array.field(name) for name in ("kb_id", "type")], ["kb_id", "type"])
    there = clean.is_valid().to_numpy(zero_copy_only=False)
    given = clean.drop_null()
    signed, hashes = np.full((len(lines), BANDS), NOTHING, dtype=np.uint64), np.zeros(len(lines), dtype=np.uint64)
    if len(given):
        signed[there], hashes[there] = signatures(given.to_pylist()), text_hashes(Texts(given).utf8())
    columns = {
        "piece": pa.array([line.piece for line in lines], pa.int32()), "line": pa.array([line.line for line in lines], pa.int32()),
        "bytes": pa.array([line.bytes for line in lines], pa.int32()),
        "hash": pa.FixedSizeListArray.from_arrays(pa.array(np.frombuffer(b"".join(line.hash for line in lines), "<u8")), 2),
        "sound": pa.array(sound, pa.bool_()),
        "article_id": article.field("article_id"), "outlet": source.field("outlet"), "outlet_kind": source.field("outlet_kind"),
        "language": article.field("language"), "published": pa.array([days[value] for value in published], pa.date32()),
        "open": pa.array(is_open, pa.bool_()), "page_status": pa.array([report.status.value for report in reports], pa.string()),
        "page_file": pa.array([report.file for report in reports], pa.string()),
        "page_reason": pa.array([report.reason for report in reports], pa.string()),
        **{name: pc.if_else(hidden, None, page.field(name)) for name in ("sha256", "characters")},
        "derived_from": article.field("derived_from"), "reports": article.field("reports"),
        "mentioned": _distinct(mentioned, len(lines)), "contacts": _distinct(contacts, len(lines)),
        "kb": _linked(entities.rows, links, len(lines)),
        "signature": pa.FixedSizeListArray.from_arrays(pa.array(signed.reshape(-1)), BANDS),
        "text_hash": pa.array(hashes),
    }  # fmt: skip
    return pa.table([columns[name].cast(INDEX.field(name).type) for name in INDEX.names], schema=INDEX)


def _distinct(found: Sequence[tuple[Ints, pa.Array]], number: int) -> pa.ListArray:
    """For each article the different values of some nodes, in no order that means anything."""
    rows = np.concatenate([rows for rows, _ in found]) if found else np.zeros(0, dtype=np.int64)
    values = pa.chunked_array([array.cast(pa.string()) for _, array in found], pa.string()).combine_chunks()
    return _lists(rows, values.dictionary_encode(), number)


def _linked(rows: Ints, links: pa.StructArray, number: int) -> pa.ListArray:
    """For each article its different links to the knowledge base, each with a type that an entity has there."""
    kb, kinds = (links.field(name).dictionary_encode() for name in ("kb_id", "type"))
    types, names = max(1, len(kinds.dictionary)), max(1, len(kb.dictionary))
    valid = kb.is_valid().to_numpy(zero_copy_only=False)
    codes = kb.indices.fill_null(0).to_numpy().astype(np.int64) * types + kinds.indices.to_numpy()
    pairs = distinct(rows[valid] * (types * names) + codes[valid])
    offsets = np.searchsorted(pairs // (types * names), np.arange(number + 1))
    own, kind = np.divmod(pairs % (types * names), types)
    items = [kb.dictionary.take(pa.array(own)), kinds.dictionary.take(pa.array(kind))]
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.StructArray.from_arrays(items, ["kb_id", "type"]))


def _lists(rows: Ints, values: pa.DictionaryArray, number: int) -> pa.ListArray:
    valid = values.is_valid().to_numpy(zero_copy_only=False)
    width = max(1, len(values.dictionary))
    pairs = distinct(rows[valid] * width + values.indices.fill_null(0).to_numpy().astype(np.int64)[valid])
    offsets = np.searchsorted(pairs // width, np.arange(number + 1))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values.dictionary.take(pa.array(pairs % width)))
