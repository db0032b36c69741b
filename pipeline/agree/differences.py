"""What two passes over one page have not in common, one by one, for the reader who decides."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pipeline.agree.align import Place, exact, overlapping, place, same_entities
from schema.base import Model, Span
from schema.records import Argument, Bundle, Entity, Event, SourceLink, StanceTowards


class Difference(Model):
    """One thing in which two passes over a page differ."""

    article_id: str
    start: int
    """Where on the page: first character."""
    end: int
    """Where on the page: the character after the last."""
    what: str
    """Path of the value: ``mention``, ``event.certainty`` …"""
    first: str | None
    """What the first pass has; null where it has nothing."""
    second: str | None
    """What the second pass has; null where it has nothing."""


Said = Callable[[Place], str]
"""Gives the words at a place, or the place itself where the page is not at hand."""


def differences(a: Bundle, b: Bundle, text: str | None) -> list[Difference]:
    """All differences between two passes over a page, in the order of the page; ``text`` is the page, where it is at hand."""

    def said(where: Place) -> str:
        return f"“{text[where[0] : where[1]]}”" if text is not None else f"{where[0]}–{where[1]}"

    found = [
        Difference(article_id=a.article.article_id, start=where[0], end=where[1], what=what, first=one, second=other)
        for where, what, one, other in (*_zones(a, b), *_mentions(a, b), *_events(a, b, said), *_comments(a, b))
        if one != other
    ]
    return sorted(found, key=lambda d: (d.start, d.end, d.what))


def compared(passes: Mapping[str, Mapping[str, Bundle]], article_id: str, text: str | None) -> list[Difference] | None:
    """Differences between the first two passes over an article; None if there are no two."""
    over = [passes[name][article_id] for name in sorted(passes) if article_id in passes[name]]
    return differences(over[0], over[1], text) if len(over) > 1 else None


Row = tuple[Place, str, str | None, str | None]


def _values(what: str, a: dict[Place, str], b: dict[Place, str]) -> Iterator[Row]:
    """Values by place in both passes, side by side."""
    for where in sorted(a.keys() | b.keys()):
        yield where, what, a.get(where), b.get(where)


def _zones(a: Bundle, b: Bundle) -> Iterator[Row]:
    yield from _values("zone", *({place(z): z.type.value for z in p.article.zones} for p in (a, b)))
    yield from _values("private", *({(s.start, s.end): s.kind.value for s in p.article.private} for p in (a, b)))


def _mentions(a: Bundle, b: Bundle) -> Iterator[Row]:
    def of(entities: Iterable[Entity], names: dict[str, str]) -> dict[Place, str]:
        return {
            place(m): f"{e.type} {e.kb_id or names[e.entity_id]}, {m.level}{'' if m.usage == 'literal' else f', {m.usage}'}"
            for e in entities
            for m in e.mentions
        }

    own, others = _names(a, b)
    yield from _values("mention", of(a.entities, own), of(b.entities, others))


def _names(a: Bundle, b: Bundle) -> tuple[dict[str, str], dict[str, str]]:
    """Names of the entities of both passes by identifier; an entity that both have is named as the first one names it."""
    own, others = ({e.entity_id: e.name for e in p.entities} for p in (a, b))
    for i, j in same_entities(a.entities, b.entities):
        others[b.entities[j].entity_id] = a.entities[i].name
    return own, others


def _events(a: Bundle, b: Bundle, said: Said) -> Iterator[Row]:
    names = _names(a, b)
    ids = [{e.event_id: e for e in p.events} for p in (a, b)]
    triggers = [sorted({place(e.trigger) for e in p.events}) for p in (a, b)]
    own, others = ({place(e.trigger): e for e in reversed(p.events)} for p in (a, b))
    same = dict(exact(*triggers)) | dict(overlapping(*triggers))
    for i, where in enumerate(triggers[0]):
        if i not in same:
            yield where, "event", own[where].type.value, None
    for j, where in enumerate(triggers[1]):
        if j not in same.values():
            yield where, "event", None, others[where].type.value
    for i, j in sorted(same.items()):
        one, other = own[triggers[0][i]], others[triggers[1][j]]
        values = [_event_values(event, names[k], ids[k], said) for k, event in enumerate((one, other))]
        for what in values[0]:
            yield place(one.trigger), f"event.{what}", values[0][what], values[1][what]


def _event_values(event: Event, names: dict[str, str], ids: dict[str, Event], said: Said) -> dict[str, str | None]:
    def words(span: Span | None) -> str | None:
        return None if span is None else said(place(span))

    def name(entity_id: str | None) -> str:
        return names.get(entity_id or "", "–")

    def link(source: SourceLink) -> str:
        return f"{name(source.entity_id)} {words(source.span) or '–'} {words(source.cue) or '–'} {source.mode}"

    def argument(a: Argument) -> str:
        return f"{a.role} {name(a.entity_id) if a.entity_id else words(a.span)}"

    plover = event.plover
    return {
        "trigger": words(event.trigger),
        "type": event.type.value,
        "codes": " ".join(code for code in (event.cameo, plover and plover.event, plover and plover.mode) if code),
        "contexts": ", ".join(sorted(plover.contexts)) if plover else "",
        "certainty": event.certainty.value,
        "polarity": event.polarity.value,
        "time": event.time.value,
        "contact_id": event.contact_id,
        "same_as": words(ids[event.same_as].trigger) if event.same_as in ids else None,
        "markers": _listed(f"{words(m.span)} {m.kind}" for m in event.markers),
        "sources": " ← ".join(link(source) for source in event.sources) or None,
        "arguments": _listed(sorted(argument(a) for a in event.arguments)),
        "when": f"{words(event.when.span) or '–'} {event.when.value}" if event.when else None,
        "place": f"{name(event.place.entity_id)} {words(event.place.span) or '–'}" if event.place else None,
        "content": words(event.content),
    }


def _listed(items: Iterable[str]) -> str | None:
    return "; ".join(items) or None


def _comments(a: Bundle, b: Bundle) -> Iterator[Row]:
    def of(bundle: Bundle) -> dict[Place, dict[str, str]]:
        names = {e.entity_id: e.kb_id or e.name for e in bundle.entities}
        triggers = {e.event_id: f"event at {e.trigger.start}" for e in bundle.events}

        def stance(s: StanceTowards) -> str:
            target = s.contact_id or names.get(s.entity_id or "") or triggers.get(s.event_id or "")
            return f"{target}: {s.stance}{', ironic' if s.ironic else ''}"

        return {
            place(c): {
                **{label: str(value) for label, value in c.labels},
                "reply_to": str(c.reply_to),
                "registered": str(c.registered),
                "stances": "; ".join(sorted(stance(s) for s in c.stances)),
            }
            for c in bundle.comments
        }

    own, others = of(a), of(b)
    for where in sorted(own.keys() | others.keys()):
        mine: dict[str, Any] = own.get(where, {})
        theirs: dict[str, Any] = others.get(where, {})
        for what in {**mine, **theirs}:
            yield where, f"comment.{what}", mine.get(what), theirs.get(what)
