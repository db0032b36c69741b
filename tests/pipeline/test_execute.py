"""What the pipeline relies on when others do its work: the same results in the same order, whoever does it and whatever dies."""

import operator
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.execute import PRELOAD, Executor, cluster, cores, executor, window
from pipeline.findings import CannotRun, Finding, Findings, Refused
from tests.tasks import (
    LONG,
    arrow_threads,
    be_odd,
    die_at,
    die_once,
    fail_at,
    give_a_lock,
    has,
    nap,
    pages_asked_for,
    pid,
    slow_first,
)

ROOT = Path(__file__).parents[2]
FINDINGS = Findings(
    [Finding("HD101", "articles/a.json", line=3), Finding("HD305", "articles/b.json", loc=("events", 3), found="x")]
)


# --- executors -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_workers() -> Iterator[str]:
    """Address of a scheduler with two workers."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as two:
        yield two.scheduler_address


@pytest.fixture(params=[1, 2, 3, pytest.param("dask", marks=pytest.mark.slow)])
def each(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """One after the other, each way to do tasks."""
    jobs, scheduler = (1, request.getfixturevalue("two_workers")) if request.param == "dask" else (request.param, None)
    with executor(jobs, scheduler, ()) as made:
        yield made


@pytest.fixture(params=[2, 3, pytest.param("dask", marks=pytest.mark.slow)])
def other(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Those that do not do them in this process."""
    jobs, scheduler = (1, request.getfixturevalue("two_workers")) if request.param == "dask" else (request.param, None)
    with executor(jobs, scheduler, ()) as made:
        yield made


def processes(of: psutil.Process | None = None) -> list[psutil.Process]:
    """The server and the workers that a process has, itself left out."""
    children = (of or psutil.Process()).children(recursive=True)
    return [child for child in children if "pipeline.execute.local" in " ".join(command(child))]


