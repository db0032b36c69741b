"""The controlled vocabularies. A member is added here and nowhere else: JSON Schema, docs and checks follow.

Event types carry the codes of two event ontologies. PLOVER: event and mode as in the codebook of the Open Event Data Alliance,
REQUEST in its later spelling. CAMEO: the numbers of the codebook of Gerner, Schrodt and Yilmaz.
"""

from typing import NamedTuple

from schema.base import Term


class ZoneType(Term):
    """What a stretch of a page is to its readers."""

    kicker = "kicker", "Short line above or before the headline"
    headline = "headline", "Title of the article, or of a second report pasted below it"
    lead = "lead", "Opening summary that stands apart from the running text"
    subheading = "subheading", "Heading inside the article"
    paragraph = "paragraph", "Running text of the article"
    quote = "quote", "Quotation that is set apart and is not running text"
    dateline = "dateline", "Place (and agency) that the report comes from"
    byline = "byline", "Who wrote it"
    date = "date", "When the page says it was published or changed"
    caption = "caption", "Text that belongs to a picture, video or map, its keywords included"
    credit = "credit", "Whose picture it is"
    poll = "poll", "Question to the readers"
    teaser = "teaser", "Pointer to another story, with all that belongs to it"
    navigation = "navigation", "Section names, buttons, links and other furniture of the site"
    comment_heading = "comment_heading", "Heading of the readers' comments"
    comment_author = "comment_author", "Name or number of the reader, as the site shows it"
    comment = "comment", "What the reader wrote"
    notice = "notice", "Imprint, copyright, contact data"
    other = "other", "Anything else that is not white space"


ARTICLE_ZONES = (ZoneType.headline, ZoneType.lead, ZoneType.subheading, ZoneType.paragraph)
"""The article proper: these zones, in the order of the page, make the clean text of ``documents``."""


class PrivateKind(Term):
    """What kind of private data a stretch of a page holds."""

    telephone = "telephone", "Telephone or fax number"
    email = "email", "E-mail address"
    postal_address = "postal_address", "Street and house number, with or without the town"
    bank_account = "bank_account", "IBAN or other account number"
    reader_name = "reader_name", "Name or number by which a site identifies a reader"
    not_private = "not_private", "Looks like one of these and is none (a public hotline, an emergency number): not masked"


class Origin(Term):
    """How a page came to be."""

    collected = "collected", "Captured from the web as it stood there"
    written = "written", "Written for this corpus"


class RightsStatus(Term):
    """Whether a page's text may be passed on."""

    open = "open", "The text is in the repo and in the release"
    withheld = "withheld", "Somebody else's copyright: not one character is passed on"


class TextStatus(Term):
    """Where the text columns of a row stand."""

    open = "open", "Text given; the page may be passed on"
    withheld = "withheld", "Text null; the page may not be passed on and was not at hand"
    hydrated = "hydrated", "Text filled in from the user's own copy of a withheld page; not to be published"


class OutletKind(Term):
    """What kind of publisher stands behind a page."""

    newspaper = "newspaper", "National, regional or local newspaper"
    portal = "portal", "News site without a newspaper or broadcaster behind it"
    broadcaster = "broadcaster", "Radio or television"
    magazine = "magazine", "Weekly or monthly"
    agency = "agency", "News agency"
    association = "association", "Website of an association or club"
    blog = "blog", "Website of one or few private authors"


class AnnotatorKind(Term):
    """Who or what made an annotation."""

    person = "person", "A human reader"
    language_model = "language_model", "A large language model that followed the guidelines"


class EntityType(Term):
    """What kind of thing an entity is."""

    PER = "PER", "A person"
    ORG = "ORG", "An organisation, authority, party, company or office that acts"
    GPE = "GPE", "A state, region or town with a government, as territory, as people or as actor"
    LOC = "LOC", "A place without a government: region, sea, strait, platform of talks"
    FAC = "FAC", "A building or installation as a place"
    WEA = "WEA", "A weapon or weapon system"
    EVT = "EVT", "A named event, treaty, plan or process"
    MED = "MED", "A news outlet, agency or platform as source or channel"
    GRP = "GRP", "Several persons, offices or states taken together, or unnamed people by function"


