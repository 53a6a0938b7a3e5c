"""Pictures that the hub keeps, as models are shown them."""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from hubbub.chat.request import UNSEEN
from hubbub.core.errors import MediaError
from hubbub.core.messages import Media
from hubbub.core.turns import ChatRequest, Delta, Turn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from hubbub.chat.sources import ModelSource
    from hubbub.core.models import ModelSpec
    from hubbub.core.ports import Files

log = logging.getLogger(__name__)

_KEPT = "hub:"


class SightedModels:
    """A `ModelSource` whose models see what the hub keeps: its addresses are replaced by the content."""

    def __init__(self, models: ModelSource, files: Files) -> None:
        """``models`` are asked."""
        self._models = models
        self._files = files

    def default(self) -> ModelSpec:
        """See `ModelSource.default`."""
        return self._models.default()

    def find(self, name: str) -> ModelSpec | None:
        """See `ModelSource.find`."""
        return self._models.find(name)

    def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        """See `ModelSource.stream`."""
        if any(media.url.startswith(_KEPT) for turn in request.turns if turn.images for media in turn.images):
            return self._shown(request)
        return self._models.stream(request)

    async def _shown(self, request: ChatRequest) -> AsyncIterator[Delta]:
        turns = [await self._turn(turn) if turn.images else turn for turn in request.turns]
        stream = self._models.stream(replace(request, turns=tuple(turns)))
        async with aclosing(cast("AsyncGenerator[Delta]", stream)) as pieces:
            async for piece in pieces:
                yield piece

    async def _turn(self, turn: Turn) -> Turn:
        """A turn with the content of its pictures; a word stands for one that is gone."""
        images: list[Media] = []
        content = turn.content
        for media in turn.images:
            if not media.url.startswith(_KEPT):
                images.append(media)
                continue
            try:
                blob = await self._files.fetch(media)
            except MediaError as error:
                log.info("a picture of the conversation is gone: %s", error)
                content = "\n".join(filter(None, (UNSEEN, content)))
            else:
                data = base64.b64encode(blob.data).decode("ascii")
                images.append(replace(media, url=f"data:{media.mime or blob.mime};base64,{data}"))
        return replace(turn, content=content, images=tuple(images))
