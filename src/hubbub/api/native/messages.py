"""``POST /api/v1/messages``: a message to the hub, answered on the request."""

from __future__ import annotations

import re
import secrets
from typing import Annotated

from fastapi import Header
from starlette.requests import Request
from starlette.responses import Response

from hubbub.api.errors import Refused
from hubbub.api.native import convert
from hubbub.api.native.stream import EventStream
from hubbub.api.native.wire import MessageIn
from hubbub.api.repeats import KEY_PATTERN, KEY_REUSED, same_question
from hubbub.api.requests import caller_of
from hubbub.api.services import Services

IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=KEY_PATTERN,
        description="Up to 255 printable characters that name this message: sent again, it gets the same answer.",
    ),
]

_LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,35}")


class Messages:
    """The handler; one for the whole application."""

    def __init__(self, services: Services) -> None:
        """Asks the exchange of these services."""
        self._exchange = services.exchange
        self._clock = services.clock
        self._admission = services.admission

    async def post(self, body: MessageIn, request: Request, idempotency_key: IdempotencyKey = None) -> Response:
        """Send a message and get the answer, whole or (`stream`) as server-sent events.

        Events are `accepted` {id, entry, duplicate}, `piece` {content, reasoning}, `reply` {id, segments, text} and
        `done` {id, entry, duplicate}; `error` ends a stream that cannot go on. A `note` in a piece says what is being
        done meanwhile. Pieces are a preview and may be lost, replies are what is kept. If the connection breaks, repeat
        the request with the same `Idempotency-Key`.
        """
        self._admission.owner(caller_of(request), body.owner)
        event = convert.received(
            body,
            convert.Request(
                caller=caller_of(request),
                key=idempotency_key or secrets.token_hex(16),
                time=self._clock(),
                locale=_language(request),
            ),
        )
        if body.stream:
            return EventStream(self._exchange, event)
        answered = await self._exchange.ask(event)
        receipt = answered.receipt
        if receipt.duplicate and not same_question(event, receipt.entry.event):
            raise Refused.of(KEY_REUSED)
        return Response(convert.answer_json(event.message_id, receipt, answered.rows), media_type="application/json")


def _language(request: Request) -> str:
    found = _LANGUAGE.match(request.headers.get("accept-language", ""))
    return found[0] if found else ""
