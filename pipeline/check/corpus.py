"""Level 5: the corpus – registry, knowledge base, rights, and what each article owes to them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.check.unit import Unit
from pipeline.files import SHARD
from pipeline.findings import Finding, Loc
from pipeline.index import Index, Ref
from pipeline.nodes import Ints
from pipeline.rai import unknown_rai
from pipeline.read import Raw
from pipeline.split import SCHEMES
from pipeline.store import read_table
from pipeline.units import reparsed
from schema.base import edtf_bounds
from schema.reference import Contact
from schema.vocabulary import ClaimField, ContactStatus

ENDED = (ContactStatus.held, ContactStatus.postponed, ContactStatus.cancelled)
"""Statuses in which an announcement's life ends; where the history tells that life, it ends with the same."""

# --- articles ------------------------------------------------------------------------------------------------------------------


def _once(index: Index) -> Iterator[Finding]:
    """An id names one article. Hashes tell which ids can stand twice."""
    hashes = index.hashes.values
    order = np.argsort(hashes, kind="stable")
    again = np.flatnonzero(hashes[order][1:] == hashes[order][:-1])
    doubtful = np.unique(np.concatenate([order[again], order[again + 1]])).tolist()
    first: dict[str, int] = {}
    origins = index.origins(doubtful)
    for article, article_id in zip(doubtful, index.ids_of(doubtful), strict=True):
        other = first.setdefault(article_id, article)
        if other != article:
            there, here = origins[other], origins[article]
            found = f"article {article_id} stands in {there.file}{f':{there.line}' if there.line else ''} too"
            yield Finding("HD502", here.file, article_id, ("article", "article_id"), found, None, here.line)


def _derived_from(index: Index) -> Iterator[Finding]:
    raw = index.raw
    known = index.numbers(index.derived.values())
    refused = {identifier for identifiers in raw.refused.values() for identifier in identifiers}
    parents = {article: known.get(source) for article, source in index.derived.items()}
    wrong = []
    for article, source in index.derived.items():
        agency = source.startswith("agency:") and bool(source.removeprefix("agency:").strip())
        ancestors, at = set[int](), parents[article]
        while at is not None and at not in ancestors:
            ancestors.add(at)
            at = parents.get(at)
        if not (agency or source in known or source in refused or not raw.whole) or article in ancestors:
            wrong.append(article)
    origins = index.origins(wrong)
    for article, article_id in zip(wrong, index.ids_of(wrong), strict=True):
        expected = "another article of the corpus, or agency:<name>"
        loc: Loc = ("article", "derived_from")
        here = origins[article]
        yield Finding("HD515", here.file, article_id, loc, index.derived[article], expected, here.line)


def _links(index: Index) -> Iterator[Finding]:
    """Links to the registry and the knowledge base: each group's different values first, then those of its units, and their places where
    one leads nowhere.
    """
    known = Known.of(index.raw)
    contacts = (table.column("contact_id") for _, table in index.grouped("contacts", "contact_id"))
    for own, (group, kb) in zip(contacts, index.grouped("kb", "kb_id", "type"), strict=True):
        if not known.has(own, kb.column("kb_id"), kb.column("type")):
            for unit in group.units:
                yield from _links_of(index, unit, known)


def _links_of(index: Index, unit: Ref, known: "Known") -> Iterator[Finding]:
    table = read_table(index.area / unit.name, "index", ("sound", "contacts", "kb"))
    links = table.filter(table.column("sound"))
    contacts, kb = links.column("contacts").flatten(), links.column("kb").flatten()
    if not known.has(contacts, kb.field("kb_id"), kb.field("type")):
        places = reparsed(unit.cut, index.raw.folder)
        yield from links_resolve(places.without(~table.column("sound").to_numpy(zero_copy_only=False)), known)


