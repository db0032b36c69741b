"""What a release holds, in figures: the numbers, tables and series that card, datasheet and plots are made of.

Everything is made from the tally of its records and from its reference tables, so that no figure is typed by hand.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.agree import ALL, LEVEL, Agreement
from pipeline.counting import Key, Value, items
from pipeline.split import SCHEMES, SPLITS
from pipeline.tally import CHAIN, Tally, year_of
from schema.base import Term
from schema.derive import arrow_schema
from schema.records import CommentLabels
from schema.rows import ContactRow, KbRow
from schema.vocabulary import Certainty, ContactKind, EntityType, EventType, Origin

ACTORS = 2
"""Persons whose naming is compared: those with most mentions."""
BALANCED = ("all", "contact_kind", "outlet_kind", "language")
"""What articles are told apart by in a table of the splits: nothing, then what the splits are balanced over."""


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


def statistics(
    tally: Tally,
    contacts: pa.Table,
    kb: pa.Table,
    people: Mapping[Key, int],
    passes: Iterable[tuple[str, str]],
    splits: Mapping[Key, int],
    agreement: Sequence[Agreement],
) -> Statistics:
    """All figures of a release: from the tally of all its articles, its reference tables, mentions of the persons that are named most
    (by row of the knowledge base, outlet, level), the article and the name of each pass, articles by (scheme, what they
    are told apart by, its value, split), and how far the passes agree.
    """
    found = Statistics(agreement=tuple(agreement))
    sums = {what: tally.sums[what,] for what in ("articles", "entities", "mentions", "events", "comments")}
    origins, years = _by(tally.articles, 4), [int(str(year)) for (year,) in tally.years]
    passed = {*passes}
    found.numbers = {
        **sums, "contacts": contacts.num_rows, "kb": kb.num_rows,
        **{f"articles_{k}": origins[k,] for k in ("written", "collected")},
        "outlets": len(tally.outlets), "languages": len(_by(tally.articles, 3)),
        "zones": tally.sums["zones",], "private_spans": tally.sums["private",], "markers": tally.sums["markers",],
        "source_links": tally.sums["sources",], "arguments": tally.sums["arguments",],
        "articles_with_comments": tally.sums["articles_with_comments",], "stances": tally.sums["stances",],
        "contacts_reported": len(tally.reports),
        "claims": items(contacts.column("claims")), "status_changes": items(contacts.column("status_history")),
        "contacts_verified": _true(contacts.column("verified")), "kb_wikidata": kb.num_rows - kb.column("wikidata").null_count,
        "kb_wikidata_verified": _true(kb.column("wikidata_verified")),
        "passes": len({name for _, name in passed}),
        "articles_with_passes": sum(n > 1 for n in Counter(article_id for article_id, _ in passed).values()),
        "articles_adjudicated": tally.adjudicated[True,],
        "interval_level": LEVEL, "first_year": min(years, default=0), "last_year": max(years, default=0),
    }  # fmt: skip
    found.articles_by_year = Counter({str(year): n for (year,), n in tally.years.items()})
    _registry(found, contacts, {contact for (contact,) in tally.reports})
    found.blocks |= {
        "outlets": Block(
            ("outlet", "kind", "country", "language", "origin", "articles"), [(*key, n) for key, n in _sorted(tally.articles)]
        ),
        "splits": _splits(splits),
        "entity_types": _entity_types(tally),
        "event_types": _event_types(tally),
        "annotators": Block(
            ("annotators", "articles"), [(str(kind).replace("_", " "), n) for (kind,), n in _sorted(tally.annotators)]
        ),
        "comment_labels": _labels(tally),
        "agreement": _agreement(agreement, lambda a: a.type == ALL and a.origin is None),
        "agreement_collected": _agreement(agreement, lambda a: a.origin is Origin.collected and a.aim is not None),
        "agreement_written": _agreement(agreement, lambda a: a.origin is Origin.written and a.aim is not None),
        "agreement_by_type": _agreement(agreement, lambda a: a.type != ALL),
    }
    found.certainty = _certainty(tally)
    found.blocks["certainty"] = Block(
        ("on whose word", *(c.value for c in Certainty)),
        [(k, *(row[c.value] for c in Certainty)) for k, row in found.certainty.items()],
    )
    found.naming = _naming(people, kb)
    found.blocks["naming"] = Block(
        ("actor", "outlet", *NAMING),
        [(actor, outlet, *(row[way] for way in NAMING)) for actor, rows in found.naming.items() for outlet, row in rows.items()],
    )
    return found


@cache
def of_nothing() -> Statistics:
    """The figures of an empty release: their names are those of every release."""
    return statistics(Tally(), arrow_schema(ContactRow).empty_table(), arrow_schema(KbRow).empty_table(), {}, (), {}, ())


def markdown(block: Block) -> str:
    """A block as a Markdown table; pipes in cells are escaped. Without rows, a sentence."""

    def line(cells: Sequence[object]) -> str:
        return "| " + " | ".join(" ".join(str(cell).replace("|", "\\|").splitlines()) for cell in cells) + " |\n"

    return line(block.header) + "|---" * len(block.header) + "|\n" + "".join(map(line, block.rows)) if block.rows else "*None.*\n"


# --- blocks ----------------------------------------------------------------------------------------------------------------------


def _ordered(counts: Mapping[Any, Any], vocabulary: type[Term]) -> list[str]:
    return [term.value for term in vocabulary if counts.get(term.value)]


def _by(counts: Mapping[Key, int], *places: int) -> Counter[Key]:
    """Counts by some places of their keys alone."""
    found: Counter[Key] = Counter()
    for key, n in counts.items():
        found[tuple(key[place] for place in places)] += n
    return found


def _sorted(counts: Mapping[Key, int]) -> list[tuple[Any, int]]:
    """Counts in the order of their keys, none of which has a null."""
    return sorted(counts.items())


def _true(column: pa.ChunkedArray) -> int:
    """Rows of a boolean column that are true."""
    return pc.sum(column).as_py() or 0


def _registry(found: Statistics, contacts: pa.Table, reported: set[Value]) -> None:
    """Registry rows by kind and year, and which of them articles report."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for contact in contacts.select(["contact_id", "kind", "date", "status_history"]).to_pylist():
        rows[contact["kind"]]["rows"] += 1
        rows[contact["kind"]]["reported"] += contact["contact_id"] in reported
        when = contact["date"] or next((step["as_of"] for step in contact["status_history"]), None)
        year = year_of(when) if when else contact["contact_id"][:4]
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


