"""What two passes over one page have in common, as counts and pairs of labels that add up over pages."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from pipeline.agree.align import HasPlace, Link, Place, assign, exact, overlapping, place, places, same_entities
from pipeline.agree.coreference import conll, lea
from schema.records import Argument, Bundle, Event
from schema.vocabulary import Certainty, Origin, Polarity

ALL = "all"
"""Stands where a measure is taken over all types together."""
Labels = tuple[str, str]


@dataclass
class Evidence:
    """What two passes over one page have in common."""

    article_id: str
    origin: Origin
    counts: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    """By measure and type: how many both have, how many the first has, how many the second has."""
    pairs: dict[str, list[Labels]] = field(default_factory=lambda: defaultdict(list))
    """By measure: the labels that the two gave to the same thing."""
    scores: dict[str, float] = field(default_factory=dict)
    """By measure: a score of the page as a whole."""

    def count(self, measure: str, kind: str, both: int, first: int, second: int) -> None:
        """Add to a count."""
        for i, value in enumerate((both, first, second)):
            self.counts[measure, kind][i] += value


def compare(a: Bundle, b: Bundle) -> Evidence:
    """What two passes over one page have in common."""
    found = Evidence(a.article.article_id, a.article.origin)
    _zones(found, a, b)
    entities = _entities(found, a, b)
    _events(found, a, b, entities)
    _comments(found, a, b, entities)
    return found


# --- spans with types ----------------------------------------------------------------------------------------------------------


def _typed(found: Evidence, measure: str, a: dict[Place, str], b: dict[Place, str]) -> list[Link]:
    """Count spans of the same place, and those that overlap; gives the alignment by overlap.

    Over all types, the place alone counts; for one type, place and type.
    """
    own, others = sorted(a), sorted(b)
    for suffix, links in (("exact", exact(own, others)), ("overlap", overlapping(own, others))):
        name = f"{measure}, {suffix}"
        found.count(name, ALL, len(links), len(own), len(others))
        both = Counter(a[own[i]] for i, j in links if a[own[i]] == b[others[j]])
        first, second = Counter(a.values()), Counter(b.values())
        for kind in {*first, *second} - {ALL}:
            found.count(name, kind, both[kind], first[kind], second[kind])
    return links


def _plain(spans: Iterable[HasPlace | None]) -> dict[Place, str]:
    return dict.fromkeys(places(spans), ALL)


def _zones(found: Evidence, a: Bundle, b: Bundle) -> None:
    own, others = ({place(zone): zone.type.value for zone in p.article.zones} for p in (a, b))
    for kind in {*own.values(), *others.values()}:
        first, second = ({p for p, k in zones.items() if k == kind} for zones in (own, others))
        found.count("zones", kind, len(first & second), len(first), len(second))
    found.count("zones", ALL, len(own.items() & others.items()), len(own), len(others))


# --- entities --------------------------------------------------------------------------------------------------------------------


def _entities(found: Evidence, a: Bundle, b: Bundle) -> dict[str, str]:
    """Compare entities; gives, for those of the second pass, which of the first they are."""
    mentions = [{place(m): (e, m) for e in p.entities for m in e.mentions} for p in (a, b)]
    own, others = mentions
    _typed(found, "mentions", *({k: e.type.value for k, (e, _) in p.items()} for p in mentions))
    for key in sorted(own.keys() & others.keys()):
        (e, m), (f, n) = own[key], others[key]
        found.pairs["entity type"].append((e.type, f.type))
        found.pairs["mention level"].append((m.level, n.level))
        found.pairs["mention usage"].append((m.usage, n.usage))
        found.pairs["knowledge-base link"].append((e.kb_id or "", f.kb_id or ""))
    chains = [[{place(m) for m in e.mentions} for e in p.entities] for p in (a, b)]
    if any(chains):
        found.scores["entity chains, LEA"] = lea(*chains)
    if any(len(mentioned) > 1 for mentioned in chain(*chains)):  # MUC knows no single mentions
        found.scores["entity chains, CoNLL"] = conll(*chains)
    links = same_entities(a.entities, b.entities)
    return {b.entities[j].entity_id: a.entities[i].entity_id for i, j in links}


# --- events ----------------------------------------------------------------------------------------------------------------------


def _events(found: Evidence, a: Bundle, b: Bundle, entities: dict[str, str]) -> None:
    # one place can trigger events of two types; the first one stands for both here
    own, others = ({place(e.trigger): e for e in reversed(p.events)} for p in (a, b))
    triggers = _typed(found, "triggers", *({k: e.type.value for k, e in p.items()} for p in (own, others)))
    _typed(found, "cues", *(_plain(s.cue for e in p.events for s in e.sources) for p in (a, b)))
    _typed(found, "sources", *(_plain(s.span for e in p.events for s in e.sources) for p in (a, b)))
    _typed(found, "markers", *({place(m.span): m.kind.value for e in p.events for m in e.markers} for p in (a, b)))
    _typed(found, "contents", *(_plain(e.content for e in p.events) for p in (a, b)))
    _typed(found, "times", *(_plain(e.when.span for e in p.events if e.when) for p in (a, b)))
    aligned = [(own[sorted(own)[i]], others[sorted(others)[j]]) for i, j in triggers]
    for one, other in aligned:
        found.pairs["event type"].append((one.type, other.type))
        found.pairs["certainty"].append((one.certainty, other.certainty))
        found.pairs["polarity"].append((one.polarity, other.polarity))
        found.pairs["time"].append((one.time, other.time))
        found.pairs["factuality, full"].append((f"{one.certainty} {one.polarity}", f"{other.certainty} {other.polarity}"))
        found.pairs["factuality, collapsed"].append((_collapsed(one), _collapsed(other)))
        found.pairs["registry link"].append((one.contact_id or "", other.contact_id or ""))
        chains = ([s.entity_id or "" for s in one.sources], [_aligned(s.entity_id, entities) for s in other.sources])
        found.count("source chains", ALL, int(chains[0] == chains[1]), 1, 1)
        _arguments(found, one.arguments, other.arguments, entities)
    chains_of = [_happenings(p.events) for p in (a, b)]
    if any(len(happening) > 1 for happening in chain(*chains_of)):  # CoNLL is not defined for single mentions alone
        found.scores["event chains, CoNLL"] = conll(*chains_of)
        found.scores["event chains, LEA"] = lea(*chains_of)


def _aligned(entity_id: str | None, entities: dict[str, str]) -> str:
    """An entity of the second pass as the first one calls it; one that the first does not have is like none of its."""
    return entities.get(entity_id, f"other {entity_id}") if entity_id else ""


def _collapsed(event: Event) -> str:
    """Yes, no, or open: what is left of factuality where degrees do not count."""
    if event.certainty is not Certainty.certain:
        return "open"
    return "yes" if event.polarity is Polarity.positive else "no"


def _happenings(events: Sequence[Event]) -> list[set[Place]]:
    """Triggers by the happening that they mean."""
    groups: dict[str, set[Place]] = defaultdict(set)
    for event in events:
        groups[event.same_as or event.event_id].add(place(event.trigger))
    return list(groups.values())


def _arguments(found: Evidence, a: Sequence[Argument], b: Sequence[Argument], entities: dict[str, str]) -> None:
    """Count arguments of one event: who or what takes part (``arguments``), and as what (``roles``)."""

    def same(one: Argument, other: Argument) -> bool:
        if one.entity_id and other.entity_id:
            return entities.get(other.entity_id) == one.entity_id
        if one.span is None or other.span is None:
            return False
        return min(one.span.end, other.span.end) > max(one.span.start, other.span.start)

    for measure, with_role in (("arguments", False), ("roles", True)):
        links = assign(a, b, lambda x, y, roles=with_role: float(same(x, y) and (x.role is y.role or not roles)))  # type: ignore[misc]
        both = Counter(a[i].role for i, _ in links)
        found.count(measure, ALL, both.total(), len(a), len(b))
        if with_role:
            first, second = Counter(x.role for x in a), Counter(x.role for x in b)
            for role in {*first, *second}:
                found.count(measure, role, both[role], first[role], second[role])


# --- comments --------------------------------------------------------------------------------------------------------------------


def _comments(found: Evidence, a: Bundle, b: Bundle, entities: dict[str, str]) -> None:
    others = {place(comment): comment for comment in b.comments}
    triggers = [{e.event_id: place(e.trigger) for e in p.events} for p in (a, b)]
    for one in a.comments:
        other = others.get(place(one))
        if other is None:
            continue
        found.pairs["sentiment"].append((one.labels.sentiment, other.labels.sentiment))
        for name, value in one.labels:
            if name != "sentiment":
                found.pairs[f"label {name}"].append((str(value), str(getattr(other.labels, name))))
        own = {(s.entity_id, triggers[0].get(s.event_id or ""), s.contact_id): s for s in one.stances}
        theirs = {
            (_aligned(s.entity_id, entities) or None, triggers[1].get(s.event_id or ""), s.contact_id): s for s in other.stances
        }
        common = own.keys() & theirs.keys()
        found.count("stance targets", ALL, len(common), len(own), len(theirs))
        for key in sorted(common, key=str):
            found.pairs["stance"].append((own[key].stance, theirs[key].stance))
            found.pairs["irony"].append((str(own[key].ironic), str(theirs[key].ironic)))
