"""What people write: the records of an article bundle. Identifiers are local here (n1, v1, c1)."""

from typing import Annotated

from pydantic import Field

from schema.base import (
    ArticleId,
    CommentId,
    ContactId,
    Country,
    Edtf,
    EntityId,
    EventId,
    KbId,
    Language,
    Model,
    Sha256,
    Span,
    Text,
    Url,
)  # fmt: skip
from schema.vocabulary import (
    AnnotatorKind,
    Certainty,
    Context,
    EntityType,
    EventTime,
    EventType,
    MarkerKind,
    MentionLevel,
    MentionUsage,
    Origin,
    OutletKind,
    PloverEvent,
    PloverMode,
    Polarity,
    PrivateKind,
    RightsStatus,
    Role,
    Sentiment,
    SpeechMode,
    Stance,
    ZoneType,
)  # fmt: skip

# --- article -----------------------------------------------------------------------------------------------------------------


class Source(Model):
    """Where a page was published."""

    outlet: Text | None = None
    """Name of the outlet as it calls itself; null where it is not known."""
    outlet_kind: OutletKind
    """What kind of publisher it is."""
    country: Country
    """Where the outlet sits (ISO 3166-1 alpha-2)."""
    agency: Text | None = None
    """News agency whose copy the page carries, as the page names it; null where it names none."""
    url: Url | None = None
    """Address of the page; null where it is not known, or where it spells out a withheld page's words."""
    site_number: Text | None = None
    """The site's own number of the page; null where it is not known."""
    section: Text | None = None
    """Section of the site that the page stands in, as the page names it."""


class Rights(Model):
    """What may be done with a page's text."""

    status: RightsStatus
    """Whether the text may be passed on."""
    licence: Text | None = None
    """SPDX identifier of the text's licence; null for a withheld page."""
    holder: Text | None = None
    """Who holds the rights; null where that is not known."""


class Page(Model):
    """Pins the page, so that anybody can tell whether a copy is the annotated one."""

    sha256: Sha256
    """SHA-256 of the page's UTF-8 bytes."""
    characters: Annotated[int, Field(ge=1, le=2**31 - 1, lt=2**26)]
    """Length of the page in Unicode code points."""


class Zone(Span):
    """One stretch of the page and what it is. Zones do not overlap, and cover every character that is not white space."""

    type: ZoneType
    """What the stretch is."""


class PrivateSpan(Model):
    """Private data on the page. It never carries text: every text that leaves the repo has U+2588 in its place."""

    start: Annotated[int, Field(ge=0, le=2**31 - 1)]
    """First character, counted in Unicode code points from 0."""
    end: Annotated[int, Field(ge=1, le=2**31 - 1)]
    """The character after the last one, counted in Unicode code points from 0."""
    kind: PrivateKind
    """What kind of data it is."""


class Annotator(Model):
    """Who or what made the annotation."""

    name: Text
    """A code or pseudonym."""
    kind: AnnotatorKind
    """Person or language model."""


class Annotation(Model):
    """How the annotation came about."""

    guidelines: Text
    """Version of docs/guidelines.md that was followed."""
    annotators: Annotated[tuple[Annotator, ...], Field(min_length=1)]
    """Who annotated, in order."""
    adjudicated: bool
    """Whether differences between independent passes were decided by a further reader."""


class Article(Model):
    """One captured web page."""

    article_id: ArticleId
    """Names the article; the bundle's file has the same name."""
    source: Source
    """Where it was published."""
    language: Language
    """Language and country of the spelling (BCP 47): de-DE, de-AT, de-CH."""
    published: Edtf
    """When it was published (EDTF). A page that shows hours and minutes gets :00 seconds, which the standard asks for."""
    published_basis: Text | None = None
    """How the time is known where the page does not say it."""
    captured: Edtf | None = None
    """When the page was captured (EDTF); null where that is not known."""
    origin: Origin
    """How the page came to be."""
    rights: Rights
    """What may be done with its text."""
    page: Page
    """Hash and length of the page."""
    zones: Annotated[tuple[Zone, ...], Field(min_length=1)]
    """The page cut up, in the order of the page."""
    private: tuple[PrivateSpan, ...] = ()
    """Private data on the page, to be masked."""
    reports: tuple[ContactId, ...]
    """Rows of the registry that the article is news about, the main one first. What it only recalls is left to its events."""
    derived_from: Text | None = None
    """Article id of the report that this one repeats, or the agency whose report it is (``agency:dpa``)."""
    annotation: Annotation
    """How the annotation came about."""


