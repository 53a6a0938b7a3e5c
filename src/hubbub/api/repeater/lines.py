"""An answer as lines of JSON, a piece each, as later clients read it; the last line has the whole of it.

Pieces are a preview: variables in them are not expanded yet, and some may be lost. What goes wrong before the first
has a status of its own, later it is the last line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import orjson
from starlette.responses import Response
from typing_extensions import override

from hubbub.api.answers import JSON, answer
from hubbub.api.errors import STOPPING
from hubbub.api.repeater.answers import answer_of, check_key
from hubbub.api.repeater.errors import Failure, failure_of, of_refusal
from hubbub.core.asgi import Receive, Scope, Send
from hubbub.core.events import Received
from hubbub.core.ports import Exchange, Streamed
from hubbub.core.work import Receipt, Row

_HEADERS = [
    (b"content-type", b"application/x-ndjson"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # else nginx holds the pieces back
]

Line = dict[str, object]


class LineStream(Response):
    """``{"id", "reasoning_content", "content", "finish_reason", "created", "model"}`` a line."""

    def __init__(self, exchange: Exchange, event: Received, model_type: str | None, gone: Callable[[], None]) -> None:
        """``gone`` is called when nobody reads any more."""
        super().__init__()
        self._exchange = exchange
        self._event = event
        self._model_type = model_type
        self._gone = gone
        self._started = False
        self._over = False

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it (ASGI)."""
        try:
            async with asyncio.TaskGroup() as group:
                pump = group.create_task(self._pump(send))
                watching = group.create_task(self._watch(receive, pump))
                await asyncio.wait([pump])
                watching.cancel()
        except asyncio.CancelledError:
            await self._fail(send, of_refusal(STOPPING))
            raise

    async def _pump(self, send: Send) -> None:
        try:
            await self._lines(send)
        except Exception as error:  # noqa: BLE001 - the stream's boundary: its reader is told, the log has the cause
            await self._fail(send, failure_of(error, "a streamed answer"))

    async def _lines(self, send: Send) -> None:
        rows: list[Row] = []
        async with aclosing(self._exchange.stream(self._event)) as items:
            async for item in items:
                if isinstance(item, Receipt):
                    check_key(self._event, item)
                elif isinstance(item, Streamed):
                    if item.content or item.reasoning:
                        await self._write(send, self._line(item.reasoning, item.content))
                else:
                    rows.append(item)
        whole = answer_of(rows, self._model_type)
        await self._write(send, self._line("", "", "stop", str(whole["model_id"])) | {"answer": whole})
        self._over = True
        await send({"type": "http.response.body", "body": b""})

    def _line(self, reasoning: str, content: str, finish: str | None = None, model: str = "") -> Line:
        return {
            "id": self._event.message_id,
            "reasoning_content": reasoning,
            "content": content,
            "finish_reason": finish,
            "created": int(self._event.time),
            "model": model,
        }

    async def _write(self, send: Send, line: Line) -> None:
        if not self._started:
            self._started = True
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": orjson.dumps(line) + b"\n", "more_body": True})

    async def _fail(self, send: Send, failure: Failure) -> None:
        if self._over:
            return
        self._over = True
        if self._started:
            body = orjson.dumps({"detail": failure.detail, "finish_reason": "error"}) + b"\n"
            await send({"type": "http.response.body", "body": body})
        else:
            headers = [(name.encode(), value.encode()) for name, value in failure.headers.items()]
            await answer(send, failure.status, JSON, failure.body(), headers)

    async def _watch(self, receive: Receive, pump: asyncio.Task[None]) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gone()
        pump.cancel()
