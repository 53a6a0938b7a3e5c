"""Reads that share a statement: whoever asks during one look shares the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from hubbub.core.errors import StoreError

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """Answers questions of one kind, many at a time."""

    def __init__(self, look: Callable[[list[K]], Awaitable[Sequence[V]]]) -> None:
        """``look`` has an answer for each question, in their order; it may raise StoreError."""
        self._look = look
        self._waiting: list[tuple[K, asyncio.Future[V]]] = []
        self._looking: asyncio.Task[None] | None = None

    async def ask(self, question: K) -> V:
        """The answer as it is now. Raises StoreError."""
        future: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._answer())
        return await future

    async def _answer(self) -> None:
        """As long as somebody asks. A task of its own, for whoever asked first may go away."""
        while self._waiting:
            asked, self._waiting = self._waiting, []
            try:
                answers = await self._look([question for question, _ in asked])
            except Exception as error:  # noqa: BLE001 - whatever it was, the waiting are told
                for _, future in asked:
                    if not future.done():
                        future.set_exception(error if isinstance(error, StoreError) else StoreError(repr(error)))
            else:
                for (_, future), answer in zip(asked, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)