# --- entity ------------------------------------------------------------------------------------------------------------------


class Mention(Span):
    """One place where an entity is named. Source of the level and usage distinction: ACE."""

    level: MentionLevel
    """By a name or by a common noun."""
    usage: MentionUsage = MentionUsage.literal
    """Whether the words mean the thing itself."""


class Entity(Model):
    """An entity as one article has it: a person, an organisation, a place …, with every mention of it."""

    entity_id: EntityId
    """Names the entity."""
    type: EntityType
    """What kind of thing it is."""
    name: Text
    """Canonical German name."""
    kb_id: KbId | None
    """Its row in the knowledge base; null for what has none, such as unnamed officials."""
    mentions: Annotated[tuple[Mention, ...], Field(min_length=1)]
    """Where it is named, in the order of the page."""


# --- event -------------------------------------------------------------------------------------------------------------------


class Plover(Model):
    """Code in the PLOVER ontology."""

    event: PloverEvent
    """Category."""
    mode: PloverMode | None = None
    """How it is done; null where the category has no mode that fits."""
    contexts: tuple[Context, ...] = ()
    """Fields of politics that it belongs to."""


class Marker(Model):
    """German evidence for an event's certainty, polarity, time or source."""

    span: Span
    """The words."""
    kind: MarkerKind
    """What kind of evidence they are."""


class SourceLink(Model):
    """One link in a chain of sources."""

    entity_id: EntityId | None = None
    """The entity that is the source; null where it is none (unnamed officials who are mentioned once)."""
    span: Span | None = None
    """Where the source is named; null where it must be inferred from the sentence before."""
    cue: Span | None = None
    """The words that introduce what it says (sagte, laut, zufolge); null for a bare subjunctive."""
    mode: SpeechMode
    """How its words are given."""


class Argument(Model):
    """Who or what takes part in an event."""

    role: Role
    """What it is to the event."""
    entity_id: EntityId | None = None
    """The entity; null where the argument is none (a topic, an unnamed group)."""
    span: Span | None = None
    """The words at this place; null where the entity is only understood."""


class When(Model):
    """When an event happened, as the article says it."""

    span: Span | None = None
    """The words (am Donnerstag); null where the time follows from elsewhere."""
    value: Edtf | None = None
    """What they mean (EDTF), resolved against the article's time; null where they cannot be resolved."""


class Place(Model):
    """Where an event happened, as the article says it."""

    entity_id: EntityId | None = None
    """The place as an entity; null where it is none."""
    span: Span | None = None
    """The words; null where the place is only understood."""


class Event(Model):
    """One mention of a happening: a trigger, what type it is, how sure it is, on whose word, and who takes part."""

    event_id: EventId
    """Names the event."""
    type: EventType
    """What happened."""
    trigger: Span
    """The word or words that say so."""
    same_as: EventId | None = None
    """The first event of this article that means the same happening; null for that first one."""
    contact_id: ContactId | None = None
    """The row of the registry that it is about: the link across documents."""
    cameo: Annotated[str, Field(pattern=r"^[0-9]{3,4}$")] | None = None
    """CAMEO code; null where the ontology has none."""
    plover: Plover | None = None
    """PLOVER code; null where the ontology has none."""
    certainty: Certainty
    """How sure the innermost source is."""
    polarity: Polarity
    """Whether it is said to be so, or not to be so."""
    time: EventTime
    """Where it lies in time, seen from the article."""
    markers: tuple[Marker, ...] = ()
    """The evidence for certainty, polarity, time and source, in the order of the page."""
    sources: tuple[SourceLink, ...] = ()
    """On whose word, outermost first; empty where the article says it on its own word."""
    arguments: tuple[Argument, ...] = ()
    """Who or what takes part."""
    when: When | None = None
    """When, as the article says it."""
    place: Place | None = None
    """Where, as the article says it."""
    content: Span | None = None
    """What was said, for events that are speech."""