class MentionLevel(Term):
    """How an entity is named at one place."""

    name_ = "name", "By a proper name, with or without a title before it"
    nominal = "nominal", "By a common noun or a compound of one (Staatschef, Kremlchef)"


class MentionUsage(Term):
    """Whether a name means the thing itself."""

    literal = "literal", "The thing itself"
    metonymic = "metonymic", "Something that stands for it (a capital for its government)"


class Context(Term):
    """PLOVER contexts: the field of politics that an event belongs to."""

    diplomatic = "diplomatic", "Relations between states"
    military = "military", "Armed forces and weapons"
    economic = "economic", "Trade, finance, raw materials"
    legal = "legal", "Courts, law, police"
    intelligence = "intelligence", "Secret services"
    executive = "executive", "Heads of government and ministries at home"
    election = "election", "Elections and campaigns"
    humanitarian = "humanitarian", "Aid, prisoners, refugees"
    rights_freedoms = "rights_freedoms", "Rights and freedoms"
    peacekeeping = "peacekeeping", "Peace forces and monitoring"
    political_institutions = "political_institutions", "Institutions and their reform"
    cbrn = "cbrn", "Nuclear and other weapons of mass destruction"


class PloverEvent(Term):
    """PLOVER event categories that the event types map to."""

    AGREE = "AGREE", "Agree, offer, promise to cooperate"
    CONSULT = "CONSULT", "Meet, visit, phone, negotiate"
    SUPPORT = "SUPPORT", "Praise, endorse, recognise, sign"
    COOPERATE = "COOPERATE", "Exchange to mutual benefit"
    AID = "AID", "Give material aid"
    RETREAT = "RETREAT", "Release, cease fire, lift sanctions, withdraw"
    REQUEST = "REQUEST", "Request or demand (DEMAND in older versions)"
    ACCUSE = "ACCUSE", "Disapprove, accuse, investigate"
    REJECT = "REJECT", "Refuse, decline, call off"
    THREATEN = "THREATEN", "Threaten or warn of consequences"
    SANCTION = "SANCTION", "Reduce relations, impose sanctions"
    ASSAULT = "ASSAULT", "Use force"


class PloverMode(Term):
    """PLOVER modes: how an event is done."""

    phone = "phone", "By telephone or another remote medium"
    visit = "visit", "One side visits the other"
    third_party = "third-party", "At a third place"
    multilateral = "multilateral", "In a multilateral setting"
    meet = "meet", "About a meeting or negotiation"
    disapprove = "disapprove", "Verbal disapproval"
    ease = "ease", "Easing of restrictions"
    ceasefire = "ceasefire", "A truce"
    release = "release", "Release of persons"


class Role(Term):
    """What an argument is to its event."""

    agent = "agent", "Who does it: speaks, sends, refuses, attacks"
    participant = "participant", "One of those who take part on an equal footing"
    initiator = "initiator", "Who brought it about"
    host = "host", "Who receives the others"
    mediator = "mediator", "Who helps the parties without being one"
    recipient = "recipient", "To whom it is directed, or who gets it"
    target = "target", "Against whom or what, or on whom it is done"
    item = "item", "What is delivered, traded, proposed"
    topic = "topic", "What it is about"
    instrument = "instrument", "With what: weapon, channel, means"
    occasion = "occasion", "What prompted it, or on what condition it stands"


class Codes(NamedTuple):
    """One way to code an event type in the two ontologies."""

    cameo: str | None
    plover: PloverEvent | None
    mode: PloverMode | None = None


_R, _E, _M = Role, PloverEvent, PloverMode
_SPEECH = (_R.agent, _R.recipient, _R.topic, _R.instrument, _R.occasion)
_HOSTILE = (_R.agent, _R.recipient, _R.target, _R.topic, _R.instrument, _R.occasion)
_PARTIES = (_R.participant, _R.initiator, _R.host, _R.mediator, _R.topic, _R.instrument, _R.occasion)


