"""``POST /v1/embeddings``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hubbub.api.openai.account import Tally
from hubbub.api.openai.answers import WholeAnswer
from hubbub.api.openai.chat import Asking
from hubbub.api.openai.documents import Document
from hubbub.api.openai.errors import BadField, no_such_model
from hubbub.api.openai.models import DEFAULT, Names
from hubbub.api.openai.wire import EmbeddingsIn
from hubbub.api.requests import caller_of
from hubbub.api.services import ModelRegistry
from hubbub.core.errors import ProviderError
from hubbub.core.turns import Usage

_NONE_MADE = (404, 405, 501)


class Embeddings:
    """The handler; one for the whole application."""

    def __init__(self, asking: Asking, names: Names, registry: ModelRegistry) -> None:
        """``registry`` hands the texts to a provider."""
        self._asking = asking
        self._names = names
        self._registry = registry

    async def post(self, body: EmbeddingsIn, request: Request) -> Response:
        """Make vectors of texts.

        A model that the hub does not know by this name is asked for where its default model comes from.
        """
        raw: dict[str, Any] = await request.json()
        await self._names.ready()
        head = self._asking.head("embd", body.model)

        tally = Tally(caller_of(request).speaks_as(None))

        async def vectors() -> Document:
            handed_on = {name: value for name, value in raw.items() if name != "model"}
            document = await self._vectors(body.model, handed_on)
            tally.used = _used(document)
            return document

        return WholeAnswer(self._asking.gate, head.id, vectors, self._asking.accounts.open(tally))

    async def _vectors(self, name: str, body: Mapping[str, Any]) -> Document:
        known = self._registry.find(name)
        asked = self._registry.default().name if known is None and name.lower() == DEFAULT else name
        try:
            document = await self._registry.embed(asked, body)
        except ProviderError as error:
            if error.status not in _NONE_MADE:
                raise
            if known is None and error.status != 501:
                raise no_such_model(name) from error
            message = f"The model {name[:200]!r} makes no embeddings. Name one that does, as its provider calls it."
            raise BadField(400, "model", message, code="model_not_supported") from error
        return {"object": "list", **document, "model": name}


def _used(document: Document) -> Usage:
    usage = document.get("usage")
    tokens = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return Usage(tokens if type(tokens) is int and tokens > 0 else 0)
