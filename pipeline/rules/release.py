"""Rules of level 6: the release."""

from pipeline.rules.base import Rule


class HD601(Rule):
    """A published version never changes. If the raw files give other records than the release of the version that corpus.toml names,
    the version must be raised.
    """

    title = "raw files no longer give the published release"
    message = "{found}; not so in release {expected}"
    hint = "raise the version in corpus.toml; or undo the change"


class HD602(Rule):
    """Versions only rise: a release that comes after another has the higher version."""

    title = "version is not above the newest release"
    message = "{found} is not above {expected}, the newest release"
    hint = "raise the version in corpus.toml; a version with a suffix, such as 1.1.0-dev, is for builds that are not published"


class HD603(Rule):
    """The version says what a change does to whoever uses the data. Major: a table, field or value is gone or of another type; an
    article, registry or knowledge-base row is gone; an article stands in another split; an open page is withheld; the licence is
    another. Minor: something was added. Patch: something was corrected or taken back. What changed since the last release decides the
    least step; any greater one is allowed.
    """

    title = "version does not rise enough for what changed"
    message = "{found}"
    hint = "raise the version in corpus.toml; python build_dataset.py diff shows what changed"


class HD604(Rule):
    """CHANGELOG.md tells people in words what a version brings: under ``## <version> – <day>``, with the day from corpus.toml."""

    title = "version is not in the changelog"
    message = "CHANGELOG.md has no heading “{expected}”"
    hint = "write the entry; or give corpus.toml a version with a suffix, such as 1.1.0-dev, as long as nothing is to be published"


class HD611(Rule):
    """Every file that the manifests of a release list is there."""

    title = "file of the release is missing"
    message = "it is in the manifest, but not there"
    hint = "get the release again from where it is published"


class HD612(Rule):
    """A release holds nothing but the files that its manifests list: nobody can vouch for any other."""

    title = "file that the release does not list"
    message = "it is there, but in no manifest"
    hint = "move it out of the release; if it belongs there, get the release again from where it is published"


class HD613(Rule):
    """Every file has the SHA-256 that the manifests give for it."""

    title = "file was changed"
    message = "its SHA-256 is {found}, but the manifest says {expected}"
    hint = "get the release again from where it is published; never mend it by hand"


class HD614(Rule):
    """A release is a bag (BagIt 1.0, RFC 8493) that says of itself what it holds: manifests as a build writes them, release.json, a card
    that declares the tables.
    """

    title = "release is not well-formed"
    message = "{found}"
    hint = "get the release again from where it is published"


class HD615(Rule):
    """Every table is Parquet that can be read from the first row to the last. Each page of a column has a checksum, so that damage is
    found where it is.
    """

    title = "table cannot be read"
    message = "{found}"
    hint = "get the release again from where it is published"


class HD616(Rule):
    """The columns of a table, their types and their order are those that the card declares."""

    title = "table is not of the declared columns"
    message = "{found}, but the card declares {expected}"
    hint = "get the release again from where it is published; if a build made this, report it: it is a fault of the package"


class HD617(Rule):
    """Every row keeps the JSON Schema of its table, which the release carries with it."""

    title = "row breaks the schema of its table"
    message = "{found}"
    hint = "get the release again from where it is published; if a build made this, report it: it is a fault of the package"


class HD618(Rule):
    """Number of rows and logical digest of each table are those that release.json says, whatever wrote the bytes."""

    title = "table is not the one that release.json describes"
    message = "{found}, but release.json says {expected}"
    hint = "get the release again from where it is published"


class HD619(Rule):
    """The key of a row is its own, and what a row refers to is there: articles, entities, events, comments, registry and
    knowledge-base rows.
    """

    title = "key of two rows, or reference to a row that is not there"
    message = "{found}"
    hint = "get the release again from where it is published; if a build made this, report it: it is a fault of the package"


class HD620(Rule):
    """A published version is one release, for good: the one whose digest stands in the ledger."""

    title = "release is not the one that was published"
    message = "its digest is {found}, but the ledger says {expected}"
    hint = "get the release again from where it is published"
