"""What surrounds an answer of a model: models that are known, a room that sees that it is being written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from hubbub.core.events import Received
from hubbub.core.ports import CanType, Streamed

if TYPE_CHECKING:
    from hubbub.dispatch.drafting import Draft

log = logging.getLogger(__name__)

Pieces = Callable[[Streamed], None]

_MODELS_SECONDS = 15.0
_TYPING_AFTER = 1.0
_TYPING_EVERY = 5.0


class Answering:
    """``async with`` it around the asking; gives what takes the pieces of the answer, if somebody listens.

    A class of its own, not a generator: it stands on the road of every answer.
    """

    __slots__ = ("_draft", "_event", "_known", "_pieces", "_shown", "_timer", "_typist")

    def __init__(
        self,
        event: Received,
        known: asyncio.Event,
        typist: CanType | None,
        pieces: Pieces | None,
        draft: Draft | None = None,
    ) -> None:
        """``known`` is set once models have been looked for; ``typist`` is the platform, if it shows writing.

        ``draft`` shows the answer while it grows; then it need not be shown that it is being written.
        """
        self._event = event
        self._known = known
        self._typist = typist
        self._draft = draft
        self._pieces = pieces if draft is None else draft.beside(pieces)
        self._timer: asyncio.TimerHandle | None = None
        self._shown: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Pieces | None:
        if not self._known.is_set():
            await self._models()
        if self._typist is not None:
            self._timer = asyncio.get_running_loop().call_later(_TYPING_AFTER, self._show, self._typist)
        return self._pieces

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._shown is not None:
            self._shown.cancel()
        if self._draft is not None:
            await self._draft.close()

    async def _models(self) -> None:
        """At the start models are still being looked for; not for long."""
        try:
            async with asyncio.timeout(_MODELS_SECONDS):
                await self._known.wait()
        except TimeoutError:
            log.warning("models are still being looked for after %d s", _MODELS_SECONDS)

    def _show(self, typist: CanType) -> None:
        self._shown = asyncio.get_running_loop().create_task(_show_typing(typist, self._event, self._draft))


async def _show_typing(typist: CanType, event: Received, draft: Draft | None) -> None:
    """Again and again until it is cancelled, while there is nothing else to see."""
    while True:
        if draft is None or draft.row is None:
            await typist.typing(event.room)
        await asyncio.sleep(_TYPING_EVERY)
