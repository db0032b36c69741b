"""The files of a release against its manifests: BagIt 1.0 (RFC 8493), as the ``bagit`` library understands it, and more strictly."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.bag import DECLARATION, INFO, PAYLOAD, TAGS, files, listed, sha256
from pipeline.findings import CannotRun, Finding

_OF_THE_HUB = re.compile(r"\.gitattributes|\.cache/huggingface(/.*)?", re.DOTALL)
"""What the Hugging Face Hub and its client put beside a release that was downloaded from there."""


def check_files(folder: Path) -> Iterator[Finding]:
    """Files that are missing, changed or not listed, and whatever else makes a folder no bag.

    Raises CannotRun for a folder that never was one.
    """
    own = [name for name in (DECLARATION, INFO, PAYLOAD, TAGS) if (folder / name).is_file()]
    if own == [PAYLOAD]:
        raise CannotRun(f"{folder} is a release from before 1.0.0, which is no bag; check it by: sha256sum -c {PAYLOAD}")
    if not own:
        raise CannotRun(f"{folder} is no release; name the folder of one")
    if missing := [name for name in (PAYLOAD, TAGS) if name not in own]:
        yield from (Finding("HD611", name) for name in missing)
        return
    try:
        expected = listed(folder)
    except ValueError as error:
        yield Finding(
            "HD614", str(error), found="it is no manifest as a build writes it: SHA-256, two spaces, path, ordered by path"
        )
        return
    empty = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_dir() and not any(path.iterdir()))
    found = {name for name in (*files(folder), *empty) if not _OF_THE_HUB.fullmatch(name)}
    sound = True
    for name in sorted(found | set(expected)):
        if name not in expected:
            yield Finding("HD612", name)
        elif name not in found or not (folder / name).is_file():  # a link to nothing, a pipe
            yield Finding("HD611", name)
        elif (value := sha256(folder / name)) != expected[name]:
            yield Finding("HD613", name, found=value, expected=expected[name])
        else:
            continue
        sound = False
    if sound:
        yield from _as_a_bag(folder)


def _as_a_bag(folder: Path) -> Iterator[Finding]:
    """What the reference library has to say of a bag whose manifests hold."""
    import bagit

    logging.getLogger("bagit").setLevel(logging.CRITICAL)
    try:
        bagit.Bag(str(folder)).validate()
    except (bagit.BagError, ValueError) as error:  # of tag files that it cannot decode or take apart
        yield Finding("HD614", DECLARATION, found=f"it is no bag: {error}")