@dataclass(frozen=True)
class Known:
    """What a link may lead to: rows with a fault included; None where the file could not be read."""

    contacts: pa.Array | None
    kb: pa.Array | None
    types: dict[str, str]
    """Types of the rows of the knowledge base."""

    @classmethod
    def of(cls, raw: Raw) -> Self:
        """What the registry and the knowledge base have."""
        contacts = _known(raw, "contacts.jsonl", [contact.contact_id for contact in raw.contacts])
        kb = _known(raw, "kb.jsonl", [entity.kb_id for entity in raw.kb])
        return cls(contacts, kb, {entity.kb_id: entity.type.value for entity in raw.kb})

    def has(self, contacts: pa.Array, kb: pa.Array, types: pa.Array) -> bool:
        """Whether all links lead somewhere, and have the types that stand there."""
        resolve = all(
            own is None or pc.all(pc.is_in(found, own)).as_py() is not False
            for found, own in ((contacts, self.contacts), (kb, self.kb))
        )
        return resolve and not len(self.other_types(kb, types))

    def other_types(self, kb: pa.Array, types: pa.Array) -> Ints:
        """The entities (by their place in the arrays) whose type is not that of their row in the knowledge base."""
        coded = kb.dictionary_encode()
        expected = pa.array([self.types.get(key) for key in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)
        return np.flatnonzero(pc.fill_null(pc.not_equal(expected, types), False).to_numpy(zero_copy_only=False))


def links_resolve(unit: Unit, known: Known) -> Iterator[Finding]:
    """Links of the records of some articles, or of a pass over them, that lead nowhere or to something of another type."""
    for code, own, names in (("HD503", known.contacts, ("contact_id",)), ("HD504", known.kb, ("kb_id",))):
        for node in unit.nodes if own is not None else ():
            if node.name in names or (code == "HD503" and node.path == "article.reports[]"):
                bad = pc.and_(node.array.is_valid(), pc.invert(pc.is_in(node.array, own)))
                for i in np.flatnonzero(bad.to_numpy(zero_copy_only=False)):
                    yield unit.at(code, node, i, node.array[i].as_py())
    entities, types = unit.node("entities[]"), unit.node("entities[].type")
    kb = entities.array.field("kb_id")
    for i in known.other_types(kb, types.array):
        row = kb[i].as_py()
        yield unit.at("HD505", types, i, types.array[i].as_py(), f"{known.types[row]}, as {row} in kb.jsonl")


def _known(raw: Raw, file: str, identifiers: list[str]) -> pa.Array | None:
    """Identifiers that a link may lead to, those of rows with a fault included; None if the file could not be read."""
    if file in raw.faulty and file not in raw.refused and not identifiers:
        return None
    return pa.array([*identifiers, *raw.refused.get(file, ())], pa.string())


def _copies(index: Index) -> Iterator[Finding]:
    """A withheld page leaves no copy in the raw folder, under whatever name."""
    if index.withheld is None:
        return
    files = dict(index.raw.files.sized(index.withheld[0], 4 * index.withheld[1]))
    named = {finding.file for finding in index.raw.files.findings.all if finding.code == "HD507"}
    for _, table in index.tables("index", "sha256", "article_id") if files else ():
        of = {
            sha256: key
            for sha256, key in zip(*(table.column(n).to_pylist() for n in ("sha256", "article_id")), strict=True)
            if sha256
        }
        for file, digest in files.items():
            if digest in of and file not in named:
                named.add(file)
                yield Finding("HD507", file, of[digest])


def _strays(index: Index) -> Iterator[Finding]:
    """Files among the pages that belong to no article."""
    files = index.raw.files
    pages = files.names("pages") if index.raw.whole else []
    named = {finding.file for finding in files.findings.all if finding.code == "HD507"}
    stems = {name: name.removeprefix("pages/").removesuffix(".txt") for name in pages if name not in named}
    known = {*index.numbers(stems.values()), *(name.removeprefix("articles/").removesuffix(".json") for name in index.raw.articles)}
    for name, stem in stems.items():
        if stem not in known or not name.endswith(".txt"):
            yield Finding("HD105", name)


# --- registry and knowledge base -------------------------------------------------------------------------------------------------


def _identifiers_once(raw: Raw) -> Iterator[Finding]:
    for name, key, rows, lines in (
        ("contacts.jsonl", "contact_id", [c.contact_id for c in raw.contacts], raw.contact_lines),
        ("kb.jsonl", "kb_id", [k.kb_id for k in raw.kb], raw.kb_lines),
    ):
        first: dict[str, int | None] = {}
        for value, line in zip(rows, lines, strict=True):
            if value in first:
                yield Finding("HD502", name, value, (key,), f"{value} stands in line {first[value]} too", None, line)
            first.setdefault(value, line)


def _contact_links(raw: Raw) -> Iterator[Finding]:
    known = _known(raw, "kb.jsonl", [entity.kb_id for entity in raw.kb])
    rows = set(known.to_pylist()) if known is not None else None
    for contact, line in zip(raw.contacts, raw.contact_lines, strict=True):
        for loc, kb_id in _kb_ids(contact):
            if rows is not None and kb_id not in rows:
                yield Finding("HD504", "contacts.jsonl", contact.contact_id, loc, kb_id, None, line)


def _kb_ids(contact: Contact) -> Iterator[tuple[Loc, str]]:
    for i, participant in enumerate(contact.participants):
        yield ("participants", i, "kb_id"), participant.kb_id
    if contact.place is not None and contact.place.kb_id is not None:
        yield ("place", "kb_id"), contact.place.kb_id


def _contact_lives(raw: Raw) -> Iterator[Finding]:
    for contact, line in zip(raw.contacts, raw.contact_lines, strict=True):
        for loc, found, expected in _disagreements(contact):
            yield Finding("HD513", "contacts.jsonl", contact.contact_id, loc, found, expected, line)


def _disagreements(contact: Contact) -> Iterator[tuple[Loc, str, str]]:
    if contact.date_end is not None:
        if contact.date is None:
            yield ("date_end",), contact.date_end, "a date before it"
        elif edtf_bounds(contact.date_end)[1] < edtf_bounds(contact.date)[0]:
            yield ("date_end",), contact.date_end, f"not before {contact.date}"
    history = contact.status_history
    for i in range(1, len(history)):
        if edtf_bounds(history[i].as_of)[1] < edtf_bounds(history[i - 1].as_of)[0]:
            yield ("status_history", i, "as_of"), history[i].as_of, f"not before {history[i - 1].as_of}"
    if history and contact.status in ENDED and history[-1].status is not contact.status:
        yield ("status_history", len(history) - 1, "status"), history[-1].status, f"{contact.status}, the row's status"


def _claims(raw: Raw) -> Iterator[Finding]:
    for contact, line in zip(raw.contacts, raw.contact_lines, strict=True):
        for i, claim in enumerate(contact.claims):
            if claim.field is ClaimField.duration_minutes and not (claim.value.isascii() and claim.value.isdigit()):
                yield Finding("HD514", "contacts.jsonl", contact.contact_id, ("claims", i, "value"), claim.value, "digits", line)


def _wikidata(raw: Raw) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for entity, line in zip(raw.kb, raw.kb_lines, strict=True):
        if entity.wikidata is None:
            if entity.wikidata_verified:
                yield Finding("HD517", "kb.jsonl", entity.kb_id, ("wikidata_verified",), None, None, line)
        elif first.setdefault(entity.wikidata, entity.kb_id) != entity.kb_id:
            yield Finding("HD512", "kb.jsonl", entity.kb_id, ("wikidata",), entity.wikidata, first[entity.wikidata], line)


def _datasheet(raw: Raw) -> Iterator[Finding]:
    from pipeline.datasheet import unknown  # here: with it comes what figures are made with

    template = raw.datasheet or ""
    for code, found in (("HD519", unknown(template)), ("HD520", unknown_rai(template))):
        for line, said in found:
            yield Finding(code, "datasheet.md", None, (), said, None, None, line, 1)


def _released_stay(index: Index) -> Iterator[Finding]:
    raw = index.raw
    articles = {name for name in raw.faulty if name.startswith("articles/")}
    if not raw.whole or any(SHARD.search(name) and name not in raw.refused for name in articles):
        return
    released = {key for scheme in SCHEMES for key in getattr(raw.splits, scheme)}
    here = {*index.numbers(released), *(name.removeprefix("articles/").removesuffix(".json") for name in articles)}
    here |= {identifier for name in articles for identifier in raw.refused.get(name, ())}
    for scheme in SCHEMES:
        for article_id in sorted(set(getattr(raw.splits, scheme)) - here):
            yield Finding("HD508", "splits.json", article_id, (scheme, article_id), article_id, at_key=True)


FILES: tuple[Callable[[Index], Iterator[Finding]], ...] = (_once, _copies, _strays)
"""Rules on files and ids, which are asked for at every level."""
ARTICLES: tuple[Callable[[Index], Iterator[Finding]], ...] = (_derived_from, _links, _released_stay)
"""What articles owe to one another, to the registry and the knowledge base, and to the splits of a release."""
REFERENCE: tuple[Callable[[Raw], Iterator[Finding]], ...] = (
    _identifiers_once, _contact_links, _contact_lives, _claims, _wikidata, _datasheet,
)  # fmt: skip
"""Rules on what is written once for all articles."""
