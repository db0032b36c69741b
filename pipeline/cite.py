"""How to cite a version, from what corpus.toml says: one function a format, and nothing written beside the metadata.

    bibtex    an entry for BibTeX and biblatex
    apa       a line in the style of the American Psychological Association, 7th edition
    cff       CITATION.cff, Citation File Format 1.2.0
    datacite  what a DOI is registered with, DataCite Metadata Schema 4.5 as JSON
    zenodo    .zenodo.json, what Zenodo's deposit is filled in from

``digest`` is a SHA-256 (64 hexadecimal digits) that pins the files of a release. A file inside the release cannot carry it: the digest
would be of itself. ``meta.doi`` stands for all versions: BibTeX and APA give it beside the version, CFF and DataCite as what it is, and
Zenodo not at all, which gives each version a DOI of its own.
"""

import html
import json
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schema.reference import Author, CorpusMeta


class Style(StrEnum):
    """How a citation is written."""

    bibtex = "bibtex"
    """An entry for BibTeX and biblatex."""
    apa = "apa"
    """One line of plain text, APA style, 7th edition."""
    cff = "cff"
    """Citation File Format 1.2.0 (CITATION.cff)."""
    datacite = "datacite"
    """DataCite Metadata Schema 4.5 as JSON."""
    zenodo = "zenodo"
    """Metadata of a deposit at Zenodo (.zenodo.json)."""


def cite(meta: "CorpusMeta", version: str, style: Style, digest: str | None = None, sizes: Sequence[str] = ()) -> str:
    """The citation of one version; its last line ends. ``sizes`` as for ``datacite``; Zenodo counts for itself and takes no digest."""
    match style:
        case Style.bibtex:
            return bibtex(meta, version, digest) + "\n"
        case Style.apa:
            return apa(meta, version, digest) + "\n"
        case Style.cff:
            return citation_cff(meta, version, digest)
        case Style.datacite:
            return _json(datacite(meta, version, digest, sizes))
        case Style.zenodo:
            return _json(zenodo(meta, version))


def bibtex(meta: "CorpusMeta", version: str, digest: str | None = None) -> str:
    """BibTeX entry. It is @misc, which every style knows; @dataset is biblatex's alone. Braces keep capitals, and a name in one piece."""
    fields = {
        "title": f"{{{_tex(meta.title)}}}",
        "author": " and ".join(f"{{{_tex(author.name)}}}" for author in meta.authors),
        "year": meta.released[:4],
        "version": _tex(version),
        "doi": _verbatim(meta.doi),
        "url": _verbatim(meta.url),
        "note": f"Dataset, version {_tex(version)}" + (f", SHA-256 {digest}" if digest else ""),
    }
    lines = ",\n".join(f"  {key:<8}= {{{value}}}" for key, value in fields.items() if value)
    return f"@misc{{{meta.name}-{version},\n{lines}\n}}"


def apa(meta: "CorpusMeta", version: str, digest: str | None = None) -> str:
    """Reference to a data set (Publication Manual, 7th edition, 10.9). The authors publish it: then no publisher is named (9.29)."""
    names = [_line(author.name) for author in meta.authors]
    if len(names) > 20:  # 9.8: the first nineteen and the last
        authors = f"{', '.join(names[:19])}, . . . {names[-1]}"
    else:
        authors = ", & ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    pinned = f", SHA-256 {digest}" if digest else ""
    where = f"https://doi.org/{meta.doi}" if meta.doi else meta.url
    said = f"{authors.removesuffix('.')}. ({meta.released[:4]}). {_line(meta.title)} (Version {version}{pinned}) [Data set]."
    return f"{said} {where}" if where else said


def citation_cff(meta: "CorpusMeta", version: str, digest: str | None = None) -> str:
    """CITATION.cff (Citation File Format 1.2.0). An author has one name, of a person or a group, so each is an entity."""
    import yaml

    identifiers = [
        ("doi", meta.doi, "DOI of all versions"),
        ("other", digest and f"sha256:{digest}", "SHA-256 of the release's files"),
    ]
    fields = {
        "cff-version": "1.2.0",
        "message": "If you use this dataset, please cite the version that you used.",
        "type": "dataset",
        "title": meta.title,
        "version": version,
        "date-released": meta.released,
        "abstract": meta.description,
        "authors": [{"name": a.name} | ({"orcid": f"https://orcid.org/{a.orcid}"} if a.orcid else {}) for a in meta.authors],
        "identifiers": [{"type": kind, "value": value, "description": what} for kind, value, what in identifiers if value],
        "url": meta.url,
        "keywords": _keywords(meta),
        "license": meta.licences.annotations,
    }
    said = {key: value for key, value in fields.items() if value}  # an empty list is not valid
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=120)


