"""The gateway of the strict Discord: sessions that are kept and replayed, greetings in order, connections that drop."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from tests.fakes.discord_payloads import APPLICATION, SELF, TOKEN, server

PRIVILEGED = 1 << 1 | 1 << 15
MESSAGE_CONTENT = 1 << 19
"""Flag of an application."""


@dataclass
class FakeGateway:
    """``events``: all of the session, by number. One session; of several connections all get the same events."""

    url: str = ""
    events: list[tuple[str, Any]] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)
    shards: list[list[int]] = field(default_factory=list)
    intents: list[int] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    """Paths at which connections were begun."""
    beats: int = 0
    down: bool = False
    mute: bool = False
    refuses: int = 0
    """The code with which the next sessions are refused."""
    flags: int = MESSAGE_CONTENT
    session: int = 0
    beat_ms: int = 20_000
    own_path: str = "/gateway"
    """Where sessions are resumed."""
    servers: list[dict[str, Any]] = field(default_factory=lambda: [server()])

    def push(self, name: str, data: Any) -> None:
        self.events.append((name, data))
        for socket in self.sockets:
            self._send(socket, len(self.events))

    def push_raw(self, text: str) -> None:
        for socket in self.sockets:
            _later(socket.send_str(text))

    def _send(self, socket: web.WebSocketResponse, number: int) -> None:
        name, data = self.events[number - 1]
        _later(socket.send_str(json.dumps({"op": 0, "s": number, "t": name, "d": data})))

    def cut(self, code: int = 1006) -> None:
        """Drop every connection."""
        for socket in self.sockets:
            if code == 1006:
                transport = socket._req.transport if socket._req else None
                if transport is not None:
                    transport.abort()
            else:
                _later(socket.close(code=code))

    async def gateway(self, request: web.Request) -> web.StreamResponse:
        self.attempts.append(request.path.rstrip("/"))
        if self.down:
            return web.Response(status=503)
        assert (request.query["v"], request.query["encoding"]) == ("10", "json")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": self.beat_ms}})
        try:
            await self._serve(socket)
        finally:
            if socket in self.sockets:
                self.sockets.remove(socket)
        return socket

    async def _serve(self, socket: web.WebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is not aiohttp.WSMsgType.TEXT:
                return
            found = json.loads(frame.data)
            match found["op"]:
                case 1:
                    self.beats += 1
                    if not self.mute:
                        await socket.send_json({"op": 11})
                case 2:
                    await self._identify(socket, found["d"])
                case 6:
                    await self._resume(socket, found["d"])
                case other:
                    await socket.close(code=4001, message=str(other).encode())

    async def _identify(self, socket: web.WebSocketResponse, given: dict[str, Any]) -> None:
        self.greetings.append("identify")
        assert {"token", "intents", "properties"} <= set(given)
        assert {"os", "browser", "device"} == set(given["properties"])
        self.shards.append(given["shard"])
        self.intents.append(given["intents"])
        code = 4004 if given["token"] != TOKEN else self.refuses
        if not code and given["intents"] & PRIVILEGED & ~self._allowed():
            code = 4014
        if code:
            await socket.close(code=code)
            return
        if given["shard"][0] == 0:
            self.session += 1
        url = self.url.replace("http", "ws") + self.own_path
        ready = {"v": 10, "user": SELF, "session_id": f"s{self.session}", "resume_gateway_url": url, "guilds": []}
        self.events = [("READY", ready | {"application": {"id": APPLICATION, "flags": self.flags}})]
        self.events += [("GUILD_CREATE", each) for each in self.servers]
        for number in range(1, len(self.events) + 1):
            self._send(socket, number)
        self.sockets.append(socket)

    def _allowed(self) -> int:
        content = 1 << 15 if self.flags & (1 << 18 | 1 << 19) else 0
        return content | (1 << 1 if self.flags & (1 << 14 | 1 << 15) else 0)

    async def _resume(self, socket: web.WebSocketResponse, given: dict[str, Any]) -> None:
        self.greetings.append("resume")
        if given["session_id"] != f"s{self.session}" or given["seq"] > len(self.events):
            await socket.send_json({"op": 9, "d": False})
            return
        for number in range(given["seq"] + 1, len(self.events) + 1):
            self._send(socket, number)
        self.events.append(("RESUMED", {}))
        self._send(socket, len(self.events))
        self.sockets.append(socket)


_tasks: set[asyncio.Future[None]] = set()


def _later(sending: Any) -> None:
    """Send in the order of the calls, whether or not the other side still listens."""

    async def quietly() -> None:
        with suppress(ConnectionError, RuntimeError):
            await sending

    task = asyncio.ensure_future(quietly())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
