"""Run a benchmark: ``python -m benchmarks.run build --bundles 20000 --repeat 5``.

Results go to ``benchmarks/results/<benchmark>.jsonl`` once all runs are done; ``python -m benchmarks.report`` makes tables of them.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import suites
from benchmarks.bench import RESULTS, Bench, Failed
from benchmarks.loading import load


def main(arguments: list[str] | None = None) -> int:
    """The command; gives the exit status: 0 measured, 2 a command failed or could not be run."""
    asked = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        work = (asked.work or Path(temporary)).resolve()
        bench = Bench(asked.benchmark, work, asked.dry_run, asked.timeout, _say)
        try:
            work.mkdir(parents=True, exist_ok=True)
            _run(bench, asked)
            if not bench.dry:
                _say(f"results in {bench.write(asked.results)}")
        except (Failed, OSError, ValueError) as error:
            _say(f"benchmarks.run: {error}")
            return 2
    return 0


def _run(bench: Bench, asked: argparse.Namespace) -> None:
    match bench.name:
        case "build":
            suites.build(bench, asked.bundles, asked.repeat, asked.cases)
        case "memory":
            suites.memory(bench, asked.sizes, asked.repeat, asked.cases)
        case "rebuild":
            suites.rebuild(bench, asked.bundles, asked.repeat)
        case "dask":
            suites.dask(bench, asked.bundles, asked.repeat)
        case "load":
            load(bench, asked.bundles, asked.repeat)
        case "small":
            suites.small(bench, asked.repeat)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Measure the build and what it is compared with.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--repeat", type=_positive, default=5, help="times that each case is run (5)")
    common.add_argument("--work", type=Path, help="folder for corpora and releases, kept; a temporary one if not given")
    common.add_argument("--results", type=Path, default=RESULTS, help="folder that results go to")
    common.add_argument("--timeout", type=float, help="seconds that one command may take")
    common.add_argument("--dry-run", action="store_true", help="say the commands and run none")
    benchmarks = parser.add_subparsers(dest="benchmark", required=True)
    for name, about in (
        ("build", "our build and its peers by turns"), ("rebuild", "our build with a cache, after a change"),
        ("dask", "two Dask workers against two processes"), ("load", "ways to load a release"),
    ):  # fmt: skip
        own = benchmarks.add_parser(name, parents=[common], help=about)
        own.add_argument("--bundles", type=_positive, default=20_000, help="size of the corpus (20000)")
        if name == "build":
            own.add_argument("--cases", nargs="+", choices=suites.CASES, default=list(suites.CASES), help="what to run (all)")
    own = benchmarks.add_parser("memory", parents=[common], help="memory and time as the corpus grows")
    own.add_argument("--sizes", type=_positive, nargs="+", default=[5_000, 200_000], help="sizes of the corpus (5000 200000)")
    own.add_argument("--cases", nargs="+", choices=suites.CASES, default=[suites.OURS], help=f"what to run ({suites.OURS})")
    benchmarks.add_parser("small", parents=[common], help="help, the check of one article, the build of data/raw")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return number


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
