"""Level 5: the corpus – registry, knowledge base, rights, and what each article owes to them."""

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.check.unit import Check, Unit
from pipeline.datasheet import unknown
from pipeline.files import SHARD
from pipeline.findings import Finding, Loc
from pipeline.nodes import Node
from pipeline.rai import unknown_rai
from pipeline.read import Raw
from schema.base import edtf_bounds
from schema.reference import Contact
from schema.vocabulary import ClaimField, ContactStatus, RightsStatus

ENDED = (ContactStatus.held, ContactStatus.postponed, ContactStatus.cancelled)
"""Statuses in which an announcement's life ends; where the history tells that life, it ends with the same."""

# --- articles ------------------------------------------------------------------------------------------------------------------


def _file_names(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        article_id = bundle.article.article_id
        name = unit.raw.origins[article_id].file.rpartition("/")[2]
        if name.endswith(".json") and name != f"{article_id}.json":
            yield unit.on(bundle, "HD501", ("article", "article_id"), article_id, name)


def _registry_links(unit: Unit) -> Iterator[Finding]:
    known = _known(unit.raw, "contacts.jsonl", [contact.contact_id for contact in unit.raw.contacts])
    for node in unit.nodes if known is not None else ():
        if node.name == "contact_id" or node.path == "article.reports[]":
            yield from _unknown(unit, "HD503", node, known)


def _kb_links(unit: Unit) -> Iterator[Finding]:
    known = _known(unit.raw, "kb.jsonl", [entity.kb_id for entity in unit.raw.kb])
    for node in unit.nodes if known is not None else ():
        if node.name == "kb_id":
            yield from _unknown(unit, "HD504", node, known)


def _known(raw: Raw, file: str, identifiers: list[str]) -> pa.Array | None:
    """Identifiers that a link may lead to, those of rows with a fault included; None if the file could not be read."""
    if file in raw.faulty and file not in raw.refused and not identifiers:
        return None
    return pa.array([*identifiers, *raw.refused.get(file, ())], pa.string())


def _unknown(unit: Unit, code: str, node: Node, known: pa.Array) -> Iterator[Finding]:
    bad = pc.and_(node.array.is_valid(), pc.invert(pc.is_in(node.array, known)))
    for i in np.flatnonzero(bad.to_numpy(zero_copy_only=False)):
        yield unit.at(code, node, i, node.array[i].as_py())


def _kb_types(unit: Unit) -> Iterator[Finding]:
    types = {entity.kb_id: entity.type for entity in unit.raw.kb}
    for bundle in unit.bundles:
        for i, entity in enumerate(bundle.entities):
            known = types.get(entity.kb_id or "")
            if known is not None and known is not entity.type:
                yield unit.on(bundle, "HD505", ("entities", i, "type"), entity.type, f"{known}, as {entity.kb_id} in kb.jsonl")


def _rights(unit: Unit) -> Iterator[Finding]:
    for bundle in unit.bundles:
        article = bundle.article
        status, licence = article.rights.status, article.rights.licence
        if (status is RightsStatus.open) != (licence is not None):
            expected = f"{'a' if licence is None else 'no'} licence for a page that is {status}"
            yield unit.on(bundle, "HD510", ("article", "rights", "licence"), licence or "none", expected)
        page = f"pages/{article.article_id}.txt"
        if status is RightsStatus.open and article.article_id not in unit.pages.texts and page not in unit.raw.faulty:
            yield unit.on(bundle, "HD506", ("article", "rights", "status"), None, page)


def _derived_from(unit: Unit) -> Iterator[Finding]:
    articles = {*unit.raw.origins, *(i for ids in unit.raw.refused.values() for i in ids)}
    parents = {bundle.article.article_id: bundle.article.derived_from for bundle in unit.bundles}

    def ancestors(article_id: str | None) -> set[str]:
        found: set[str] = set()
        while article_id is not None and article_id not in found:
            found.add(article_id)
            article_id = parents.get(article_id)
        return found

    for bundle in unit.bundles:
        source = bundle.article.derived_from
        agency = source is not None and source.startswith("agency:") and bool(source.removeprefix("agency:").strip())
        known = source is None or agency or source in articles or not unit.raw.whole
        if not known or bundle.article.article_id in ancestors(source):
            yield unit.on(bundle, "HD515", ("article", "derived_from"), source, "another article of the corpus, or agency:<name>")


def _languages(unit: Unit) -> Iterator[Finding]:
    languages = unit.raw.meta.languages
    for bundle in unit.bundles:
        if bundle.article.language not in languages:
            yield unit.on(bundle, "HD516", ("article", "language"), bundle.article.language, ", ".join(languages))


ARTICLES: tuple[Check, ...] = (_file_names, _rights, _derived_from, _languages)
"""What an article owes; a pass over it has nothing of its own to say there."""
LINKS: tuple[Check, ...] = (_registry_links, _kb_links, _kb_types)
"""What the records of an article, or of a pass over it, owe."""

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
    template = raw.datasheet or ""
    for code, found in (("HD519", unknown(template)), ("HD520", unknown_rai(template))):
        for line, said in found:
            yield Finding(code, "datasheet.md", None, (), said, None, None, line, 1)


def _released_stay(raw: Raw) -> Iterator[Finding]:
    articles = {name for name in raw.faulty if name.startswith("articles/")}
    if not raw.whole or any(SHARD.search(name) and name not in raw.refused for name in articles):
        return
    here = set(raw.origins) | {name.removeprefix("articles/").removesuffix(".json") for name in articles}
    here |= {identifier for name in articles for identifier in raw.refused.get(name, ())}
    for scheme in ("by_event", "by_time", "by_outlet"):
        for article_id in sorted(set(getattr(raw.splits, scheme)) - here):
            yield Finding("HD508", "splits.json", article_id, (scheme, article_id), article_id, at_key=True)


RULES: tuple[Callable[[Raw], Iterator[Finding]], ...] = (
    _identifiers_once, _contact_links, _contact_lives, _claims, _wikidata, _datasheet, _released_stay,
)  # fmt: skip
