"""Stage 2: whose text is at hand. Open pages come with the raw files; withheld ones are found, by their SHA-256 alone, in a folder
that the user has. A page that is not the one that was annotated is never used.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

import pyarrow as pa

from pipeline.findings import CannotRun
from schema.vocabulary import TextStatus


class PageStatus(StrEnum):
    """What became of one page."""

    open = "open"
    withheld = "withheld"
    hydrated = "hydrated"
    missing = "missing"
    mismatched = "mismatched"

    @property
    def text_status(self) -> TextStatus:
        """Where the text columns of the article's rows stand."""
        known = {PageStatus.open: TextStatus.open, PageStatus.hydrated: TextStatus.hydrated}
        return known.get(self, TextStatus.withheld)


@dataclass(frozen=True)
class PageReport:
    """What became of the page of one article."""

    article_id: str
    status: PageStatus
    file: str | None = None
    """Name of the file, in the user's folder, that was used or refused."""
    reason: str | None = None


@dataclass(frozen=True)
class PageReports:
    """What became of the pages of many articles. There is an object for a report only where one is asked for."""

    table: pa.Table
    """A row an article: ``article_id``, ``page_status``, ``page_file``, ``page_reason``."""

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Iterator[PageReport]:
        for batch in self.table.to_batches(max_chunksize=1000):
            for article_id, status, file, reason in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield PageReport(article_id, PageStatus(status), file, reason)


# What copying does to a text file, each as the step back to the page that was annotated.
_CHANGES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("it has CRLF line ends", lambda text: text.replace("\r\n", "\n")),
    ("it has a byte order mark", lambda text: text.removeprefix("\ufeff")),
    ("it is not in Unicode normal form C", lambda text: unicodedata.normalize("NFC", text)),
    ("it has white space after the last character", lambda text: text.rstrip()),
    ("it has a line end after the last line", lambda text: text.removesuffix("\n")),
)


@dataclass(frozen=True)
class Shelf:
    """The user's copies of withheld pages: what is in their folder, by SHA-256, without the texts."""

    folder: Path
    names: Mapping[str, str]
    """Names of the files that are UTF-8, by SHA-256."""
    near: Mapping[str, tuple[str, str]]
    """SHA-256 of what a file would be without the traces of copying: its name, and what they are."""

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Look through a folder and what is below it. Raises CannotRun if it cannot be read."""
        if not folder.is_dir():
            raise CannotRun(f"{folder} is not a folder; --pages (or HEISSER_DRAHT_PAGES) names the folder with the pages")
        names: dict[str, str] = {}
        near: dict[str, tuple[str, str]] = {}
        try:
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                data = path.read_bytes()
                try:
                    text = data.decode("utf-8")
                except UnicodeDecodeError:
                    continue  # no page is anything but UTF-8
                name = path.relative_to(folder).as_posix()
                near |= _near_hashes(name, text)
                names.setdefault(hashlib.sha256(data).hexdigest(), name)
        except OSError as error:
            raise CannotRun(f"{error.filename} cannot be read: {error.strerror}") from error
        return cls(folder, names, near)

    def find(self, article_id: str, sha256: str) -> tuple[str | None, PageReport]:
        """The text of a withheld page, if it is here under whatever name, and what became of the page.

        A file that differs from the page only by what copying does (line ends, BOM, normal form, white space at the end), or that has
        the article's name but other content, is reported as mismatched and not used.
        """
        if sha256 in self.names:
            name = self.names[sha256]
            try:
                text = (self.folder / name).read_bytes().decode("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise CannotRun(f"{self.folder / name} changed while it was read ({error}); run the same command again") from error
            return text, PageReport(article_id, PageStatus.hydrated, name)
        if sha256 in self.near:
            name, reason = self.near[sha256]
            return None, PageReport(article_id, PageStatus.mismatched, name, f"the annotated text, but {reason}; not used")
        name = f"{article_id}.txt"
        if name in self.names.values():
            reason = f"another text: its SHA-256 is not {sha256[:12]}…; not used"
            return None, PageReport(article_id, PageStatus.mismatched, name, reason)
        return None, PageReport(article_id, PageStatus.missing, None, f"no file has the SHA-256 {sha256[:12]}…")


def _near_hashes(name: str, text: str) -> list[tuple[str, tuple[str, str]]]:
    """SHA-256 of what a file would be without the traces of copying, alone and one after the other."""
    near: list[tuple[str, tuple[str, str]]] = []
    undone, reasons = text, list[str]()
    for reason, undo in _CHANGES:
        for start, so_far in ((text, []), (undone, reasons)):
            changed = undo(start)
            if changed != start:
                why = " and ".join([*so_far, reason])
                near.append((hashlib.sha256(changed.encode()).hexdigest(), (name, why)))
        if undo(undone) != undone:
            undone, reasons = undo(undone), [*reasons, reason]
    return near
