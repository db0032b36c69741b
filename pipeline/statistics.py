"""What a release holds, in figures: the numbers, tables and series that card, datasheet and plots are made of.

Everything is counted from the tables of the release, so that no figure is typed by hand.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.agree import ALL, LEVEL, Agreement
from pipeline.counting import Tables, count, exploded, flat, items, whole
from pipeline.split import SPLITS
from schema.base import Term, edtf_bounds
from schema.derive import arrow_schema
from schema.rows import TABLES
from schema.vocabulary import Certainty, ContactKind, EntityType, EventType, Origin

ACTORS = 2
"""Persons whose naming is compared: those with most mentions."""


@dataclass(frozen=True)
class Block:
    """A table for people."""

    header: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]


@dataclass
class Statistics:
    """Figures of a release, by the names under which a datasheet can call for them."""

    numbers: dict[str, int] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    agreement: tuple[Agreement, ...] = ()
    contacts_by_year: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Registry rows by year, then kind."""
    articles_by_year: Counter[str] = field(default_factory=Counter)
    naming: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)
    """By actor, then outlet: how often it is named by name, how often by a common noun."""
    certainty: dict[str, Counter[str]] = field(default_factory=dict)
    """By how an event is sourced: events by certainty."""


def statistics(tables: Tables, agreement: Sequence[Agreement]) -> Statistics:
    """All figures of a release."""
    found = Statistics(agreement=tuple(agreement))
    articles, entities, events, comments = (whole(tables, name) for name in ("articles", "entities", "events", "comments"))
    contacts, kb, passes = (whole(tables, name) for name in ("contacts", "kb", "passes"))
    mentions = exploded(entities, "mentions", "article_id", "type", "kb_id", "name")
    source = articles.column("source")
    unnamed = pc.binary_join_element_wise("not known", articles.column("article_id"), ": ")
    articles = articles.append_column("outlet", pc.coalesce(pc.struct_field(source, "outlet"), unnamed))
    for name in ("outlet_kind", "country"):
        articles = articles.append_column(name, pc.struct_field(source, name))
    years = [_year(published) for published in articles.column("published").to_pylist()]
    articles = articles.append_column("year", pa.array(years, pa.string()))
    found.numbers = {
        "articles": articles.num_rows, "entities": entities.num_rows, "mentions": mentions.num_rows, "events": events.num_rows,
        "comments": comments.num_rows, "contacts": contacts.num_rows, "kb": kb.num_rows,
        **{f"articles_{k}": count(articles, "origin")[k,] for k in ("written", "collected")},
        "outlets": pc.count_distinct(pc.struct_field(source, "outlet")).as_py(), "languages": len(count(articles, "language")),
        "zones": items(articles, "zones"), "private_spans": items(articles, "private"), "markers": items(events, "markers"),
        "source_links": items(events, "sources"), "arguments": items(events, "arguments"),
        "articles_with_comments": len(count(comments, "article_id")), "stances": items(comments, "stances"),
        "contacts_reported": len(count(exploded(articles, "reports", "article_id"), "reports")),
        "claims": items(contacts, "claims"), "status_changes": items(contacts, "status_history"),
        "contacts_verified": count(contacts, "verified")[True,], "kb_wikidata": kb.num_rows - kb.column("wikidata").null_count,
        "kb_wikidata_verified": count(kb, "wikidata_verified")[True,],
        "passes": len(count(passes, "pass_name")), "articles_with_passes": sum(n > 1 for n in count(passes, "article_id").values()),
        "articles_adjudicated": count(flat(articles, "annotation"), "adjudicated")[True,],
        "interval_level": LEVEL,
        "first_year": min((int(year) for (year,) in count(articles, "year")), default=0),
        "last_year": max((int(year) for (year,) in count(articles, "year")), default=0),
    }  # fmt: skip
    found.articles_by_year = Counter({year: n for (year,), n in count(articles, "year").items()})
    _registry(found, contacts, articles)
    found.blocks |= {
        "outlets": _outlets(articles),
        "splits": _splits(articles, contacts),
        "entity_types": _entity_types(entities, mentions),
        "event_types": _event_types(events),
        "annotators": _annotators(articles),
        "comment_labels": _labels(comments),
        "agreement": _agreement(agreement, lambda a: a.type == ALL and a.origin is None),
        "agreement_collected": _agreement(agreement, lambda a: a.origin is Origin.collected and a.aim is not None),
        "agreement_written": _agreement(agreement, lambda a: a.origin is Origin.written and a.aim is not None),
        "agreement_by_type": _agreement(agreement, lambda a: a.type != ALL),
    }
    found.certainty = _certainty(events)
    found.blocks["certainty"] = Block(
        ("on whose word", *(c.value for c in Certainty)),
        [(k, *(row[c.value] for c in Certainty)) for k, row in found.certainty.items()],
    )
    found.naming = _naming(articles, kb, mentions)
    found.blocks["naming"] = Block(
        ("actor", "outlet", *NAMING),
        [(actor, outlet, *(row[way] for way in NAMING)) for actor, rows in found.naming.items() for outlet, row in rows.items()],
    )
    return found


