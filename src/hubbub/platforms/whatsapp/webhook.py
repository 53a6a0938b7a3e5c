"""What WhatsApp brings: an ASGI application."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hubbub.core.errors import Overloaded, StoreError
from hubbub.platforms.whatsapp.convert import BadEventError, Wire, notices

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

log = logging.getLogger(__name__)

_LARGEST = 4 * 1024 * 1024
_AT_ONCE = 256
"""Notifications that wait for the store; WhatsApp brings again what is refused."""

Take = Callable[[str, Wire], Awaitable[None]]
"""Takes in a change for a number; returns when it is stored."""


class Webhook:
    """GET is the handshake of the app's page; POST brings messages, and is repeated for days until it gets 200."""

    def __init__(self, app_secret: str, verify_token: str, take: Take) -> None:
        """Both secrets must be there: without them nobody is believed."""
        self._secret = app_secret.encode()
        self._verify = verify_token
        self._take = take
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        request = Request(scope, receive)
        answer = self._handshake(request) if request.method == "GET" else await self._post(request)
        await answer(scope, receive, send)

    def _handshake(self, request: Request) -> Response:
        given = request.query_params
        token = given.get("hub.verify_token", "")
        if given.get("hub.mode") != "subscribe" or not self._verify or not _same(token, self._verify):
            return Response("the verify token is wrong\n", 403, media_type="text/plain")
        return Response(given.get("hub.challenge", ""), media_type="text/plain")

    async def _post(self, request: Request) -> Response:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > _LARGEST:
                return Response("the body is too large\n", 413)
        signature = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        if not self._secret or not _same(request.headers.get("x-hub-signature-256", ""), f"sha256={signature}"):
            return Response("the signature is missing or wrong\n", 403)
        return await self._read(bytes(body))

    async def _read(self, body: bytes) -> Response:
        if self._waiting >= _AT_ONCE:
            return Response("too many messages wait\n", 503, {"Retry-After": "1"})
        self._waiting += 1
        try:
            return await self._stored(body)
        finally:
            self._waiting -= 1

    async def _stored(self, body: bytes) -> Response:
        try:
            for notice in notices(orjson.loads(body)):
                await self._noticed(notice)
        except Overloaded as busy:
            return Response("too many messages wait\n", 503, {"Retry-After": str(int(busy.retry_after) + 1)})
        except StoreError as error:
            log.warning("what WhatsApp brought was not stored: %s", error)
            return Response("not stored\n", 503, {"Retry-After": "1"})
        except ValueError as error:  # BadEventError is one
            log.warning("what WhatsApp brought could not be read: %s", error)
        return Response(status_code=200)

    async def _noticed(self, notice: tuple[str, Wire] | BadEventError) -> None:
        """Take one change in; what cannot be read is signed by WhatsApp, so it stays so however often it comes."""
        try:
            if isinstance(notice, BadEventError):
                raise notice
            await self._take(*notice)
        except BadEventError as error:
            log.warning("what WhatsApp brought could not be read: %s", error)


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
