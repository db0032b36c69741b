"""Stage 2: whose text is at hand. Open pages come with the raw files; withheld ones are found, by their SHA-256 alone, in a folder
that the user has. A page that is not the one that was annotated is never used.
"""

import hashlib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipeline.findings import CannotRun
from pipeline.read import Raw
from schema.records import Article
from schema.vocabulary import PrivateKind, RightsStatus, TextStatus


class PageStatus(StrEnum):
    """What became of one page."""

    open = "open"
    withheld = "withheld"
    hydrated = "hydrated"
    missing = "missing"
    mismatched = "mismatched"


@dataclass(frozen=True)
class PageReport:
    """What became of the page of one article."""

    article_id: str
    status: PageStatus
    file: str | None = None
    """Name of the file, in the user's folder, that was used or refused."""
    reason: str | None = None


@dataclass(frozen=True)
class Pages:
    """The texts at hand, and what became of every page."""

    texts: dict[str, str]
    """Unmasked text by article id."""
    masked: dict[str, str]
    """The same with private data masked, as the articles (and not some pass over them) mark it: what may be shown or written."""
    reports: tuple[PageReport, ...]

    @property
    def hydrated(self) -> bool:
        """Whether any withheld page's text is at hand, so that what is built may not be published."""
        return any(report.status is PageStatus.hydrated for report in self.reports)

    def text_status(self, article: Article) -> TextStatus:
        """Where the text columns of an article's rows stand."""
        if article.rights.status is RightsStatus.open:
            return TextStatus.open
        return TextStatus.hydrated if article.article_id in self.texts else TextStatus.withheld


# What copying does to a text file, each as the step back to the page that was annotated.
_CHANGES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("it has CRLF line ends", lambda text: text.replace("\r\n", "\n")),
    ("it has a byte order mark", lambda text: text.removeprefix("\ufeff")),
    ("it is not in Unicode normal form C", lambda text: unicodedata.normalize("NFC", text)),
    ("it has white space after the last character", lambda text: text.rstrip()),
    ("it has a line end after the last line", lambda text: text.removesuffix("\n")),
)


def find_pages(raw: Raw, folder: Path | None) -> Pages:
    """The texts of all open pages and of the withheld ones that ``folder`` holds, under whatever name.

    A file that differs from a pinned page only by what copying does (line ends, BOM, normal form, white space at the end), or that
    has the article's name but other content, is reported as mismatched. Raises CannotRun if the folder cannot be read.
    """
    by_hash, files = _read_folder(folder) if folder is not None else ({}, {})
    texts, reports = dict(raw.pages), []
    near = {digest: near for name, text in files.items() for digest, near in _near_hashes(name, text)}
    for bundle in raw.bundles:
        article = bundle.article
        article_id, pinned = article.article_id, article.page.sha256
        if article.rights.status is RightsStatus.open:
            reports.append(PageReport(article_id, PageStatus.open))
        elif folder is None:
            reports.append(PageReport(article_id, PageStatus.withheld))
        elif pinned in by_hash:
            name = by_hash[pinned]
            texts[article_id] = files[name]
            reports.append(PageReport(article_id, PageStatus.hydrated, name))
        elif pinned in near:
            name, reason = near[pinned]
            reports.append(PageReport(article_id, PageStatus.mismatched, name, f"the annotated text, but {reason}; not used"))
        elif f"{article_id}.txt" in files:
            reason = f"another text: its SHA-256 is not {pinned[:12]}…; not used"
            reports.append(PageReport(article_id, PageStatus.mismatched, f"{article_id}.txt", reason))
        else:
            reports.append(PageReport(article_id, PageStatus.missing, None, f"no file has the SHA-256 {pinned[:12]}…"))
    shown = {
        b.article.article_id: masked(b.article, texts[b.article.article_id]) for b in raw.bundles if b.article.article_id in texts
    }
    return Pages(texts, shown, tuple(reports))


def masked(article: Article, text: str) -> str:
    """The page with its private data replaced by U+2588, of the same length, so that every offset stays right."""
    for span in article.private:
        if span.kind is PrivateKind.not_private:
            continue
        text = text[: span.start] + "\u2588" * (span.end - span.start) + text[span.end :]
    return text


def _read_folder(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Names by SHA-256, and texts by name, of the files in a folder and below that are UTF-8."""
    if not folder.is_dir():
        raise CannotRun(f"{folder} is not a folder; --pages (or HEISSER_DRAHT_PAGES) names the folder with the pages")
    by_hash: dict[str, str] = {}
    files: dict[str, str] = {}
    try:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            data = path.read_bytes()
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                continue  # no page is anything but UTF-8
            name = path.relative_to(folder).as_posix()
            files[name] = text
            by_hash.setdefault(hashlib.sha256(data).hexdigest(), name)
    except OSError as error:
        raise CannotRun(f"{error.filename} cannot be read: {error.strerror}") from error
    return by_hash, files


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
