"""A strict Discord on loopback: gateway and REST API, version 10.

The gateway keeps the events of a session and replays them to who resumes it, refuses wrong tokens and greetings out of
order, and drops connections when it is told to. The REST API refuses what Discord refuses and knows nonces.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from tests.fakes.discord_gateway import FakeGateway
from tests.fakes.discord_payloads import APPLICATION, DM, GUILD, SELF, SHUT, channel, message, snowflake
from tests.fakes.discord_rules import LARGEST, RefusedError, check, check_edit, known_caller, must, read

Wrong = Literal["refused", "unconfirmed", "server_error", "forbidden", "everything"]

EDITS, EDITS_SECONDS = 5, 5.0
"""So many edits are taken in a channel."""
CALLS, CALLS_SECONDS = 50, 1.0
"""So many calls are taken of a bot, but for answers to interactions."""


@dataclass
class FakeDiscord(FakeGateway):
    """``messages``: what people see, by id. ``tokens``: interactions that were acknowledged, and how."""

    messages: dict[str, str] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)
    """Where each message stands."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, list[tuple[str, str, bytes]]] = field(default_factory=dict)
    effects: list[tuple[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    wrong: deque[Wrong] = field(default_factory=deque)
    calls: list[str] = field(default_factory=list)
    callbacks: list[dict[str, Any]] = field(default_factory=list)
    tokens: dict[str, int] = field(default_factory=dict)
    thinking: dict[str, str] = field(default_factory=dict)
    """The message of each interaction that was answered by "thinks", by token; "" while it thinks."""
    followed: list[str] = field(default_factory=list)
    commands: list[dict[str, Any]] = field(default_factory=list)
    limits: dict[str, str] = field(default_factory=dict)
    components: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: list[dict[str, Any]] = field(default_factory=list)
    """Members of the server."""
    elsewhere: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Channels that no event told of."""
    starts: dict[str, int] = field(
        default_factory=lambda: {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
    )
    wanted_shards: int = 1
    guilds: int = 2
    """How many servers the bot is said to be on."""
    counts: bool = False
    """Whether calls are refused that come too often."""
    too_often: int = 0
    largest: int = LARGEST
    _nonces: dict[str, str] = field(default_factory=dict)
    _edits: dict[str, deque[float]] = field(default_factory=dict)
    _all: deque[float] = field(default_factory=lambda: deque(maxlen=CALLS))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.down:
            return web.json_response({"message": "down", "code": 0}, status=503)
        self.calls.append(f"{request.method} {request.path.removeprefix('/v10')}")
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
        known_caller(request, path[0])
        if path[0] not in ("interactions", "webhooks"):
            self._count(self._all, CALLS_SECONDS, everything=True)
        match request.method, path:
            case "GET", ["gateway", "bot"]:
                url = self.url.replace("http", "ws") + "/gateway"
                return {"url": url, "shards": self.wanted_shards, "session_start_limit": self.starts}
            case "GET", ["applications", "@me"]:
                return {"id": APPLICATION, "name": "Hub", "flags": self.flags, "approximate_guild_count": self.guilds}
            case "PUT", ["applications", "60001", "commands"]:
                self.commands = await request.json()
                return self.commands
            case "POST", ["interactions", _, token, "callback"]:
                return await self._callback(request, token)
            case _, ["webhooks", "60001", token, *rest]:
                return await self._webhook(request, token, rest)
            case _, ["channels", name, *rest]:
                _open(name)
                return await self._channel(request, name, rest)
        return await self._server(request, path)

    async def _server(self, request: web.Request, path: list[str]) -> Any:
        match request.method, path:
            case "GET", ["guilds", guild] if guild == GUILD:
                return {key: value for key, value in self.servers[0].items() if key not in ("channels", "threads")}
            case "GET", ["guilds", guild, "members"] if guild == GUILD:
                if not self.flags & (1 << 14 | 1 << 15):
                    raise RefusedError(403, 50001, "Missing Access")
                limit, after = int(request.query["limit"]), int(request.query["after"])
                must(limit <= 1000, "limit: 1 to 1000")
                return [each for each in self.people if int(each["user"]["id"]) > after][:limit]
            case "GET", ["guilds", guild, "members", user] if guild == GUILD:
                return next(each for each in self.people if each["user"]["id"] == user)
            case "PATCH", ["guilds", guild, "members", user] if guild == GUILD:
                if user == "403":
                    raise RefusedError(403, 50013, "Missing Permissions")
                self.members[user] = await request.json()
                return {"user": {"id": user}}
        raise RefusedError(404, 0, "404: Not Found")

    # --- interactions ----------------------------------------------------------------------------------------

    async def _callback(self, request: web.Request, token: str) -> None:
        body = await request.json()
        must(body["type"] in (4, 5, 6), "no kind of answer")
        if token in self.tokens:
            raise RefusedError(400, 40060, "Interaction has already been acknowledged.")
        self.tokens[token] = body["type"]
        self.callbacks.append(body)
        if body["type"] == 5:
            self.thinking[token] = ""

    async def _webhook(self, request: web.Request, token: str, rest: list[str]) -> Any:
        if token not in self.tokens:
            raise RefusedError(404, 10015, "Unknown Webhook")
        match request.method, rest:
            case "POST", []:
                body, files = await read(request)
                check_edit(body, files, self.largest)
                name = self._add(body, files, "", SHUT)
                self.followed.append(name)
                if self.wrong and self.wrong.popleft() == "server_error":
                    raise RefusedError(502, 0, "502: Bad Gateway")
                return self._shown(name)
            case "PATCH", ["messages", "@original"]:
                return await self._fill(request, token)
            case "DELETE", ["messages", "@original"]:
                del self.thinking[token]
                return None
            case "PATCH", ["messages", name]:
                self._known(name)
                return await self._edit(request, name)
        raise RefusedError(404, 0, "404: Not Found")

    async def _fill(self, request: web.Request, token: str) -> Any:
        if token not in self.thinking:
            raise RefusedError(404, 10008, "Unknown Message")
        body, files = await read(request)
        check_edit(body, files, self.largest)
        wrong = self.wrong.popleft() if self.wrong else ""
        name = self.thinking[token] or self._add(body, files, "", "")
        self.thinking[token] = name
        self.messages[name] = body["content"]
        if wrong == "server_error":
            raise RefusedError(502, 0, "502: Bad Gateway")
        return self._shown(name)

    # --- channels --------------------------------------------------------------------------------------------

    async def _channel(self, request: web.Request, name: str, rest: list[str]) -> Any:
        match request.method, rest:
            case "POST", ["messages"]:
                return await self._create(request, name)
            case "GET", []:
                return self._about(name)
            case "GET", ["messages"]:
                return [self._shown(each) for each in reversed(self.messages)]
            case "PATCH", ["messages", which]:
                self._known(which)
                self._count(self._edits.setdefault(name, deque(maxlen=EDITS)), EDITS_SECONDS, everything=False)
                return await self._edit(request, which)
            case "DELETE", ["messages", which]:
                self._known(which)
                self.effects.append(("delete", which))
                return None
            case ("PUT" | "DELETE") as method, ["messages", which, "reactions", _, "@me"]:
                self._known(which)
                self.effects.append(("react" if method == "PUT" else "unreact", which))
                return None
            case "POST", ["typing"]:
                self.effects.append(("type", ""))
                return None
        raise RefusedError(404, 0, "404: Not Found")

    def _about(self, name: str) -> dict[str, Any]:
        if name == DM:
            return {"id": name, "type": 1}
        known = [each for one in self.servers for each in (*one["channels"], *one["threads"])]
        return next((each for each in known if each["id"] == name), self.elsewhere.get(name) or channel(name))

    def _count(self, times: deque[float], seconds: float, *, everything: bool) -> None:
        """Refuse a call that is one too many of so many seconds."""
        now = asyncio.get_running_loop().time()
        if self.counts and len(times) == times.maxlen and (wait := times[0] + seconds - now) > 0:
            self.too_often += 1
            raise RefusedError(429, 0, "You are being rate limited.", retry_after=wait, **{"global": everything})
        times.append(now)

    def _known(self, name: str) -> None:
        if name not in self.messages:
            raise RefusedError(404, 10008, "Unknown Message")

    def _shown(self, name: str) -> dict[str, Any]:
        return message(0, self.messages[name], id=name, author=SELF)

    async def _edit(self, request: web.Request, name: str) -> Any:
        body, files = await read(request)
        check_edit(body, files, self.largest)
        self.messages[name] = body["content"]
        self.components[name] = body.get("components", [])
        self.effects.append(("edit", name))
        return self._shown(name)

    async def _create(self, request: web.Request, where: str) -> Any:
        body, files = await read(request)
        wrong = self.wrong.popleft() if self.wrong else ""
        if wrong in ("refused", "everything"):
            found = {"retry_after": 0.7, "global": wrong == "everything"}
            raise RefusedError(429, 0, "You are being rate limited.", **found)
        if wrong == "forbidden":
            raise RefusedError(403, 50013, "Missing Permissions")
        check(body, files, self.largest)
        name = self._nonces.get(body.get("nonce", ""))
        if name is None or not body.get("enforce_nonce"):
            name = self._add(body, files, body.get("nonce", ""), where)
        if wrong == "unconfirmed":
            await asyncio.sleep(30)
        if wrong == "server_error":
            raise RefusedError(502, 0, "502: Bad Gateway")
        return self._shown(name)

    def _add(self, body: dict[str, Any], files: list[tuple[str, str, bytes]], nonce: str, where: str) -> str:
        name = snowflake(100_000 + len(self.messages))
        self.messages[name] = body["content"]
        self.channels[name] = where
        self.components[name] = body.get("components", [])
        self.files[name] = files
        self.bodies.append(body)
        self._nonces[nonce or name] = name
        return name


def _open(name: str) -> None:
    if not name.isdecimal() or name in ("404", "403"):
        raise RefusedError(404, 10003, "Unknown Channel")
    if name == SHUT:
        raise RefusedError(403, 50001, "Missing Access")


@asynccontextmanager
async def discord() -> AsyncIterator[FakeDiscord]:
    """A server on a free port; ``url`` is the settings' ``api_base``."""
    fake = FakeDiscord()
    app = web.Application(client_max_size=60_000_000)
    app.router.add_get("/gateway/", fake.gateway)
    app.router.add_get("/resume/", fake.gateway)
    app.router.add_route("*", "/v10/{path:.+}", fake.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()
