"""Where tasks are done: in this process, in processes of our own (``local``) or on a Dask cluster (``cluster``). The rest of the pipeline
sees only ``Executor``, and gives the same result whichever it is.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Protocol, TypeVar

from pipeline.execute.memory import be_frugal
from pipeline.findings import CannotRun

T = TypeVar("T")
R = TypeVar("R")

PRELOAD = ("numpy", "pyarrow", "pydantic")
"""Modules that are loaded once for all processes of this machine."""


class Executor(Protocol):
    """Does tasks."""

    @property
    def workers(self) -> int:
        """How many tasks are done at a time."""

    def start(self) -> None:
        """Begin to load in other processes what tasks need, which else the first ones do; does not wait for it."""

    def map(self, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        """The results, in the order of the tasks. What ``function`` raises is raised in the place of its result.

        ``tasks`` is read as results are taken: at most ``window(workers)`` tasks are under way or done and not taken. ``function`` is a
        function of a module, or a ``functools.partial`` of one; it, tasks and results are small and can be pickled. A task whose worker
        dies is done again, so what a task writes must be the same, and whole, however often it was begun. Closing the iterator stops
        what is under way.
        """


@contextmanager
def executor(jobs: int, scheduler: str | None = None, preload: Sequence[str] = PRELOAD) -> Iterator[Executor]:
    """An executor with ``jobs`` processes, 0 for one on each core that this process may use, 1 for this process itself; or that of the
    Dask cluster at ``scheduler`` (``tcp://host:8786``). In the end, no process of it is left. ``preload`` names modules that tasks need.

    Raises CannotRun where there is no such cluster, or it cannot do our tasks.
    """
    if jobs < 0:
        raise CannotRun(f"{jobs} jobs cannot be; name their number, or 0 for one on each core")
    jobs = jobs or cores()
    if scheduler is not None or jobs > 1:
        be_frugal()
    if scheduler is not None:
        from pipeline.execute.cluster import Cluster

        with closing(Cluster(scheduler, preload)) as cluster:
            yield cluster
    elif jobs == 1:
        yield Here()
    else:
        from pipeline.execute.local import Local

        with closing(Local(jobs, preload)) as local:
            yield local


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def window(workers: int) -> int:
    """How many tasks are taken ahead: one at work and one that follows for each worker, and one that the others wait for."""
    return 2 * workers + 1


class Here:
    """Does tasks in this process, each when its result is asked for."""

    workers = 1

    def start(self) -> None:
        """See ``Executor``. There is no other process."""

    def map(self, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        """See ``Executor``."""
        return map(function, tasks)
