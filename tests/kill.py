"""Kills builds: ``python -m tests.kill --kills 200``. After each, what is in view is whole, and the next build succeeds.

Half of the builds are killed after a random time, half as they open a file for writing, or rename, make or remove one: at each such
touch in its turn, as far as the number of kills goes. Builds run in forks of this process, which imports what they need and does
nothing. They keep what the next can use again, as those of the command line do.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import datasets  # noqa: F401 – here and now, so that no fork has to
import matplotlib.backends.backend_svg  # noqa: F401
import scipy.optimize  # noqa: F401

from pipeline.build import build
from pipeline.house import House
from pipeline.ledger import read_ledger
from pipeline.means import Means
from tests.conftest import VALID, files

OLD, NEW = "1.2.3", "1.3.0"
NOTHING, WHOLE = "with no new release in view", "with the whole new release in view"


def main() -> int:
    """Kill, look, build again; gives 1 where something was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder  # where a killed build leaves what it had in work
        repo = corpus(Path(folder) / "whole")
        assert wait(fork(lambda: publish(repo, OLD))) == 0
        before = files(repo)
        started = time.monotonic()
        touches = told(lambda: count(repo))
        duration = time.monotonic() - started
        whole = files(repo / "data/processed" / NEW)
        stood: Counter[str] = Counter()
        for i in range(arguments.kills):
            victim = Path(folder) / str(i)
            for name, data in before.items():
                (victim / name).parent.mkdir(parents=True, exist_ok=True)
                (victim / name).write_bytes(data)
            if i % 2:
                killed(fork(partial(publish, victim, NEW)), chance.uniform(0, duration))
            else:
                wait(fork(partial(suicide, victim, i * touches // arguments.kills)))
            stood[look(victim, before, whole)] += 1
            if wait(fork(partial(publish, victim, NEW))) != 0:
                print(f"seed {arguments.seed}, kill {i}: the next build failed")
                return 1
            assert look(victim, before, whole) == WHOLE
            assert {path.name for path in (victim / "data/processed").iterdir()} == {OLD, NEW}, "something was left"
            assert list(read_ledger(victim / "data/releases.jsonl")) == [OLD, NEW]
            shutil.rmtree(victim)
    said = ", ".join(f"{number} {what}" for what, number in stood.items())
    print(f"{arguments.kills} kills (seed {arguments.seed}), {touches} touches in a build: {said}; every next build succeeded")
    return 0


def look(repo: Path, before: dict[str, bytes], whole: dict[str, bytes]) -> str:
    """What is in view after a kill. Fails where that is half a release, or where what was there before has changed."""
    after = files(repo)
    stays = {name: data for name, data in before.items() if not name.endswith("releases.jsonl") and not name.startswith("build/")}
    assert {name: after.get(name) for name in stays} == stays, "what was there has changed"
    entered = list(read_ledger(repo / "data/releases.jsonl"))
    folder = repo / "data/processed" / NEW
    if not folder.exists():
        assert entered == [OLD], "the ledger names what is not there"
        return NOTHING
    assert files(folder) == whole, "half a release is in view"
    assert entered in ([OLD], [OLD, NEW])
    return WHOLE


def corpus(repo: Path) -> Path:
    """A repo with the valid corpus."""
    shutil.copytree(VALID, repo / "data/raw")
    (repo / "CHANGELOG.md").write_text(f"## {OLD} – 2031-10-01\n## {NEW} – 2031-10-01\n", encoding="utf-8")
    return repo


def publish(repo: Path, version: str) -> None:
    """Build a version into its place."""
    raw = repo / "data/raw"
    build(raw, None, None, version, means=Means(cache=House.of(raw).cache))


def suicide(repo: Path, at: int) -> None:
    """Build, and die at the touch of that number."""
    count_touches(lambda number: os.kill(os.getpid(), signal.SIGKILL) if number == at else None)
    publish(repo, NEW)


def count(repo: Path) -> int:
    """Build, and count the touches."""
    seen = count_touches(lambda _: None)
    publish(repo, NEW)
    return len(seen)


def count_touches(then: Callable[[int], object]) -> list[str]:
    """From now on, tell ``then`` the number of each touch of the disk; gives a list that grows with them."""
    seen: list[str] = []

    def hook(event: str, arguments: tuple) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir"):
            then(len(seen))
            seen.append(event)

    sys.addaudithook(hook)
    return seen


def told(work: Callable[[], Any]) -> Any:
    """Do something in a fork; gives what it gives."""
    reading, writing = os.pipe()
    process = fork(lambda: os.write(writing, json.dumps(work()).encode()))
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = json.loads(pipe.read())
    assert wait(process) == 0
    return said


def fork(work: Callable[[], object]) -> int:
    """Run something in a fork; gives its process."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def wait(process: int) -> int:
    """Status of a process that ends by itself."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def killed(process: int, after: float) -> None:
    """Kill a process after some seconds, if it has not ended by then."""
    time.sleep(after)
    os.kill(process, signal.SIGKILL)
    wait(process)


if __name__ == "__main__":
    sys.exit(main())
