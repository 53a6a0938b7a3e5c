"""The chat as commands use it: for one message of one owner."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from hubbub.chat.answer import Chat, Pieces
from hubbub.chat.stop import StopSignal
from hubbub.commands.command import KnownModels
from hubbub.conversations.completions import Completion
from hubbub.core.events import Received
from hubbub.core.messages import Message
from hubbub.core.ports import Answer
from hubbub.core.work import Entry

Answering = Callable[[Entry, Received], AbstractAsyncContextManager[Pieces | None]]
"""What surrounds every answer of a model: models are known, the room is shown that it is being written."""


Telling = Callable[[Entry, Message], Awaitable[None]]
"""Says something ahead of an answer."""


class AskingForOne:
    """`hubbub.commands.command.Asking`. Cheap: made for every command, used by few."""

    __slots__ = ("_answering", "_chat", "_entry", "_event", "_models", "_owner", "_stop", "_telling")

    def __init__(
        self,
        ways: tuple[Chat, KnownModels, Answering, Telling],
        entry: Entry,
        event: Received,
        owner: str,
        stop: StopSignal,
    ) -> None:
        """``ways`` are the same for every message."""
        self._chat, self._models, self._answering, self._telling = ways
        self._entry, self._event, self._owner, self._stop = entry, event, owner, stop

    async def language(self) -> str:
        """See `Asking.language`."""
        return await self._chat.language(self._owner, self._event)

    async def models(self) -> KnownModels:
        """See `Asking.models`."""
        async with self._answering(self._entry, self._event):
            return self._models

    def busy(self) -> AbstractAsyncContextManager[Pieces | None]:
        """See `Asking.busy`."""
        return self._answering(self._entry, self._event)

    async def tell(self, message: Message) -> None:
        """See `Asking.tell`."""
        await self._telling(self._entry, message)

    async def retry(self) -> Answer:
        """See `Asking.retry`."""
        async with self._answering(self._entry, self._event) as pieces:
            return await self._chat.retry(self._entry, self._owner, pieces, self._stop)

    async def edit(self, text: str) -> Answer:
        """See `Asking.edit`."""
        async with self._answering(self._entry, self._event) as pieces:
            return await self._chat.edit(self._entry, self._owner, text, pieces, self._stop)

    async def complete(self, text: str, wishes: Completion, owner: str = "") -> Answer:
        """See `Asking.complete`."""
        async with self._answering(self._entry, self._event) as pieces:
            asked = (owner or self._owner, text)
            return await self._chat.complete(self._entry, asked, wishes, pieces, self._stop)

    async def expand(self, text: str) -> str:
        """See `Asking.expand`."""
        return await self._chat.expand(self._entry, self._owner, text)

    async def compact(self) -> Answer:
        """See `Asking.compact`."""
        async with self._answering(self._entry, self._event):
            return await self._chat.compact(self._entry, self._owner, self._stop)
