"""Tasks in processes of our own on this machine.

A *server*, one process with a single thread of Python that loads modules and nothing else, forks a worker whenever it is asked to: safe
beside the threads of Arrow in this process, quick, and what it has loaded is in memory once. Each ``map`` has workers of its own, so what
they hold is given back with it. The server ends all of them as soon as this process closes its socket or dies.

The standard library's ways do not serve: one dead worker loses all work of a ``ProcessPoolExecutor`` and hangs a ``Pool``; and both
import the main module, here the whole command line, into each worker.
"""

import os
import signal
import socket
import struct
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from multiprocessing.connection import Connection, Pipe, wait
from threading import RLock
from typing import NoReturn, TypeVar

from pipeline.execute import window
from pipeline.execute.memory import POOL, give_back
from pipeline.execute.task import load, pack, perform, unpack
from pipeline.findings import CannotRun

T = TypeVar("T")
R = TypeVar("R")

ENVIRONMENT = {"OMP_NUM_THREADS": "1", "ARROW_IO_THREADS": "1"}
"""Of the server and its workers: no pools of threads in BLAS and Arrow."""
TRIES = 3
"""How often a task is begun whose worker dies."""
AWAKE = 0.5
"""Seconds that this process waits at a time: a Ctrl-C that comes just before it waits is seen only when it has waited."""
SERIAL = struct.Struct("=Q")
"""An order to the server: with a pipe's end, fork the worker of this serial number, to serve it; without, end that worker."""
SERVER = (
    "import sys; sys.path[:] = sys.argv[3:]; from pipeline.execute.local import serve; serve(int(sys.argv[1]), sys.argv[2].split())"
)


