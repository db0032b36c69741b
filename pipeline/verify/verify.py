"""Verify a release, from its files inwards: what fails one step is not taken to the next."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

import pipeline.arrow  # noqa: F401 – before the first array
from pipeline.bag import TAGS, sha256
from pipeline.findings import CannotRun, Finding, Findings
from pipeline.house import House
from pipeline.ledger import read_ledger
from pipeline.release import RELEASE, Release, read_release
from pipeline.verify.files import check_files
from pipeline.verify.references import check_references
from pipeline.verify.tables import Part, check_columns, check_described, check_listed, check_rows, declared, first_line, read_part


@dataclass(frozen=True)
class Verified:
    """What was found of a release."""

    folder: Path
    release: Release | None
    """What it says of itself; None where that cannot be read."""
    digest: str | None
    """SHA-256 of its tag manifest, which pins every byte; None where there is none."""
    ledger: Path | None
    """The ledger that it was compared with; None where there is none, or where it has no entry for such a build."""
    findings: Findings


def verify(folder: Path, step: Callable[[str], None] = lambda _: None) -> Verified:
    """Check files, tables, rows and references of a release, and compare it with the ledger beside it.

    Raises CannotRun for a folder that is no release, or one from before releases were bags.
    """
    findings = Findings()
    step("files")
    findings.extend(check_files(folder))
    damaged = {finding.file for finding in findings.all}
    try:
        release = read_release(folder)
    except CannotRun as error:
        if RELEASE not in damaged:
            findings.add(Finding("HD614", RELEASE, found=str(error)))
        release = None
    if release is not None:
        step("tables")
        _check_tables(folder, release, findings, damaged, step)
    digest = sha256(folder / TAGS) if (folder / TAGS).is_file() else None
    ledger = _check_ledger(folder, release, digest, findings)
    return Verified(folder, release, digest, ledger, findings)


def _check_tables(folder: Path, release: Release, findings: Findings, damaged: set[str], step: Callable[[str], None]) -> None:
    findings.extend(check_listed(folder, release))
    try:
        columns = declared(folder)
    except ValueError as error:
        if "README.md" not in damaged:
            findings.add(Finding("HD614", "README.md", found=str(error)))
        columns = {}
    parts: list[Part] = []
    for entry in release.tables:
        step(f"{entry.table}, {entry.split}")
        part = read_part(folder, entry.table, entry.split)
        if isinstance(part, Finding):
            findings.add(part)
            continue
        schema = f"schema/{entry.table}-row.schema.json"
        try:
            found = list(check_columns(part, columns[entry.table])) if entry.table in columns else []
            if not found:
                parts.append(part)
                found += check_described(part, entry)
                found += check_rows(part, json.loads((folder / schema).read_bytes())) if schema not in damaged else ()
        except Exception as error:  # there is nothing that a damaged file cannot make a reader stumble over
            found = [Finding("HD615", part.file, found=first_line(error))]
        findings.extend(found)
    if len(parts) == len(release.tables):
        step("references")
        try:
            findings.extend(list(check_references(parts)))
        except (ValueError, LookupError, pa.ArrowException) as error:  # a key that is no text, or not there
            findings.add(Finding("HD615", "data", found=first_line(error)))


def _check_ledger(folder: Path, release: Release | None, digest: str | None, findings: Findings) -> Path | None:
    """Compare with ``data/releases.jsonl`` of a release that stands in ``data/processed``, under the name that it has there."""
    places = (folder.resolve(), Path(os.path.abspath(folder)))  # the release can be a link, and so can ``processed``
    ledgers = ((p, House.of(p.parent.parent / "raw").ledger) for p in places if p.parent.name == "processed")
    place, path = next(((p, path) for p, path in ledgers if path.is_file()), (None, None))
    if place is None or path is None:
        return None
    ledger = read_ledger(path)
    if release is not None and release.version != place.name:
        said = f"it is of {release.version}, but stands as {place.name} among published releases"
        findings.add(Finding("HD614", RELEASE, found=said))
    published = ledger.get(place.name)
    if published is None:
        return None
    if digest != published.digest:
        findings.add(Finding("HD620", TAGS, found=digest or "none", expected=published.digest))
    return path
