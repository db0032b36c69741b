"""What people write once for all articles: the registry, the knowledge base, the corpus' own data, and the splits."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from schema.base import ArticleId, ContactId, Edtf, KbId, Language, Model, Text, Url, Version, Wikidata, check_edtf
from schema.vocabulary import ClaimField, ContactKind, ContactStatus, EntityType

# --- registry ----------------------------------------------------------------------------------------------------------------


class StatusChange(Model):
    """One step in the life of an announcement."""

    as_of: Edtf
    """When it was said or done (EDTF)."""
    status: ContactStatus
    """What it then was."""
    by: Text
    """Who said or did it."""
    source: Url | None = None
    """Where that is reported; null where the registry has no address for it."""


class ContactPlace(Model):
    """Where something happened, or should have."""

    name: Text
    """Name in English."""
    country: Text | None = None
    """State in English; null where it belongs to none or to a contested one."""
    kb_id: KbId | None = None
    """Its row in the knowledge base."""


class Participant(Model):
    """Somebody who took part, or should have."""

    name: Text
    """Name in English."""
    kb_id: KbId
    """Row in the knowledge base."""


class Claim(Model):
    """What one source says where sources disagree. Claims are kept side by side and never averaged."""

    field: ClaimField
    """What it is about."""
    value: Text
    """What is claimed; for ``duration_minutes`` the digits of a whole number."""
    qualifier: Text | None = None
    """How exact the source is (about, almost, more than)."""
    claimed_by: Text
    """Who claims it."""
    url: Url | None = None
    """Where; null where the registry has no address for it."""


class Reference(Model):
    """A publication that documents a row."""

    url: Url | None = None
    """Its address; null where it is not known, or where it spells out a withheld page's words."""
    outlet: Text
    """Who published it."""
    published: Edtf | None = None
    """When (EDTF); null where it is not known."""


class Contact(Model):
    """A real call, meeting, encounter or planned meeting, or an event that the contacts turn on."""

    contact_id: ContactId
    """Names the row."""
    kind: ContactKind
    """What kind of happening it is."""
    status: ContactStatus
    """How it ended."""
    status_history: tuple[StatusChange, ...] = ()
    """The life of the announcement, oldest first; empty where it had none worth telling."""
    date: Edtf | None = None
    """Day, or first day (EDTF), by the clock of the side that the row's notes name; null where it never had one."""
    date_end: Edtf | None = None
    """Last day, where it took more than one."""
    place: ContactPlace | None = None
    """Where; null for calls and for what had no place."""
    participants: tuple[Participant, ...] = ()
    """Who took part, or should have."""
    initiator: Text | None = None
    """Who brought it about, as reported."""
    topics: tuple[Text, ...] = ()
    """What it was about, as reported."""
    announced_by: Text | None = None
    """Who made it public."""
    claims: tuple[Claim, ...] = ()
    """What is claimed on whose word. Several claims on one field are where sources disagree."""
    sources: tuple[Reference, ...] = ()
    """What documents the row."""
    verified: bool
    """Whether the row was checked against its sources; false also where one detail was not, which ``notes`` names. For a disputed row:
    whether the dispute is documented.
    """
    notes: Text | None = None
    """What else one must know."""


# --- knowledge base ------------------------------------------------------------------------------------------------------------


class KbEntity(Model):
    """A canonical person, office, organisation, place …"""

    kb_id: KbId
    """Names the row."""
    type: EntityType
    """What kind of thing it is."""
    name: Text
    """Name in English."""
    name_de: Text
    """Name in German."""
    aliases_de: tuple[Text, ...] = ()
    """Other German names and spellings."""
    wikidata: Wikidata | None = None
    """Wikidata item; null where none was found."""
    wikidata_verified: bool = False
    """Whether the item was confirmed by a source."""
    role: Text | None = None
    """Office or function in the years that the corpus covers."""


# --- corpus --------------------------------------------------------------------------------------------------------------------


Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(check_edtf)]
"""A day of the calendar, YYYY-MM-DD."""


class Author(Model):
    """Who answers for the dataset."""

    name: Text
    """Name of a person or group."""
    orcid: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]$")] | None = None
    """ORCID iD of a person."""


Spdx = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]*$")]


class Licences(Model):
    """SPDX identifiers."""

    annotations: Spdx
    """Licence of the annotations, the registry and the knowledge base."""
    text: Spdx
    """Licence of open pages."""
    code: Spdx
    """Licence of the code."""


SplitName = Literal["train", "validation", "test"]


class Shares(Model):
    """What part of the articles each split should get. The three add up to 1."""

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        if abs(self.train + self.validation + self.test - 1) > 1e-9:
            raise PydanticCustomError("shares", "the three shares must add up to 1")
        return self

    train: Annotated[float, Field(gt=0, lt=1)]
    """For training."""
    validation: Annotated[float, Field(gt=0, lt=1)]
    """For choosing models."""
    test: Annotated[float, Field(gt=0, lt=1)]
    """For the last measurement."""


class TimeCut(Model):
    """Days that cut the corpus by time of publication."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.validation_from >= self.test_from:
            raise PydanticCustomError("time_cut", "validation_from must come before test_from")
        return self

    validation_from: Day
    """First day of validation (YYYY-MM-DD); what is older is train."""
    test_from: Day
    """First day of test (YYYY-MM-DD)."""


class SplitPolicy(Model):
    """How articles that no release has fixed yet are put into splits."""

    shares: Shares
    """Aimed at by the splits by event and by outlet."""
    by_time: TimeCut
    """Where the split by time is cut."""


class CorpusMeta(Model):
    """What the corpus says of itself: corpus.toml."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$")]
    """Short name."""
    title: Annotated[Text, Field(pattern=r"^[^\n]+$")]
    """Title, for citing: one line."""
    version: Version
    """Version of the next release."""
    released: Day
    """Day of that release (YYYY-MM-DD)."""
    description: Text
    """A paragraph for the card and for citing."""
    url: Url | None = None
    """Where the dataset lives; null where that is not said."""
    doi: Annotated[str, Field(pattern=r"^10\.[0-9]{4,9}/[A-Za-z0-9:/_;.()\[\]\\-]+$")] | None = None
    """The DOI that stands for all its versions; null as long as none is registered."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    """Languages of the articles."""
    authors: Annotated[tuple[Author, ...], Field(min_length=1)]
    """Who answers for it."""
    keywords: tuple[Text, ...]
    """For catalogues."""
    licences: Licences
    """What may be done with the parts."""
    split: SplitPolicy
    """How articles are put into splits."""


class Splits(Model):
    """Which split a released article belongs to, in each of the three schemes: splits.json. Once released it never moves."""

    by_event: dict[ArticleId, SplitName]
    """The one shipped: articles on the same contact, and near-duplicates, stay together."""
    by_time: dict[ArticleId, SplitName]
    """Older articles train, newer ones test."""
    by_outlet: dict[ArticleId, SplitName]
    """Articles of one outlet stay together."""
