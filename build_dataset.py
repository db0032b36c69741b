"""The one door to the package: build a release, check the raw files, look at what there is. ``--help`` says more."""

import gc
import os
import sys
from io import TextIOWrapper

from cyclopts import App, CycloptsError

from commands import data, releases, repo, sharing
from commands.console import console, count, finding_dicts, print_json

app = App(
    name="build_dataset.py",
    help="Validate the raw files and publish versioned Parquet that load_dataset reads.",
    help_format="plaintext",
    version_flags=[],
    suppress_keyboard_interrupt=False,  # main says what to do then
)
app.default(data.build)
for command in (
    data.build, data.validate, data.agree, releases.info, releases.verify, releases.diff, releases.cite, sharing.hydrate,
    sharing.publish, repo.explain, repo.derive,
):  # fmt: skip
    app.command(command)


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
            print_json({"findings": finding_dicts(refused.findings.all)})
        else:
            from pipeline.report import show

            terminal = console(stderr=True)
            show(terminal, refused.findings.all)
            terminal.print(f"{count(len(refused.findings.errors), 'error')}; nothing was written", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        print("build_dataset.py: stopped; run the same command again", file=sys.stderr)
        return 2


def entry() -> None:
    """Run the command line, and end with its exit status."""
    gc.set_threshold(10_000)  # objects in circles are rare; to look for them after every 700 new ones takes 0.05 s
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # nothing multiplies matrices; threads to do so take 0.08 s to start
    sys.exit(main())


if __name__ == "__main__":
    entry()