# --- comment -----------------------------------------------------------------------------------------------------------------


class StanceTowards(Model):
    """Where a reader stands towards one target: exactly one of the three identifiers is given."""

    entity_id: EntityId | None = None
    """The target, where it is an entity."""
    event_id: EventId | None = None
    """The target, where it is an event."""
    contact_id: ContactId | None = None
    """The target, where it is a row of the registry."""
    stance: Stance
    """For, against, neutral, or both."""
    ironic: bool = False
    """Whether the stance is said by its opposite."""


class CommentLabels(Model):
    """What kind of comment it is. Source: the categories of the One Million Posts corpus (Schabus et al. 2017)."""

    sentiment: Sentiment
    """Tone."""
    arguments_used: bool
    """Whether it gives reasons."""
    off_topic: bool
    """Whether it is about something else than the article."""
    inappropriate: bool
    """Whether it insults or swears."""
    discriminating: bool
    """Whether it disparages a group."""
    personal_story: bool
    """Whether it tells of the reader's own life."""
    feedback: bool
    """Whether it speaks to the author or the editors."""


class Comment(Span):
    """A reader's comment."""

    comment_id: CommentId
    """Names the comment."""
    author: Annotated[str, Field(pattern=r"^reader-[1-9][0-9]*$")]
    """Our pseudonym, the same for all comments of one reader on the page; never the site's name or number."""
    registered: bool | None = None
    """Whether the site shows the reader as registered; null where it does not say."""
    position: Annotated[int, Field(ge=1, le=2**31 - 1)]
    """Place in the order of the page, from 1."""
    reply_to: CommentId | None = None
    """The comment that it answers."""
    stances: tuple[StanceTowards, ...] = ()
    """Where the reader stands, towards whom or what."""
    labels: CommentLabels
    """What kind of comment it is."""


# --- bundle ------------------------------------------------------------------------------------------------------------------


class Bundle(Model):
    """One article with all its records: what one raw file, or one line of a shard, holds."""

    article: Article
    """The page."""
    entities: tuple[Entity, ...]
    """Who and what is named on it."""
    events: tuple[Event, ...]
    """What happens, is said or is planned on it."""
    comments: tuple[Comment, ...]
    """What its readers wrote."""
    schema_: Annotated[str | None, Field(alias="$schema", exclude=True)] = None
    """JSON Schema of the file, for editors: ``../../../schema/json/bundle.schema.json``. Read by nothing else."""
    page_text: Annotated[str | None, Field(min_length=1, exclude=True)] = None
    """The page itself, in a shard of a big corpus. A repo with a file for each article keeps it in pages/<article_id>.txt."""


Bundle.model_rebuild()  # before workers are forked, which then share it


# --- passes ------------------------------------------------------------------------------------------------------------------


class PassArticle(Model):
    """A page as one annotation pass has it."""

    article_id: ArticleId
    """The article; the file of the pass has the same name."""
    zones: Annotated[tuple[Zone, ...], Field(min_length=1)]
    """The page cut up, in the order of the page."""
    private: tuple[PrivateSpan, ...] = ()
    """Private data on the page."""
    annotation: Annotation
    """How the pass came about."""


class Pass(Model):
    """One independent annotation of one article, kept for agreement; identifiers are its own."""

    article: PassArticle
    """The page."""
    entities: tuple[Entity, ...]
    """Who and what is named on it."""
    events: tuple[Event, ...]
    """What happens, is said or is planned on it."""
    comments: tuple[Comment, ...]
    """What its readers wrote."""
    schema_: Annotated[str | None, Field(alias="$schema", exclude=True)] = None
    """JSON Schema of the file, for editors: ``../../../../schema/json/pass.schema.json``. Read by nothing else."""

    def bundle(self, of: Article) -> Bundle:
        """The article as this pass has it: its own records and zones, everything else as the article says."""
        article = of.model_copy(update=dict(self.article))
        return Bundle(article=article, entities=self.entities, events=self.events, comments=self.comments)
