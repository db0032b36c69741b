"""The one door to the package: build a release, check the raw files, look at what there is. ``--help`` says more."""

import json as json_module
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, CycloptsError, Parameter
from cyclopts.validators import Number

from pipeline.formats import Format

if TYPE_CHECKING:  # imported where they are used, so that --help is quick
    from rich.console import Console

    from pipeline.pages import PageReport

RAW = Path("data/raw")

app = App(
    name="build_dataset.py",
    help="Validate the raw files and publish versioned Parquet that load_dataset reads.",
    help_format="plaintext",
    version_flags=[],
)

Raw = Annotated[Path, Parameter(help="Folder with the raw files.")]
Out = Annotated[Path | None, Parameter(help="Folder of the release; data/processed/<version> if not given.")]
Pages = Annotated[
    Path | None,
    Parameter(env_var="HEISSER_DRAHT_PAGES", help="Folder with your copies of withheld pages, found in it by their SHA-256."),
]
Version = Annotated[str | None, Parameter(help="Version to build, instead of the one in corpus.toml.")]
Quiet = Annotated[bool, Parameter(negative="", help="Print nothing but errors.")]
ByType = Annotated[bool, Parameter(negative="", help="Show every type as well.")]
Json = Annotated[bool, Parameter(negative="", help="Print the result as JSON, for machines.")]


@app.command
@app.default
def build(
    *, raw: Raw = RAW, out: Out = None, pages: Pages = None, version: Version = None, quiet: Quiet = False, json: Json = False
) -> int:
    """Check the raw files and build a release. This is also what happens without a command.

    A published version is never overwritten. With --pages, texts of withheld pages are filled in, and the release, marked as
    hydrated, goes to build/<version>+hydrated: it may not be passed on.
    """
    from pipeline.build import build as run

    with _stages(quiet or json) as step:
        built = run(raw, out, pages, version, step)
    if json:
        _print_json(
            {
                "folder": str(built.folder), "outcome": built.outcome.value, "release": built.release.model_dump(),
                "pages": _page_dicts(built.pages), "findings": [finding.as_dict() for finding in built.warnings],
            }
        )  # fmt: skip
    elif not quiet:
        from pipeline.report import show
        from pipeline.show import show_pages, show_release

        console = _console()
        show_pages(console, built.pages)
        console.print()
        show(console, built.warnings)
        show_release(console, built.release, built.folder, built.outcome)
    return 0


@app.command
def validate(
    paths: tuple[Path, ...] = (),
    /,
    *,
    raw: Raw = RAW,
    pages: Pages = None,
    level: Annotated[int, Parameter(validator=Number(gte=1, lte=6), help="Last level to check, 1 (files) to 6 (the release).")] = 6,
    format: Annotated[Format, Parameter(help="How findings are written.")] = Format.text,
    changed_since: Annotated[str | None, Parameter(help="Check only articles changed since this commit or tag.")] = None,
    quiet: Quiet = False,
) -> int:
    """Check the raw files, or only the articles in the paths given, and write nothing.

    Exit status 0: sound, warnings at most; 1: findings; 2: could not run.
    """
    from pipeline.build import load_and_check
    from pipeline.findings import Refused
    from pipeline.select import changed, selected

    only = selected(raw, paths) if paths else None
    if changed_since is not None:
        touched = changed(raw, changed_since)
        only = touched if only is None else only if touched is None else only & touched
    try:
        with _stages(quiet or format is not Format.text) as step:
            checked = load_and_check(raw, pages, step=step, level=level, only=only)
        findings = checked.findings
    except Refused as refused:
        checked, findings = None, refused.findings
    if format is not Format.text:
        from pipeline.report import machine

        print(machine(findings.all, format, _prefix(raw)), end="")
        return 1 if findings.errors else 0
    if findings.all and not (quiet and not findings.errors):
        from pipeline.report import show

        show(_console(stderr=bool(findings.errors)), findings.all)
    if not quiet:
        from pipeline.show import show_pages

        console = _console()
        counted = ""
        if checked is not None:
            if pages is not None:
                show_pages(console, checked.pages.reports)
            corpus = checked.raw
            some = "" if corpus.whole else " (only those asked for; rules over the whole corpus left out)"
            counted = (
                f"{len(corpus.bundles)} articles{some}, {len(corpus.contacts)} contacts, {len(corpus.kb)} knowledge-base rows: "
            )
        said = ", ".join(_count(len(found), kind) for found, kind in ((findings.errors, "error"), (findings.warnings, "warning")))
        console.print(f"{counted}{said}", soft_wrap=True)
    return 1 if findings.errors else 0


