"""Progress on a terminal: the stage at work, and of a long one how far it is, what was found, and how long it will take."""

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from pipeline.progress import Progress


class Bar(Progress):
    """Shows the stages of a command on a terminal."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._bars: Bars | None = None
        self._units = self._findings = 0

    def begun(self, stage: str, total: int | None) -> None:
        """Show a stage: with a bar where it is known how much there is to do."""
        self._stop()
        self._units = self._findings = 0
        more = (
            (BarColumn(), DownloadColumn(binary_units=True), TextColumn("{task.fields[said]}"), TimeRemainingColumn())
            if total
            else ()
        )
        self._bars = Bars(SpinnerColumn(), TextColumn("{task.description}"), *more, console=self._console, transient=True)
        self._bars.add_task(stage, total=total, said="")
        self._bars.start()

    def did(self, bytes: int, findings: int = 0) -> None:
        """Move the bar."""
        if self._bars is not None:
            self._units, self._findings = self._units + 1, self._findings + findings
            said = f"{self._units:,} units, {self._findings:,} findings"
            self._bars.update(self._bars.tasks[0].id, advance=bytes, said=said)

    def close(self) -> None:
        """Show nothing more."""
        super().close()
        self._stop()

    def _stop(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def __enter__(self) -> Self:
        return self
