"""Stage 1: raw files → records. Decides levels 1 (file and encoding) and 2 (shape of records); what fails them goes no further."""

import hashlib
import json
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.findings import CannotRun, Findings, shown
from schema.records import Bundle
from schema.reference import Contact, CorpusMeta, KbEntity, Splits
from schema.vocabulary import RightsStatus

M = TypeVar("M", bound=BaseModel)

_CODES = {"extra_forbidden": "HD201", "missing": "HD202", "enum": "HD203", "literal_error": "HD203", "json_invalid": "HD104"}
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Raw:
    """Everything that people wrote, as records."""

    folder: Path
    meta: CorpusMeta
    contacts: tuple[Contact, ...]
    kb: tuple[KbEntity, ...]
    splits: Splits
    bundles: tuple[Bundle, ...]
    """Articles with their records, ordered by article id."""
    files: dict[str, str]
    """For each article the file that it stands in, relative to the folder."""
    pages: dict[str, str]
    """Text of the open pages, by article id."""
    faulty: frozenset[str]
    """Files with a fault of level 1 or 2: nothing may be concluded from what is not in them."""
    digest: str
    """SHA-256 over the names and bytes of all files that were read, in order of their names."""


class Reader:
    """Reads the files of one raw folder, notes what is wrong with them, and keeps the digest of what was read."""

    def __init__(self, folder: Path, findings: Findings) -> None:
        self.folder = folder
        self.findings = findings
        self.hashes: dict[str, str] = {}

    def bytes(self, name: str, required: bool = True) -> bytes | None:
        """The bytes of a file; None where it is missing (a finding if required). Raises CannotRun if it cannot be read."""
        try:
            data = (self.folder / name).read_bytes()
        except FileNotFoundError:
            if required:
                self.findings.add("HD101", name)
            return None
        except OSError as error:
            raise CannotRun(f"{self.folder / name} cannot be read: {error.strerror}") from error
        self.hashes[name] = hashlib.sha256(data).hexdigest()
        return data

    def text(self, name: str, required: bool = True) -> str | None:
        """The text of a file, or None with a finding where it is no UTF-8."""
        data = self.bytes(name, required)
        if data is None:
            return None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            found = f"byte 0x{data[error.start]:02x} at offset {error.start}, line {line}"
            self.findings.add("HD102", name, found=found, expected="UTF-8")
            return None

    def page(self, article_id: str) -> str | None:
        """The text of an open page, or None with a finding where it is not in canonical form."""
        name = f"pages/{article_id}.txt"
        text = self.text(name, required=False)
        if text is not None and (fault := page_fault(text)):
            self.findings.add("HD103", name, record=article_id, found=fault)
            return None
        return text

    def record(self, model: type[M], text: str, name: str, key: str | None = None, line: int | None = None) -> M | None:
        """A record from JSON, or None with a finding for each fault. ``key`` is the field that names it, if it is no bundle."""
        try:
            return model.model_validate_json(text)
        except ValidationError as error:
            details = error.errors(include_url=False)
            for detail in details:
                self._shape(detail, name, _identifier(text, key, detail["loc"]), line)
            return None

    def lines(self, model: type[M], name: str, key: str) -> Iterator[M]:
        """The records of a JSON Lines file that have the right shape."""
        text = self.text(name)
        for number, line in enumerate((text or "").split("\n"), 1):
            if line.strip():
                record = self.record(model, line, name, key, number)
                if record is not None:
                    yield record

    def _shape(self, detail: ErrorDetails, name: str, record: str | None, line: int | None) -> None:
        code = _CODES.get(detail["type"], "HD204")
        field = _path(detail["loc"])
        at = f"line {line}: " if line else ""
        if code == "HD104":
            self.findings.add(code, name, record=record, found=at + detail["msg"])
            return
        expected = {"HD201": None, "HD202": None}.get(code, detail["msg"].removeprefix("Input should be "))
        found = None if code == "HD202" else at + shown(detail["input"])
        self.findings.add(code, name, record=record, field=field, found=found or at or None, expected=expected)


