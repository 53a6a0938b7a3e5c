"""``/userdata/file/{user_id}.zip``: what a user keeps, as one file."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile

import orjson
from starlette.responses import Response

from hubbub.api.repeater.guard import RepeaterRequest
from hubbub.api.repeater.links import Links
from hubbub.conversations.units import units_of
from hubbub.conversations.userdata import UserData
from hubbub.core.ports import Clock

LINK_SECONDS = 3600.0


class ExportRoutes:
    """The handlers; one for the whole application."""

    def __init__(self, data: UserData, links: Links, clock: Clock) -> None:
        """``links`` signs for whoever is to fetch the file without a token."""
        self._data = data
        self._links = links
        self._clock = clock

    async def zip(self, request: RepeaterRequest) -> Response:
        """Show all that is on a user's current branches, as a zip archive."""
        owner = request.owner
        found: dict[str, object] = {
            "user_context.json": units_of(await self._data.branch(owner, "context")),
            "user_config.json": await self._data.config(owner),
            "user_prompt.json": await self._data.prompt(owner),
        }
        return Response(await asyncio.to_thread(_packed, found), media_type="application/zip")

    async def link(self, request: RepeaterRequest) -> Response:
        """Make a link to a user's file that needs no token and holds for an hour."""
        url = await self._links.url(request, request.scope["path"], LINK_SECONDS)
        answer = {"url": url, "expires": int(self._clock() + LINK_SECONDS)}
        return Response(orjson.dumps(answer), media_type="application/json", headers={"cache-control": "no-store"})


def _packed(files: dict[str, object]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, json.dumps(content, indent=4, ensure_ascii=False))
    return buffer.getvalue()
