"""Workers that are kept for the next piece of work: a new task a message costs more than the message."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_MOST_IDLE = 100


def is_the_end(error: BaseException) -> bool:
    """Whether a task is told to end. Where others cancelled what it waits for, and not it, that is a fault like any."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


class Crew(Generic[T]):
    """Runs ``work(item)`` for many items at once, at most ``most``; further items wait in order.

    In one turn of the event loop only ``burst`` items are begun. Of a thousand messages that come together the first
    are thus on their way to the model while the last are still read, and answers do not come together again.

    ``work`` must not raise: an exception ends the task group that the crew belongs to.
    """

    def __init__(
        self, tasks: asyncio.TaskGroup, work: Callable[[T], Awaitable[None]], most: int, burst: int = 16
    ) -> None:
        """Workers are tasks of ``tasks``, made when they are needed."""
        self._tasks = tasks
        self._work = work
        self._most = most
        self._burst = burst
        self._begun = 0
        self._workers: set[asyncio.Task[None]] = set()
        self._idle: list[asyncio.Future[T]] = []
        self._queue: deque[T] = deque()
        self._ended = False
        self.busy = 0
        """Items at work."""

    def start(self, item: T) -> None:
        """Work on an item, at once if there is room; not at all after `end`."""
        if self._ended:
            return
        if self._queue or self.busy >= self._most or self._begun >= self._burst:
            self._queue.append(item)
            return
        if not self._begun:
            asyncio.get_running_loop().call_soon(self._turn)
        self._begin(item)

    def _turn(self) -> None:
        """The event loop came round: more may be begun."""
        self._begun = 0
        while self._queue and self.busy < self._most and self._begun < self._burst:
            self._begin(self._queue.popleft())
        if self._begun:
            asyncio.get_running_loop().call_soon(self._turn)

    def _begin(self, item: T) -> None:
        self._begun += 1
        self.busy += 1
        while self._idle:
            waiting = self._idle.pop()
            if not waiting.done():
                waiting.set_result(item)
                return
        worker = self._tasks.create_task(self._serve(item))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    def end(self) -> None:
        """Cancel all workers; what they were at is left as it is."""
        self._ended = True
        self._queue.clear()
        for worker in self._workers:
            worker.cancel()

    async def _serve(self, item: T) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                await self._work(item)
            finally:
                self.busy -= 1
            if self._queue:
                self.busy += 1
                item = self._queue.popleft()
                continue
            if len(self._idle) >= _MOST_IDLE:
                return
            waiting: asyncio.Future[T] = loop.create_future()
            self._idle.append(waiting)
            item = await waiting
