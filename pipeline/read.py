"""Stage 1: raw files → records, but for articles (``pipeline.parse``). Level 1 is decided in ``files``, level 2 (shape) by the models."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.files import SHARD, Document, Files, hidden
from pipeline.findings import CannotRun, Finding, Findings, Loc, shown
from pipeline.places import line_and_column, places, strings
from schema.reference import Contact, CorpusMeta, KbEntity, Splits

M = TypeVar("M", bound=BaseModel)

_CODES = {"extra_forbidden": "HD201", "missing": "HD202", "enum": "HD203", "literal_error": "HD203", "json_invalid": "HD104"}
_OWN_KEYS = {"entities": "entity_id", "events": "event_id", "comments": "comment_id"}


@dataclass(frozen=True)
class Origin:
    """Where a record was written."""

    file: str
    line: int | None = None
    """Line, in a file with a record a line."""


@dataclass(frozen=True)
class Raw:
    """What people wrote once for all articles, as records, and where the articles are."""

    folder: Path
    meta: CorpusMeta
    contacts: tuple[Contact, ...]
    kb: tuple[KbEntity, ...]
    splits: Splits
    contact_lines: tuple[int | None, ...]
    """Line of each contact."""
    kb_lines: tuple[int | None, ...]
    """Line of each row of the knowledge base."""
    datasheet: str | None
    """datasheet.md, with placeholders for figures; None where there is none."""
    articles: tuple[str, ...]
    """Files of articles to read, below the folder: files of one article, and shards."""
    whole: bool
    """Whether all articles are read, and not only some that were asked for."""
    files: Files
    """The files of the folder, with what was found in them so far."""

    @property
    def faulty(self) -> frozenset[str]:
        """Files with a fault of level 1 or 2."""
        return frozenset(finding.file for finding in self.files.findings.errors if finding.rule.level() <= 2)

    @property
    def refused(self) -> dict[str, set[str]]:
        """Identifiers that stand in documents that were left out for a fault, by file. A faulty file without any could not be read at
        all: nothing may be concluded from what is not in it.
        """
        return self.files.refused


def read(
    folder: Path, findings: Findings, version: str | None = None, only: Iterable[str] | None = None, meta: CorpusMeta | None = None
) -> Raw:
    """Read a raw folder but for its articles; faults go to ``findings``, and what has one is left out.

    ``only`` names the files of articles that are meant, below the folder; None means all. ``meta`` is what corpus.toml would say, for
    a folder without one. Raises CannotRun if there is no such folder,
    and Refused if corpus.toml, the one file that nothing works without, is faulty.
    """
    files = _files(folder, findings)
    meta = meta or _meta(files, version)
    contacts = list(records(Contact, files.documents("contacts.jsonl"), files, "contact_id"))
    kb = list(records(KbEntity, files.documents("kb.jsonl"), files, "kb_id"))
    splits = [record for _, record in records(Splits, files.documents("splits.json", required=False), files)]
    return Raw(
        folder=folder, meta=meta, contacts=tuple(c for _, c in contacts), kb=tuple(k for _, k in kb),
        splits=splits[0] if splits else Splits(by_event={}, by_time={}, by_outlet={}),
        contact_lines=tuple(d.line for d, _ in contacts), kb_lines=tuple(d.line for d, _ in kb),
        datasheet=files.text("datasheet.md", required=False), articles=_articles(files, None if only is None else set(only)),
        whole=only is None, files=files,
    )  # fmt: skip


def _articles(files: Files, only: set[str] | None) -> tuple[str, ...]:
    """The files of articles, in the order of their names without what says their kind."""
    if not (files.folder / "articles").is_dir():
        files.findings.add(Finding("HD101", "articles", expected="a folder with the articles"))
        return ()
    names = []
    for name in files.names("articles"):
        if not (name.endswith(".json") or SHARD.search(name)):
            files.findings.add(Finding("HD105", name))
        elif only is None or name in only:
            names.append(name)
    return tuple(sorted(names, key=lambda name: (name.partition(".")[0], name)))


def read_meta(folder: Path) -> CorpusMeta:
    """What corpus.toml says, and nothing else of a raw folder. Raises as ``read`` does."""
    return _meta(_files(folder, Findings()), None)


def _files(folder: Path, findings: Findings) -> Files:
    if not folder.is_dir():
        raise CannotRun(f"{folder} is not a folder; name the folder with corpus.toml by --raw")
    return Files(folder, findings)


def locate(folder: Path, findings: Findings) -> None:
    """Give every finding with a path its line and column. Each file with findings is read once more, its documents one by one."""
    todo: dict[tuple[str, int | None], list[int]] = {}
    for i, finding in enumerate(findings.all):
        if finding.line is None and finding.loc:
            todo.setdefault((finding.file, finding.document), []).append(i)
    for name in sorted({file for file, _ in todo}):
        if name.endswith(".toml"):
            _locate_toml(folder, findings, name, todo[name, None])
            continue
        for document in Files(folder, Findings()).documents(name):
            indexes = todo.get((name, document.line))
            if indexes:
                found = places(document.text)
                for i in indexes:
                    finding = findings.all[i]
                    line, column = line_and_column(document.text, found.nearest(finding.loc, finding.at_key))
                    findings.all[i] = replace(finding, line=(document.line or 1) + line - 1, column=column)
    for i, finding in enumerate(findings.all):
        if finding.line is None and finding.document is not None:
            findings.all[i] = replace(finding, line=finding.document, column=1)


def _locate_toml(folder: Path, findings: Findings, name: str, indexes: list[int]) -> None:
    text = Files(folder, Findings()).text(name) or ""
    for i in indexes:
        offset, name_of_list = 0, ""
        for part in findings.all[i].loc:
            if isinstance(part, str):
                form, times = rf"^\s*\[*\s*(?:[\w.-]+\.)?({re.escape(part)})\s*(?:=|\]|\.)", 1
                name_of_list = part
            else:  # the first item was found with the name of its list
                form, times = rf"^\s*\[\[\s*(?:[\w.-]+\.)?({re.escape(name_of_list)})\s*\]\]", part
            for match in list(re.finditer(form, text[offset:], re.MULTILINE))[:times][-1:] if times else []:
                offset += match.end(1) if isinstance(part, int) else match.start(1)
        line, column = line_and_column(text, offset)
        findings.all[i] = replace(findings.all[i], line=line, column=column)


# --- shape of records ----------------------------------------------------------------------------------------------------------


def records(model: type[M], documents: Iterable[Document], files: Files, key: str | None = None) -> Iterator[tuple[Document, M]]:
    """The records that have the right shape; a finding for each fault of the others. ``key`` names those that are no bundles."""
    for document in documents:
        try:
            yield document, model.model_validate_json(document.text)
        except ValidationError as error:
            files.refuse(document.file, document.text)
            files.findings.extend(shape_findings(error, document, key))


def shape_findings(error: ValidationError, document: Document, key: str | None) -> Iterator[Finding]:
    """What Pydantic found in a document. ``key`` names the identifier of its record, where that is no bundle."""
    details = error.errors(include_url=False)
    for detail in details:
        inside = any(len(d["loc"]) > len(detail["loc"]) and d["loc"][: len(detail["loc"])] == detail["loc"] for d in details)
        if not (detail["type"] == "too_short" and inside):  # short only for want of the faulty item
            yield _shape(detail, document, key)


def _shape(detail: ErrorDetails, document: Document, key: str | None) -> Finding:
    code = _CODES.get(detail["type"], "HD204")
    loc = tuple(part for part in detail["loc"] if part != "[key]")
    record = _identifier(document.text, key, loc)
    if code == "HD104":
        match = re.search(r"line (\d+) column (\d+)", detail["msg"])
        line, column = (int(match[1]), int(match[2])) if match else (1, 1)
        return Finding(code, document.file, record, (), detail["msg"], None, document.line, (document.line or 1) + line - 1, column)
    expected = detail["msg"].removeprefix("Input should be ") if code == "HD203" else detail["msg"].removeprefix("Input ")
    found = None if code == "HD202" else _value(detail["input"])
    return Finding(code, document.file, record, loc, found, expected, document.line, at_key=code == "HD201")


def _value(value: object) -> str:
    """A value as a finding shows it; of a long string the length, since it may be words that must not be passed on."""
    return f"a string of {len(value)} characters" if isinstance(value, str) and len(value) > 40 else shown(value, 60)


def _identifier(text: str, key: str | None, loc: Loc) -> str | None:
    """The identifier of the record that a fault is in, as far as it can be told from JSON of the wrong shape."""
    try:
        value = json.loads(text)
        if key is None and loc[0] in _OWN_KEYS:
            key = _OWN_KEYS[str(loc[0])]
            value = value[loc[0]][loc[1]]
        elif key is None:
            key, value = "article_id", value["article"]
        return shown(value[key]) if isinstance(value[key], str) else None
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def _meta(files: Files, version: str | None) -> CorpusMeta:
    text = files.text("corpus.toml")
    meta = None
    if text is not None:
        try:
            data = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            match = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            line, column = (int(match[1]), int(match[2])) if match else (text.count("\n") + 1, 1)
            files.findings.add(Finding("HD104", "corpus.toml", found=shown(str(error)), line=line, column=column))
        else:
            data |= {} if version is None else {"version": version}
            for loc, string in strings(data):
                if fault := hidden(string):
                    files.findings.add(Finding("HD111", "corpus.toml", None, loc, fault[1]))
            document = Document("corpus.toml", json.dumps(data, default=str))
            meta = next((record for _, record in records(CorpusMeta, [document], files, "name")), None)
    if meta is None:
        locate(files.folder, files.findings)
        files.findings.raise_errors()
        raise AssertionError("a corpus.toml that gives no record gives a finding")
    return meta
