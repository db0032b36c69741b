"""What a release holds: one model for each table. A row is a record as it was written, plus its keys and what is derived from it.

The order of the columns is the order of the fields; fields of the mix-ins (keys) come first.
"""

from datetime import date
from typing import Annotated, NamedTuple

from pydantic import Field

from schema.base import ArticleId, ContactId, Count, Edtf, Language, Model, Text, Wikidata
from schema.records import Annotation, Article, Comment, CommentLabels, Entity, Event, Mention, PrivateSpan, StanceTowards, Zone
from schema.reference import Contact, KbEntity, SplitName
from schema.vocabulary import OutletKind, TextStatus


class OfArticle(Model):
    """Keys of every row that belongs to an article."""

    article_id: ArticleId
    """The article."""
    text_status: TextStatus
    """Where the text columns of the row stand."""


class ArticleRow(Article, OfArticle):
    """One captured web page."""

    published_day: date | None = None
    """The day of ``published``; null where that is not one known day."""
    text: str | None = None
    """The whole page as it was captured, private data masked; null where it is withheld."""
    split: SplitName
    """Split by event: the split that the row stands in."""
    split_by_time: SplitName
    """Split by time of publication."""
    split_by_outlet: SplitName
    """Split by outlet."""


class EntityRow(Entity, OfArticle):
    """An entity as one article has it, with every mention of it."""

    wikidata: Wikidata | None = None
    """Wikidata item of its row in the knowledge base."""


class EventRow(Event, OfArticle):
    """One mention of a happening."""

    when_day: date | None = None
    """The day of ``when.value``; null where that is not one known day."""


class CommentRow(Comment, OfArticle):
    """A reader's comment."""


class ContactRow(Contact):
    """A row of the registry."""

    day: date | None = None
    """The day of ``date``; null where that is not one known day."""
    day_end: date | None = None
    """The day of ``date_end``; null where that is not one known day."""


class KbRow(KbEntity):
    """A row of the knowledge base."""


class PassRow(OfArticle):
    """An article as one independent annotation pass had it, before anything was adjudicated.

    Identifiers are local to the pass (``n1``, ``v1``, ``c1``): they name none of the records in the other tables.
    """

    pass_id: Annotated[str, Field(pattern=r"^[a-z0-9-]+:[a-z0-9-]+$")]
    """``<article_id>:<pass_name>``."""
    pass_name: Text
    """Name of the pass."""
    annotation: Annotation
    """How the pass came about."""
    zones: tuple[Zone, ...]
    """The page cut up."""
    private: tuple[PrivateSpan, ...]
    """Private data on the page."""
    entities: tuple[Entity, ...]
    """Who and what is named on the page."""
    events: tuple[Event, ...]
    """What happens, is said or is planned on it."""
    comments: tuple[Comment, ...]
    """What its readers wrote."""


class DocumentComment(Model):
    """A comment inside a document: its text is a text of its own, so that it has no offsets."""

    comment_id: Annotated[str, Field(pattern=r"^[a-z0-9-]+:c[1-9][0-9]*$")]
    """The row in ``comments``."""
    author: str
    """Our pseudonym."""
    reply_to: str | None = None
    """The comment that it answers."""
    text: str | None = None
    """What the reader wrote, private data masked; null where it is withheld."""
    stances: tuple[StanceTowards, ...] = ()
    """Where the reader stands, towards whom or what."""
    labels: CommentLabels
    """What kind of comment it is."""


class DocumentEntity(Entity):
    """An entity inside a document."""

    mentions: tuple[Mention, ...] = ()
    """Where it is named in the clean text; none where it is named elsewhere on the page only."""


class DocumentRow(OfArticle):
    """An article with all its records, over its clean text: headline, lead, subheadings and paragraphs, joined by blank lines.

    All spans are moved to that text. What lies outside of it (captions, polls, comments) stays in the record tables: a mention,
    marker or event outside is left out here, any other span outside is null; ``same_as`` can name an event that is left out.
    """

    outlet: str | None = None
    """Name of the outlet."""
    outlet_kind: OutletKind
    """What kind of publisher it is."""
    language: Language
    """Language and country of the spelling."""
    published: Edtf
    """When it was published (EDTF)."""
    published_day: date | None = None
    """The day of ``published``; null where that is not one known day."""
    reports: tuple[ContactId, ...]
    """Rows of the registry that the article is news about, the main one first."""
    characters: Count
    """Length of the clean text in Unicode code points."""
    text: str | None = None
    """The clean text, private data masked; null where it is withheld."""
    blocks: tuple[Zone, ...]
    """Headlines, leads, subheadings and paragraphs as spans of the clean text."""
    entities: tuple[DocumentEntity, ...]
    """Entities with their mentions in the clean text."""
    events: tuple[Event, ...]
    """Events whose trigger is in the clean text."""
    comments: tuple[DocumentComment, ...]
    """Readers' comments."""


class Table(NamedTuple):
    """A table of a release: a configuration for ``load_dataset``."""

    name: str
    row: type[Model]
    key: str
    split: bool
    """Whether it is cut into train, validation and test; reference tables have one split, ``train``."""


TABLES = (
    Table("documents", DocumentRow, "article_id", True),
    Table("articles", ArticleRow, "article_id", True),
    Table("entities", EntityRow, "entity_id", True),
    Table("events", EventRow, "event_id", True),
    Table("comments", CommentRow, "comment_id", True),
    Table("contacts", ContactRow, "contact_id", False),
    Table("kb", KbRow, "kb_id", False),
    Table("passes", PassRow, "pass_id", True),
)
"""All tables. The first one is the default configuration."""

KEYS = ("entity_id", "event_id", "comment_id", "reply_to", "same_as")
"""Fields that hold an identifier of a record of the same article, wherever they stand: local in raw files, global in a release."""
