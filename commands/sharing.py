"""Commands that take a release further: hydrate, publish."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from commands.console import built_dict, console, print_json, show_built, stages
from commands.options import RAW, Json, Pages, Quiet, Raw

publish = App(name="publish", help="Publish a verified release where others find it.", help_format="plaintext", version_flags=[])


def hydrate(
    release: Path,
    /,
    *,
    pages: Pages = None,
    out: Annotated[Path | None, Parameter(help="Folder of the build; build/<version>+hydrated if not given.")] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> int:
    """Fill the texts of withheld pages into a published release, from your own copies. Needs no raw files.

    The result may not be passed on. Exit status 0: built; 1: the release is not whole; 2: no withheld page was found, or could not run.
    """
    from pipeline.findings import CannotRun
    from pipeline.hydrate import hydrate as run

    if pages is None:
        raise CannotRun("hydrating needs your copies of the withheld pages: name their folder by --pages (or HEISSER_DRAHT_PAGES)")
    with stages(quiet or json) as step:
        built = run(release, pages, out, step)
    if json:
        print_json(built_dict(built))
    elif not quiet:
        show_built(built)
    return 0


@publish.command
def hub(
    repo: str,
    /,
    *,
    release: Annotated[
        Path | None, Parameter(help="Folder of the release; the newest one beside the raw files if not given.")
    ] = None,
    raw: Raw = RAW,
    dry_run: Annotated[bool, Parameter(negative="", help="Say what would be done, and send nothing.")] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> int:
    """Publish a release as dataset repository OWNER/NAME of the Hugging Face Hub, with the tag v<version>.

    It is verified first. The token is the one that “hf auth login” keeps. Nothing is ever overwritten there, so that after a break
    the same command goes on. Exit status 0: published, or there already; 1: the release is not whole; 2: it could not be done.
    """
    from pipeline.house import House
    from pipeline.publish import publish as run
    from pipeline.verify import verify as check

    folder = release or House.of(raw).newest()
    with stages(quiet or json) as step:
        verified = check(folder, step)
    verified.findings.raise_errors()
    terminal = console(stderr=True)
    bars = terminal.is_terminal and not (quiet or json)
    done = run(folder, repo, dry_run, lambda step: terminal.print(f"{step} …") if bars else None, bars=bars)
    if json:
        print_json(asdict(done) | {"dry_run": dry_run})
    elif not quiet:
        from pipeline.show import show_published

        show_published(console(), done, dry_run)
    return 0
