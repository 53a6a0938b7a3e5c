"""Ending an answer that is being written."""

from __future__ import annotations

import asyncio
from typing import Literal

StopReason = Literal["stop", "recall", "shutdown"]


class StopSignal:
    """The wish to end one answer, and why.

    "stop": the person has enough; what came so far is kept and sent. "recall": the question was taken back; nothing is
    sent or kept. "shutdown": the hub ends; the answer is thrown away and asked for again after the restart.

    Whoever answers works inside ``with signal:``; a request cancels the task that is in there, wherever it waits, and
    `absorb` tells it whether it was cancelled by the signal. The first reason counts, but for a shutdown.
    """

    __slots__ = ("_cancelled", "_task", "reason")

    def __init__(self) -> None:
        self.reason: StopReason | None = None
        self._task: asyncio.Task[object] | None = None
        self._cancelled = False

    def request(self, reason: StopReason) -> None:
        """Ask for the end. Called in the event loop's thread; never waits."""
        if self.reason is None or reason == "shutdown":
            self.reason = reason
        # A task that asks itself goes on to the place where it looks at the reason.
        if self._task is not None and not self._cancelled and self._task is not asyncio.current_task():
            self._cancelled = self._task.cancel(f"answer ended: {reason}")

    def absorb(self) -> bool:
        """Called on CancelledError inside the block: whether the task shall go on, with `reason`.

        False: it was cancelled by somebody else too, or for a shutdown; the error has to be raised on.
        """
        if not self._cancelled or self._task is None:
            return False
        self._cancelled = False
        return self._task.uncancel() == 0 and self.reason != "shutdown"

    def __enter__(self) -> StopSignal:
        self._task = asyncio.current_task()
        return self

    def __exit__(self, *_: object) -> None:
        self._task = None
