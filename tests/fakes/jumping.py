"""An event loop in which nobody waits: where nothing happens, its clock jumps to the next thing that will."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec

from typing_extensions import override

P = ParamSpec("P")

_GRACE = 0.0005
"""Seconds that other threads have to say something before the clock jumps."""


class _Selector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.jumped = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(min(timeout, _GRACE) if timeout else timeout)
        if not found and timeout:
            self.jumped += timeout
        return found


class JumpingLoop(asyncio.SelectorEventLoop):
    """Its time is that of its timers alone. What other threads do takes no time, or a little more."""

    def __init__(self) -> None:
        self._jumping = _Selector()
        super().__init__(self._jumping)

    @override
    def time(self) -> float:
        return self._jumping.jumped


def jumping(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Let a test run in such a loop."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run