def _splits(counts: Mapping[Key, int]) -> Block:
    """Articles by split in each scheme: all, and by what the splits are balanced over."""
    rows: list[tuple[object, ...]] = []
    for scheme in SCHEMES:
        for what in BALANCED:
            for value in sorted({str(key[2]) for key in counts if key[:2] == (scheme, what)}):
                label = f"{what.replace('_', ' ')} {value}".strip()
                rows.append((scheme.replace("_", " "), label, *(counts.get((scheme, what, value, name), 0) for name in SPLITS)))
    return Block(("scheme", "articles", *SPLITS), rows)


def _entity_types(tally: Tally) -> Block:
    total, linked, ways = _by(tally.entities, 0), tally.entities, tally.mentions
    rows = [
        (
            kind, total[kind,], linked[kind, True], ways[kind, "name", "literal"], ways[kind, "nominal", "literal"],
            ways[kind, "name", "metonymic"] + ways[kind, "nominal", "metonymic"],
        )
        for kind in _ordered({key[0]: n for key, n in total.items()}, EntityType)
    ]  # fmt: skip
    return Block(("type", "entities", "linked", "names", "nominals", "metonymic"), rows)


def _event_types(tally: Tally) -> Block:
    total, sure, negative, linked = (_by(tally.events, *places) for places in ((0,), (0, 1), (0, 2), (0, 3)))
    rows = [
        (kind, total[kind,], linked[kind, True], *(sure[kind, c.value] for c in Certainty), negative[kind, "negative"])
        for kind in _ordered({key[0]: n for key, n in total.items()}, EventType)
    ]
    return Block(("type", "events", "linked to the registry", *(c.value for c in Certainty), "negative"), rows)


def _certainty(tally: Tally) -> dict[str, Counter[str]]:
    names = ("the article itself", "one source", "a source of a source", "a longer chain")
    links = dict(zip(names, range(CHAIN + 1), strict=True))
    return {name: Counter({c.value: tally.sourced[i, c.value] for c in Certainty}) for name, i in links.items()}


NAMING = ("name", "nominal")
"""Ways to name an actor."""


def _naming(people: Mapping[Key, int], kb: pa.Table) -> dict[str, dict[str, Counter[str]]]:
    """How outlets name the persons that are named most."""
    names = dict(zip(kb.column("kb_id").to_pylist(), kb.column("name_de").to_pylist(), strict=True))
    most = sorted(_by(people, 0).items(), key=lambda item: (-item[1], item[0]))[:ACTORS]
    found: dict[str, dict[str, Counter[str]]] = {names[kb_id]: defaultdict(Counter) for (kb_id,), _ in most}
    for (kb_id, outlet, level), n in people.items():
        if (rows := found.get(names[kb_id])) is not None:
            rows[str(outlet)][str(level)] += n
    return {actor: dict(sorted(rows.items())) for actor, rows in found.items()}


def _labels(tally: Tally) -> Block:
    rows: list[tuple[object, ...]] = [(f"sentiment {value}", n) for (value,), n in _sorted(tally.sentiments)]
    rows += [(name, tally.labels[name,]) for name in CommentLabels.model_fields if name != "sentiment"]
    rows += [(f"stance {value}", n) for (value,), n in _sorted(_by(tally.stances, 0))]
    return Block(("label", "times"), [*rows, ("ironic stance", _by(tally.stances, 1)[True,])])


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
