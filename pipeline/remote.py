"""Raw files and releases at an address (``s3://…``, ``ftp://…``): whatever fsspec has a driver for.

Raw files are fetched whole before they are read, so that what is checked is what is built. A release is sent when it is finished, the
manifest that pins all others last: a folder without it is no release, and the same command goes on there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipeline.findings import CannotRun, some, visible
from pipeline.house import address, without_secret
from pipeline.progress import Progress

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from pipeline.seal import Outcome


@contextmanager
def fetched(raw: Path, progress: Progress) -> Iterator[Path]:
    """The raw folder on this machine: itself, or a copy that is gone in the end. Raises CannotRun where it cannot be fetched."""
    url = address(raw)
    if url is None:
        yield raw
        return
    with TemporaryDirectory(prefix="heisser-draht-") as made:
        folder = Path(made) / "data" / "raw"
        folder.mkdir(parents=True)
        with _talk(url) as (system, root):
            found = {str(name): int(info["size"] or 0) for name, info in system.find(root, detail=True).items()}
            if not found:
                raise CannotRun(f"{_shown(url)} holds no file; name the folder with corpus.toml by --raw")
            progress("fetch", sum(found.values()))
            for name, size in sorted(found.items()):
                target = folder / Path(name).relative_to(root)
                if not target.resolve().is_relative_to(folder.resolve()):
                    raise CannotRun(f"{_shown(url)} has a file outside of its folder: {visible(name)}")
                target.parent.mkdir(parents=True, exist_ok=True)
                system.get_file(name, str(target))
                progress.did(size)
        yield folder


def send(release: Path, url: str, progress: Progress) -> "Outcome":
    """Put a finished release at an address. One that is there already with the same files is left alone.

    Raises CannotRun where something else is there, and where it cannot be written.
    """
    from pipeline.bag import TAGS, files
    from pipeline.seal import Outcome

    names = [name for name in files(release) if name != TAGS]
    progress("send", sum((release / name).stat().st_size for name in names))
    with _talk(url) as (system, root):
        if system.exists(f"{root}/{TAGS}"):
            if system.cat_file(f"{root}/{TAGS}") == (release / TAGS).read_bytes():
                return Outcome.unchanged
            raise CannotRun(f"{_shown(url)} is another release; raise the version in corpus.toml, or name another place by --out")
        there = {_below(str(name), root) for name in system.find(root)} if system.exists(root) else set()
        if odd := sorted(there - set(names)):
            raise CannotRun(f"{_shown(url)} holds something else ({visible(some(odd))}); name another place by --out")
        for folder in sorted({f"{root}/{name}".rpartition("/")[0] for name in names} | {root}):
            system.makedirs(folder, exist_ok=True)
        for name in [*names, TAGS]:
            system.put_file(str(release / name), f"{root}/{name}")
            progress.did((release / name).stat().st_size)
        system.invalidate_cache()
        sent = {_below(str(name), root): int(info["size"] or 0) for name, info in system.find(root, detail=True).items()}
        if sent != {name: (release / name).stat().st_size for name in [*names, TAGS]}:
            raise CannotRun(f"{_shown(url)} has not the files that were sent; run the same command again")
    return Outcome.written


def _below(name: str, root: str) -> str:
    return name.removeprefix(root).lstrip("/")


@contextmanager
def _talk(url: str) -> "Iterator[tuple[AbstractFileSystem, str]]":
    """The file system that an address belongs to, and the path there; what goes wrong with it is CannotRun."""
    from fsspec.core import url_to_fs

    try:
        system, root = url_to_fs(url)
        yield system, str(root).rstrip("/")
    except CannotRun:
        raise
    except ImportError as error:
        raise CannotRun(f"{_shown(url)} needs another library: {error}") from error
    except Exception as error:  # every driver has errors of its own
        raise CannotRun(f"{_shown(url)} cannot be reached: {visible(str(error) or repr(error))}") from error


def _shown(url: str) -> str:
    """An address as a message shows it."""
    return visible(str(address(without_secret(Path(url)))))
