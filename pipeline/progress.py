"""What is told of a command at work: its stages, how far each is, and in the end where the time went."""

import time
from typing import Self


class Progress:
    """Is told of the stages of a command as they begin, and of what is done in them; keeps the time. Shows nothing: a terminal's does."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        """Seconds by stage, in the order in which the stages began."""
        self._stage: str | None = None
        self._since = 0.0

    def __call__(self, stage: str, total: int | None = None) -> None:
        """A stage begins, and the one before ends. ``total`` is how many bytes it will take, where that is known."""
        self.close()
        self._stage, self._since = stage, time.monotonic()
        self.begun(stage, total)

    def close(self) -> None:
        """The last stage ends."""
        if self._stage is not None:
            self.times[self._stage] = self.times.get(self._stage, 0.0) + time.monotonic() - self._since
            self._stage = None

    def begun(self, stage: str, total: int | None) -> None:
        """A stage begins."""

    def did(self, bytes: int, findings: int = 0) -> None:
        """A unit is done: how large it was, and what was found in it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
