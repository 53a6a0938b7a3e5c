"""What WhatsApp brings: an ASGI application."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from urllib.parse import parse_qsl

import orjson

from hubbub.core.asgi import Receive, Response, Scope, Send, read_body, respond
from hubbub.core.errors import Overloaded, StoreError
from hubbub.platforms.whatsapp.convert import notices
from hubbub.platforms.whatsapp.wire import BadEventError, Brought

log = logging.getLogger(__name__)

_LARGEST = 4 * 1024 * 1024
_AT_ONCE = 256
"""Notifications that wait for the store; WhatsApp brings again what is refused."""

Take = Callable[[Sequence[Brought]], Awaitable[None]]
"""Takes in all of a notification; returns when it is stored."""


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
        await respond(send, self._handshake(scope) if scope["method"] == "GET" else await self._post(scope, receive))

    def _handshake(self, scope: Scope) -> Response:
        given = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        token = given.get("hub.verify_token", "")
        if given.get("hub.mode") != "subscribe" or not self._verify or not _same(token, self._verify):
            return Response(403, b"the verify token is wrong\n")
        return Response(200, given.get("hub.challenge", "").encode())

    async def _post(self, scope: Scope, receive: Receive) -> Response:
        body = await read_body(receive, _LARGEST)
        if body is None:
            return Response(413, b"the body is too large\n")
        given = next((value for name, value in scope["headers"] if name == b"x-hub-signature-256"), b"")
        signature = f"sha256={hmac.new(self._secret, body, hashlib.sha256).hexdigest()}"
        if not self._secret or not _same(given.decode("latin-1"), signature):
            return Response(403, b"the signature is missing or wrong\n")
        return await self._read(body)

    async def _read(self, body: bytes) -> Response:
        if self._waiting >= _AT_ONCE:
            return _later()
        self._waiting += 1
        try:
            return await self._stored(body)
        finally:
            self._waiting -= 1

    async def _stored(self, body: bytes) -> Response:
        try:
            await self._take(list(_changes(body)))
        except Overloaded as busy:
            return _later(busy.retry_after)
        except StoreError as error:
            log.warning("what WhatsApp brought was not stored: %s", error)
            return _later()
        except ValueError as error:  # BadEventError is one
            log.warning("what WhatsApp brought could not be read: %s", error)
        return Response(200)


def _later(seconds: float = 0.0) -> Response:
    return Response(503, b"not stored\n", headers=[(b"retry-after", str(int(seconds) + 1).encode())])


def _changes(body: bytes) -> Iterator[Brought]:
    """What a notification says; what cannot be read of it is told in the log. Raises ValueError for the whole."""
    for notice in notices(orjson.loads(body)):
        if isinstance(notice, BadEventError):
            log.warning("what WhatsApp brought could not be read: %s", notice)
        else:
            yield notice


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