@app.command
def agree(
    article: str | None = None, /, *, raw: Raw = RAW, pages: Pages = None, by_type: ByType = False, json: Json = False
) -> int:
    """Show how far the independent annotation passes in passes/ agree, with counts and intervals.

    With the id of an article, list instead what the passes over it have not in common, one by one, for the reader who decides.
    Exit status 0: measured; 1: findings in the raw files; 2: there are no two passes to compare.
    """
    from pipeline.agree import agreement, compared
    from pipeline.build import load_and_check
    from pipeline.findings import CannotRun
    from pipeline.show import show_agreement, show_differences

    with _stages(json) as step:
        checked = load_and_check(raw, pages, step=step)
        checked.findings.raise_errors()
        step("compare the passes")
        passes = checked.raw.passes
        figures = agreement(passes) if article is None else ()
        differences = None if article is None else compared(passes, article, checked.pages.masked.get(article))
    if not figures and differences is None:
        raise CannotRun(f"{raw / 'passes'} has no two passes over {article or 'one article'}: passes/<pass>/<article_id>.json")
    if json:
        _print_json([row.model_dump() for row in (figures if differences is None else differences)])
    elif differences is None:
        show_agreement(_console(), figures, by_type)
    else:
        show_differences(_console(), differences)
    return 0


@app.command
def explain(code: str, /) -> int:
    """Say what a rule asks for, and what to do where it is broken."""
    from pipeline.report import explain as run
    from pipeline.rules import RULES

    text = run(code)
    if text is None:
        print(f"build_dataset.py: there is no rule {code}; there are {', '.join(sorted(RULES))}", file=sys.stderr)
        return 2
    print(text)
    return 0


@app.command
def info(release: Path | None = None, /, *, raw: Raw = RAW, json: Json = False) -> int:
    """Show what a release holds: the one in the folder given, or else the version that corpus.toml names."""
    from pipeline.build import default_folder
    from pipeline.describe import read_release

    if release is None:
        from pipeline.read import read_meta

        release = default_folder(raw, read_meta(raw).version, hydrated=False)
    found = read_release(release)
    if json:
        _print_json(found.model_dump())
    else:
        from pipeline.show import show_release

        show_release(_console(), found, release)
    return 0


@app.command
def derive(
    *, check: Annotated[bool, Parameter(negative="", help="Only say which files are stale, with exit status 1.")] = False
) -> int:
    """Renew the files that follow from models, rules and the newest release: docs, JSON Schemas, CITATION.cff, the head of README.md."""
    from pipeline.derived import stale

    console = _console()
    found = stale(Path(), RAW)
    for path, text in found.items():
        console.print(f"{path}: {'is stale; run: python build_dataset.py derive' if check else 'renewed'}", soft_wrap=True)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    return 1 if check and found else 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; gives the exit status: 0 sound, 1 findings, 2 the command could not run."""
    from pipeline.findings import CannotRun, Refused

    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a character shows its escape
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if not os.environ.get("HEISSER_DRAHT_PAGES", "-"):
        del os.environ["HEISSER_DRAHT_PAGES"]  # CI writes "" for "not given", which would be the working folder
    if "" in arguments or any(argument.startswith("--") and argument.endswith("=") for argument in arguments):
        print("build_dataset.py: an argument is empty", file=sys.stderr)
        return 2
    try:
        return int(app(arguments, exit_on_error=False, print_error=True, result_action="return_value") or 0)
    except (BrokenPipeError, SystemExit):  # rich ends the process where a reader has gone
        sys.stdout = None  # nothing more can be said there
        return 2
    except CycloptsError:
        return 2
    except (CannotRun, OSError) as error:
        print(f"build_dataset.py: {error}", file=sys.stderr)
        return 2
    except Refused as refused:
        if "--json" in arguments or "--json=true" in arguments:
            _print_json({"findings": [finding.as_dict() for finding in refused.findings.all]})
        else:
            from pipeline.report import show

            console = _console(stderr=True)
            show(console, refused.findings.all)
            console.print(f"{_count(len(refused.findings.errors), 'error')}; nothing was written", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        print("build_dataset.py: stopped; nothing was published", file=sys.stderr)
        return 2


@contextmanager
def _stages(silent: bool) -> Iterator[Callable[[str], None]]:
    """Says the stage that is at work, on a terminal only."""
    console = _console(stderr=True)
    if silent or not console.is_terminal:
        yield lambda _: None
        return
    with console.status("") as status:
        yield lambda stage: status.update(stage)


def _console(stderr: bool = False) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, emoji=False, markup=False)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _prefix(raw: Path) -> str:
    """The raw folder as it is written from the working folder, so that CI finds the files; empty where it is that folder."""
    name = raw.as_posix().rstrip("/")
    return "" if name in ("", ".") else f"{name}/"


def _page_dicts(reports: "Iterable[PageReport]") -> list[dict[str, str | None]]:
    return [{"article_id": r.article_id, "status": r.status.value, "file": r.file, "reason": r.reason} for r in reports]


def _print_json(value: object) -> None:
    print(json_module.dumps(value, ensure_ascii=False, indent=2))


def entry() -> None:
    """Run the command line, and end with its exit status."""
    sys.exit(main())


if __name__ == "__main__":
    entry()
