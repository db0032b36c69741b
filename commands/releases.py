"""Commands on releases: info, verify, diff, cite."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from commands.console import console, finding_dicts, print_json, stages
from commands.options import RAW, Json, Quiet, Raw
from pipeline.cite import Style


def info(release: str | None = None, /, *, raw: Raw = RAW, json: Json = False) -> int:
    """Show what a release holds: the one in the folder given, or else the version that corpus.toml names."""
    from pipeline.house import House
    from pipeline.release import read_release

    house = House.of(raw)
    if release is None:
        from pipeline.read import read_meta

        folder = house.release(read_meta(raw).version)
    else:
        folder = house.find(release)
    found = read_release(folder)
    if json:
        print_json(found.model_dump())
    else:
        from pipeline.show import show_release

        show_release(console(), found, folder)
    return 0


def verify(release: str | None = None, /, *, raw: Raw = RAW, quiet: Quiet = False, json: Json = False) -> int:
    """Check that a release is the one that was published: every file, table, row and reference, and the ledger.

    Without a folder, the newest release beside the raw files is checked. Exit status 0: it is whole; 1: findings; 2: it is no release.
    """
    from pipeline.house import House
    from pipeline.verify import verify as run

    with stages(quiet or json) as step:
        found = run(House.of(raw).find(release), step)
    errors = found.findings.errors
    if json:
        ledger = str(found.ledger) if found.ledger else None
        whole = {"folder": str(found.folder), "whole": not errors, "digest": found.digest, "ledger": ledger}
        print_json(whole | {"findings": finding_dicts(found.findings.all)})
    elif errors or not quiet:
        from pipeline.report import show
        from pipeline.show import show_verified

        show(console(stderr=True), found.findings.all)
        show_verified(console(stderr=bool(errors)), found)
    return 1 if errors else 0


def diff(
    old: str | None = None,
    new: str | None = None,
    /,
    *,
    raw: Raw = RAW,
    html: Annotated[Path | None, Parameter(help="Write the comparison to this file, as a page for a browser.")] = None,
    json: Json = False,
) -> int:
    """Compare two releases, annotation by annotation, and say how far the version must be raised for what changed.

    Each is a folder, or a version beside the raw files. Without the second, the first (or the newest release) is compared with what the
    raw files give now. Exit status 0, whether or not there is a difference.
    """
    from pipeline.build import snapshot
    from pipeline.diff import Snapshot, show_diff
    from pipeline.diff import diff as run
    from pipeline.diff import html as page
    from pipeline.house import House

    house = House.of(raw)
    with stages(json) as progress:
        progress("read the older one")
        before = Snapshot.of_release(house.find(old))
        progress("read the newer one")
        after = Snapshot.of_release(house.find(new)) if new else snapshot(raw, progress)
        progress("compare")
        found = run(before, after)
    if html is not None:
        html.write_text(page(found), encoding="utf-8", newline="\n")
    if json:
        print_json(found.model_dump())
    else:
        show_diff(console(), found)
    return 0


def cite(
    release: str | None = None,
    /,
    *,
    raw: Raw = RAW,
    format: Annotated[Style, Parameter(help="How the citation is written.")] = Style.bibtex,
) -> int:
    """Print how to cite a release: a folder, a version beside the raw files, or else the newest one there.

    The citation carries the digest that pins every file of the release; what Zenodo takes has no place for it.
    """
    from pipeline.bag import TAGS, sha256
    from pipeline.cite import cite as run
    from pipeline.house import House
    from pipeline.release import read_meta, read_release, sizes

    house = House.of(raw)
    folder = house.find(release)
    found, meta = read_release(folder), read_meta(folder)
    print(run(meta, found.version, format, sha256(folder / TAGS), sizes(found)), end="")
    return 0
