"""With what a corpus is worked on. Light to import: what it makes is there before the rest of the pipeline is."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.execute import Executor, cores, executor

PRELOAD = ("pipeline.units", "pipeline.write")
"""What workers need, loaded once for all of them."""
SMALL = 8 * 2**20
"""Bytes of articles below which more than one process would take longer to start than to use."""


@dataclass(frozen=True)
class Means:
    """With what a corpus is worked on."""

    jobs: int = 1
    """Processes; 0 is one for each core."""
    scheduler: str | None = None
    """Address of a Dask cluster, whose workers do the work instead."""
    cache: Path | None = None
    """Folder that keeps what can be used again; None keeps nothing."""
    pool: Executor | None = None
    """Those who do the work, where they were started before."""

    @contextmanager
    def executor(self, size: int) -> Iterator[Executor]:
        """Who works on so many bytes of articles. Raises as ``pipeline.execute.executor`` does."""
        jobs = 1 if size < SMALL else self.jobs
        if self.pool is not None and (jobs != 1 or self.scheduler is not None):
            yield self.pool
        else:
            with executor(jobs, self.scheduler, PRELOAD) as made:
                yield made


@contextmanager
def ready(
    raw: Path, jobs: int, scheduler: str | None, cache: Path | None = None, only: Iterable[str] | None = None
) -> Iterator[Means]:  # fmt: skip
    """The same, with processes that begin to load what they need, where the articles (``only`` some files of them, below the raw folder)
    are large enough: the caller can then import what it needs itself.
    """
    jobs = jobs or cores()
    articles = (raw / "articles").glob("*") if only is None else map(raw.joinpath, only)
    if scheduler is None and (jobs < 2 or size_of(articles) < SMALL):
        yield Means(jobs, scheduler, cache)
        return
    with executor(jobs, scheduler, PRELOAD) as pool:
        pool.start()
        yield Means(jobs, scheduler, cache, pool)


def size_of(files: Iterable[Path]) -> int:
    """Bytes of those of some files that are there and can be looked at."""
    found = 0
    for file in files:
        with suppress(OSError):
            found += file.stat().st_size if file.is_file() else 0
    return found
