"""The webhook: an ASGI application for one bot."""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hubbub.core.asgi import read_body
from hubbub.core.errors import Overloaded, StoreError
from hubbub.platforms.telegram.account import BotAccount

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

log = logging.getLogger(__name__)

_LARGEST = 4 * 1024 * 1024
_SECRET = "x-telegram-bot-api-secret-token"  # noqa: S105 - the name of the header


class Webhook:
    """Takes updates of one bot; 200 says that it is stored, anything else brings it again."""

    def __init__(self, account: BotAccount) -> None:
        """``account`` takes the updates in."""
        self._account = account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        await (await self._answer(Request(scope, receive)))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        given = request.headers.get(_SECRET, "")
        if not hmac.compare_digest(given.encode(), self._account.secret.encode()):
            return Response("the secret token is missing or wrong\n", 403)
        if not self._account.running:
            return Response("the bot is not connected\n", 503, {"Retry-After": "5"})
        body = await read_body(request.receive, _LARGEST)
        return Response("the update is too large\n", 413) if body is None else await self._take(body)

    async def _take(self, body: bytes) -> Response:
        try:
            update = orjson.loads(body)
        except ValueError:
            return Response("the body is no JSON\n", 400)
        found = self._account.intake.read(update) if isinstance(update, dict) else None
        if found is None:
            # Nothing will make it readable: Telegram must not bring it for ever.
            return Response("the update could not be read\n", 200)
        try:
            await self._account.intake.bring(found)
        except Overloaded as busy:
            return Response("too many messages wait\n", 503, {"Retry-After": str(int(busy.retry_after) + 1)})
        except StoreError as error:
            log.warning("an update of Telegram was not stored: %s", error)
            return Response("the update was not stored\n", 503, {"Retry-After": "1"})
        return Response(status_code=200)
