"""Calls of one connection that wait for their answer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from hubbub.core.errors import DeliveryError
from hubbub.platforms.onebot.wire import WireObject, encode_call, outcome

_PATIENCE = 5
"""A reader that is behind may yet find the answer: it gets so many times the time before a call is given up."""


@dataclass(slots=True, eq=False)
class _Call:
    action: str
    text: str
    future: asyncio.Future[WireObject]
    deadline: float
    written: bool = False


class Calls:
    """Writes calls in order and hands each its answer by ``echo``.

    One task writes (`run`), one timer of the connection ends what takes too long (`expire`): no task and no timer
    for each call.
    """

    def __init__(self, write: Callable[[str], Awaitable[None]], *, seconds: float, limit: int) -> None:
        """``seconds``: how long an answer may take; ``limit``: how many may be waited for at once."""
        self._write = write
        self._seconds = seconds
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._echoes = count(1)
        self._waiting: dict[str, _Call] = {}
        self._unwritten: deque[_Call] = deque()
        self._wake = asyncio.Event()
        self._closed = ""

    async def __call__(self, action: str, params: WireObject) -> Any:
        """Call an action and return its data.

        Raises:
            DeliveryError: it failed, was not answered in time, or the connection is gone.
        """
        if self._closed:
            raise _unsent(action, self._closed)
        if len(self._waiting) >= self._limit:
            raise _unsent(action, "too many calls wait for their answer")
        echo = str(next(self._echoes))
        future: asyncio.Future[WireObject] = self._loop.create_future()
        call = _Call(action, encode_call(action, params, echo), future, self._loop.time() + self._seconds)
        self._waiting[echo] = call
        self._unwritten.append(call)
        self._wake.set()
        try:
            answer = await future
        finally:
            self._waiting.pop(echo, None)
        return outcome(action, answer)

    def answer(self, frame: WireObject) -> bool:
        """Hand in a frame that is no event; False if nobody waits for it."""
        call = self._waiting.get(str(frame.get("echo")))
        if call is None or call.future.done():
            return False
        call.future.set_result(frame)
        return True

    async def run(self) -> None:
        """Write until cancelled, or until the connection fails."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._unwritten:
                call = self._unwritten.popleft()
                if call.future.done():
                    continue  # nobody waits any more, so it must not happen any more
                call.written = True
                await self._write(call.text)

    def expire(self, *, caught_up: bool) -> None:
        """End calls whose time is over.

        ``caught_up``: everything that came was read, so an answer that is not here has not been sent.
        """
        now = self._loop.time()
        grace = 0.0 if caught_up else self._seconds * (_PATIENCE - 1)
        for call in list(self._waiting.values()):
            if call.deadline + grace > now:
                break  # all wait equally long, so the rest is younger
            self._fail(call, f"no answer within {self._seconds:g} s")
        while self._unwritten and self._unwritten[0].future.done():
            self._unwritten.popleft()

    def close(self, reason: str) -> None:
        """End all calls and refuse new ones: the connection is gone."""
        self._closed = reason
        self._unwritten.clear()
        for call in list(self._waiting.values()):
            self._fail(call, reason)

    def _fail(self, call: _Call, reason: str) -> None:
        if call.future.done():
            return
        if not call.written:
            call.future.set_exception(_unsent(call.action, reason))
        else:
            call.future.set_exception(DeliveryError(f"{call.action}: {reason}", certain=False))


def _unsent(action: str, reason: str) -> DeliveryError:
    return DeliveryError(f"{action}: {reason}", certain=True)
