"""``/userdata/file/{user_id}.zip``: what a user keeps, as one file."""

from __future__ import annotations

import orjson
from starlette.responses import Response

from hubbub.api.repeater.guard import RepeaterRequest
from hubbub.api.repeater.links import Links
from hubbub.conversations import archives
from hubbub.core.ports import Clock
from hubbub.core.store import Conversations

LINK_SECONDS = 3600.0


class ExportRoutes:
    """The handlers; one for the whole application."""

    def __init__(self, conversations: Conversations, links: Links, clock: Clock) -> None:
        """``links`` signs for whoever is to fetch the file without a token."""
        self._conversations = conversations
        self._links = links
        self._clock = clock

    async def zip(self, request: RepeaterRequest) -> Response:
        """Show all that is on a user's current branches, as a zip archive."""
        data = await archives.current(self._conversations, request.owner)
        return Response(data, media_type="application/zip")

    async def link(self, request: RepeaterRequest) -> Response:
        """Make a link to a user's file that needs no token and holds for an hour."""
        url = await self._links.url(request, request.scope["path"], LINK_SECONDS)
        answer = {"url": url, "expires": int(self._clock() + LINK_SECONDS)}
        return Response(orjson.dumps(answer), media_type="application/json", headers={"cache-control": "no-store"})
