"""An answer as server-sent events: the receipt, pieces as the model writes them, then the stored replies."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import orjson
from starlette.responses import Response
from typing_extensions import override

from hubbub.api.answers import JSON, answer
from hubbub.api.errors import STOPPING, Refusal, Refused, refusal_of, unforeseen
from hubbub.api.native.convert import reply_json
from hubbub.api.repeats import KEY_REUSED, same_question
from hubbub.core.asgi import Receive, Scope, Send
from hubbub.core.errors import HubbubError
from hubbub.core.events import Received
from hubbub.core.ports import Exchange, Streamed
from hubbub.core.work import Receipt, Row

BEAT_SECONDS = 15.0
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # else nginx holds the pieces back
]


class EventStream(Response):
    """Events ``accepted``, ``piece``, ``reply``, ``done``, or ``error`` as the last.

    A caller that goes away stops nothing: the answer is finished and kept under its key.
    """

    def __init__(self, exchange: Exchange, event: Received, beat: float = BEAT_SECONDS) -> None:
        """``beat``: seconds after which a comment shows proxies that the connection lives."""
        super().__init__()
        self._exchange = exchange
        self._event = event
        self._beat_seconds = beat
        self._started = False

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it (ASGI)."""
        try:
            async with asyncio.TaskGroup() as group:
                pump = group.create_task(self._pump(send))
                others = [group.create_task(self._beat(send)), group.create_task(_end_without_reader(receive, pump))]
                await asyncio.wait([pump])
                for each in others:
                    each.cancel()
        except asyncio.CancelledError:
            await self._fail(send, STOPPING)
            raise

    async def _pump(self, send: Send) -> None:
        try:
            await self._events(send)
        except (HubbubError, TimeoutError) as error:
            await self._fail(send, refusal_of(error) or unforeseen("a streamed answer", error))
        except Exception as error:  # noqa: BLE001 - the stream's loop: its reader is told, the log has the cause
            await self._fail(send, unforeseen("a streamed answer", error))

    async def _events(self, send: Send) -> None:
        last: dict[str, Any] = {}
        async with aclosing(self._exchange.stream(self._event)) as items:
            async for item in items:
                if isinstance(item, Receipt):
                    last = _receipt_json(self._event, item)
                    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
                    self._started = True
                    await _write(send, b"accepted", last)
                elif isinstance(item, Row):
                    await _write(send, b"reply", reply_json(item))
                else:
                    await _write(send, b"piece", _piece_json(item))
        await _write(send, b"done", last)
        await send({"type": "http.response.body", "body": b""})

    async def _fail(self, send: Send, refusal: Refusal) -> None:
        if self._started:
            await send({"type": "http.response.body", "body": b"event: error\ndata: " + refusal.body() + b"\n\n"})
        else:
            headers = [(name.encode(), value.encode()) for name, value in refusal.headers.items()]
            await answer(send, refusal.status, JSON, refusal.body(), headers)

    async def _beat(self, send: Send) -> None:
        while True:
            await asyncio.sleep(self._beat_seconds)
            if self._started:
                await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})


async def _end_without_reader(receive: Receive, pump: asyncio.Task[None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    pump.cancel()


async def _write(send: Send, name: bytes, data: dict[str, Any]) -> None:
    body = b"event: " + name + b"\ndata: " + orjson.dumps(data) + b"\n\n"
    await send({"type": "http.response.body", "body": body, "more_body": True})


def _receipt_json(event: Received, receipt: Receipt) -> dict[str, Any]:
    if receipt.duplicate and not same_question(event, receipt.entry.event):
        raise Refused.of(KEY_REUSED)
    return {"id": event.message_id, "entry": receipt.entry.id, "duplicate": receipt.duplicate}


def _piece_json(piece: Streamed) -> dict[str, Any]:
    found = {"content": piece.content, "reasoning": piece.reasoning}
    return {**found, "note": piece.note} if piece.note else found
