"""``POST /v1/chat/completions``."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any, cast

from fastapi import Header
from starlette.requests import Request
from starlette.responses import Response

from hubbub.api.openai.account import Accounts, Tally
from hubbub.api.openai.answers import Gate, Source, StreamedAnswer, WholeAnswer
from hubbub.api.openai.documents import ChatDocuments, Document, Documents, Head
from hubbub.api.openai.errors import BadField
from hubbub.api.openai.memory import Memory, Wanted, wants_memory
from hubbub.api.openai.models import Names
from hubbub.api.openai.turns import parameters_of, tools_of, turns_of
from hubbub.api.openai.wire import ChatIn
from hubbub.api.repeats import KEY_PATTERN
from hubbub.api.requests import caller_of
from hubbub.api.services import ModelRegistry
from hubbub.core.ports import Clock
from hubbub.core.turns import ChatRequest, Delta

Conversation = Annotated[
    str | None,
    Header(
        alias="X-Hubbub-Conversation",
        description="Answer with the hub's memory, in this conversation; empty: in the owner's current one.",
    ),
]
Owner = Annotated[
    str | None, Header(alias="X-Hubbub-Owner", description="Whose memory; a token that is bound to an owner has its.")
]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=KEY_PATTERN,
        description="With memory: names this message, so that sent again it gets the same answer.",
    ),
]

_LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,35}")


class Asking:
    """Asks models for the routes, and gives their answers the form that is wanted."""

    def __init__(self, registry: ModelRegistry, gate: Gate, accounts: Accounts, clock: Clock) -> None:
        """``gate`` bounds the answers of all routes together, ``accounts`` what one owner uses."""
        self._registry = registry
        self.gate = gate
        self.accounts = accounts
        self._clock = clock

    def head(self, prefix: str, model: str) -> Head:
        """A new answer's."""
        return Head(f"{prefix}-{secrets.token_hex(12)}", int(self._clock()), model)

    async def source(self, request: ChatRequest, owner: str, documents: Documents) -> Source:
        """What the model says to a request, on the owner's account.

        Raises:
            UserError: the owner may not ask this now.
            StoreError: it could not be looked up whether they may.
        """
        tally = self.accounts.tally(owner, request.turns)
        tally.spec = self._registry.find(request.model)
        await self.accounts.check(tally)
        return Source(partial(self._deltas, request, tally), documents, self.accounts.open(tally))

    async def _deltas(self, request: ChatRequest, tally: Tally) -> AsyncGenerator[Delta, None]:
        spec, name = self._registry.find(request.model) or self._registry.default(), ""
        with tally.bill.recorded(spec, request) as record:
            async with aclosing(cast("AsyncGenerator[Delta]", self._registry.stream(request))) as deltas:
                async for delta in deltas:
                    tally.add(delta)
                    if record is not None:
                        record.add(delta)
                        name = delta.model or name
                    yield delta
            if record is not None and name:
                record.answering = self._registry.find(name)

    def response(self, head: Head, source: Source, *, stream: bool) -> Response:
        """The answer to a request."""
        if stream:
            return StreamedAnswer(self.gate, head.id, source)

        async def document() -> Document:
            async with aclosing(source.deltas()) as deltas:
                return source.documents.whole([delta async for delta in deltas])

        return WholeAnswer(self.gate, head.id, document, source.account)


class Chat:
    """The handler; one for the whole application."""

    def __init__(self, asking: Asking, names: Names, memory: Memory) -> None:
        """``names`` knows the models, ``memory`` the road of messages."""
        self._asking = asking
        self._names = names
        self._memory = memory

    async def post(
        self,
        body: ChatIn,
        request: Request,
        conversation: Conversation = None,
        named: Owner = None,
        key: Key = None,
    ) -> Response:
        """Answer a conversation, whole or (`stream`) as server-sent events.

        Nothing is kept of it. With the header `X-Hubbub-Conversation`, or `@memory` behind the model's name, the last
        user message goes into one of the owner's conversations instead, and the hub answers from what it remembers.
        """
        if body.n not in (None, 1):
            raise BadField(400, "n", "n: one answer a request is served; ask again for another.")
        raw: dict[str, Any] = await request.json()
        usage = bool(body.stream_options and body.stream_options.include_usage)
        if wants_memory(body.model, conversation):
            wanted = Wanted(caller_of(request), named, conversation or "", key or "", _language(request))
            return await self._remembering(raw, wanted, stream=bool(body.stream))
        asked = await self._request(raw, stream=bool(body.stream))
        head = self._asking.head("chatcmpl", asked.model)
        owner = caller_of(request).speaks_as(None)
        source = await self._asking.source(asked, owner, ChatDocuments(head, usage=usage))
        return self._asking.response(head, source, stream=asked.stream)

    async def _request(self, body: Mapping[str, Any], *, stream: bool) -> ChatRequest:
        spec = await self._names.find(body["model"])
        return chat_request(spec.name, body, stream=stream)

    async def _remembering(self, body: Mapping[str, Any], wanted: Wanted, *, stream: bool) -> Response:
        await self._names.ready()
        event = await self._memory.event(body, wanted)
        head = self._asking.head("chatcmpl", body["model"])
        deltas = self._memory.pieces if stream else self._whole
        source = Source(partial(deltas, event), ChatDocuments(head))
        return self._asking.response(head, source, stream=stream)

    async def _whole(self, event: Any) -> AsyncGenerator[Delta, None]:
        yield await self._memory.answer(event)


def chat_request(model: str, body: Mapping[str, Any], *, stream: bool) -> ChatRequest:
    """The question of a body: as it is for providers that speak this API, and said anew for others."""
    return ChatRequest(
        model=model,
        turns=turns_of(body["messages"]),
        parameters=parameters_of(body),
        tools=tools_of(body),
        stream=stream,
        raw={name: value for name, value in body.items() if name not in ("model", "stream")},
    )


def _language(request: Request) -> str:
    found = _LANGUAGE.match(request.headers.get("accept-language", ""))
    return found[0] if found else ""
