"""How a request comes into an API: who sends it first, then its body, bounded in bytes, time and nesting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from typing_extensions import override

from hubbub.api.auth import Access
from hubbub.api.callers import Caller
from hubbub.api.errors import Refusal, Refused, unforeseen
from hubbub.api.origins import RawHeaders
from hubbub.core.errors import HubbubError
from hubbub.core.identities import Role

DEEPEST = 24
"""Levels of nesting that a body may have: a forward in a forward is 12, so this leaves room and stays harmless."""
BODY_SECONDS = 60.0


class BoundedRequest(Request):
    """A request whose JSON is read strictly. The bound comes from ``app.state.max_body_bytes``."""

    deepest = DEEPEST

    @override
    async def body(self) -> bytes:
        """The whole body.

        Raises:
            HTTPException: 413 when it is too large, 408 when it comes too slowly.
        """
        if not hasattr(self, "_body"):
            limit = int(self.app.state.max_body_bytes)
            announced = self.headers.get("content-length", "")
            if announced.isdecimal() and len(announced) < 20 and int(announced) > limit:
                raise _too_large(limit)
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    self._body = await self._read(limit)
            except TimeoutError as error:
                raise HTTPException(408, f"The body did not come within {BODY_SECONDS:.0f} s.") from error
        return self._body

    async def _read(self, limit: int) -> bytes:
        read = bytearray()
        async for piece in self.stream():
            read += piece
            if len(read) > limit:
                raise _too_large(limit)
        return bytes(read)

    @override
    async def json(self) -> Any:
        """The body as JSON: strict UTF-8, no NaN, no lone surrogates.

        Raises:
            JSONDecodeError: it is none.
            HTTPException: 400 when it is nested too deeply.
        """
        if not hasattr(self, "_json"):
            value = orjson.loads(await self.body())
            if depth_of(value) > self.deepest:
                raise HTTPException(400, f"The body is nested more than {self.deepest} levels deep.")
            self._json = value
        return self._json


class GuardedRoute(APIRoute):
    """Every route of the APIs. Looks at who asks before anything of the request is read.

    The scope that a route needs stands in its description as ``x-scope``, where the documents show it too. Bodies are
    read by ``reads``, and what nobody foresaw becomes an answer with an id.
    """

    reads: type[BoundedRequest] = BoundedRequest
    least: Role = Role.GUEST
    """What the lists of the hub have to allow whoever asks, at least."""

    @staticmethod
    def credentials(headers: RawHeaders) -> RawHeaders:
        """The headers that tell who asks."""
        return headers

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See `fastapi.routing.APIRoute`."""
        handle = super().get_route_handler()
        reads_body = self.body_field is not None
        needed = (self.openapi_extra or {})["x-scope"]

        async def handler(request: Request) -> Response:
            try:
                scope = request.scope
                client = (scope.get("client") or ("",))[0]
                access: Access = request.app.state.access
                caller = await access.require(client, self.credentials(scope["headers"]), needed)
                request.app.state.admission.check(caller, caller.speaks_as(None), self.least)
                scope["hubbub.caller"] = caller
                if reads_body:
                    request = self.reads(request.scope, request.receive)
                    _check_kind(request)
                return await handle(request)
            except (HubbubError, HTTPException, RequestValidationError, TimeoutError, ClientDisconnect):
                raise
            except Exception as error:
                raise Refused.of(unforeseen(f"the request {request.scope['path']}", error)) from error

        return handler


def caller_of(request: Request) -> Caller:
    """Who was let in to a `GuardedRoute`."""
    caller = request.scope["hubbub.caller"]
    assert isinstance(caller, Caller)  # noqa: S101 - no other way leads into a route
    return caller


def response(refusal: Refusal) -> Response:
    """A refusal as an answer."""
    return Response(refusal.body(), refusal.status, dict(refusal.headers), "application/json")


def depth_of(value: object) -> int:
    """Levels of lists and objects, counted without recursion."""
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return depth


def _check_kind(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Refused(415, "not_json", "Send JSON with the header 'Content-Type: application/json'.")


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"The body is larger than {limit} bytes; server.max_body_bytes sets the limit.")
