"""Where a release may be put."""

import os
from pathlib import Path

from pipeline.findings import CannotRun
from pipeline.house import House, address
from pipeline.seal import is_release


def check_target(target: Path, version: str, hydrated: bool, raw_folder: Path | None = None) -> None:
    """Raise CannotRun for a place where a release must not be: on another machine, among raw files, inside another release, hydrated
    among published ones, or among published ones under another version's name.
    """
    if address(target) is not None:
        raise CannotRun(f"{target} names another machine; build into a folder of this one, and copy the finished release there")
    if target.name in ("", ".."):
        raise CannotRun(f"{target} says where a release goes but not what its folder is called; give --out its name as well")
    try:
        os.path.abspath(target).encode()
    except UnicodeEncodeError:
        raise CannotRun(f"{target!s} is no UTF-8, in which Parquet files cannot be written; name another folder by --out") from None
    places = (target.resolve(), *target.resolve().parents)
    published = {place for place in places if place.parts[-2:] == ("data", "processed")}
    if raw_folder is not None:
        if raw_folder.resolve() in places:
            raise CannotRun(f"{target} lies in the raw folder; name another folder by --out")
        published |= {House.of(raw_folder).processed.resolve(), raw_folder.resolve().parent / "processed"}
    if inside := next((folder for folder in places[1:] if is_release(folder)), None):
        raise CannotRun(f"{target} lies inside the release {inside}; name another folder by --out")
    if hydrated and published & set(places):
        raise CannotRun(f"a hydrated build may not stand among the published releases ({target}); name another folder by --out")
    if published & set(places) and not (places[1] in published and target.name == version):
        raise CannotRun(f"among published releases, {version} stands under its own name only, not as {target}")
