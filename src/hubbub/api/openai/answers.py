"""Answers on their way to the client: whole or as server-sent events, given up when the client goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, contextmanager, nullcontext
from dataclasses import dataclass, field

import orjson
from starlette.responses import Response
from typing_extensions import override

from hubbub.api.answers import JSON, answer
from hubbub.api.errors import STOPPING
from hubbub.api.openai.documents import Document, Documents
from hubbub.api.openai.errors import Told, of_refusal, told
from hubbub.core.asgi import Receive, Scope, Send
from hubbub.core.errors import Overloaded
from hubbub.core.turns import Delta

BEAT_SECONDS = 15.0
MOST_AT_ONCE = 2000

_STREAM = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # else nginx holds the pieces back
]
_DONE = b"data: [DONE]\n\n"


Account = AbstractAsyncContextManager[None]


@dataclass(frozen=True, slots=True)
class Source:
    """Where deltas come from and what makes documents of them; ``account`` is open until the answer is given."""

    deltas: Callable[[], AsyncGenerator[Delta, None]]
    documents: Documents
    account: Account = field(default_factory=nullcontext)


class Gate:
    """Counts the answers under way and bounds them."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        """``most`` at once."""
        self._most = most
        self.inside = 0

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Be one of them.

        Raises:
            Overloaded: there are as many as may be.
        """
        if self.inside >= self._most:
            msg = f"{self._most} answers are being written"
            raise Overloaded(msg)
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1


class _Answer(Response):
    """Works while the client is there; failures become errors of this API."""

    def __init__(self, gate: Gate, request_id: str, account: Account) -> None:
        """``request_id`` goes back in a header, and into the log with a failure."""
        super().__init__()
        self._gate = gate
        self._account = account
        self._id = request_id
        self._fields = [(b"x-request-id", request_id.encode())]
        self._over = False

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it (ASGI)."""
        try:
            async with asyncio.TaskGroup() as group:
                work = group.create_task(self._work(send))
                others = [group.create_task(each) for each in (_end_without_reader(receive, work), *self._beside(send))]
                await asyncio.wait([work])
                for each in others:
                    each.cancel()
        except asyncio.CancelledError:
            if not self._over:
                await self._fail(send, of_refusal(STOPPING))
            raise

    async def _work(self, send: Send) -> None:
        try:
            with self._gate.enter():
                async with self._account:
                    await self._serve(send)
        except Exception as error:  # noqa: BLE001 - the answer's boundary: its reader is told, the log has the cause
            await self._fail(send, told(error, f"the request {self._id}"))

    def _beside(self, send: Send) -> Sequence[Coroutine[None, None, None]]:  # noqa: ARG002 - see StreamedAnswer
        return ()

    async def _serve(self, send: Send) -> None:
        raise NotImplementedError

    async def _fail(self, send: Send, found: Told) -> None:
        self._over = True
        headers = [(name.encode(), value.encode()) for name, value in found.headers.items()]
        await answer(send, found.status, JSON, found.body(), [*headers, *self._fields])


class WholeAnswer(_Answer):
    """One document."""

    def __init__(
        self,
        gate: Gate,
        request_id: str,
        document: Callable[[], Awaitable[Document]],
        account: Account,
    ) -> None:
        """``document`` is awaited while the client waits, and cancelled when it goes."""
        super().__init__(gate, request_id, account)
        self._document = document

    @override
    async def _serve(self, send: Send) -> None:
        body = orjson.dumps(await self._document())
        self._over = True
        await answer(send, 200, JSON, body, self._fields)


class StreamedAnswer(_Answer):
    """The pieces as they come. What goes wrong before the first has a status of its own, later it ends the stream.

    After a while without a piece the answer begins nevertheless, with comments that keep the connection open.
    """

    def __init__(self, gate: Gate, request_id: str, source: Source, beat: float = BEAT_SECONDS) -> None:
        """``beat``: seconds between comments."""
        super().__init__(gate, request_id, source.account)
        self._deltas = source.deltas
        self._documents = source.documents
        self._beat_seconds = beat
        self._begun = False
        self._writing = asyncio.Lock()

    @override
    def _beside(self, send: Send) -> Sequence[Coroutine[None, None, None]]:
        return (self._beat(send),)

    @override
    async def _serve(self, send: Send) -> None:
        async with aclosing(self._deltas()) as deltas:
            async for delta in deltas:
                events = b"".join(map(_event, self._documents.pieces(delta)))
                if events:
                    await self._write(send, events)
        await self._write(send, b"".join(map(_event, self._documents.rest())) + _DONE, more=False)

    async def _write(self, send: Send, data: bytes, *, more: bool = True) -> None:
        async with self._writing:
            if self._over:
                return
            self._over = not more
            if not self._begun:
                self._begun = True
                await send({"type": "http.response.start", "status": 200, "headers": [*_STREAM, *self._fields]})
            await send({"type": "http.response.body", "body": data, "more_body": more})

    @override
    async def _fail(self, send: Send, found: Told) -> None:
        if self._begun:
            await self._write(send, b"data: " + found.body() + b"\n\n", more=False)
        else:
            await super()._fail(send, found)

    async def _beat(self, send: Send) -> None:
        while True:
            await asyncio.sleep(self._beat_seconds)
            await self._write(send, b": still here\n\n")


async def _end_without_reader(receive: Receive, work: asyncio.Task[None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    work.cancel()


def _event(document: Document) -> bytes:
    return b"data: " + orjson.dumps(document) + b"\n\n"
