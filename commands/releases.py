"""Commands on releases: info, verify."""

from pathlib import Path

from commands.console import console, finding_dicts, print_json, stages
from commands.options import RAW, Json, Quiet, Raw


def info(release: Path | None = None, /, *, raw: Raw = RAW, json: Json = False) -> int:
    """Show what a release holds: the one in the folder given, or else the version that corpus.toml names."""
    from pipeline.house import House
    from pipeline.release import read_release

    if release is None:
        from pipeline.read import read_meta

        release = House.of(raw).release(read_meta(raw).version)
    found = read_release(release)
    if json:
        print_json(found.model_dump())
    else:
        from pipeline.show import show_release

        show_release(console(), found, release)
    return 0


def verify(release: Path | None = None, /, *, raw: Raw = RAW, quiet: Quiet = False, json: Json = False) -> int:
    """Check that a release is the one that was published: every file, table, row and reference, and the ledger.

    Without a folder, the newest release beside the raw files is checked. Exit status 0: it is whole; 1: findings; 2: it is no release.
    """
    from pipeline.house import House
    from pipeline.verify import verify as run

    with stages(quiet or json) as step:
        found = run(release or House.of(raw).newest(), step)
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
