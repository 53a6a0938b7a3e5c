"""``POST /v1/completions``, for clients from before chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hubbub.api.openai.chat import Asking, chat_request
from hubbub.api.openai.documents import TextDocuments
from hubbub.api.openai.errors import BadField
from hubbub.api.openai.models import Names
from hubbub.api.openai.turns import parameters_of
from hubbub.api.openai.wire import CompletionIn
from hubbub.api.requests import caller_of
from hubbub.core.models import ModelSpec
from hubbub.core.turns import ChatRequest, Turn

_NOT_OF_CHAT = ("suffix", "logprobs")
_OWN = frozenset(("model", "prompt", "stream", "echo", "best_of", "n", *_NOT_OF_CHAT))


class Completions:
    """The handler; one for the whole application."""

    def __init__(self, asking: Asking, names: Names) -> None:
        """``names`` knows the models."""
        self._asking = asking
        self._names = names

    async def post(self, body: CompletionIn, request: Request) -> Response:
        """Go on with a text. A model that only chats is asked with the text as the one message."""
        if body.n not in (None, 1):
            raise BadField(400, "n", "n: one answer a request is served; ask again for another.")
        raw: dict[str, Any] = await request.json()
        spec = await self._names.find(body.model)
        asked = _request(spec, raw, stream=bool(body.stream))
        head = self._asking.head("cmpl", spec.name)
        usage = bool(body.stream_options and body.stream_options.include_usage)
        native = spec.api == "completions"
        echo = raw["prompt"] if raw.get("echo") is True and isinstance(raw["prompt"], str) else ""
        documents = TextDocuments(head, usage=usage, native=native, echo="" if native else echo)
        owner = caller_of(request).speaks_as(None)
        source = await self._asking.source(asked, owner, documents)
        return self._asking.response(head, source, stream=asked.stream)


def _request(spec: ModelSpec, body: Mapping[str, Any], *, stream: bool) -> ChatRequest:
    if spec.api != "completions":
        message = {"role": "user", "content": _one_text(body)}
        chat = {name: value for name, value in body.items() if name not in _OWN}
        return chat_request(spec.name, chat | {"messages": [message]}, stream=stream)
    return ChatRequest(
        model=spec.name,
        turns=(Turn("user", body["prompt"] if isinstance(body["prompt"], str) else ""),),
        parameters=parameters_of(body),
        stream=stream,
        raw={name: value for name, value in body.items() if name not in ("model", "stream")},
    )


def _one_text(body: Mapping[str, Any]) -> str:
    """The prompt for a model that only chats; raises BadField for what such a one cannot do."""
    for name in _NOT_OF_CHAT:
        if body.get(name) not in (None, False, ""):
            raise BadField(400, name, f"{name}: this model only chats. Leave it out, or use /v1/chat/completions.")
    if body.get("best_of") not in (None, 1):
        raise BadField(400, "best_of", "best_of: one answer a request is served.")
    prompt = body["prompt"]
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise BadField(
            400, "prompt", "prompt: this model takes one text. Send a string; for several, several requests."
        )
    return prompt
