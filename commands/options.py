"""Options that several commands take, each told once."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

RAW = Path("data/raw")

Raw = Annotated[Path, Parameter(help="Folder with the raw files.")]
Pages = Annotated[
    Path | None,
    Parameter(env_var="HEISSER_DRAHT_PAGES", help="Folder with your copies of withheld pages, found in it by their SHA-256."),
]
Quiet = Annotated[bool, Parameter(negative="", help="Print nothing but errors.")]
Json = Annotated[bool, Parameter(negative="", help="Print the result as JSON, for machines.")]
Jobs = Annotated[
    int, Parameter(validator=Number(gte=0), help="Processes that share the work; 0: one for each core. A small corpus takes one.")
]
Scheduler = Annotated[
    str | None,
    Parameter(
        help="Address of a Dask cluster that does the work (tcp://host:8786); its workers see the same files as this machine."
    ),
]
