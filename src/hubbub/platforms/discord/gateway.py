"""One connection to the gateway, held, resumed and made again ("Gateway", API version 10)."""

from __future__ import annotations

import asyncio
import logging
import random
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import aiohttp
import orjson

from hubbub.core.errors import StoreError
from hubbub.core.ports import Facts
from hubbub.platforms.discord.wire import ANEW, FATAL, VERSION, BadFrameError, Frame, Op, read, written

log = logging.getLogger(__name__)

_LARGEST = 16 * 1024 * 1024
_HELLO_SECONDS = 30.0
_KEEP_EVERY = 1.0
_LEFT = 4000
"""With this close code of ours the session stays and can be resumed."""


class RefusedForGoodError(Exception):
    """Connecting again is useless until somebody changes something; says what. ``code`` is the gateway's."""

    def __init__(self, code: int) -> None:
        """One of `wire.FATAL`."""
        super().__init__(FATAL[code])
        self.code = code


@dataclass(frozen=True, slots=True)
class Session:
    """What it takes to go on where a connection ended: ``number`` is of the last event that is stored."""

    id: str = ""
    url: str = ""
    number: int | None = None

    def json(self) -> str:
        """As it is kept."""
        return orjson.dumps({"id": self.id, "url": self.url, "number": self.number}).decode()

    @classmethod
    def of(cls, text: str | None) -> Session:
        """The session that was kept, or a new one."""
        try:
            found = orjson.loads(text or "null")
            return cls(str(found["id"]), str(found["url"]), int(found["number"]))
        except (ValueError, TypeError, KeyError):
            return cls()


@dataclass(frozen=True, slots=True)
class Shard:
    """Which part of the servers a connection is for, and as whom."""

    token: str
    intents: int
    place: int = 0
    count: int = 1
    key: str = ""
    """Under which the session is kept."""


Stored = Callable[[], Awaitable[None]]
"""Returns when an event is stored, and raises StoreError if it is not."""
Take = Callable[[Frame, str], Awaitable[Stored | None]]
"""Takes in an event of a session; None for one that there is nothing to store of."""


