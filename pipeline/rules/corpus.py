"""Rules of level 5: the corpus."""

from pipeline.rules.base import Rule, Severity


class HD501(Rule):
    """An article's file is named after it, so that it can be found, and cannot be there twice."""

    title = "article is not named like its file"
    message = "article {found} in a file named {expected}"
    hint = "rename the file, or correct article_id"


class HD502(Rule):
    """An identifier names one article, one row of the registry, or one row of the knowledge base."""

    title = "identifier is used twice in the corpus"
    message = "{found}"
    hint = "give each its own identifier"


class HD503(Rule):
    """Links to the registry lead to a row of contacts.jsonl."""

    title = "no such row in the registry"
    message = "{found} is no contact_id of contacts.jsonl"
    hint = "correct contact_id, or add the row to contacts.jsonl"


class HD504(Rule):
    """Links to the knowledge base lead to a row of kb.jsonl."""

    title = "no such row in the knowledge base"
    message = "{found} is no kb_id of kb.jsonl"
    hint = "correct kb_id, or add the row to kb.jsonl"


class HD505(Rule):
    """An entity has the type of its row in the knowledge base."""

    title = "entity and knowledge base disagree on the type"
    hint = "correct the type in one of them"


class HD506(Rule):
    """An open article has its page in the raw folder."""

    title = "open article without its page"
    message = "{expected} is not there"
    hint = "add the page, or withhold the article"


class HD507(Rule):
    """A withheld page is nowhere in the raw folder, under whatever name; it is known by its SHA-256."""

    title = "page of a withheld article in the repo"
    message = "the page may not be passed on"
    hint = "remove it, from the history too"


class HD508(Rule):
    """An article that a release has fixed in a split stays in the corpus."""

    title = "splits.json names an article that is not there"
    message = "{found} is not in the corpus"
    hint = "restore it; after a take-down remove it here, in a new major version"


class HD509(Rule):
    """Articles that report the same contact, repeat one another or are near-duplicates stand in one split; released ones never move."""

    title = "articles that belong together are in different splits"
    hint = "unlink them, or start a new major version"


class HD510(Rule):
    """An open page has a licence; a withheld page has none that we could give."""

    title = "rights are incomplete"
    hint = "give an open page its licence; leave it out for a withheld one"


class HD511(Rule):
    """Train, validation and test should each have an article. An empty split is neither written nor declared."""

    title = "a split has no article"
    message = "{found} is empty"
    hint = "add articles, or change the shares in corpus.toml"
    severity = Severity.warning


class HD512(Rule):
    """A Wikidata item stands for one row of the knowledge base."""

    title = "Wikidata item of two entities"
    message = "{found}, as {expected} has too"
    hint = "find out whose it is; null for the other, or merge the rows"


class HD513(Rule):
    """Dates, status and history of a registry row agree: no end before the beginning, history in order, and its last step the
    status where a life has ended (held, postponed, cancelled).
    """

    title = "dates or statuses of a contact disagree"
    hint = "correct the date, the status, or the history"


class HD514(Rule):
    """A claim on a length in minutes is a whole number, so that it can be computed with; a length in words is a ``duration``."""

    title = "claimed number is none"
    message = "{found} is not {expected}"
    hint = "write the digits, or use the field duration"


class HD515(Rule):
    """``derived_from`` names another article of the corpus, or an agency (``agency:dpa``); nothing is derived from itself."""

    title = "derived_from names nothing that is known"
    message = "{found} is not {expected}, or leads back here"
    hint = "name an article of the corpus, or agency:<name>"


class HD516(Rule):
    """corpus.toml names the languages of all articles; the card and catalogues go by it."""

    title = "language that corpus.toml does not name"
    message = "{found} is none of {expected}"
    hint = "add it to languages in corpus.toml, or correct the article"
    severity = Severity.warning


class HD517(Rule):
    """``wikidata_verified`` is about an item that is given."""

    title = "verified, but no Wikidata item"
    message = "wikidata is null, wikidata_verified true"
    hint = "give the item, or set wikidata_verified to false"


class HD518(Rule):
    """An annotation pass in passes/ is a second reading of an article of the corpus."""

    title = "pass over an article that is not there"
    message = "passes over {found}, but articles/ has no such article"
    hint = "add the article, or correct article_id and the name of the file, or delete the pass"


class HD519(Rule):
    """The datasheet calls for figures by name, between double braces: ``{{articles}}`` a number, ``{{table outlets}}`` a table,
    ``{{figure coverage}}`` a plot, ``{{version}}`` the version. The build puts in what it counted.
    """

    title = "placeholder that stands for nothing"
    message = "{found} is no figure that a build counts"
    hint = "take one that data/raw/datasheet.md uses already, or see pipeline/statistics.py and pipeline/plots.py for all of them"


class HD520(Rule):
    """A line ``<!-- rai:dataBiases -->`` in the datasheet marks the passage below it as what croissant.json says of that property of the
    RAI vocabulary. It stands on a line of its own, right above the passage, and names a property.
    """

    title = "mark in the datasheet that says nothing"
    message = "{found} names no property of RAI, stands before no text, or not on a line of its own"
    hint = "correct the name (pipeline/rai.py has them all) or the place, or delete the mark"