def read(folder: Path, findings: Findings, version: str | None = None) -> Raw:
    """Read a raw folder; faults go to ``findings``, and what has one is left out.

    Raises CannotRun if there is no such folder, and Refused if corpus.toml, the one file that nothing works without, is faulty.
    """
    if not folder.is_dir():
        raise CannotRun(f"{folder} is not a folder; name the folder with corpus.toml by --raw")
    reader = Reader(folder, findings)
    meta = _meta(reader, version)
    contacts = tuple(reader.lines(Contact, "contacts.jsonl", "contact_id"))
    kb = tuple(reader.lines(KbEntity, "kb.jsonl", "kb_id"))
    splits_text = reader.text("splits.json", required=False)
    splits = reader.record(Splits, splits_text, "splits.json") if splits_text is not None else None
    bundles, files, pages = _articles(reader)
    digest = hashlib.sha256("".join(f"{h}  {n}\n" for n, h in sorted(reader.hashes.items())).encode()).hexdigest()
    empty = Splits(by_event={}, by_time={}, by_outlet={})
    faulty = frozenset(finding.file for finding in findings.errors)
    return Raw(folder, meta, contacts, kb, splits or empty, bundles, files, pages, faulty, digest)


def page_fault(text: str) -> str | None:
    """What is wrong with a page's text, or None: no CR, no BOM, NFC, no control characters but LF and TAB, no bidi overrides."""
    if text.startswith("\ufeff"):
        return "byte order mark at the start"
    if "\r" in text:
        return f"carriage return in line {text[: text.index(chr(13))].count(chr(10)) + 1}"
    for number, line in enumerate(text.split("\n"), 1):
        bad = next((c for c in line if c in _BIDI or (unicodedata.category(c) == "Cc" and c != "\t")), None)
        if bad:
            return f"character U+{ord(bad):04X} in line {number}"
        if not unicodedata.is_normalized("NFC", line):
            return f"line {number} is not in normal form C"
    return None


def _meta(reader: Reader, version: str | None) -> CorpusMeta:
    text = reader.text("corpus.toml")
    meta = None
    if text is not None:
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            reader.findings.add("HD104", "corpus.toml", found=str(error))
        else:
            if version is not None:
                data["version"] = version
            meta = reader.record(CorpusMeta, json.dumps(data, default=str), "corpus.toml")
    if meta is None:
        reader.findings.raise_errors()
        raise AssertionError("a corpus.toml that gives no record gives a finding")
    return meta


def _articles(reader: Reader) -> tuple[tuple[Bundle, ...], dict[str, str], dict[str, str]]:
    bundles: dict[str, Bundle] = {}
    files: dict[str, str] = {}
    pages: dict[str, str] = {}
    folder = reader.folder / "articles"
    if not folder.is_dir():
        reader.findings.add("HD101", "articles", expected="a folder with one <article_id>.json for each article")
        return (), {}, {}
    for path in sorted(folder.iterdir()):
        name = f"articles/{path.name}"
        if path.name.startswith("."):
            continue
        if path.suffix != ".json" or not path.is_file():
            reader.findings.add("HD105", name)
            continue
        text = reader.text(name)
        bundle = reader.record(Bundle, text, name) if text is not None else None
        if bundle is None:
            continue
        article_id = bundle.article.article_id
        if article_id in bundles:
            reader.findings.add("HD502", name, record=article_id, field="article.article_id", found=f"also in {files[article_id]}")
            continue
        bundles[article_id], files[article_id] = bundle, name
        page = bundle.page_text if bundle.page_text is not None else reader.page(article_id)
        if page is not None:
            if bundle.article.rights.status is RightsStatus.withheld:
                reader.findings.add(
                    "HD507", files[article_id] if bundle.page_text else f"pages/{article_id}.txt", record=article_id
                )
            else:
                pages[article_id] = page
    known = {f"{name}.txt" for name in (*bundles, *_article_names(folder))}
    for path in sorted((reader.folder / "pages").glob("*")):
        if path.name not in known and not path.name.startswith("."):
            reader.findings.add("HD105", f"pages/{path.name}")
    return tuple(bundles[key] for key in sorted(bundles)), files, pages


def _article_names(folder: Path) -> list[str]:
    """What the files of the articles are called, whether they can be read or not."""
    return [path.stem for path in folder.glob("*.json")]


def _path(loc: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


_OWN_KEYS = {"entities": "entity_id", "events": "event_id", "comments": "comment_id", "article": "article_id"}


def _identifier(text: str, key: str | None, loc: tuple[int | str, ...]) -> str | None:
    """The identifier of the record that a fault is in, as far as it can be told from JSON of the wrong shape."""
    try:
        value = json.loads(text)
        if key is None:
            list_name, *rest = loc
            key = _OWN_KEYS[str(list_name)]
            value = value[list_name][rest[0]] if list_name != "article" else value["article"]
        return shown(value[key]) if isinstance(value[key], str) else None
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