def datacite(meta: "CorpusMeta", version: str, digest: str | None = None, sizes: Sequence[str] = ()) -> dict[str, Any]:
    """What a DOI of this version is registered with (DataCite Metadata Schema 4.5, JSON), but for that DOI itself.

    ``sizes`` says how much there is, each with its unit, for instance ``2,604 events``.
    """
    fields: dict[str, Any] = {
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Annotated corpus"},
        "titles": [{"title": meta.title}],
        "version": version,
        "creators": [_creator(author) for author in meta.authors],
        "publisher": {"name": "; ".join(_line(author.name) for author in meta.authors)},
        "publicationYear": meta.released[:4],
        "dates": [{"date": meta.released, "dateType": "Issued"}],
        "language": _language(meta),
        "descriptions": [{"description": meta.description, "descriptionType": "Abstract"}],
        "subjects": [{"subject": keyword} for keyword in _keywords(meta)],
        "rightsList": [
            {"rights": spdx, "rightsIdentifier": spdx, "rightsIdentifierScheme": "SPDX", "schemeUri": "https://spdx.org/licenses/"}
            for spdx in dict.fromkeys((meta.licences.annotations, meta.licences.text))
        ],
        "formats": ["application/vnd.apache.parquet"],
        "sizes": list(dict.fromkeys(sizes)),
        "url": meta.url,
        "relatedIdentifiers": meta.doi
        and [{"relatedIdentifier": meta.doi, "relatedIdentifierType": "DOI", "relationType": "IsVersionOf"}],
        "alternateIdentifiers": digest and [{"alternateIdentifier": digest, "alternateIdentifierType": "SHA-256"}],
    }
    return {key: value for key, value in fields.items() if value}


def zenodo(meta: "CorpusMeta", version: str) -> dict[str, Any]:
    """Metadata of a deposit (.zenodo.json, Zenodo's REST API, "Deposit metadata"). The description is HTML there."""
    language = _language(meta)
    fields: dict[str, Any] = {
        "title": meta.title,
        "upload_type": "dataset",
        "description": f"<p>{html.escape(meta.description.strip(), quote=False)}</p>",
        "creators": [{"name": a.name} | ({"orcid": a.orcid} if a.orcid else {}) for a in meta.authors],
        "version": version,
        "publication_date": meta.released,
        "access_right": "open",
        "license": meta.licences.annotations.lower(),
        "keywords": _keywords(meta),
        "language": language if len(language) == 3 else _ALPHA3.get(language),
        "related_identifiers": meta.url and [{"identifier": meta.url, "relation": "isIdenticalTo"}],
    }
    return {key: value for key, value in fields.items() if value}


_ALPHA3 = {
    "bg": "bul", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa", "et": "est", "fi": "fin", "fr": "fra",
    "ga": "gle", "hr": "hrv", "hu": "hun", "it": "ita", "lt": "lit", "lv": "lav", "mt": "mlt", "nl": "nld", "no": "nor", "pl": "pol",
    "pt": "por", "ro": "ron", "ru": "rus", "sk": "slk", "sl": "slv", "sr": "srp", "sv": "swe", "tr": "tur", "uk": "ukr",
}  # fmt: skip
"""ISO 639-1 to 639-3, which Zenodo wants. The field may be left out, and is for a language of two letters that is not here."""

_TEX = {ord(character): f"\\{character}" for character in "&%$#_"} | {
    ord("\\"): r"\textbackslash{}", ord("{"): r"\textbraceleft{}", ord("}"): r"\textbraceright{}", ord("~"): r"\textasciitilde{}",
    ord("^"): r"\textasciicircum{}", ord("<"): r"\textless{}", ord(">"): r"\textgreater{}",
}  # fmt: skip
"""What TeX takes for commands. BibTeX counts even braces behind a backslash, hence the long names."""


def _tex(text: str) -> str:
    return _line(text).translate(_TEX)


def _verbatim(address: str | None) -> str | None:
    r"""An address as ``\url`` sets it, to the letter; only what would upset the braces of the entry is percent-encoded."""
    return address and re.sub(r"[{}\\]", lambda match: f"%{ord(match[0]):02X}", address)


def _line(text: str) -> str:
    return " ".join(text.split())


def _language(meta: "CorpusMeta") -> str:
    """The first language, without its country."""
    return meta.languages[0].partition("-")[0]


def _keywords(meta: "CorpusMeta") -> list[str]:
    """Each once: catalogues refuse repeats."""
    return list(dict.fromkeys(meta.keywords))


def _creator(author: "Author") -> dict[str, Any]:
    """A creator as DataCite has it. Only persons have an ORCID iD; without one nobody knows what the name is of."""
    orcid = {
        "nameIdentifier": f"https://orcid.org/{author.orcid}",
        "nameIdentifierScheme": "ORCID",
        "schemeUri": "https://orcid.org",
    }
    return {"name": author.name} | ({"nameType": "Personal", "nameIdentifiers": [orcid]} if author.orcid else {})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