@cache
def of_nothing() -> Statistics:
    """The figures of an empty release: their names are those of every release."""
    return statistics({table.name: {"train": arrow_schema(table.row).empty_table()} for table in TABLES}, ())


def markdown(block: Block) -> str:
    """A block as a Markdown table; pipes in cells are escaped. Without rows, a sentence."""

    def line(cells: Sequence[object]) -> str:
        return "| " + " | ".join(" ".join(str(cell).replace("|", "\\|").splitlines()) for cell in cells) + " |\n"

    return line(block.header) + "|---" * len(block.header) + "|\n" + "".join(map(line, block.rows)) if block.rows else "*None.*\n"


# --- blocks ----------------------------------------------------------------------------------------------------------------------


def _ordered(counts: Mapping[Any, Any], vocabulary: type[Term]) -> list[str]:
    return [term.value for term in vocabulary if counts.get(term.value)]


def _year(edtf: str) -> str:
    """The last year that a time can mean, or the first one where its end is open."""
    first, last = edtf_bounds(edtf)
    return str(first.year if last == date.max else last.year)


def _registry(found: Statistics, contacts: pa.Table, articles: pa.Table) -> None:
    """Registry rows by kind and year, and which of them articles report."""
    reported = {contact for (contact,) in count(exploded(articles, "reports", "article_id"), "reports")}
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for contact in contacts.select(["contact_id", "kind", "date", "status_history"]).to_pylist():
        rows[contact["kind"]]["rows"] += 1
        rows[contact["kind"]]["reported"] += contact["contact_id"] in reported
        when = contact["date"] or next((step["as_of"] for step in contact["status_history"]), None)
        year = _year(when) if when else contact["contact_id"][:4]
        found.contacts_by_year[year][contact["kind"]] += 1
    kinds = _ordered(rows, ContactKind)
    found.blocks["contact_kinds"] = Block(
        ("kind", "rows", "reported by articles"), [(kind, rows[kind]["rows"], rows[kind]["reported"]) for kind in kinds]
    )
    years = sorted({*found.contacts_by_year, *found.articles_by_year})
    found.blocks["coverage"] = Block(
        ("year", *kinds, "articles"),
        [(year, *(found.contacts_by_year[year][kind] for kind in kinds), found.articles_by_year[year]) for year in years],
    )


def _outlets(articles: pa.Table) -> Block:
    counts = count(articles, "outlet", "outlet_kind", "country", "language", "origin")
    rows = [(*key, n) for key, n in sorted(counts.items())]
    return Block(("outlet", "kind", "country", "language", "origin", "articles"), rows)


def _splits(articles: pa.Table, contacts: pa.Table) -> Block:
    """Articles by split in each scheme: all, and by what the splits are balanced over."""
    kinds = dict(zip(contacts.column("contact_id").to_pylist(), contacts.column("kind").to_pylist(), strict=True))
    main = [kinds[reports[0]] if reports else "none" for reports in articles.column("reports").to_pylist()]
    articles = articles.append_column("contact_kind", pa.array(main, pa.string())).append_column(
        "all", pa.repeat("", len(articles))
    )
    rows: list[tuple[object, ...]] = []
    for scheme, column in (("by event", "split"), ("by time", "split_by_time"), ("by outlet", "split_by_outlet")):
        for what in ("all", "contact_kind", "outlet_kind", "language"):
            counts = count(articles, what, column)
            for value in sorted({key[0] for key in counts}):
                label = f"{what.replace('_', ' ')} {value}".strip()
                rows.append((scheme, label, *(counts[value, name] for name in SPLITS)))
    return Block(("scheme", "articles", *SPLITS), rows)


