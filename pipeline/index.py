"""Stage 3: what all units say, group by group → what the corpus is. Everything that concerns articles together is told from here.

Held in memory are some forty bytes an article: hashes, and numbers in place of names. What is larger (signatures for near-duplicates) is
spooled to a file, and what is rarely needed, ids among it, is read again from its group or unit. So memory grows by some 8 MB for
200,000 articles, not by their gigabytes; Arrow and numpy hold that as plain arrays, and no engine beside them is needed.
"""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.cut import Cut
from pipeline.duplicates.candidates import Spool
from pipeline.duplicates.minhash import BANDS, NOTHING
from pipeline.findings import Finding
from pipeline.groups import read_group
from pipeline.nodes import Ints, integers
from pipeline.pages import PageReports, PageStatus
from pipeline.read import Origin, Raw
from pipeline.store import read_table
from pipeline.tally import Tally

Numbers = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Ref:
    """A unit that was done."""

    name: str
    """Name of its folder."""
    cut: Cut
    first: int
    """Number of its first article."""
    articles: int
    each: Mapping[str, int] = field(compare=False)
    """About how many bytes the rows of an article take in memory, by table."""


@dataclass(frozen=True)
class Joined:
    """A group that was taken in."""

    name: str
    """Name of its folder."""
    units: tuple[Ref, ...]

    @property
    def articles(self) -> slice:
        """The numbers of its articles."""
        return slice(self.units[0].first, self.units[-1].first + self.units[-1].articles)


class Codes:
    """Numbers in place of names, given as names come."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names = list(names)
        self._code = {name: code for code, name in enumerate(self.names)}

    def of(self, values: pa.Array) -> Ints:
        """The number of each value; -1 for null."""
        coded = values.dictionary_encode()
        for name in coded.dictionary.to_pylist():
            if name not in self._code:
                self._code[name] = len(self.names)
                self.names.append(name)
        codes = np.array([self._code[name] for name in coded.dictionary.to_pylist()] or [-1], dtype=np.int32)
        indices = coded.indices.fill_null(-1).to_numpy()
        return np.where(indices < 0, -1, codes[indices])


class Column:
    """Numbers that come unit by unit, in few bytes each."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._parts: list[Numbers] = []

    def add(self, values: Numbers) -> None:
        """Take the next ones."""
        self._parts.append(values.astype(self.kind))

    @property
    def values(self) -> Numbers:
        """All of them."""
        if len(self._parts) != 1:
            self._parts = [np.concatenate([np.zeros(0, self.kind), *self._parts])]
        return self._parts[0]


class Lists:
    """Lists of numbers that come unit by unit."""

    def __init__(self) -> None:
        self._lengths, self._items = Column("i4"), Column("i4")

    def add(self, lists: pa.ListArray, codes: Codes) -> None:
        """Take the next lists of names."""
        self._lengths.add(integers(pc.list_value_length(lists), 0))
        self._items.add(codes.of(lists.flatten()))

    @property
    def items(self) -> Ints:
        """The numbers of all lists."""
        return self._items.values

    @property
    def rows(self) -> Ints:
        """For each item the list that it stands in."""
        return np.repeat(np.arange(len(self._lengths.values)), self._lengths.values)

    @property
    def first(self) -> Ints:
        """The first item of each list; -1 where it has none."""
        lengths = self._lengths.values
        begins = np.cumsum(lengths) - lengths
        return np.where(lengths > 0, np.append(self.items, -1)[np.minimum(begins, len(self.items))], -1)


