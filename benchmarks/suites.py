"""Benchmarks of the build: against others, in memory, after a change, on a cluster; and of small commands."""

import filecmp
import hashlib
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bench import ROOT, Bench, Failed, build_command, environment, peer_command
from benchmarks.peers import PEERS

OURS = "build"
"""Name of our own build among the cases."""


def build(bench: Bench, bundles: int, repeat: int, cases: Sequence[str]) -> None:
    """The peers and our build by turns, so that a machine that slows down does so for all of them."""
    raw, out = bench.corpus(bundles), bench.work / "out"
    for i in range(repeat):
        for case in cases:
            command = build_command(raw, out) if case == OURS else peer_command(case, raw, out)
            bench.run(case, command, out, bundles=bundles, round=i)
    shutil.rmtree(out, ignore_errors=True)


def memory(bench: Bench, sizes: Sequence[int], repeat: int, cases: Sequence[str]) -> None:
    """Peak memory, and time, as the corpus grows."""
    for i in range(repeat):
        for bundles in sizes:
            raw, out = bench.corpus(bundles), bench.work / "out"
            for case in cases:
                command = build_command(raw, out) if case == OURS else peer_command(case, raw, out)
                bench.run(case, command, out, bundles=bundles, round=i)
            shutil.rmtree(out, ignore_errors=True)


def rebuild(bench: Bench, bundles: int, repeat: int) -> None:
    """With a cache: the first build, then in each round one after one article changed, and one after nothing changed; and in the first
    round one without a cache, whose release must be the same to the byte. Raises Failed where it is not.
    """
    raw, cache = bench.corpus(bundles, "-to-change"), bench.work / "cache"
    out, whole = bench.work / "out", bench.work / "whole"
    shutil.rmtree(cache, ignore_errors=True)
    bench.run("first", build_command(raw, out, cache=cache), out, bundles=bundles, round=0)
    for i in range(repeat):
        if not bench.dry:
            change(raw, (i * 7919 + bundles // 2) % bundles)
        bench.run("changed", build_command(raw, out, cache=cache), out, fresh=False, bundles=bundles, round=i)
        if i == 0:
            bench.run("without cache", build_command(raw, whole), whole, bundles=bundles, round=i)
        if i == 0 and not bench.dry and (differing := list(differences(out, whole))):
            raise Failed(f"the rebuilt release differs from one built without a cache: {', '.join(differing[:5])}")
        bench.run("unchanged", build_command(raw, out, cache=cache), out, fresh=False, bundles=bundles, round=i)
    for folder in (out, whole, cache):
        shutil.rmtree(folder, ignore_errors=True)


def change(raw: Path, number: int) -> None:
    """Turn round one word of the page of one article, counted from 0 over all shards, and mend its hash; no span moves.

    Raises IndexError if there are not so many articles.
    """
    for shard in sorted((raw / "articles").iterdir()):
        lines = shard.read_text(encoding="utf-8").splitlines()
        if number < len(lines):
            bundle = json.loads(lines[number])
            zone = next(zone for zone in bundle["article"]["zones"] if zone["type"] == "paragraph")
            text = bundle["page_text"]
            word = next(w for w in text[zone["start"] : zone["end"]].split() if w.isalpha() and w.islower() and w != w[::-1])
            at = text.index(f" {word} ", zone["start"]) + 1
            text = bundle["page_text"] = text[:at] + word[::-1] + text[at + len(word) :]
            bundle["article"]["page"] = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "characters": len(text)}
            lines[number] = json.dumps(bundle, ensure_ascii=False, separators=(",", ":"))
            shard.write_text("\n".join(lines) + "\n", encoding="utf-8")
            return
        number -= len(lines)
    raise IndexError(number)


def differences(one: Path, other: Path) -> Iterator[str]:
    """Names of files that are not in both folders with the same bytes."""
    names = {path.relative_to(folder) for folder in (one, other) for path in folder.rglob("*") if path.is_file()}
    for name in sorted(names):
        both = (one / name).is_file() and (other / name).is_file()
        if not (both and filecmp.cmp(one / name, other / name, shallow=False)):
            yield name.as_posix()


def dask(bench: Bench, bundles: int, repeat: int) -> None:
    """Two single-threaded Dask workers on this machine against two local processes. Starting the cluster is not timed; the memory of
    its processes counts.
    """
    raw, out = bench.corpus(bundles), bench.work / "out"
    for i in range(repeat):
        bench.run("jobs", build_command(raw, out), out, bundles=bundles, round=i)
        if bench.dry:
            bench.run("dask", build_command(raw, out, "--scheduler", "tcp://127.0.0.1:PORT", jobs=None), out)
            continue
        with cluster(bench.work / "dask") as (address, pids):
            command = build_command(raw, out, "--scheduler", address, jobs=None)
            bench.run("dask", command, out, also=pids, bundles=bundles, round=i)
    shutil.rmtree(out, ignore_errors=True)


@contextmanager
def cluster(local: Path) -> Iterator[tuple[str, list[int]]]:
    """A scheduler and two workers as processes of their own, started as docs/scale.md says; gives the address and the ids of the
    processes.
    """
    from distributed import Client

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    worker = ["worker", address, "--nworkers", "2", "--nthreads", "1", "--memory-limit", "0", "--no-dashboard"]
    worker += ["--host", "127.0.0.1", "--local-directory", str(local)]
    env = environment() | {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for options in (scheduler, worker):
            command, quiet = [sys.executable, "-m", "dask", *options], subprocess.DEVNULL
            processes.append(subprocess.Popen(command, env=env, cwd=ROOT, stdout=quiet, stderr=quiet))  # noqa: S603
        with Client(address, timeout=60) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(2, timeout=60)
        yield address, [process.pid for process in processes]
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(local, ignore_errors=True)


def small(bench: Bench, repeat: int) -> None:
    """What people wait for all day: help, the check of one article, the build of the repo's own corpus."""
    raw, out = ROOT / "data" / "raw", bench.work / "out"
    article = min((raw / "articles").glob("*.json"))
    own: list[str | Path] = [sys.executable, ROOT / "build_dataset.py"]
    for i in range(repeat):
        bench.run("help", [*own, "--help"], round=i)
        bench.run("validate one article", [*own, "validate", article, "--raw", raw, "--quiet"], round=i)
        bench.run("build data/raw", build_command(raw, out), out, round=i)
    shutil.rmtree(out, ignore_errors=True)


CASES = (*PEERS, OURS)