class EventType(Term):
    """What happened. Whether it happened is said by certainty, polarity and time alone."""

    roles: tuple[Role, ...]
    codes: tuple[Codes, ...]

    def __init__(self, value: str, meaning: str, roles: tuple[Role, ...], *codes: Codes) -> None:
        """Keep ``meaning, roles, codes…``; the first code is the usual one."""
        super().__init__(value, meaning)
        self.roles, self.codes = roles, codes

    call = "call", "Talk by telephone or video", _PARTIES, Codes("041", _E.CONSULT, _M.phone)
    meeting = (
        "meeting", "Persons meet face to face: summit, visit, reception, encounter", _PARTIES,
        Codes("040", _E.CONSULT), Codes("044", _E.CONSULT, _M.third_party), Codes("042", _E.CONSULT, _M.visit),
        Codes("043", _E.CONSULT, _M.visit), Codes("040", _E.CONSULT, _M.multilateral),
    )  # fmt: skip
    talks = "talks", "Negotiations or contacts of delegations, or with no form given", _PARTIES, Codes("046", _E.CONSULT)
    message = "message", "Letter, post or notice as an act of its own", _SPEECH, Codes("040", _E.CONSULT)
    statement = "statement", "Somebody says something, in any words", _SPEECH, Codes("010", None)
    proposal = (
        "proposal", "Offer or suggestion, readiness to do something", (*_SPEECH, _R.item),
        Codes("036", _E.AGREE), Codes("026", _E.REQUEST, _M.meet),
    )  # fmt: skip
    invitation = (
        "invitation", "Invitation to come or meet", _SPEECH, Codes("026", _E.REQUEST, _M.meet), Codes("036", _E.AGREE),
    )  # fmt: skip
    agreement = (
        "agreement", "Agreement or arrangement between parties, consent", (*_PARTIES, _R.agent, _R.recipient, _R.item),
        Codes("030", _E.AGREE), Codes("057", _E.SUPPORT),
    )  # fmt: skip
    request = "request", "Request or appeal", (*_SPEECH, _R.item), Codes("020", _E.REQUEST)
    demand = "demand", "Demand or order", (*_SPEECH, _R.item), Codes("100", _E.REQUEST)
    refusal = "refusal", "Refusal, denial of a wish", (*_SPEECH, _R.item), Codes("120", _E.REJECT)
    cancellation = (
        "cancellation", "Something arranged is called off or put off", (*_SPEECH, _R.participant),
        Codes("125", _E.REJECT, _M.meet),
    )  # fmt: skip
    threat = "threat", "Threat of harm or penalty", _HOSTILE, Codes("130", _E.THREATEN)
    warning = "warning", "Warning of consequences", _HOSTILE, Codes("130", _E.THREATEN)
    speculation = "speculation", "Press or public suppose something", _SPEECH, Codes("014", None)
    praise = "praise", "Praise, thanks, support in words", _SPEECH, Codes("051", _E.SUPPORT)
    criticism = "criticism", "Criticism, condemnation, accusation", _HOSTILE, Codes("111", _E.ACCUSE, _M.disapprove)
    congratulation = "congratulation", "Congratulation, good wishes, condolence", _SPEECH, Codes("051", _E.SUPPORT)
    sanction = (
        "sanction", "Sanction, embargo or other penalty between states", (_R.agent, _R.target, _R.instrument, _R.occasion),
        Codes("163", _E.SANCTION),
    )  # fmt: skip
    sanction_relief = (
        "sanction_relief", "Sanctions are lifted or eased", (_R.agent, _R.recipient, _R.item, _R.occasion),
        Codes("085", _E.RETREAT, _M.ease),
    )  # fmt: skip
    arms_delivery = (
        "arms_delivery", "Weapons are delivered or made available", (_R.agent, _R.recipient, _R.item, _R.occasion),
        Codes("072", _E.AID),
    )  # fmt: skip
    attack = (
        "attack", "A single use of force", (_R.agent, _R.target, _R.instrument, _R.occasion), Codes("190", _E.ASSAULT),
    )  # fmt: skip
    war = (
        "war", "War, fighting, armed conflict as a whole", (_R.agent, _R.participant, _R.target, _R.topic),
        Codes("190", _E.ASSAULT),
    )  # fmt: skip
    ceasefire = (
        "ceasefire", "Truce, end of fighting, peace", (_R.participant, _R.mediator, _R.initiator, _R.target, _R.topic, _R.occasion),
        Codes("0871", _E.RETREAT, _M.ceasefire),
    )  # fmt: skip
    release = (
        "release", "Prisoners or hostages are set free or exchanged",
        (_R.agent, _R.participant, _R.target, _R.recipient, _R.mediator, _R.occasion),
        Codes("0841", _E.RETREAT, _M.release),
    )  # fmt: skip
    displacement = "displacement", "People flee or are driven out", (_R.agent, _R.target, _R.occasion), Codes(None, None)
    election = "election", "Election, vote, or its outcome", (_R.participant, _R.agent, _R.topic), Codes(None, None)
    trade = (
        "trade", "Trade or economic cooperation", (_R.participant, _R.agent, _R.recipient, _R.item, _R.topic),
        Codes("061", _E.COOPERATE), Codes("0311", _E.AGREE),
    )  # fmt: skip


