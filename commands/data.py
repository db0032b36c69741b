"""Commands on the raw files: build, validate, agree."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from commands.console import built_dict, console, count, finding_dicts, print_json, show_built, stages
from commands.options import RAW, Jobs, Json, Pages, Quiet, Raw, Scheduler
from pipeline.formats import Format

Out = Annotated[Path | None, Parameter(help="Folder of the release; data/processed/<version> if not given.")]
Version = Annotated[str | None, Parameter(help="Version to build, instead of the one in corpus.toml.")]
Cache = Annotated[
    Path | None,
    Parameter(help="Folder that keeps what the next build can use again; build/cache beside the raw files if not given."),
]
NoCache = Annotated[bool, Parameter(negative="", help="Keep nothing, and use nothing that was kept.")]
ByType = Annotated[bool, Parameter(negative="", help="Show every type as well.")]


def build(
    *, raw: Raw = RAW, out: Out = None, pages: Pages = None, version: Version = None, jobs: Jobs = 0, scheduler: Scheduler = None,
    cache: Cache = None, no_cache: NoCache = False, quiet: Quiet = False, json: Json = False,
) -> int:  # fmt: skip
    """Check the raw files and build a release. This is also what happens without a command.

    A published version is never overwritten. With --pages, texts of withheld pages are filled in, and the release, marked as
    hydrated, goes to build/<version>+hydrated: it may not be passed on. What was made of articles that have not changed since the last
    build is used again; the release is, to the byte, that of a build from nothing.
    """
    from pipeline.house import House
    from pipeline.means import ready

    kept = None if no_cache else cache or House.of(raw).cache
    with stages(quiet or json) as progress, ready(raw, jobs, scheduler, kept) as means:
        from pipeline.build import build as run

        built = run(raw, out, pages, version, progress, means)
    if json:
        print_json(built_dict(built) | {"findings": finding_dicts(built.warnings)})
    elif not quiet:
        show_built(built)
    return 0


def validate(
    paths: tuple[Path, ...] = (),
    /,
    *,
    raw: Raw = RAW,
    pages: Pages = None,
    level: Annotated[int, Parameter(validator=Number(gte=1, lte=6), help="Last level to check, 1 (files) to 6 (the release).")] = 6,
    format: Annotated[Format, Parameter(help="How findings are written.")] = Format.text,
    changed_since: Annotated[str | None, Parameter(help="Check only articles changed since this commit or tag.")] = None,
    jobs: Jobs = 0,
    scheduler: Scheduler = None,
    quiet: Quiet = False,
) -> int:
    """Check the raw files, or only the articles in the paths given, and write nothing.

    Exit status 0: sound, warnings at most; 1: findings; 2: could not run.
    """
    from pipeline.findings import Refused
    from pipeline.means import ready
    from pipeline.select import changed, selected

    only = selected(raw, paths) if paths else None
    if changed_since is not None:
        touched = changed(raw, changed_since)
        only = touched if only is None else only if touched is None else only & touched
    counted, reports = "", None
    try:
        with stages(quiet or format is not Format.text) as progress, ready(raw, jobs, scheduler, only=only) as means:
            from pipeline.build import checking

            with checking(raw, pages, progress=progress, level=level, only=only, means=means) as checked:
                findings, corpus = checked.findings, checked.raw
                some = "" if corpus.whole else " (only those asked for; rules over the whole corpus left out)"
                counted = (
                    f"{count(len(checked.corpus.index), 'article')}{some}, {count(len(corpus.contacts), 'contact')}, "
                    f"{count(len(corpus.kb), 'knowledge-base row')}: "
                )
                reports = checked.corpus.index.page_reports() if pages is not None and not quiet else None
    except Refused as refused:
        findings = refused.findings
    if format is not Format.text:
        from pipeline.report import machine

        print(machine(findings.all, format, _prefix(raw)), end="")
        return 1 if findings.errors else 0
    if findings.all and not (quiet and not findings.errors):
        from pipeline.report import show

        show(console(stderr=bool(findings.errors)), findings.all)
    if not quiet:
        terminal = console()
        if reports:
            from pipeline.show import show_pages

            show_pages(terminal, reports)
        said = ", ".join(count(len(found), kind) for found, kind in ((findings.errors, "error"), (findings.warnings, "warning")))
        terminal.print(f"{counted}{said}", soft_wrap=True)
    return 1 if findings.errors else 0


def agree(
    article: str | None = None, /, *, raw: Raw = RAW, pages: Pages = None, by_type: ByType = False, json: Json = False
) -> int:
    """Show how far the independent annotation passes in passes/ agree, with counts and intervals.

    With the id of an article, list instead what the passes over it have not in common, one by one, for the reader who decides.
    Exit status 0: measured; 1: findings in the raw files; 2: there are no two passes to compare.
    """
    from pipeline.agree import agreement, compared
    from pipeline.build import checking
    from pipeline.findings import CannotRun
    from pipeline.show import show_agreement, show_differences

    with stages(json) as progress, checking(raw, pages, progress=progress) as checked:
        checked.findings.raise_errors()
        progress("compare the passes")
        own = checked.corpus.passes
        passes = {name: {key: passed.bundle for key, passed in bundles.items()} for name, bundles in own.items()}
        page = next((bundles[article].masked for bundles in own.values() if article in bundles), None)
        figures = agreement(passes) if article is None else ()
        differences = None if article is None else compared(passes, article, page)
    if not figures and differences is None:
        raise CannotRun(f"{raw / 'passes'} has no two passes over {article or 'one article'}: passes/<pass>/<article_id>.json")
    if json:
        print_json([row.model_dump() for row in (figures if differences is None else differences)])
    elif differences is None:
        show_agreement(console(), figures, by_type)
    else:
        show_differences(console(), differences)
    return 0


def _prefix(raw: Path) -> str:
    """The raw folder as it is written from the working folder, so that CI finds the files; empty where it is that folder."""
    name = raw.as_posix().rstrip("/")
    return "" if name in ("", ".") else f"{name}/"
