"""Commands on the repo itself: explain a rule, renew what is derived."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from commands.console import console
from commands.options import RAW


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


def derive(
    *, check: Annotated[bool, Parameter(negative="", help="Only say which files are stale, with exit status 1.")] = False
) -> int:
    """Renew the files that follow from models, rules and the newest release: docs, JSON Schemas, CITATION.cff, the head of README.md."""
    from pipeline.derived import stale

    terminal = console()
    found = stale(Path(), RAW)
    for path, text in found.items():
        terminal.print(f"{path}: {'is stale; run: python build_dataset.py derive' if check else 'renewed'}", soft_wrap=True)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    return 1 if check and found else 0