class Index:
    """What is known of all articles, in the order of the files and lines that they were written in."""

    def __init__(self, raw: Raw, area: Path, depends: str) -> None:
        """``depends`` is a hash of what all units depend on besides their articles."""
        self.raw, self.area, self.depends = raw, area, depends
        self.units: list[Ref] = []
        self.groups: list[Joined] = []
        self.tally = Tally()
        self.pages: Counter[str] = Counter()
        """Articles by what became of their pages."""
        self.hashes, self.open, self.at_hand = Column("u8"), Column("?"), Column("?")
        """For each article a hash of its id; whether its page is open; whether its text is at hand."""
        self.published, self.bytes, self.text_hashes = Column("i4"), Column("i4"), Column("u8")
        """Last day of its time, in days since 1970; bytes that it was written in; a hash of its clean text."""
        self.contacts = Codes([contact.contact_id for contact in raw.contacts])
        self.outlets, self.kinds, self.languages = Codes(), Codes(), Codes()
        self.outlet, self.kind, self.language = Column("i4"), Column("i2"), Column("i2")
        self.reports = Lists()
        """Registry rows that it reports, as numbers of ``contacts``."""
        self.derived: dict[int, str] = {}
        """What articles say that they are derived from."""
        self.withheld: tuple[int, int] | None = None
        """Characters of the shortest and the longest withheld page."""
        self.signatures = Spool(area)

    def __len__(self) -> int:
        return self.units[-1].first + self.units[-1].articles if self.units else 0

    @property
    def hydrated(self) -> bool:
        """Whether the text of a withheld page is at hand, so that what is built may not be published."""
        return self.pages[PageStatus.hydrated] > 0

    def add(self, name: str, units: Sequence[tuple[str, Cut]]) -> int:
        """Take a group of units that were done (the name of its folder, and names and cuts of its units), with their findings; gives the
        number of those.
        """
        group = read_group(self.area / name)
        batch, first, found = group.rows, len(self), len(self.raw.files.findings.all)
        column = dict(zip(batch.schema.names, batch.columns, strict=True))
        for (unit, cut), (articles, said) in zip(units, group.units, strict=True):
            self.units.append(Ref(unit, cut, len(self), articles, said.each))
            lines = {piece.file: piece.line or 1 for piece in cut.pieces}
            self.raw.files.findings.extend(_placed(finding, lines) for finding in said.findings)
            self.raw.files.hashes.update(said.hashes)
            for file, identifiers in said.refused.items():
                self.raw.refused.setdefault(file, set()).update(identifiers)
        self.groups.append(Joined(name, tuple(self.units[-len(units) :])))
        self.tally.add(group.tally)
        self.pages.update({row["values"]: row["counts"] for row in column["page_status"].value_counts().to_pylist()})
        self.hashes.add(column["id_hash"].to_numpy())
        self.open.add(column["open"].to_numpy(zero_copy_only=False))
        self.text_hashes.add(column["text_hash"].to_numpy())
        self.at_hand.add(column["text_hash"].to_numpy() != 0)
        self.published.add(column["published"].cast(pa.int32()).to_numpy())
        self.bytes.add(column["bytes"].to_numpy())
        for own, codes, key in (
            (self.outlet, self.outlets, "outlet"), (self.kind, self.kinds, "outlet_kind"), (self.language, self.languages, "language"),
        ):  # fmt: skip
            own.add(codes.of(column[key]))
        self.reports.add(column["reports"], self.contacts)
        for i in np.flatnonzero(column["derived_from"].is_valid().to_numpy(zero_copy_only=False)).tolist():
            self.derived[first + i] = column["derived_from"][i].as_py()
        if column["characters"].null_count < len(batch):
            ends = pc.min_max(column["characters"]).as_py()
            before = self.withheld or (ends["min"], ends["max"])
            self.withheld = (min(before[0], ends["min"]), max(before[1], ends["max"]))
        self.signatures.add(column["signature"].flatten().to_numpy().reshape(-1, BANDS))
        return len(self.raw.files.findings.all) - found

    def ids(self) -> pa.ChunkedArray:
        """All ids, in order. They are not held: of what is, they would be a third."""
        chunks = [pa.array(table.column(0).to_pylist(), pa.string()) for _, table in self.grouped("rows", "article_id")]
        return pa.chunked_array(chunks, pa.string())  # copied: what is mapped would stay in memory

    def ids_of(self, articles: Sequence[int]) -> list[str]:
        """The ids of some articles."""
        return self.ids().take(pa.array(articles, pa.int64())).to_pylist() if len(articles) else []

    def numbers(self, identifiers: Iterable[str]) -> dict[str, int]:
        """The numbers of some articles, by id; ids that no article has are left out."""
        wanted = pa.array(sorted(set(identifiers)), pa.string())
        found: dict[str, int] = {}
        for group, table in self.grouped("rows", "article_id") if len(wanted) else ():
            ids = table.column(0)
            for i in np.flatnonzero(pc.is_in(ids, wanted).to_numpy(zero_copy_only=False)).tolist():
                found.setdefault(ids[i].as_py(), group.articles.start + i)
        return found

    def mentioned(self) -> Lists:
        """Registry rows that the events of each article are about, as numbers of ``contacts``."""
        found = Lists()
        for _, table in self.grouped("rows", "mentioned"):
            found.add(table.column(0), self.contacts)
        return found

    def origins(self, articles: Iterable[int]) -> dict[int, Origin]:
        """Where some articles were written."""
        found: dict[int, Origin] = {}
        for unit, group in groupby(sorted(articles), key=self._unit):
            table = read_table(self.area / self.units[unit].name, "index", ("piece", "line"))
            for article in group:
                row = table.slice(article - self.units[unit].first, 1).to_pylist()[0]
                piece = self.units[unit].cut.pieces[row["piece"]]
                found[article] = Origin(piece.file, None if row["line"] is None else row["line"] + (piece.line or 1) - 1)
        return found

    def tables(self, name: str, *columns: str) -> Iterator[tuple[Ref, pa.RecordBatch]]:
        """Some columns of one table, or of the index, of each unit, one after the other."""
        for unit in self.units:
            yield unit, read_table(self.area / unit.name, name, columns)

    def grouped(self, name: str, *columns: str) -> Iterator[tuple[Joined, pa.RecordBatch]]:
        """Some columns of one table of each group, one after the other."""
        for group in self.groups:
            yield group, read_table(self.area / group.name, name, columns)

    def content(self) -> Numbers:
        """Of each article a hash of what its rows depend on besides ``depends``, shape (n, 2)."""
        return np.concatenate(
            [table.column("hash").flatten().to_numpy().reshape(-1, 2) for _, table in self.grouped("rows", "hash")]
        )

    def open_signatures(self) -> Spool:
        """The signatures of open pages alone."""
        spool = Spool(self.area)
        for _, table in self.grouped("rows", "open", "signature"):
            rows = table.column("signature").flatten().to_numpy().reshape(-1, BANDS)
            spool.add(np.where(table.column("open").to_numpy(zero_copy_only=False)[:, None], rows, np.uint64(NOTHING)))
        return spool

    def page_reports(self) -> PageReports:
        """What became of each page."""
        tables = [table.replace_schema_metadata() for _, table in self.grouped("rows", *_REPORTED.names)]
        return PageReports(pa.Table.from_batches(tables, _REPORTED))

    def unit_of(self, article: int) -> Ref:
        """The unit that an article is in."""
        return self.units[self._unit(article)]

    def _unit(self, article: int) -> int:
        return bisect(self.units, article, key=lambda unit: unit.first) - 1


_REPORTED = pa.schema([(name, pa.string()) for name in ("article_id", "page_status", "page_file", "page_reason")])


def _placed(finding: Finding, lines: dict[str, int]) -> Finding:
    """A finding of a unit, with lines as they are in the file."""
    before = lines.get(finding.file, 1) - 1
    if finding.document is None or not before:
        return finding
    line = None if finding.line is None else finding.line + before
    return replace(finding, document=finding.document + before, line=line)
