"""The pages of a unit, as far as they are at hand, and what of them may leave the repo."""

import pickle
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.files import Files
from pipeline.findings import Finding
from pipeline.nodes import explode, integers, is_any
from pipeline.pages import PageReport, PageStatus, Shelf
from pipeline.parse import Parsed
from pipeline.spans import SEPARATOR
from pipeline.texts import Texts
from schema.vocabulary import ARTICLE_ZONES, PrivateKind, RightsStatus


def find_pages(
    root: pa.StructArray, parsed: Parsed, names: Sequence[str], files: Files, paged: bool, shelf: Path | None
) -> tuple[pa.StringArray, list[PageReport]]:
    """Unmasked text of each page, as far as it is at hand, and what became of it. An open page comes with the raw files, in its bundle
    or, where these have a folder with pages (``paged``), in a file there; a withheld one, which must not, is looked for in the user's
    copies (``shelf``, a pickled ``Shelf``).
    """
    article = root.field("article")
    ids, hashes = (column.to_pylist() for column in (article.field("article_id"), article.field("page").field("sha256")))
    status, carried = article.field("rights").field("status").to_pylist(), parsed.page_text.is_valid()
    other: dict[int, str | None] = {}
    reports = []
    for row, (article_id, sha256, rights, own, line) in enumerate(
        zip(ids, hashes, status, carried.to_pylist(), parsed.lines, strict=True)
    ):
        file, text = f"pages/{article_id}.txt", None
        if not own and paged:
            text = other[row] = files.text(file, required=False)
        elif paged and (files.folder / file).exists():
            files.findings.add(Finding("HD105", file, article_id))
        if rights == RightsStatus.open:
            reports.append(PageReport(article_id, PageStatus.open))
            continue
        if own:
            files.findings.add(Finding("HD507", names[line.piece], article_id, ("page_text",), None, None, line.line))
        elif text is not None and files.hashes[file] != sha256:
            files.findings.add(Finding("HD507", file, article_id))
        if shelf is None:
            other[row], report = None, PageReport(article_id, PageStatus.withheld)
        else:
            other[row], report = _shelf(shelf).find(article_id, sha256)
        reports.append(report)
    replaced = np.isin(np.arange(len(root)), list(other))
    return pc.replace_with_mask(parsed.page_text, replaced, pa.array(other.values(), pa.string())), reports


@lru_cache(maxsize=1)
def _shelf(path: Path) -> Shelf:
    shelf = pickle.loads(path.read_bytes())  # noqa: S301 – written by this build
    assert isinstance(shelf, Shelf)
    return shelf


def masked(root: pa.StructArray, pages: Texts) -> Texts:
    """The pages as they may leave the repo: private data masked."""
    items, rows = explode(root.field("article").field("private"))
    private = pc.not_equal(items.field("kind"), PrivateKind.not_private.value).to_numpy(zero_copy_only=False)
    start, end = (integers(items.field(name))[private] for name in ("start", "end"))
    return pages.masked(rows[private], start, end)


def clean_texts(root: pa.StructArray, pages: Texts) -> pa.StringArray:
    """The clean text of each article: headline, lead, subheadings and paragraphs, joined by blank lines; null where it is not at hand."""
    zones, rows = explode(root.field("article").field("zones"))
    kept = is_any(zones.field("type"), [zone.value for zone in ARTICLE_ZONES])
    start, end = (integers(zones.field(name))[kept] for name in ("start", "end"))
    blocks = pages.slices(rows[kept], start, end)
    offsets = np.searchsorted(rows[kept], np.arange(len(root) + 1))
    texts = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), blocks), SEPARATOR)
    return pc.if_else(pa.array(pages.known), texts, None)
