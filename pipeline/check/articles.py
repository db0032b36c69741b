"""Level 5, the part of it that an article alone decides: its file, its rights, its language."""

from collections.abc import Iterator

from pipeline.check.unit import Check, Unit
from pipeline.findings import Finding
from schema.vocabulary import RightsStatus


def _file_names(unit: Unit) -> Iterator[Finding]:
    for row, (article_id, origin) in enumerate(zip(unit.article_ids, unit.origins, strict=True)):
        name = origin.file.rpartition("/")[2]
        if name.endswith(".json") and name != f"{article_id}.json":
            yield unit.on(row, "HD501", ("article", "article_id"), article_id, name)


def _rights(unit: Unit) -> Iterator[Finding]:
    rights = unit.root.field("article").field("rights")
    rows = zip(rights.field("status").to_pylist(), rights.field("licence").to_pylist(), unit.texts.known, strict=True)
    for row, (status, licence, known) in enumerate(rows):
        if (status == RightsStatus.open) != (licence is not None):
            expected = f"{'a' if licence is None else 'no'} licence for a page that is {status}"
            yield unit.on(row, "HD510", ("article", "rights", "licence"), licence or "none", expected)
        page = f"pages/{unit.article_ids[row]}.txt"
        if status == RightsStatus.open and not known and page not in unit.faulty:
            yield unit.on(row, "HD506", ("article", "rights", "status"), None, page)


def _languages(unit: Unit) -> Iterator[Finding]:
    for row, language in enumerate(unit.root.field("article").field("language").to_pylist()):
        if language not in unit.languages:
            yield unit.on(row, "HD516", ("article", "language"), language, ", ".join(unit.languages))


RULES: tuple[Check, ...] = (_file_names, _rights, _languages)