def command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def has_ended(process: psutil.Process) -> bool:
    """Whether a process does nothing any more; the system may still list it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def until(true: Callable[[], bool]) -> None:
    """Wait for what must come, but not for ever."""
    given_up = time.monotonic() + 20
    while not true():
        assert time.monotonic() < given_up
        time.sleep(0.01)


# --- results -------------------------------------------------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_tasks(each: Executor):
    assert list(each.map(slow_first, range(20))) == [number * number for number in range(20)]
    assert list(each.map(slow_first, [])) == []


def test_tasks_are_taken_as_results_are(each: Executor):
    taken = 0

    def tasks() -> Iterator[int]:
        nonlocal taken
        for number in range(40):
            taken += 1
            yield number

    results = each.map(slow_first, tasks())
    assert taken == 0
    ahead = []
    for given, _ in enumerate(results):
        ahead.append(taken - given)
    assert taken == 40
    assert max(ahead) <= window(each.workers)
    assert each.workers == 1 or max(ahead) > each.workers


def test_maps_may_overlap(each: Executor):
    outer = each.map(slow_first, each.map(slow_first, range(8)))
    assert list(zip(outer, each.map(slow_first, range(8)), strict=True)) == [(n**4, n**2) for n in range(8)]


# --- errors --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [Refused(FINDINGS), CannotRun("no"), OSError(28, "full", "a.json"), SystemExit(3)])
def test_an_error_is_raised_in_its_place_as_it_was(each: Executor, error: Exception):
    results = each.map(partial(fail_at, 5, error), range(20))
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(type(error)) as raised:
        next(results)
    assert type(raised.value) is type(error)
    assert raised.value.args == error.args
    if isinstance(error, Refused):
        assert raised.value.findings == FINDINGS


def test_an_error_tells_where_it_was_raised(other: Executor):
    with pytest.raises(CannotRun) as raised:
        list(other.map(partial(fail_at, 0, CannotRun("no")), range(3)))
    assert "in fail_at" in "".join(raised.value.__notes__)


def test_an_error_that_cannot_be_pickled_is_told(other: Executor):
    with pytest.raises(Exception, match="1 and 2") as raised:
        list(other.map(be_odd, range(3)))
    assert "Odd" in "".join(raised.value.__notes__)


def test_a_result_that_cannot_be_pickled_is_an_error(other: Executor):
    with pytest.raises(TypeError, match="cannot pickle"):
        list(other.map(give_a_lock, range(3)))


def test_what_the_tasks_raise_comes_after_the_results_before(each: Executor):
    results = each.map(operator.neg, map(partial(fail_at, 5, CannotRun("no more")), range(20)))
    assert [next(results) for _ in range(5)] == [0, -1, -2, -3, -4]
    with pytest.raises(CannotRun, match="no more"):
        next(results)


# --- workers that die ----------------------------------------------------------------------------------------------------------


def test_work_of_a_dead_worker_is_done_again(other: Executor, tmp_path: Path):
    results = list(other.map(partial(die_once, tmp_path), range(13)))
    assert results == [number * number for number in range(13)]
    assert len(list(tmp_path.iterdir())) == 6


def test_work_that_workers_die_of_is_given_up(other: Executor, tmp_path: Path):
    results = other.map(partial(die_at, 4, tmp_path / "count"), range(20))
    with pytest.raises(CannotRun, match=r"died \d times on the same piece of work; most often memory is short"):
        list(results)
    assert list(other.map(slow_first, range(3))) == [0, 1, 4]


def test_results_before_work_that_workers_die_of_are_given(tmp_path: Path):
    with executor(2, preload=()) as two:
        results = two.map(partial(die_at, 4, tmp_path / "count"), range(20))
        assert [next(results) for _ in range(4)] == [0, 1, 2, 3]
        with pytest.raises(CannotRun, match="died 3 times"):
            next(results)
    assert (tmp_path / "count").read_text() == "..."


def test_work_goes_on_when_all_processes_are_killed():
    with executor(2, preload=()) as two:
        results = two.map(slow_first, range(20))
        first = [next(results) for _ in range(5)]
        for process in processes():
            process.kill()
        assert first + list(results) == [number * number for number in range(20)]
    assert processes() == []


def test_threads_may_map_at_once_though_all_processes_are_killed():
    with executor(2, preload=()) as two, ThreadPoolExecutor(4) as threads:
        results = [threads.submit(lambda: list(two.map(slow_first, range(20)))) for _ in range(4)]
        until(lambda: len(processes()) > 3)
        for process in processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        assert [result.result() for result in results] == [[number * number for number in range(20)]] * 4
    assert processes() == []


# --- processes -----------------------------------------------------------------------------------------------------------------


def test_there_are_no_more_processes_than_tasks():
    with executor(3, preload=()) as three:
        assert processes() == []
        results = three.map(pid, [None])
        assert processes() == []
        assert next(results) != os.getpid()
        assert len(processes()) == 2  # the server and a worker
    assert processes() == []


def test_closing_a_map_ends_its_workers():
    with executor(2, preload=()) as two:
        results = two.map(nap, [0, LONG, LONG, LONG])
        next(results)
        until(lambda: len(processes()) == 3)
        results.close()  # type: ignore[attr-defined]
        until(lambda: len(processes()) == 1)
        assert next(two.map(slow_first, [3])) == 9


def test_an_error_ends_all_processes():
    with pytest.raises(KeyError), executor(2, preload=()) as two:
        results = two.map(nap, [0, LONG, LONG, LONG])
        next(results)
        raise KeyError
    assert processes() == []
    with pytest.raises(RuntimeError, match="closed"):
        list(two.map(pid, range(3)))


def test_workers_do_not_outlive_a_server_that_is_killed():
    with executor(2, preload=()) as two:
        results = two.map(nap, [0, LONG, LONG, LONG])
        next(results)
        until(lambda: len(processes()) == 3)
        server, *workers = processes()
        server.kill()
        assert not any(has_ended(worker) for worker in workers)
    until(lambda: all(has_ended(worker) for worker in workers))


def test_workers_take_no_notice_of_ctrl_c():
    with executor(2, preload=()) as two:
        results = two.map(nap, [0, 0.5, 0.5])
        first = next(results)
        for process in processes():
            process.send_signal(signal.SIGINT)
        assert first in set(results)


def test_workers_have_no_threads_of_their_own():
    for preload in (), PRELOAD:
        with executor(2, preload=preload) as two:
            assert list(two.map(arrow_threads, [None])) == [(1, 1)]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is this C library that is told to keep memory")
def test_workers_keep_the_memory_that_they_work_with(other: Executor):
    assert max(other.map(pages_asked_for, [None] * 4)) < 1000  # each time anew, it would be 100,000


def test_what_tasks_need_is_loaded_before():
    with executor(2, preload=("this_is_missing", "sndhdr_is_missing_too", "colorsys")) as two:
        assert list(two.map(has, ["colorsys", "wave"])) == [True, False]


@pytest.mark.slow
def test_workers_of_a_cluster_load_what_tasks_need(two_workers: str, tmp_path: Path):
    with executor(1, two_workers, ("this_is_missing", "colorsys")) as made:
        made.start()
        assert all(made.map(has, ["colorsys"] * 8))
        assert len(list(made.map(partial(die_once, tmp_path), range(13)))) == 13
        assert all(made.map(has, ["colorsys"] * 8))  # nobody told those that came in their place
    with executor(1, two_workers) as made:
        assert not any(made.map(has, ["sndhdr"] * 8))


@pytest.fixture
def script(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A script that shows the processes of two workers, and then waits for their work. It has no guard for being imported again, and runs
    in a folder that has another ``pipeline``.
    """
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline/__init__.py").write_text("raise ValueError('not this one')")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/script.py").write_text(f"""
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell has put into the background takes no notice of it
sys.path.insert(0, {str(ROOT)!r})
from pipeline.execute import executor
from tests.tasks import LONG, nap
try:
    with executor(2, preload=()) as two:
        results = two.map(nap, [0, 0.2, LONG, LONG])
        print(*{{next(results), next(results)}}, flush=True)
        next(results)
except KeyboardInterrupt:
    print("interrupted")
""")
    process = subprocess.Popen(
        [sys.executable, "bin/script.py"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_ctrl_c_ends_everything_at_once(script: subprocess.Popen[str]):
    assert script.stdout is not None
    assert len(script.stdout.readline().split()) == 2
    started = processes(psutil.Process(script.pid))
    assert len(started) == 3
    os.killpg(script.pid, signal.SIGINT)  # as a terminal does
    assert script.communicate(timeout=20) == ("interrupted\n", "")
    assert all(has_ended(process) for process in started)


def test_workers_do_not_outlive_a_build_that_is_killed(script: subprocess.Popen[str]):
    assert script.stdout is not None
    script.stdout.readline()
    started = processes(psutil.Process(script.pid))
    assert len(started) == 3
    script.kill()
    assert script.communicate(timeout=20) == ("", "")
    until(lambda: all(has_ended(process) for process in started))


def test_jobs():
    assert cores() == len(os.sched_getaffinity(0))
    with executor(0) as all_cores:
        assert all_cores.workers == cores()
    with pytest.raises(CannotRun, match="-1 jobs cannot be"), executor(-1):
        pass


# --- clusters ------------------------------------------------------------------------------------------------------------------


def refused(address: str, says: str) -> None:
    with pytest.raises(CannotRun, match=says), executor(1, address):
        pass


@pytest.mark.parametrize("address", ["", "here", "tcp://here", "tcp://here:x", "tcp://here:99999"])
def test_what_is_no_address_is_told(address: str):
    refused(address, "no address of a Dask scheduler; it looks like tcp://host:8786")


def test_no_scheduler_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster, "REACHED", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        refused(address, f"there is no Dask scheduler at {address}, or it cannot be reached: timed out")
    refused(address, "Connection refused")


def test_without_distributed_the_way_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    refused("tcp://127.0.0.1:8786", r"pip install 'heisser-draht\[cluster\]'")


@pytest.mark.slow
def test_other_versions_are_told(two_workers: str, monkeypatch: pytest.MonkeyPatch):
    from distributed import Client

    real = Client.get_versions

    def older(self: Any, **options: Any) -> Any:
        versions = real(self, **options)
        next(iter(versions["workers"].values()))["packages"]["pyarrow"] = "1.2.3"
        return versions

    monkeypatch.setattr(Client, "get_versions", older)
    refused(two_workers, r"workers need the versions that are here: tcp://\S+ has pyarrow 1\.2\.3, not \d+")


@pytest.mark.slow
def test_clusters_that_cannot_work_are_told(monkeypatch: pytest.MonkeyPatch):
    from distributed import LocalCluster

    monkeypatch.setattr(cluster, "MANNED", 0.2)
    with LocalCluster(n_workers=0, protocol="tcp", dashboard_address=":0") as empty:
        refused(empty.scheduler_address, "has no workers; start some: dask worker tcp://")
        monkeypatch.setattr(cluster, "MANNED", 20)
        others = [folder for folder in sys.path if not (Path(folder or ".") / "pipeline").exists()]
        code = f"import sys; sys.path[:] = {others!r}; from dask.__main__ import main; main()"
        worker = subprocess.Popen(  # -S: no site, so that no installed package of ours is found
            [sys.executable, "-S", "-c", code, "worker", empty.scheduler_address, "--no-dashboard", "--no-nanny"],
            cwd="/", stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            refused(empty.scheduler_address, r"workers cannot import this package; start them where it is installed: tcp://")
        finally:
            worker.kill()
            worker.wait()


@pytest.mark.slow
def test_a_cluster_that_goes_away_is_told(monkeypatch: pytest.MonkeyPatch):
    from distributed import LocalCluster

    monkeypatch.setattr(cluster, "DESERTED", 0.5)
    monkeypatch.setattr(cluster, "REACHED", 2)
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=":0") as small,
        executor(1, small.scheduler_address) as made,
    ):
        results = made.map(nap, [0, 1, 1, 1])
        next(results)
        small.scale(0)
        with pytest.raises(CannotRun, match="has no workers any more"):
            list(results)
        results = made.map(nap, [1])
        small.close()
        with pytest.raises(CannotRun, match="has gone away"):
            next(results)


@pytest.mark.slow
def test_what_was_asked_of_a_cluster_is_cancelled(two_workers: str):
    from distributed import Client

    with executor(1, two_workers) as made:
        results = made.map(nap, [0, 0.5, 0.5, 0.5, 0.5])
        next(results)
        with Client(two_workers, set_as_default=False) as client:
            assert sum(map(len, client.processing().values())) > 0
            results.close()  # type: ignore[attr-defined]
            until(lambda: not any(client.processing().values()))
