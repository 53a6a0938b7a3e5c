"""The platform's API server: tokens that end, rights, quotas, files, menus; it keeps what it was given."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubbub.platforms.wechat_official.dev.rules import (
    Rejected,
    check_file,
    check_menu,
    check_message,
    check_template,
    need,
)


@dataclass
class Conduct:
    """How the platform behaves, and what it has. ``token_seconds``: how long a token holds.

    ``faults``: what happens to the next calls but those for tokens: a code that they are refused with, "silence" (done,
    and not confirmed) or "http" (a broken gateway). ``quota``: calls left of sending, None for any number.
    """

    app_id: str = "wx0123456789abcdef"
    secret: str = "app-secret"  # noqa: S105 - of a stand-in
    token_seconds: float = 7200.0
    addresses: tuple[str, ...] = ("127.0.0.1",)
    users: set[str] = field(default_factory=set)
    faults: list[int | str] = field(default_factory=list)
    quota: int | None = None
    rights: bool = True
    tokens: list[str] = field(default_factory=list)
    ends: float = 0.0
    sent: list[dict[str, Any]] = field(default_factory=list)
    typing: list[str] = field(default_factory=list)
    templates: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, tuple[str, bytes, str]] = field(default_factory=dict)
    menu: dict[str, Any] | None = None
    calls: list[str] = field(default_factory=list)

    def put(self, kind: str, data: bytes, mime: str) -> str:
        """A file that the platform has; its media id."""
        media_id = f"media-{secrets.token_hex(8)}"
        self.files[media_id] = (kind, data, mime)
        return media_id

    def end_token(self) -> None:
        """The token that was given last holds no more."""
        self.ends = 0.0

    @property
    def texts(self) -> list[tuple[str, str]]:
        """To whom which words were sent."""
        return [(each["touser"], each["text"]["content"]) for each in self.sent if each["msgtype"] == "text"]


Handler = Callable[[Request], Awaitable[dict[str, Any] | Response]]


class FakeOfficial:
    """``app`` is an ASGI application."""

    def __init__(self, conduct: Conduct | None = None) -> None:
        """Serves one account."""
        self.conduct = conduct or Conduct()
        self._numbers = itertools.count(1)
        routes = [
            Route("/cgi-bin/token", self._guard(self._token, token=False), methods=["GET"]),
            Route("/cgi-bin/stable_token", self._guard(self._stable, token=False), methods=["POST"]),
            Route("/cgi-bin/message/custom/send", self._guard(self._send), methods=["POST"]),
            Route("/cgi-bin/message/custom/typing", self._guard(self._typing), methods=["POST"]),
            Route("/cgi-bin/message/template/send", self._guard(self._template), methods=["POST"]),
            Route("/cgi-bin/media/upload", self._guard(self._upload), methods=["POST"]),
            Route("/cgi-bin/media/get", self._guard(self._get), methods=["GET"]),
            Route("/cgi-bin/menu/create", self._guard(self._menu), methods=["POST"]),
            Route("/cgi-bin/menu/get", self._guard(self._menu_get), methods=["GET"]),
            Route("/cgi-bin/menu/delete", self._guard(self._menu_delete), methods=["GET"]),
        ]
        self.app = Starlette(routes=routes)

    def _guard(self, handler: Handler, *, token: bool = True) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            conduct = self.conduct
            conduct.calls.append(request.url.path)
            try:
                need(
                    not request.client or request.client.host in conduct.addresses,
                    40164,
                    "invalid ip, not in whitelist",
                )
                if token:
                    self._check_token(request)
                    need(conduct.rights, 48001, "api unauthorized")
                fault = conduct.faults.pop(0) if token and conduct.faults else None
                need(not isinstance(fault, int), fault if isinstance(fault, int) else 0, "as a test says")
                if fault == "http":
                    return Response("bad gateway", 502)
                answer = await handler(request)
                if fault == "silence":
                    await _until_gone(request)
            except Rejected as error:
                return JSONResponse({"errcode": error.code, "errmsg": error.text})
            return answer if isinstance(answer, Response) else JSONResponse(answer)

        return serve

    def _check_token(self, request: Request) -> None:
        given, conduct = request.query_params.get("access_token", ""), self.conduct
        need(given, 41001, "access_token missing")
        need(given in conduct.tokens, 40001, "invalid credential, access_token is invalid or not latest")
        need(given == conduct.tokens[-1], 40001, "invalid credential, access_token is invalid or not latest")
        need(time.monotonic() < conduct.ends, 42001, "access_token expired")

    async def _stable(self, request: Request) -> dict[str, Any]:
        """The same token as long as it holds."""
        body = await _json(request)
        self._check_account(body if isinstance(body, dict) else {})
        if not self.conduct.tokens or time.monotonic() >= self.conduct.ends:
            return self._new_token()
        return {"access_token": self.conduct.tokens[-1], "expires_in": self.conduct.ends - time.monotonic()}

    async def _token(self, request: Request) -> dict[str, Any]:
        self._check_account(request.query_params)
        return self._new_token()

    def _check_account(self, query: Mapping[str, Any]) -> None:
        conduct = self.conduct
        need(query.get("grant_type") == "client_credential", 40002, "invalid grant_type")
        need(query.get("appid") == conduct.app_id, 40013, "invalid appid")
        need(query.get("secret") == conduct.secret, 40125, "invalid appsecret")

    def _new_token(self) -> dict[str, Any]:
        conduct = self.conduct
        conduct.tokens.append(secrets.token_urlsafe(48))
        conduct.ends = time.monotonic() + conduct.token_seconds
        return {"access_token": conduct.tokens[-1], "expires_in": conduct.token_seconds}

    async def _send(self, request: Request) -> dict[str, Any]:
        body, conduct = await _json(request), self.conduct
        need(conduct.quota is None or conduct.quota > 0, 45009, "reach max api daily quota limit")
        need(isinstance(body, dict) and body.get("touser") in conduct.users, 40003, "invalid openid")
        check_message(body, {media_id: each[0] for media_id, each in conduct.files.items()})
        if conduct.quota is not None:
            conduct.quota -= 1
        conduct.sent.append(body)
        return {"errcode": 0, "errmsg": "ok"}

    async def _typing(self, request: Request) -> dict[str, Any]:
        body = await _json(request)
        need(body.get("touser") in self.conduct.users, 40003, "invalid openid")
        need(body.get("command") in ("Typing", "CancelTyping"), 40035, "invalid parameter")
        self.conduct.typing.append(body["touser"])
        return {"errcode": 0, "errmsg": "ok"}

    async def _template(self, request: Request) -> dict[str, Any]:
        body = await _json(request)
        need(isinstance(body, dict) and body.get("touser") in self.conduct.users, 40003, "invalid openid")
        check_template(body)
        self.conduct.templates.append(body)
        return {"errcode": 0, "errmsg": "ok", "msgid": 200_000_000 + next(self._numbers)}

    async def _upload(self, request: Request) -> dict[str, Any]:
        kind = request.query_params.get("type", "")
        async with request.form() as form:
            given = form.get("media")
            need(isinstance(given, UploadFile) and given.filename, 41005, "media data missing")
            data = await given.read() if isinstance(given, UploadFile) else b""
            mime = (given.content_type if isinstance(given, UploadFile) else None) or ""
        check_file(kind, data)
        return {"type": kind, "media_id": self.conduct.put(kind, data, mime), "created_at": int(time.time())}

    async def _get(self, request: Request) -> Response:
        found = self.conduct.files.get(request.query_params.get("media_id", ""))
        if found is None:
            raise Rejected(40007, "invalid media_id")
        disposition = 'attachment; filename="media.bin"'
        return Response(found[1], media_type=found[2], headers={"Content-Disposition": disposition})

    async def _menu(self, request: Request) -> dict[str, Any]:
        body = await _json(request)
        check_menu(body)
        self.conduct.menu = body
        return {"errcode": 0, "errmsg": "ok"}

    async def _menu_get(self, request: Request) -> dict[str, Any]:  # noqa: ARG002 - every handler is called alike
        if self.conduct.menu is None:
            raise Rejected(46003, "menu no exist")
        return {"menu": self.conduct.menu}

    async def _menu_delete(self, request: Request) -> dict[str, Any]:  # noqa: ARG002 - as above
        self.conduct.menu = None
        return {"errcode": 0, "errmsg": "ok"}


async def _until_gone(request: Request) -> None:
    while not await request.is_disconnected():  # noqa: ASYNC110 - it has no event for it
        await asyncio.sleep(0.01)


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError as error:
        raise Rejected(47001, "data format error") from error
