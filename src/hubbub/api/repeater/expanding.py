"""``POST /userdata/variable/expand/{user_id}``: what variables in a text come to."""

from __future__ import annotations

from starlette.responses import PlainTextResponse, Response

from hubbub.api.repeater.forms import read
from hubbub.api.repeater.guard import RepeaterRequest
from hubbub.api.repeater.wire import ExpandIn
from hubbub.api.repeater_parts import RepeaterParts


class ExpandRoutes:
    """The handler; one for the whole application."""

    def __init__(self, parts: RepeaterParts) -> None:
        """``parts`` knows the variables."""
        self._parts = parts

    async def post(self, request: RepeaterRequest) -> Response:
        """Expand the variables of a text."""
        given = await read(request, ExpandIn)
        return PlainTextResponse(await self._parts.expand(request.owner, request.user_id, given.username, given.text))