class Local:
    """Does tasks in up to ``workers`` processes, which are started when there are tasks for them."""

    def __init__(self, workers: int, preload: Sequence[str]) -> None:
        self.workers = workers
        self._preload = preload
        self._server: tuple[subprocess.Popen[bytes], socket.socket] | None = None
        self._serials = count()
        self._lock = RLock()  # figures are drawn beside other tasks
        self._closed = False

    def start(self) -> None:
        """See ``Executor``. Starts the server."""
        self._start()

    def map(self, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        """See ``Executor``. Raises CannotRun in the place of a task that ``TRIES`` workers died of."""
        give_back()
        broken: list[Exception] = []
        coming = enumerate(pack(function, tasks, broken))
        waiting: deque[tuple[int, bytes]] = deque()
        serials: dict[Connection, int] = {}
        idle: list[Connection] = []
        busy: dict[Connection, tuple[int, bytes]] = {}
        done: dict[int, bytes | None] = {}  # None for a task that workers die of
        deaths: Counter[int] = Counter()
        try:
            for turn in count():
                while True:
                    while True:
                        ahead = len(busy) + len(done) + len(waiting) < window(self.workers)
                        if not waiting and ahead and (piece := next(coming, None)) is not None:
                            waiting.append(piece)  # where all are busy, the one that follows is made meanwhile
                        if not waiting or len(busy) == self.workers:
                            break
                        piece = waiting.popleft()
                        if not idle:
                            serial, worker = self._fork()
                            serials[worker] = serial
                            idle.append(worker)
                        worker = idle.pop()
                        busy[worker] = piece
                        with suppress(OSError):  # it has died, as is seen below
                            worker.send_bytes(piece[1])
                    waited = wait(busy, 0 if turn in done else AWAKE) if busy else []
                    ready = [worker for worker in waited if isinstance(worker, Connection)]  # for mypy: it gives what it was given
                    for worker in ready:
                        place, packed = busy.pop(worker)
                        try:
                            done[place] = worker.recv_bytes()
                            idle.append(worker)
                        except (EOFError, OSError):
                            self._end(worker, serials.pop(worker))
                            deaths[place] += 1
                            if deaths[place] < TRIES:
                                waiting.append((place, packed))
                            else:
                                done[place] = None
                    if not ready and (turn in done or not busy):
                        break
                if turn not in done:
                    for error in broken:
                        raise error
                    return
                outcome = done.pop(turn)
                if outcome is None:
                    raise CannotRun(
                        f"a worker died {TRIES} times on the same piece of work; most often memory is short: close other programs, or "
                        "take fewer --jobs; --jobs 1 does all in one process, and shows what goes wrong there"
                    )
                yield unpack(outcome)
        finally:
            for worker, serial in serials.items():
                self._end(worker, serial)

    def close(self) -> None:
        """End the server and all workers; gives back when they have gone."""
        with self._lock:
            self._closed = True
            self._stop()

    def _fork(self) -> tuple[int, Connection]:
        """A new worker: its serial number, and the pipe to it."""
        serial = next(self._serials)
        ours, theirs = Pipe()
        with theirs, self._lock:
            if self._closed:
                raise RuntimeError("the executor is closed")
            try:
                socket.send_fds(self._start(), [SERIAL.pack(serial)], [theirs.fileno()])
            except OSError:  # something killed the server
                self._stop()
                socket.send_fds(self._start(), [SERIAL.pack(serial)], [theirs.fileno()])
        return serial, ours

    def _end(self, worker: Connection, serial: int) -> None:
        """End a worker, whatever it does."""
        worker.close()
        with self._lock, suppress(OSError):
            if self._server is not None:
                self._server[1].sendall(SERIAL.pack(serial))

    def _start(self) -> socket.socket:
        """The socket to the server, which is started where it is not running."""
        if self._server is None:
            ours, theirs = socket.socketpair()
            with theirs:
                number = str(theirs.fileno())
                path = [os.path.abspath(folder) for folder in sys.path]
                own = {name: value for name, value in os.environ.items() if name != POOL}  # that is for this process
                process = subprocess.Popen(  # noqa: S603 – ourselves
                    [sys.executable, "-c", SERVER, number, " ".join(self._preload), *path],
                    pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=2,
                    env=own | ENVIRONMENT,
                    process_group=0,  # a terminal's Ctrl-C is for this process, which then ends them
                )  # fmt: skip
            self._server = process, ours
        return self._server[1]

    def _stop(self) -> None:
        """End the server, and with it all workers."""
        if self._server is None:
            return
        (process, ours), self._server = self._server, None
        ours.close()
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:  # it still loads modules
            process.kill()
            process.wait()
        if process.returncode:  # it could not end its workers
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def serve(descriptor: int, preload: Sequence[str]) -> None:
    """Fork workers and end them, as ordered through a socket, until its other end is closed; then end all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    load(tuple(preload))
    workers: dict[int, int] = {}
    with socket.socket(fileno=descriptor) as orders:
        while True:
            order, pipes, _, _ = socket.recv_fds(orders, SERIAL.size, 1)
            if not order:
                break
            (serial,) = SERIAL.unpack(order)
            for pipe in pipes:
                with suppress(OSError):  # no room for another process: the pipe closes as if it had died
                    if not (process := os.fork()):
                        orders.close()
                        work(pipe)
                    workers[serial] = process
                os.close(pipe)
            if not pipes and serial in workers:
                end([workers.pop(serial)])
    end(workers.values())


def end(processes: Iterable[int]) -> None:
    """Kill children and bury them. Their numbers are not given to other processes before."""
    for process in (processes := list(processes)):
        os.kill(process, signal.SIGKILL)
    for process in processes:
        os.waitpid(process, 0)


def work(pipe: int) -> NoReturn:
    """Do the tasks that come through a pipe, until its other end is closed."""
    try:
        with Connection(pipe) as tasks:
            while True:
                tasks.send_bytes(perform(tasks.recv_bytes()))
    except (EOFError, OSError):
        pass
    finally:
        os._exit(0)  # never back into the server's code