class Gateway:
    """Reads events in order, a bounded number ahead of the store. Resumes behind the last event that is stored.

    The session outlives the process: what was said while the hub was away for a few minutes comes when it is back.
    """

    def __init__(self, shard: Shard, take: Take, facts: Facts, ahead: int) -> None:
        """Nothing is opened before `run`."""
        self._shard = shard
        self._take = take
        self._facts = facts
        self._ahead = asyncio.Semaphore(ahead)
        self._session = Session()
        self._kept = Session()
        self._acknowledged = True
        self._detour = False
        """The address of the session did not answer: the next attempt is made at the common one."""
        self._seen: int | None = None
        self.ready: Callable[[], None] = lambda: None

    async def restore(self) -> None:
        """Go on with the session of the process before."""
        self._session = self._kept = Session.of(await self._facts.get(self._shard.key))

    @property
    def fresh(self) -> bool:
        """There is no session to go on with: a new one would be begun."""
        return not self._session.id or self._session.number is None

    async def run(self, client: aiohttp.ClientSession, url: str) -> None:
        """One connection, until it ends. Resumed, if it can be; ``url`` is the common address.

        Raises:
            RefusedForGoodError: Discord wants no further attempt.
            StoreError: an event was not stored; it comes again when the session is resumed.
            OSError, TimeoutError: the connection failed.
        """
        own = "" if self._detour else self._session.url
        self._detour = bool(own)
        address = f"{(own or url).rstrip('/')}/?v={VERSION}&encoding=json"
        try:
            async with client.ws_connect(address, max_msg_size=_LARGEST, autoping=True) as socket:
                self._detour = False
                await self._serve(socket)
        except aiohttp.ClientError as error:
            raise OSError(str(error)) from error
        finally:
            await self._keep()

    async def _serve(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async with asyncio.timeout(_HELLO_SECONDS):
            hello = await self._next(socket)
        if hello is None or hello.op != Op.HELLO:
            message = "the gateway did not greet"
            raise OSError(message)
        self._seen = self._session.number
        await socket.send_str(self._greeting())
        interval = float(hello.data["heartbeat_interval"]) / 1000
        try:
            async with asyncio.TaskGroup() as group:
                beating = group.create_task(self._beat(socket, interval))
                keeping = group.create_task(self._keep_on())
                await self._read(socket, group)
                beating.cancel()
                keeping.cancel()
        except BaseExceptionGroup as group:
            # Not by `except*`: what is raised there comes wrapped, in some versions of Python.
            known = group.subgroup((StoreError, OSError, RefusedForGoodError))
            raise (known.exceptions[0] if known is not None else group) from None
        finally:
            # Not 1000: that would end the session, and with it what could be resumed.
            with suppress(OSError, RuntimeError):
                await asyncio.shield(socket.close(code=_LEFT))

    def _greeting(self) -> str:
        shard, session = self._shard, self._session
        if not self.fresh:
            return written(Op.RESUME, {"token": shard.token, "session_id": session.id, "seq": session.number})
        properties = {"os": sys.platform, "browser": "hubbub", "device": "hubbub"}
        who = {"token": shard.token, "intents": shard.intents, "properties": properties}
        return written(Op.IDENTIFY, who | {"shard": [shard.place, shard.count], "compress": False})

    async def _next(self, socket: aiohttp.ClientWebSocketResponse) -> Frame | None:
        """The next frame; None at the end of the connection."""
        while True:
            message = await socket.receive()
            if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                try:
                    return read(message.data)
                except BadFrameError as error:
                    log.warning("the gateway sent %s", error)
                    continue
            if message.type not in (aiohttp.WSMsgType.PING, aiohttp.WSMsgType.PONG):
                return None

    async def _read(self, socket: aiohttp.ClientWebSocketResponse, group: asyncio.TaskGroup) -> None:
        before: asyncio.Task[None] | None = None
        while (frame := await self._next(socket)) is not None:
            match frame.op:
                case Op.DISPATCH:
                    before = await self._dispatched(frame, group, before)
                case Op.HEARTBEAT:
                    await self._send_beat(socket)  # beside the own ones, for which it counts as no answer
                case Op.ACK:
                    self._acknowledged = True
                case Op.RECONNECT:
                    return
                case Op.INVALID_SESSION:
                    if frame.data is not True:
                        self._forget()
                    return
        self._closed(socket.close_code)

    def _closed(self, code: int | None) -> None:
        if code in FATAL:
            raise RefusedForGoodError(code)
        if code in ANEW:
            self._forget()

    def _forget(self) -> None:
        self._session = Session()

    async def _dispatched(
        self, frame: Frame, group: asyncio.TaskGroup, before: asyncio.Task[None] | None
    ) -> asyncio.Task[None] | None:
        """Take an event in; gives what is done when it, and all before it, is stored."""
        self._seen = frame.number
        if frame.name == "READY":
            self._session = Session(str(frame.data["session_id"]), str(frame.data["resume_gateway_url"]), frame.number)
        if frame.name in ("READY", "RESUMED"):
            self.ready()
        stored = await self._take(frame, self._session.id)
        if stored is None and (before is None or before.done()):
            self._advance(frame.number)
            return before
        await self._ahead.acquire()
        return group.create_task(self._stored(frame.number, stored, before))

    async def _stored(self, number: int | None, stored: Stored | None, before: asyncio.Task[None] | None) -> None:
        try:
            if before is not None:
                await asyncio.wait((before,))
                before.result()
            if stored is not None:
                await stored()
            self._advance(number)
        finally:
            self._ahead.release()

    def _advance(self, number: int | None) -> None:
        if number is not None and self._session.id:
            self._session = replace(self._session, number=number)

    # --- staying connected -----------------------------------------------------------------------------------

    async def _beat(self, socket: aiohttp.ClientWebSocketResponse, interval: float) -> None:
        """Beat until cancelled; a connection on which nobody answers is closed."""
        self._acknowledged = True
        await asyncio.sleep(interval * random.random())  # noqa: S311 - as the documents ask
        while True:
            if not self._acknowledged:
                log.warning("the gateway does not answer; connecting again")
                await socket.close(code=_LEFT)
                return
            self._acknowledged = False
            await self._send_beat(socket)
            await asyncio.sleep(interval)

    async def _send_beat(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        with suppress(ConnectionError, RuntimeError):  # reading tells that the connection has ended
            await socket.send_str(written(Op.HEARTBEAT, self._seen))

    async def _keep_on(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_EVERY)
            await self._keep()

    async def _keep(self) -> None:
        """Keep where to go on; if that fails, more comes again, and is known."""
        if self._session != self._kept:
            session = self._session
            try:
                await self._facts.put(self._shard.key, session.json())
            except StoreError as error:
                log.warning("where to resume the gateway's session was not stored: %s", error)
            else:
                self._kept = session
