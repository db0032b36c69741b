"""Which articles to check: those in the paths that people name, or those that changed since a commit."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from pipeline.findings import CannotRun, visible


def selected(raw: Path, paths: Iterable[Path]) -> set[str] | None:
    """Files of articles, below the raw folder, that are or lie in the paths; None (all) if a path is what all articles depend on.

    A page stands for its article. Raises CannotRun for a path that is not there, or not in the raw folder.
    """
    found: set[str] = set()
    for path in paths:
        if not path.exists():
            raise CannotRun(f"{path} is not there")
        try:
            name = path.resolve().relative_to(raw.resolve()).as_posix()
        except ValueError:
            raise CannotRun(f"{path} is not in {raw}; name the raw folder by --raw") from None
        if path.is_dir():
            names = [f"{name}/{p.relative_to(path).as_posix()}".removeprefix("./") for p in path.rglob("*") if p.is_file()]
        else:
            names = [name]
        articles = _articles(raw, names)
        if articles is None:
            return None
        if not articles:
            raise CannotRun(f"{path} holds no article")
        found |= articles
    return found


def changed(raw: Path, since: str) -> set[str] | None:
    """Files of articles that git says were added or changed since a commit, or are new; None (all) if the registry, the knowledge
    base, splits or corpus.toml changed too, on which all articles depend. Raises CannotRun where git cannot say.
    """
    if _git(raw, "check-ignore", "-q", "corpus.toml").returncode == 0:
        raise CannotRun(f"git ignores {raw}, and cannot say what changed in it")
    names: list[str] = []
    for arguments in (
        ("diff", "--name-only", "--no-renames", "-z", "--relative", "--end-of-options", since, "--", "."),
        ("ls-files", "--others", "--exclude-standard", "-z", "--", "."),
    ):
        done = _git(raw, *arguments)
        if done.returncode:
            raise CannotRun(f"git cannot compare with {visible(since)}: {visible(os.fsdecode(done.stderr).strip())}")
        names += [name for name in os.fsdecode(done.stdout).split("\0") if name]
    return _articles(raw, names)


def _git(raw: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", "-C", str(raw), *arguments], capture_output=True, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        raise CannotRun("--changed-since asks git, which is not installed") from None


def _articles(raw: Path, names: Iterable[str]) -> set[str] | None:
    """Files of articles that names stand for; None (all) where one stands for more than an article, or for something that is gone."""
    found = set()
    for name in names:
        folder, _, file = name.rpartition("/")
        article = {"articles": name, "pages": f"articles/{file.removesuffix('.txt')}.json"}.get(folder)
        if article is None or not (raw / article).is_file():
            return None
        found.add(article)
    return found
