"""Commands on releases: info."""

from pathlib import Path

from commands.console import console, print_json
from commands.options import RAW, Json, Raw


def info(release: Path | None = None, /, *, raw: Raw = RAW, json: Json = False) -> int:
    """Show what a release holds: the one in the folder given, or else the version that corpus.toml names."""
    from pipeline.build import default_folder
    from pipeline.describe import read_release

    if release is None:
        from pipeline.read import read_meta

        release = default_folder(raw, read_meta(raw).version, hydrated=False)
    found = read_release(release)
    if json:
        print_json(found.model_dump())
    else:
        from pipeline.show import show_release

        show_release(console(), found, release)
    return 0
