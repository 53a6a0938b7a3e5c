"""``POST /post``: one text, asked alone."""

from __future__ import annotations

import base64
import binascii
import logging
import secrets
from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from typing_extensions import override

from hubbub.api.openai.account import Accounts, Tally
from hubbub.api.openai.models import Names
from hubbub.api.requests import BoundedRequest, GuardedRoute, caller_of
from hubbub.conversations.limits import NO_LIMITS, Meter
from hubbub.core.errors import ProviderError, UserError
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase
from hubbub.core.turns import ChatRequest, Turn
from hubbub.words import guess, say

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from hubbub.api.errors import Refusal
    from hubbub.api.origins import RawHeaders
    from hubbub.api.services import ModelRegistry, Services
    from hubbub.core.turns import Delta

log = logging.getLogger(__name__)

PATH = "/post"
SCOPE = "messages"
KEY = "usermsg"
NO_TEXT = "Error:Don`t find the key:usermsg in the POST,maybe it`s a nil\n"
WRONG_METHOD = "Error: wrong HTTP method:{method},required POST.\n"
FAILED = "gpt调用失败了😥 error:\n"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
_MOST_FIELDS = 100
_TOKEN = b"hub_"


class GobotRoute(GuardedRoute):
    """Whoever may talk to models may ask here.

    Its clients are given an address and nothing else, so a token may stand in it, ``https://any:hub_...@host/post``:
    HTTP libraries make a password of that.
    """

    least = Role.USER

    @staticmethod
    @override
    def credentials(headers: RawHeaders) -> RawHeaders:
        """The headers with a token that came as a password."""
        return [(name, _bearer(value) if name == b"authorization" else value) for name, value in headers]


def _bearer(given: bytes) -> bytes:
    """Credentials as they came, but for a token of the hub's in the place of a password."""
    kind, _, value = given.strip().partition(b" ")
    if kind.lower() != b"basic":
        return given
    try:
        password = base64.b64decode(value, validate=True).partition(b":")[2]
    except binascii.Error:
        return given
    return b"Bearer " + password if password.startswith(_TOKEN) else given


def gobot_response(refusal: Refusal) -> Response:
    """A refusal as its clients read everything: one line of plain text."""
    return PlainTextResponse(f"Error: {refusal.message}\n", refusal.status, refusal.headers)


class Post:
    """The handler; one for the whole application."""

    def __init__(self, services: Services, registry: ModelRegistry) -> None:
        """``registry`` is asked."""
        usage = services.store.usage
        self._accounts = Accounts(usage, services.meter or Meter(usage, NO_LIMITS, services.clock))
        self._names = Names(services, registry)
        self._registry = registry
        self._system = services.system_prompt

    async def answer(self, request: Request) -> Response:
        """Answer the text of the field ``usermsg``."""
        if request.method != "POST":
            text = WRONG_METHOD.format(method=request.method)
            return PlainTextResponse(text, HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "POST"})
        text = await _text(request)
        if not text:
            return PlainTextResponse(NO_TEXT, HTTPStatus.BAD_REQUEST)
        try:
            return PlainTextResponse(await self._asked(text, caller_of(request).speaks_as(None)) + "\n")
        except UserError as error:
            phrase = error.user_text or Phrase("error.model_failed", {"id": ""})
            return PlainTextResponse(say(phrase, guess(text) or "zh") + "\n", HTTPStatus.TOO_MANY_REQUESTS)
        except ProviderError as error:
            return PlainTextResponse(FAILED + _told(error, text) + "\n")

    async def _asked(self, text: str, owner: str) -> str:
        """What the default model says. Raises ProviderError and UserError."""
        await self._names.ready()
        spec = self._registry.default()
        turns = (Turn("user", text),)
        asked = ChatRequest(spec.name, (Turn("system", self._system), *turns) if self._system else turns)
        tally = Tally(owner, turns, spec=spec)
        await self._accounts.check(tally)
        said: list[str] = []
        async with self._accounts.open(tally):
            stream = cast("AsyncGenerator[Delta]", self._registry.stream(asked))
            async with aclosing(stream) as deltas:
                async for delta in deltas:
                    tally.add(delta)
                    said.append(delta.content)
        return "".join(said)


async def _text(request: Request) -> str:
    """The field of the form, also an empty one; without it, of the query."""
    body = await BoundedRequest(request.scope, request.receive).body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form: dict[str, list[str]] = {}
    if kind in ("", "application/x-www-form-urlencoded"):
        try:
            form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:  # more fields than any client of this route sends
            form = {}
    return form[KEY][0] if KEY in form else request.query_params.get(KEY, "")


def _told(error: ProviderError, text: str) -> str:
    number = secrets.token_hex(4)
    log.error("error %s: %s got no answer: %s (status %d)", number, PATH, error, error.status)
    told = error.user_text or Phrase("error.model_failed")
    return say(Phrase(told.key, {**told.values, "id": number}), guess(text) or "zh")


def gobot_router(services: Services, registry: ModelRegistry) -> APIRouter:
    """The route."""
    router = APIRouter(route_class=GobotRoute)
    router.add_api_route(
        PATH,
        Post(services, registry).answer,
        methods=_METHODS,
        include_in_schema=False,
        openapi_extra={"x-scope": SCOPE},
        response_model=None,
    )
    return router
