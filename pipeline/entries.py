"""What a unit tells the corpus: a small row an article, and what it says besides."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.check.unit import Unit
from pipeline.counting import distinct
from pipeline.duplicates.minhash import BANDS, NOTHING, signatures
from pipeline.findings import Finding
from pipeline.grams import text_hashes
from pipeline.nodes import Bools, Ints
from pipeline.pages import PageReport
from pipeline.store import read_table
from pipeline.tally import Tally
from pipeline.texts import Texts
from schema.base import edtf_bounds
from schema.vocabulary import RightsStatus

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


def read_index(folder: Path) -> tuple[pa.RecordBatch, Said]:
    """The index of a unit: a row an article, and what it says besides."""
    batch = read_table(folder, "index")
    return batch, Said.from_bytes(batch.schema.metadata[b"said"])


def entries(unit: Unit, lines: Sequence[Written], reports: Sequence[PageReport], clean: pa.StringArray, sound: Bools) -> pa.Table:
    """The index of a unit, without what it says: columns of INDEX, a row for each of ``lines``. ``clean`` are the clean texts, ``sound``
    tells which articles passed levels 3 and 4.
    """
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
