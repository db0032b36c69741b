"""Whole valid bundles, and single faults in them: what hypothesis draws."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from schema import vocabulary as v
from schema.reference import Contact, KbEntity
from tests.conftest import VALID

CONTACTS = [Contact.model_validate_json(line).contact_id for line in (VALID / "contacts.jsonl").read_text("utf-8").splitlines()]
KB = [KbEntity.model_validate_json(line) for line in (VALID / "kb.jsonl").read_text("utf-8").splitlines()]
ANNOTATED = ["headline", "lead", "subheading", "paragraph", "quote", "caption", "poll", "comment"]

Json = dict[str, Any]
Draw = Callable[..., Any]

word = st.text("abcdefgäöüßéñABCÄÖŽЖΩ中文ا", min_size=1, max_size=8) | st.sampled_from(["😀", "👍🏽", "–", "„", "«", "🇩🇪"])
EDTF = ["2031", "2031-03", "2031-03-03", "2031-03-03~", "2031-03/..", "2031-03-03/2031-03-05"]


def _term(term: type[v.Term]) -> st.SearchStrategy[str]:
    return st.sampled_from([member.value for member in term])


def _maybe(draw: Draw, record: Json, key: str, value: st.SearchStrategy[Any]) -> None:
    """Sometimes a field is left out, sometimes it is null, sometimes it is given."""
    if draw(st.booleans()):
        record[key] = draw(st.none() | value)


@st.composite
def bundles(draw: Draw) -> tuple[Json, str]:
    """A bundle that is valid by construction in the valid corpus, and its page."""
    text, zones, words = "", [], []
    kinds = [draw(st.sampled_from(ANNOTATED)), *draw(st.lists(_term(v.ZoneType), max_size=5))]
    for kind in kinds:
        start = len(text)
        for piece in draw(st.lists(word, min_size=1, max_size=6)):
            if kind in ANNOTATED:
                words.append({"start": len(text), "end": len(text) + len(piece)})
            text += piece + " "
        zones.append({"start": start, "end": len(text) - 1, "type": kind})
        text += draw(st.sampled_from(["\n", "\n\n", " \n"]))
    span = st.sampled_from(words).map(dict)

    def some(most: int = 3) -> list[Json]:
        """Different words, in order, some with their text."""
        found = draw(st.lists(st.sampled_from(words), max_size=most, unique_by=lambda w: w["start"]))
        return [with_text(w) for w in sorted(found, key=lambda w: w["start"])]

    def with_text(value: Json) -> Json:
        return value | ({"text": text[value["start"] : value["end"]]} if draw(st.booleans()) else {})

    entities = []
    for i in range(draw(st.integers(0, 3))):
        kb = draw(st.none() | st.sampled_from(KB))
        mentions = [m | {"level": draw(_term(v.MentionLevel))} for m in (some() or [with_text(draw(span))])]
        for mention in mentions:
            if draw(st.booleans()):
                mention["usage"] = draw(_term(v.MentionUsage))
        kind = kb.type.value if kb else draw(_term(v.EntityType))
        entities.append(
            {"entity_id": f"n{i + 1}", "type": kind, "name": draw(word), "kb_id": kb.kb_id if kb else None, "mentions": mentions}
        )
    ids = [entity["entity_id"] for entity in entities]
    entity = st.sampled_from(ids) if ids else st.none()
    events: list[Json] = []
    for i in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(list(v.EventType)))
        codes = draw(st.sampled_from(kind.codes))
        event: Json = {
            "event_id": f"v{i + 1}", "type": kind.value, "trigger": with_text(draw(span)), "certainty": draw(_term(v.Certainty)),
            "polarity": draw(_term(v.Polarity)), "time": draw(_term(v.EventTime)), "cameo": codes.cameo,
        }  # fmt: skip
        if any((e["type"], e["trigger"]["start"]) == (event["type"], event["trigger"]["start"]) for e in events):
            continue
        if codes.plover:
            contexts = draw(st.lists(_term(v.Context), max_size=2))
            event["plover"] = {"event": codes.plover.value, "mode": codes.mode and codes.mode.value, "contexts": contexts}
        event["markers"] = [{"span": w, "kind": draw(_term(v.MarkerKind))} for w in some()]
        event["sources"] = [
            {"entity_id": e, "mode": draw(_term(v.SpeechMode)), "cue": draw(st.none() | span)}
            for e in draw(st.lists(entity, max_size=2, unique=True))
        ]
        event["arguments"] = [
            {"role": draw(st.sampled_from(kind.roles)).value, "entity_id": draw(entity), "span": draw(st.none() | span)}
            for _ in range(draw(st.integers(0, 2)))
        ]
        _maybe(draw, event, "contact_id", st.sampled_from(CONTACTS))
        _maybe(draw, event, "when", st.fixed_dictionaries({"span": st.none() | span, "value": st.none() | st.sampled_from(EDTF)}))
        _maybe(draw, event, "place", st.fixed_dictionaries({"entity_id": entity, "span": st.none() | span}))
        _maybe(draw, event, "content", span)
        firsts = [e["event_id"] for e in events if not e.get("same_as") and e.get("contact_id") == event.get("contact_id")]
        if firsts:
            _maybe(draw, event, "same_as", st.sampled_from(firsts))
        events.append(event)
    comments = []
    for zone in (z for z in zones if z["type"] == "comment"):
        n = len(comments) + 1
        target = draw(st.sampled_from([("contact_id", c) for c in CONTACTS] + [("entity_id", i) for i in ids]))
        comment: Json = {
            "start": zone["start"], "end": zone["end"], "comment_id": f"c{n}", "author": f"reader-{n}", "position": n,
            "stances": [{target[0]: target[1], "stance": draw(_term(v.Stance))}],
            "labels": {"sentiment": draw(_term(v.Sentiment))} | {
                key: draw(st.booleans())
                for key in ("arguments_used", "off_topic", "inappropriate", "discriminating", "personal_story", "feedback")
            },
        }  # fmt: skip
        if comments:
            _maybe(draw, comment, "reply_to", st.sampled_from([c["comment_id"] for c in comments]))
        comments.append(comment)
    article = {
        "article_id": "fuzz", "source": {"outlet_kind": draw(_term(v.OutletKind)), "country": "DE"}, "language": "de-DE",
        "published": draw(st.sampled_from(EDTF)), "origin": "written", "rights": {"status": "open", "licence": "CC-BY-4.0"},
        "page": {"sha256": hashlib.sha256(text.encode()).hexdigest(), "characters": len(text)}, "zones": zones,
        "private": [dict(draw(span), kind=draw(_term(v.PrivateKind))) for _ in range(draw(st.integers(0, 1)))],
        "reports": draw(st.lists(st.sampled_from(CONTACTS), max_size=2, unique=True)),
        "annotation": {"guidelines": "1.0", "annotators": [{"name": "h", "kind": "person"}], "adjudicated": False},
    }  # fmt: skip
    return {"article": article, "entities": entities, "events": events, "comments": comments}, text


# --- single faults -----------------------------------------------------------------------------------------------------------

Loc = tuple[str | int, ...]
Fault = tuple[set[str], Loc]
"""Codes of which one must be found, and the path at which."""


def objects(value: Any, loc: Loc = ()) -> list[tuple[Loc, Json]]:
    """Every object in a JSON value, with its path."""
    if isinstance(value, dict):
        return [(loc, value)] + [found for key, inner in value.items() for found in objects(inner, (*loc, key))]
    if isinstance(value, list):
        return [found for i, inner in enumerate(value) for found in objects(inner, (*loc, i))]
    return []


def spans(bundle: Json) -> list[tuple[Loc, Json]]:
    """Every span of a bundle."""
    return [(loc, o) for loc, o in objects(bundle) if "start" in o and "end" in o]


def unknown_field(bundle: Json, draw: Draw) -> Fault:
    loc, target = draw(st.sampled_from(objects(bundle)))
    key = draw(st.sampled_from(["colour", "Start", "texts", "_", "ü"]))
    target[key] = draw(st.sampled_from([None, 1, "x", {}, []]))
    return {"HD201"}, (*loc, key)


def missing_field(bundle: Json, draw: Draw) -> Fault:
    always = {
        "start",
        "end",
        "type",
        "mentions",
        "trigger",
        "certainty",
        "page",
        "sha256",
        "labels",
        "level",
        "role",
        "entity_id",
        "zones",
    }
    found = [
        (loc, o, key) for loc, o in objects(bundle) for key in sorted(always & set(o))
        if not (key == "entity_id" and "mentions" not in o)
    ]  # fmt: skip
    loc, target, key = draw(st.sampled_from(found))
    del target[key]
    return {"HD202"}, (*loc, key)


def wrong_term(bundle: Json, draw: Draw) -> Fault:
    keys = {"type", "certainty", "polarity", "time", "kind", "mode", "level", "stance", "sentiment", "outlet_kind", "origin"}
    found = [(loc, o, key) for loc, o in objects(bundle) for key in sorted(keys & set(o))]
    loc, target, key = draw(st.sampled_from(found))
    target[key] = draw(st.sampled_from(["", "Certain", "unknown ", "name\u0000"[:4], "?"]).filter(lambda t: t != "name"))
    return {"HD203"}, (*loc, key)


def wrong_type(bundle: Json, draw: Draw) -> Fault:
    loc, span = draw(st.sampled_from(spans(bundle)))
    key = draw(st.sampled_from(["start", "end"]))
    span[key] = draw(st.sampled_from([str(span[key]), float(span[key]), True, None, [], -1, 2**31, 2**70]))
    return {"HD204"}, (*loc, key)


def past_the_end(bundle: Json, draw: Draw) -> Fault:
    loc, span = draw(st.sampled_from(spans(bundle)))
    span["end"] = bundle["article"]["page"]["characters"] + draw(st.integers(1, 9))
    return {"HD302"}, loc


def empty_span(bundle: Json, draw: Draw) -> Fault:
    loc, span = draw(st.sampled_from([s for s in spans(bundle) if s[1]["start"] > 0] or spans(bundle)))
    if span["start"] == 0:
        span["start"] = span["end"]
    else:
        span["end"] = draw(st.integers(1, span["start"]))
    return {"HD301"}, loc


def other_text(bundle: Json, draw: Draw) -> Fault:
    loc, span = draw(st.sampled_from([s for s in spans(bundle) if "kind" not in s[1]]))
    span["text"] = "Zucker" * 3
    return {"HD306"}, loc


def dangling(bundle: Json, draw: Draw) -> Fault:
    found = [
        (loc, o, key) for loc, o in objects(bundle) for key in ("entity_id", "same_as", "reply_to")
        if isinstance(o.get(key), str) and not (key == "entity_id" and "mentions" in o)
    ]  # fmt: skip
    if not found:
        return unknown_field(bundle, draw)
    loc, target, key = draw(st.sampled_from(found))
    target[key] = target[key][0] + "99"
    return {"HD401"}, (*loc, key)


def wrong_codes(bundle: Json, draw: Draw) -> Fault:
    if not bundle["events"]:
        return wrong_type(bundle, draw)
    i = draw(st.integers(0, len(bundle["events"]) - 1))
    event = bundle["events"][i]
    event["cameo"] = "999" if event["cameo"] is None else draw(st.sampled_from([None, "999"]))
    return {"HD403"}, ("events", i, "cameo")


def wrong_role(bundle: Json, draw: Draw) -> Fault:
    found = [(i, j, a) for i, e in enumerate(bundle["events"]) for j, a in enumerate(e["arguments"])]
    if not found:
        return past_the_end(bundle, draw)
    i, j, argument = draw(st.sampled_from(found))
    roles = [role.value for role in v.Role if role not in v.EventType(bundle["events"][i]["type"]).roles]
    argument["role"] = draw(st.sampled_from(roles))
    return {"HD404"}, ("events", i, "arguments", j, "role")


def identifier_twice(bundle: Json, draw: Draw) -> Fault:
    lists = [(n, k) for n, k in (("entities", "entity_id"), ("events", "event_id")) if len(bundle[n]) > 1]
    if not lists:
        return other_text(bundle, draw)
    name, key = draw(st.sampled_from(lists))
    bundle[name][-1][key] = bundle[name][0][key]
    return {"HD402"}, (name, len(bundle[name]) - 1, key)


def loop(bundle: Json, draw: Draw) -> Fault:
    found = [(i, e) for i, e in enumerate(bundle["events"]) if any(s["entity_id"] for s in e["sources"])]
    if not found:
        return empty_span(bundle, draw)
    i, event = draw(st.sampled_from(found))
    link = next(s for s in event["sources"] if s["entity_id"])
    event["sources"].append(dict(link))
    return {"HD407"}, ("events", i, "sources", len(event["sources"]) - 1, "entity_id")


def unknown_link(bundle: Json, draw: Draw) -> Fault:
    if bundle["entities"] and draw(st.booleans()):
        bundle["entities"][0]["kb_id"] = "niemand"
        return {"HD504"}, ("entities", 0, "kb_id")
    bundle["article"]["reports"].append("nie-gewesen")
    return {"HD503"}, ("article", "reports", len(bundle["article"]["reports"]) - 1)


def uncovered(bundle: Json, draw: Draw) -> Fault:
    i = draw(st.integers(0, len(bundle["article"]["zones"]) - 1))
    if len(bundle["article"]["zones"]) == 1:
        return past_the_end(bundle, draw)
    del bundle["article"]["zones"][i]
    return {"HD304"}, ("article", "zones")


def other_page(bundle: Json, _: Draw) -> Fault:
    bundle["article"]["page"]["sha256"] = "0" * 64
    return {"HD308"}, ("article", "page", "sha256")


def shifted(bundle: Json, draw: Draw) -> Fault:
    """Off by one: the span then takes white space in, or cuts a word, or leaves its zone."""
    found = [s for s in spans(bundle) if s[0][0] in ("entities", "events") and s[0][-1] != "content"]
    if not found:
        return other_page(bundle, draw)
    loc, span = draw(st.sampled_from(found))
    span["end"] += 1
    span.pop("text", None)
    return {"HD302", "HD305", "HD310", "HD311"}, loc


FAULTS = (
    unknown_field, missing_field, wrong_term, wrong_type, past_the_end, empty_span, other_text, dangling, wrong_codes, wrong_role,
    identifier_twice, loop, unknown_link, uncovered, other_page, shifted,
)  # fmt: skip


@st.composite
def faulty(draw: Draw) -> tuple[Json, str, set[str], Loc]:
    """A bundle with one fault, its page, and which code must be found where."""
    bundle, text = draw(bundles())
    bundle = json.loads(json.dumps(bundle))  # nothing shared between places
    codes, loc = draw(st.sampled_from(FAULTS))(bundle, draw)
    return bundle, text, codes, loc
