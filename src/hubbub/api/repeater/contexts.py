"""``/userdata/context/...``: what was said."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from starlette.responses import Response

from hubbub.api.repeater.forms import read
from hubbub.api.repeater.guard import RepeaterRequest
from hubbub.api.repeater.wire import InjectIn, PairsIn, RewriteIn, WithdrawIn
from hubbub.conversations.branches import withdraw
from hubbub.conversations.units import length_of, units_of
from hubbub.conversations.units import places as places_of
from hubbub.conversations.userdata import UserData
from hubbub.core.work import Branch, Write


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
        """Take one unit of a context back, and show what is left; or (`context_pair_num`) its last rounds."""
        rounds = (await read(request, PairsIn)).context_pair_num
        if rounds is not None:
            return await self._withdraw_rounds(request.owner, rounds)
        given = await read(request, WithdrawIn)
        return _json(units_of(await self._data.withdraw(request.owner, given.index)))

    async def _withdraw_rounds(self, owner: str, rounds: int) -> Response:
        gone: list[dict[str, object]] = []

        def decide(found: Branch) -> Sequence[Write]:
            units, places = units_of(found), places_of(found)
            asked = [at for at, unit in enumerate(units) if unit["role"] == "user"]
            first = asked[-rounds] if rounds <= len(asked) else 0
            gone[:] = units[first:]
            return withdraw(found, len(found.nodes) - places[first]) if gone else ()

        left = units_of(await self._data.edit(owner, "context", decide))
        pairs = sum(unit["role"] == "user" for unit in gone)
        told = {"status": "success", "deleted": len(gone), "deleted_context": gone}
        return _json({**told, "delete_context_pair": pairs, "context": left})

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
