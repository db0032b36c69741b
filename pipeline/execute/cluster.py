"""Tasks on a Dask cluster, whose scheduler and workers are started and ended by others. This module alone imports ``distributed``."""

import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pipeline.execute import window
from pipeline.execute.task import load, load_and_perform, pack, perform, unpack
from pipeline.findings import CannotRun, some

T = TypeVar("T")
R = TypeVar("R")

SAME = ("python", "matplotlib", "pyarrow", "pydantic")
"""What workers must have in the same version as this process, so that a build gives the same bytes everywhere."""
REACHED = 10.0
"""Seconds in which the scheduler must answer."""
MANNED = 5.0
"""Seconds in which a cluster must have a worker, at the start."""
DESERTED = 60.0
"""Seconds after which a cluster that has lost all its workers is given up."""


class Cluster:
    """Does tasks on the cluster of a scheduler at ``address`` (``tcp://host:8786``).

    Raises CannotRun where ``distributed`` is not installed, the scheduler cannot be reached, has no workers, or these have other versions
    or not this package.
    """

    def __init__(self, address: str, preload: Sequence[str]) -> None:
        try:
            import distributed
        except ImportError as error:
            raise CannotRun("a Dask cluster needs the package distributed: pip install 'heisser-draht[cluster]'") from error
        self._distributed = distributed
        self._address = address
        self._preload = tuple(preload)
        self._loading: list[Any] = []
        _reach(address)
        try:
            self._client: Any = distributed.Client(address, timeout=REACHED, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise CannotRun(
                f"there is no Dask scheduler at {address} that this version of distributed understands: {error}"
            ) from error
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    @property
    def workers(self) -> int:
        """Threads of all workers that the cluster has now; at least 1."""
        try:
            return sum(self._client.nthreads().values()) or 1
        except (OSError, CancelledError) as error:
            raise self._gone() from error

    def start(self) -> None:
        """See ``Executor``. Asks each worker that the cluster has now; one that comes later is made ready by its first task."""
        with suppress(OSError, CancelledError):
            self._loading = [
                self._client.submit(load, self._preload, workers=[worker], pure=False) for worker in self._client.nthreads()
            ]

    def map(self, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        """See ``Executor``. Raises CannotRun in the place of a task that the cluster gives up, and where the cluster goes away."""
        broken: list[Exception] = []
        coming = pack(function, tasks, broken)
        futures: deque[Any] = deque()
        try:
            while True:
                while len(futures) < window(self.workers) and (packed := next(coming, None)) is not None:
                    futures.append(self._client.submit(load_and_perform, self._preload, packed, pure=False))
                if not futures:
                    break
                outcome = self._outcome(futures[0])
                futures.popleft()  # and with the last reference to it, the cluster forgets it
                yield unpack(outcome)
        finally:
            with suppress(OSError, CancelledError, RuntimeError):  # the last: we have left the cluster
                self._client.cancel(list(futures))
        for error in broken:
            raise error

    def close(self) -> None:
        """Leave the cluster; what we asked of it is cancelled."""
        self._client.close()

    def _check(self) -> None:
        """Raise CannotRun where the cluster has no workers, or they cannot do our tasks."""
        try:
            self._client.wait_for_workers(1, timeout=MANNED)
        except TimeoutError as error:
            raise CannotRun(
                f"the Dask scheduler {self._address} has no workers; start some: dask worker {self._address}"
            ) from error
        versions = self._client.get_versions(packages=SAME[1:])
        ours = _versions(versions["client"])
        differ = [
            f"{worker} has {name} {theirs}, not {ours[name]}"
            for worker, told in sorted(versions["workers"].items())
            for name, theirs in _versions(told).items()
            if theirs != ours[name]
        ]
        if differ:
            raise CannotRun(f"workers need the versions that are here: {some(differ)}")
        said = self._client.run(perform, next(pack(str, [""], [])), on_error="return")
        if unfit := sorted(worker for worker, outcome in said.items() if not isinstance(outcome, bytes)):
            raise CannotRun(
                f"workers cannot import this package; start them where it is installed: {some(unfit)} ({said[unfit[0]]!r})"
            )

    def _outcome(self, future: Any) -> bytes:
        """The outcome of a task, when it is there. Raises CannotRun where it will not come."""
        manned = time.monotonic()
        while True:
            try:
                outcome: bytes = future.result(timeout=1)
            except TimeoutError:
                if self._client.nthreads():
                    manned = time.monotonic()
                elif time.monotonic() - manned > DESERTED:
                    raise CannotRun(
                        f"the Dask scheduler {self._address} has no workers any more; start some, and run again"
                    ) from None
            except self._distributed.KilledWorker as error:
                raise CannotRun(
                    f"workers died {error.allowed_failures + 1} times on the same piece of work; most often memory is short"
                ) from error
            except (OSError, CancelledError) as error:
                raise self._gone() from error
            except Exception as error:
                raise CannotRun(f"a worker of the Dask cluster could not take or give back its work: {error!r}") from error
            else:
                return outcome

    def _gone(self) -> CannotRun:
        """What to say when the scheduler has gone away."""
        return CannotRun(f"the Dask scheduler {self._address} has gone away")


def _reach(address: str) -> None:
    """Raise CannotRun where nothing listens at an address, or something that is no scheduler: ``distributed`` does not say why it cannot
    connect, and waits for ever for an answer.
    """
    try:
        parts = urlsplit(address if "://" in address else f"tcp://{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise CannotRun(f"{address!r} is no address of a Dask scheduler; it looks like tcp://host:8786")
    try:
        with socket.create_connection((host, port), REACHED) as connection:
            if parts.scheme == "tcp" and not connection.recv(1):  # a scheduler speaks first
                raise ConnectionResetError(None, "it hangs up")
    except OSError as error:
        raise CannotRun(f"there is no Dask scheduler at {address}, or it cannot be reached: {error.strerror or error}") from error


def _versions(told: dict[str, dict[str, str | None]]) -> dict[str, str]:
    """What one side has; of Python the version without its patch level."""
    packages = told["packages"]
    return {name: ".".join(str(packages[name]).split(".")[:2]) if name == "python" else packages[name] or "none" for name in SAME}
