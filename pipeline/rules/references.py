"""Rules of level 4: references within an article."""

from pipeline.rules.base import Rule


class HD401(Rule):
    """A reference names a record of the same article."""

    title = "reference to a record that is not there"
    message = "{found} is not {expected}"
    hint = "correct the identifier, or add the record"


class HD402(Rule):
    """An identifier names one record of an article."""

    title = "identifier is used twice"
    message = "{found} is used before"
    hint = "give each record of an article its own identifier"


class HD403(Rule):
    """CAMEO and PLOVER codes follow from the event type; a type has one or a few pairs."""

    title = "codes do not fit the event type"
    hint = "take one of the pairs that docs/schema.md lists for the type"


class HD404(Rule):
    """Each event type has its own roles."""

    title = "role does not fit the event type"
    hint = "take one of the roles that docs/schema.md lists for the type"


class HD405(Rule):
    """A stance is towards one thing: an entity, an event or a row of the registry."""

    title = "stance has no target, or several"
    hint = "give exactly one of entity_id, event_id, contact_id"


class HD406(Rule):
    """``same_as`` points to the first event of the article that means the same happening, so that there are no chains and no loops."""

    title = "same_as does not point to the first event"
    hint = "point to an earlier event that has no same_as itself"


class HD407(Rule):
    """A chain of sources goes from the outermost to the innermost, and names nobody twice: nobody is his own source."""

    title = "source chain loops"
    message = "{found} is in the chain before"
    hint = "name each source once, outermost first"


class HD408(Rule):
    """An entity has each mention once, an event type each trigger once, and a comment zone one comment."""

    title = "annotated twice"
    message = "{found} is annotated the same way before"
    hint = "remove one of the two"


class HD409(Rule):
    """Comments are numbered 1, 2, 3 … in the order of the page, and answer earlier ones."""

    title = "comment is misnumbered, or answers a later one"
    hint = "number the comments as they stand; a reply comes after what it answers"


class HD410(Rule):
    """Records that mean the same happening are about the same row of the registry."""

    title = "same happening, other registry row"
    hint = "give both the same contact_id, or separate them"


class HD411(Rule):
    """Raw files have local identifiers (n1, v1, c1). Global ones (<article_id>:v1) are made when a release is built."""

    title = "identifier of a release in a raw file"
    message = "{found} names its article"
    hint = "write the part after the colon"
