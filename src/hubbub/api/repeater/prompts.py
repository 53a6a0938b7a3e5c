"""``/userdata/prompt/...``: what a model is told first."""

from __future__ import annotations

from starlette.responses import PlainTextResponse, Response

from hubbub.api.repeater.forms import read
from hubbub.api.repeater.guard import RepeaterRequest
from hubbub.api.repeater.wire import PromptIn
from hubbub.conversations.userdata import UserData


class PromptRoutes:
    """The handlers; one for the whole application."""

    def __init__(self, data: UserData) -> None:
        """``data`` is what users keep."""
        self._data = data

    async def get(self, request: RepeaterRequest) -> Response:
        """Show a user's prompt as it was written; nothing where there is none."""
        return PlainTextResponse(await self._data.prompt(request.owner))

    async def set(self, request: RepeaterRequest) -> Response:
        """Write a user's prompt."""
        given = await read(request, PromptIn)
        await self._data.set_prompt(request.owner, given.prompt)
        return PlainTextResponse("Prompt set successfully")
