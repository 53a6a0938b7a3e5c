"""``/calllog``: which models were asked, for whom, how long it took and what it cost."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Annotated, Any

import orjson
from fastapi import Query
from starlette.responses import Response, StreamingResponse

from hubbub.api.repeater.guard import RepeaterRequest, caller_of
from hubbub.core.calls import CallQuery
from hubbub.core.store import Calls

PAGE = 500
_NDJSON_HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-cache", "connection": "keep-alive"}

User = Annotated[str, Query(max_length=1000, description="Only calls for this user")]
Model = Annotated[str, Query(max_length=300, description="Only calls of this model, by its id at the provider")]
Since = Annotated[float | None, Query(description="Only calls from then on, in seconds since the epoch")]
Until = Annotated[float | None, Query(description="Only calls before, in seconds since the epoch")]


class CallRoutes:
    """The handlers; one for the whole application. Nothing is held whole: there may be very many calls."""

    def __init__(self, calls: Calls, owner_of: Callable[[str], str]) -> None:
        """Reads ``calls`` page by page; ``owner_of`` is who an id means."""
        self._calls = calls
        self._owner_of = owner_of

    async def listed(
        self, request: RepeaterRequest, user_id: User = "", model: Model = "", since: Since = None, until: Until = None
    ) -> Response:
        """List calls, the oldest first."""
        query = self._query(request, user_id, model, (since, until))

        async def pieces() -> AsyncIterator[bytes]:
            sign = b"["
            async for record in self._records(query):
                yield sign + orjson.dumps(record)
                sign = b","
            yield b"[]" if sign == b"[" else b"]"

        return StreamingResponse(pieces(), media_type="application/json")

    async def stream(
        self, request: RepeaterRequest, user_id: User = "", model: Model = "", since: Since = None, until: Until = None
    ) -> Response:
        """List calls, the oldest first, one JSON object a line."""
        query = self._query(request, user_id, model, (since, until))

        async def lines() -> AsyncIterator[bytes]:
            async for record in self._records(query):
                yield orjson.dumps(record) + b"\n"

        return StreamingResponse(lines(), media_type="application/x-ndjson", headers=_NDJSON_HEADERS)

    async def _records(self, query: CallQuery) -> AsyncIterator[Any]:
        while True:
            found = await self._calls.find(query)
            for each in found:
                yield each.call.record
            if len(found) < query.limit:
                return
            query = replace(query, after=found[-1].place)

    def _query(
        self, request: RepeaterRequest, user_id: str, model: str, times: tuple[float | None, float | None]
    ) -> CallQuery:
        """Calls that were asked for, of the caller's own where the token is one user's."""
        owner, own = self._owner_of(user_id) if user_id else "", caller_of(request).owner
        if own:
            own = self._owner_of(own)
            if owner not in ("", own):
                caller_of(request).speaks_as(owner)
            owner = own
        since, until = times
        return CallQuery(
            owner,
            model,
            since if since is not None and math.isfinite(since) else -math.inf,
            until if until is not None and math.isfinite(until) else math.inf,
            limit=PAGE,
        )
