"""A strict Discord on loopback: gateway and REST API, version 10.

The gateway keeps the events of a session and replays them to who resumes it, refuses wrong tokens and greetings out of
order, and drops connections when it is told to. The REST API refuses what Discord refuses and knows nonces.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
from aiohttp import web

ME = "10001"
TOKEN = base64.urlsafe_b64encode(ME.encode()).decode().rstrip("=") + ".abc.def"
ALICE = {"id": "20001", "username": "alice", "global_name": "Alice", "discriminator": "0", "avatar": None}
SELF = {"id": ME, "username": "hub", "global_name": None, "discriminator": "0", "avatar": None, "bot": True}
DM, CHANNEL, GUILD = "30001", "40001", "50001"
EPOCH_MS = 1_420_070_400_000
TIME_MS = 1_718_000_000_000
BODY = {
    "content", "nonce", "enforce_nonce", "allowed_mentions", "message_reference", "attachments", "flags", "embeds",
    "tts", "components",
}  # fmt: skip

Wrong = Literal["refused", "unconfirmed", "server_error", "forbidden"]


EDITS, EDITS_SECONDS = 5, 5.0
"""So many edits are taken in a channel."""


class RefusedError(Exception):
    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.body = status, {"code": code, "message": message} | more


def snowflake(number: int) -> str:
    return str(((TIME_MS - EPOCH_MS + number) << 22) + 1)


def message(number: int, content: str, **more: Any) -> dict[str, Any]:
    """Alice writes to the bot in private."""
    found = {
        "id": snowflake(number), "channel_id": DM, "author": ALICE, "content": content, "type": 0, "tts": False,
        "timestamp": "2024-06-10T06:13:20+00:00", "edited_timestamp": None, "mention_everyone": False, "mentions": [],
        "mention_roles": [], "flags": 0, "attachments": [], "embeds": [], "pinned": False, "components": [],
    }  # fmt: skip
    return found | more


@dataclass
class FakeDiscord:
    """``events``: all of the session, by number. ``messages``: what people see, by id."""

    url: str = ""
    events: list[tuple[str, Any]] = field(default_factory=list)
    messages: dict[str, str] = field(default_factory=dict)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, list[tuple[str, str, bytes]]] = field(default_factory=dict)
    effects: list[tuple[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    wrong: deque[Wrong] = field(default_factory=deque)
    callbacks: list[dict[str, Any]] = field(default_factory=list)
    commands: list[dict[str, Any]] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    down: bool = False
    mute: bool = False
    intents_refused: bool = False
    session: int = 0
    beat_ms: int = 20_000
    limits: dict[str, str] = field(default_factory=dict)
    components: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    counts_edits: bool = False
    too_often: int = 0
    _nonces: dict[str, str] = field(default_factory=dict)
    _edits: dict[str, deque[float]] = field(default_factory=dict)

    def push(self, name: str, data: Any) -> None:
        self.events.append((name, data))
        self._send_all(len(self.events))

    def push_raw(self, text: str) -> None:
        for socket in self.sockets:
            _later(socket.send_str(text))

    def _send_all(self, number: int) -> None:
        for socket in self.sockets:
            self._send(socket, number)

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

    # --- gateway ---------------------------------------------------------------------------------------------

    async def gateway(self, request: web.Request) -> web.StreamResponse:
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
        if given["token"] != TOKEN:
            await socket.close(code=4004)
            return
        if self.intents_refused:
            await socket.close(code=4014)
            return
        self.session += 1
        url = self.url.replace("http", "ws") + "/gateway"
        ready = {"v": 10, "user": SELF, "session_id": f"s{self.session}", "resume_gateway_url": url, "guilds": []}
        self.events = [("READY", ready | {"application": {"id": "60001", "flags": 0}})]
        self._send(socket, 1)
        self.sockets.append(socket)

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

    # --- REST ------------------------------------------------------------------------------------------------

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.down:
            return web.json_response({"message": "down", "code": 0}, status=503)
        try:
            found = await self._do(request)
        except RefusedError as refused:
            if refused.status == 400:
                self.refused.append(f"{request.method} {request.path}: {refused}")
            return web.json_response(refused.body, status=refused.status)
        if found is None:
            return web.Response(status=204, headers=self.limits)
        return web.json_response(found, headers=self.limits)

    async def _do(self, request: web.Request) -> Any:
        path = request.match_info["path"].split("/")
        _known_caller(request, path[0])
        match request.method, path:
            case "GET", ["gateway", "bot"]:
                limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
                url = self.url.replace("http", "ws") + "/gateway"
                return {"url": url, "shards": 1, "session_start_limit": limit}
            case "GET", ["applications", "@me"]:
                return {"id": "60001", "name": "Hub"}
            case "PUT", ["applications", "60001", "commands"]:
                self.commands = await request.json()
                return self.commands
            case "POST", ["interactions", _, _, "callback"]:
                self.callbacks.append(await request.json())
                return None
            case _, ["channels", channel, *rest]:
                if not channel.isdecimal() or channel in ("404", "403"):
                    raise RefusedError(404, 10003, "Unknown Channel")
                return await self._channel(request, channel, rest)
        return await self._server(request, path)

    async def _server(self, request: web.Request, path: list[str]) -> Any:
        match request.method, path:
            case "PATCH", ["guilds", guild, "members", user] if guild == GUILD:
                if user == "403":
                    raise RefusedError(403, 50013, "Missing Permissions")
                self.members[user] = await request.json()
                return {"user": {"id": user}}
        raise RefusedError(404, 0, "404: Not Found")

    async def _channel(self, request: web.Request, channel: str, rest: list[str]) -> Any:
        match request.method, rest:
            case "POST", ["messages"]:
                return await self._create(request, channel)
            case "GET", []:
                return {"id": channel, "type": 1} if channel == DM else {"id": channel, "type": 0, "guild_id": GUILD}
            case "GET", ["messages"]:
                return [self._shown(name) for name in reversed(self.messages)]
            case "PATCH", ["messages", name]:
                self._known(name)
                self._count(channel)
                body = await request.json()
                _content(body, files=True)
                self.messages[name] = body["content"]
                _components(body.get("components", []))
                self.components[name] = body.get("components", [])
                self.effects.append(("edit", name))
                return self._shown(name)
            case "DELETE", ["messages", name]:
                self._known(name)
                self.effects.append(("delete", name))
                return None
            case ("PUT" | "DELETE") as method, ["messages", name, "reactions", _, "@me"]:
                self._known(name)
                self.effects.append(("react" if method == "PUT" else "unreact", name))
                return None
            case "POST", ["typing"]:
                self.effects.append(("type", ""))
                return None
        raise RefusedError(404, 0, "404: Not Found")

    def _count(self, channel: str) -> None:
        if not self.counts_edits:
            return
        times, now = self._edits.setdefault(channel, deque(maxlen=EDITS)), asyncio.get_running_loop().time()
        if len(times) == EDITS and (wait := times[0] + EDITS_SECONDS - now) > 0:
            self.too_often += 1
            raise RefusedError(429, 0, "You are being rate limited.", retry_after=wait, **{"global": False})
        times.append(now)

    def _known(self, name: str) -> None:
        if name not in self.messages:
            raise RefusedError(404, 10008, "Unknown Message")

    def _shown(self, name: str) -> dict[str, Any]:
        return message(0, self.messages[name], id=name, author=SELF)

    async def _create(self, request: web.Request, channel: str) -> Any:
        body, files = await _read(request)
        wrong = self.wrong.popleft() if self.wrong else ""
        if wrong == "refused":
            raise RefusedError(429, 0, "You are being rate limited.", retry_after=0.7, **{"global": False})
        if wrong == "forbidden":
            raise RefusedError(403, 50013, "Missing Permissions")
        _check(body, files)
        name = self._nonces.get(body.get("nonce", ""))
        if name is None or not body.get("enforce_nonce"):
            name = snowflake(100_000 + len(self.messages))
            self.messages[name] = body["content"]
            self.components[name] = body.get("components", [])
            self.files[name] = files
            self.bodies.append(body)
            self._nonces[body.get("nonce", name)] = name
        if wrong == "unconfirmed":
            await asyncio.sleep(30)
        if wrong == "server_error":
            raise RefusedError(502, 0, "502: Bad Gateway")
        return self._shown(name)


def _known_caller(request: web.Request, what: str) -> None:
    if what != "interactions" and request.headers.get("Authorization") != f"Bot {TOKEN}":
        raise RefusedError(401, 0, "401: Unauthorized")
    if not request.headers.get("User-Agent", "").startswith("DiscordBot ("):
        raise RefusedError(403, 40333, "internal network error")


async def _read(request: web.Request) -> tuple[dict[str, Any], list[tuple[str, str, bytes]]]:
    if not request.content_type.startswith("multipart/"):
        return await request.json(), []
    body: dict[str, Any] = {}
    files: list[tuple[str, str, bytes]] = []
    async for part in await request.multipart():
        assert isinstance(part, aiohttp.BodyPartReader)
        if part.name == "payload_json":
            body = json.loads(await part.text())
        else:
            assert part.name == f"files[{len(files)}]"
            files.append((part.filename or "", part.headers.get("Content-Type", ""), bytes(await part.read())))
    return body, files


def _check(body: dict[str, Any], files: list[tuple[str, str, bytes]]) -> None:
    _must(set(body) <= BODY, f"unexpected {set(body) - BODY}")
    _content(body, files=bool(files))
    _components(body.get("components", []))
    _must(len(files) <= 10, "too many files")
    _must(isinstance(body.get("nonce", ""), str) and len(body.get("nonce", "")) <= 25, "nonce is too long")
    mentions = body.get("allowed_mentions", {})
    _must("everyone" not in mentions.get("parse", ["everyone"]), "everybody could be called")
    _must(all(str(user).isdecimal() for user in mentions.get("users", [])), "users are ids")
    reference = body.get("message_reference", {"message_id": "1"})
    _must(str(reference["message_id"]).isdecimal(), "message_reference is no id")


def _components(rows: list[dict[str, Any]]) -> None:
    """Rows of buttons ("Component Reference")."""
    _must(len(rows) <= 5, "5 rows at most")
    buttons = [button for row in rows for button in row["components"]]
    _must(all(row["type"] == 1 and 1 <= len(row["components"]) <= 5 for row in rows), "rows of 1 to 5 buttons")
    for button in buttons:
        _must(button["type"] == 2 and 1 <= len(button["label"]) <= 80, "label: 1 to 80")
        _must(("url" in button) == (button["style"] == 5), "only links have a url")
        _must("url" in button or 1 <= len(button["custom_id"]) <= 100, "custom_id: 1 to 100")
    names = [button["custom_id"] for button in buttons if "custom_id" in button]
    _must(len(names) == len(set(names)), "Component custom id cannot be duplicated")


def press(number: int, message_id: str, carries: str, **more: Any) -> dict[str, Any]:
    """Alice presses a button of the bot's message in private."""
    found = {
        "id": snowflake(10_000 + number), "application_id": "60001", "type": 3, "token": f"token{number}", "version": 1,
        "channel_id": DM, "user": ALICE, "locale": "en-GB", "data": {"component_type": 2, "custom_id": carries},
        "message": message(0, "choose", id=message_id, author=SELF),
    }  # fmt: skip
    return found | more


def _content(body: dict[str, Any], *, files: bool) -> None:
    content = body.get("content", "")
    _must(isinstance(content, str) and len(content) <= 2000, "Must be 2000 or fewer in length.")
    _must(content.strip() or files, "Cannot send an empty message")


def _must(so: object, why: str) -> None:
    if not so:
        raise RefusedError(400, 50035, f"Invalid Form Body: {why}")


_tasks: set[asyncio.Future[None]] = set()


def _later(sending: Any) -> None:
    """Send in the order of the calls, whether or not the other side still listens."""

    async def quietly() -> None:
        with suppress(ConnectionError, RuntimeError):
            await sending

    task = asyncio.ensure_future(quietly())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


@asynccontextmanager
async def discord() -> AsyncIterator[FakeDiscord]:
    """A server on a free port; ``url`` is the settings' ``api_base``."""
    fake = FakeDiscord()
    app = web.Application(client_max_size=60_000_000)
    app.router.add_get("/gateway/", fake.gateway)
    app.router.add_route("*", "/v10/{path:.+}", fake.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()