def _entity_types(entities: pa.Table, mentions: pa.Table) -> Block:
    total, linked = count(entities, "type"), count(entities.filter(entities.column("kb_id").is_valid()), "type")
    ways = count(mentions, "of_type", "level", "usage")
    rows = [
        (
            kind, total[kind,], linked[kind,], ways[kind, "name", "literal"], ways[kind, "nominal", "literal"],
            ways[kind, "name", "metonymic"] + ways[kind, "nominal", "metonymic"],
        )
        for kind in _ordered({key[0]: n for key, n in total.items()}, EntityType)
    ]  # fmt: skip
    return Block(("type", "entities", "linked", "names", "nominals", "metonymic"), rows)


def _event_types(events: pa.Table) -> Block:
    total, negative = count(events, "type"), count(events.filter(pc.equal(events.column("polarity"), "negative")), "type")
    sure, linked = count(events, "type", "certainty"), count(events.filter(events.column("contact_id").is_valid()), "type")
    rows = [
        (kind, total[kind,], linked[kind,], *(sure[kind, c.value] for c in Certainty), negative[kind,])
        for kind in _ordered({key[0]: n for key, n in total.items()}, EventType)
    ]
    return Block(("type", "events", "linked to the registry", *(c.value for c in Certainty), "negative"), rows)


def _certainty(events: pa.Table) -> dict[str, Counter[str]]:
    links = pc.min_element_wise(pc.list_value_length(events.column("sources")), 3)
    counts = count(pa.table({"links": links, "certainty": events.column("certainty")}), "links", "certainty")
    names = ("the article itself", "one source", "a source of a source", "a longer chain")
    return {name: Counter({c.value: counts[i, c.value] for c in Certainty}) for i, name in enumerate(names)}


NAMING = ("name", "nominal")
"""Ways to name an actor."""


def _naming(articles: pa.Table, kb: pa.Table, mentions: pa.Table) -> dict[str, dict[str, Counter[str]]]:
    """How outlets name the persons that are named most."""
    outlet = dict(zip(articles.column("article_id").to_pylist(), articles.column("outlet").to_pylist(), strict=True))
    people = mentions.filter(pc.and_(pc.equal(mentions.column("of_type"), "PER"), mentions.column("kb_id").is_valid()))
    names = dict(zip(kb.column("kb_id").to_pylist(), kb.column("name_de").to_pylist(), strict=True))
    most = sorted(count(people, "kb_id").items(), key=lambda item: (-item[1], item[0]))[:ACTORS]
    found: dict[str, dict[str, Counter[str]]] = {names[kb_id]: defaultdict(Counter) for (kb_id,), _ in most}
    for (kb_id, article_id, level), n in sorted(count(people, "kb_id", "article_id", "level").items()):
        if (rows := found.get(names[kb_id])) is not None:
            rows[outlet[article_id]][level] += n
    return {actor: dict(sorted(rows.items())) for actor, rows in found.items()}


def _annotators(articles: pa.Table) -> Block:
    """Who annotated, by kind, in how many articles."""
    who = exploded(flat(articles.select(["article_id", "annotation"]), "annotation"), "annotators", "article_id")
    kinds = Counter(kind for _, kind in count(who, "article_id", "kind"))
    return Block(("annotators", "articles"), [(kind.replace("_", " "), n) for kind, n in sorted(kinds.items())])


def _labels(comments: pa.Table) -> Block:
    labels = flat(comments.select(["comment_id", "labels"]), "labels")
    rows: list[tuple[object, ...]] = [(f"sentiment {value}", n) for (value,), n in sorted(count(labels, "sentiment").items())]
    for name in labels.column_names[2:]:
        rows.append((name, count(labels, name)[True,]))
    stances = exploded(comments, "stances", "comment_id")
    rows += [(f"stance {value}", n) for (value,), n in sorted(count(stances, "stance").items())]
    return Block(("label", "times"), [*rows, ("ironic stance", count(stances, "ironic")[True,])])


# --- agreement -------------------------------------------------------------------------------------------------------------------

AGREEMENT_COLUMNS = ("measure", "value", "interval", "aim", "both", "first", "second")


def _agreement(agreement: Sequence[Agreement], shown: Callable[[Agreement], bool]) -> Block:
    return Block(AGREEMENT_COLUMNS, [agreement_row(a) for a in agreement if shown(a)])


def agreement_row(a: Agreement) -> tuple[str, ...]:
    """One figure of agreement as people read it."""

    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.3f}"

    name = a.measure if a.type == ALL else f"{a.measure}: {a.type}"
    interval = "–" if a.low is None else f"{number(a.low)} to {number(a.high)}"
    counts = ("–" if n is None else f"{n:,}" for n in (a.both, a.first, a.second))
    return (f"{name} ({a.statistic})", number(a.value), interval, "–" if a.aim is None else f"{a.aim:.2f}".lstrip("0"), *counts)
