"""``/userdata/context/...``: what was said."""

from __future__ import annotations

import orjson
from starlette.responses import Response

from hubbub.api.repeater.forms import read
from hubbub.api.repeater.guard import RepeaterRequest
from hubbub.api.repeater.wire import InjectIn, RewriteIn, WithdrawIn
from hubbub.conversations.units import length_of, units_of
from hubbub.conversations.userdata import UserData


class ContextRoutes:
    """The handlers; one for the whole application."""

    def __init__(self, data: UserData) -> None:
        """``data`` is what users keep."""
        self._data = data

    async def get(self, request: RepeaterRequest) -> Response:
        """Show a user's context."""
        return _json(units_of(await self._data.branch(request.owner, "context")))

    async def length(self, request: RepeaterRequest) -> Response:
        """Tell how long a user's context is."""
        found = length_of(await self._data.branch(request.owner, "context"))
        return _json({"total_context_length": found.characters, "context_length": found.units})

    async def withdraw(self, request: RepeaterRequest) -> Response:
        """Take one unit of a context back, and show what is left."""
        given = await read(request, WithdrawIn)
        return _json(units_of(await self._data.withdraw(request.owner, given.index)))

    async def rewrite(self, request: RepeaterRequest) -> Response:
        """Give one unit of a context other words, and show the context."""
        given = await read(request, RewriteIn)
        left = await self._data.rewrite(request.owner, given.index, given.content, given.reasoning_content)
        return _json(units_of(left))

    async def inject(self, request: RepeaterRequest) -> Response:
        """Put a unit at the end of a context, and show the context."""
        given = await read(request, InjectIn)
        return _json(units_of(await self._data.inject(request.owner, given.role, given.content, given.name)))


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")