class Certainty(Term):
    """How sure the innermost source is."""

    certain = "certain", "Put forward as a fact"
    probable = "probable", "More likely than not"
    possible = "possible", "May be, or may come"
    unknown = "unknown", "The source takes no side, or says that it does not know"


class Polarity(Term):
    """Whether the event is said to be so, or not to be so."""

    positive = "positive", "It is, was or will be"
    negative = "negative", "It is not, was not or will not be"


class EventTime(Term):
    """Where the event lies in time, seen from the article."""

    past = "past", "Over when the article was written"
    present = "present", "Going on"
    future = "future", "Still to come"
    unspecified = "unspecified", "Not said, or general"


class MarkerKind(Term):
    """What kind of evidence for certainty, polarity or source a stretch of German is."""

    subjunctive = "subjunctive", "Konjunktiv I or II (habe, sei, könne, würde)"
    modal = "modal", "Modal verb (soll, will, dürfte, könnte)"
    source_phrase = "source_phrase", "Preposition or formula that names a source (laut, zufolge, nach Angaben)"
    adverb = "adverb", "Adverb or particle (offenbar, wahrscheinlich, angeblich)"
    adjective = "adjective", "Adjective (möglich, geplant, angeblich)"
    lexical = "lexical", "Verb or noun that says how sure somebody is (erwägen, spekulieren, Bereitschaft)"
    negation = "negation", "Negation (nicht, kein, ohne)"
    conditional = "conditional", "Condition (wenn, falls, sofern)"
    future = "future", "Future by werden"
    question = "question", "Question"


class SpeechMode(Term):
    """How a source's words are given."""

    direct = "direct", "In quotation marks"
    indirect = "indirect", "In indirect speech: subjunctive, dass-clause, or infinitive"
    reported = "reported", "As a report of the act (criticised, confirmed), or by a source phrase with the indicative"


class Stance(Term):
    """Where a reader stands towards a target."""

    favour = "favour", "For it"
    against = "against", "Against it"
    neutral = "neutral", "Mentions it and takes no side"
    mixed = "mixed", "For and against"


class Sentiment(Term):
    """Tone of a comment (One Million Posts)."""

    negative = "negative", "Negative"
    neutral = "neutral", "Neutral, or balanced"
    positive = "positive", "Positive"


class ContactKind(Term):
    """What kind of real happening a row of the registry is."""

    phone_call = "phone_call", "A telephone call"
    meeting = "meeting", "A meeting with an agenda"
    encounter = "encounter", "A brief exchange on the margin of something else"
    planned_meeting = "planned_meeting", "A meeting that was planned, offered or talked about"
    related_event = "related_event", "Something else that the contacts turn on"


class ContactStatus(Term):
    """A stage in the life of an announcement, or how it ended."""

    mooted = "mooted", "Talked about as an idea"
    announced = "announced", "Announced by one side"
    confirmed = "confirmed", "Confirmed by the other side too"
    held = "held", "It took place"
    postponed = "postponed", "Put off"
    cancelled = "cancelled", "Called off"
    never_scheduled = "never_scheduled", "It never got a date"
    disputed = "disputed", "Whether it took place is disputed"


class ClaimField(Term):
    """What a contested claim is about."""

    duration_minutes = "duration_minutes", "Length, a whole number of minutes"
    duration = "duration", "Length, in words"
    date = "date", "Day"
    place = "place", "Place"
    initiator = "initiator", "Who brought it about"
    existence = "existence", "Whether there was such a thing at all"
    participants = "participants", "Who took part"
    status = "status", "What became of it"
    reason = "reason", "Why it happened or not"
    outcome = "outcome", "What was agreed or said"
    figure = "figure", "A number other than the length"
