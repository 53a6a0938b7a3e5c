"""Pictures of answers: made, kept for a minute under a name that nobody guesses, and fetched."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hubbub.api.repeater.errors import Told
from hubbub.api.repeater.forms import read
from hubbub.api.repeater.guard import BY_LINK, RepeaterRequest, caller_of
from hubbub.api.repeater.links import Links
from hubbub.api.repeater.wire import RenderIn
from hubbub.api.repeater_parts import RepeaterParts
from hubbub.conversations.wishes import TITLE, one_line
from hubbub.core.messages import Blob
from hubbub.core.pictures import Wish
from hubbub.core.ports import Clock
from hubbub.core.store import StoredFiles

MOST_BYTES = 200_000_000
"""Of all kept files together; the oldest give way."""
_BEFORE = "repeater."


@dataclass(frozen=True, slots=True)
class Picture:
    """Where a picture is to be had."""

    url: str
    uuid: str


class PictureRoutes:
    """Makes pictures for chats and for whoever asks, and gives them out."""

    def __init__(self, parts: RepeaterParts, files: StoredFiles, links: Links, clock: Clock) -> None:
        """``files`` keeps them, so that any process of the hub has them."""
        self._parts = parts
        self._files = files
        self._links = links
        self._clock = clock

    async def made(self, request: Request, markdown: str, wish: Wish, seconds: float = 0.0) -> Picture:
        """A picture of a text, kept for ``seconds`` (0: as the settings say). Raises HubbubError."""
        pictures, settings = self._parts.pictures, self._parts.settings
        if wish.style not in pictures.styles:
            wish = replace(wish, style=settings.render_style)
        data = await pictures.png(markdown, wish)
        name, kept = str(uuid.uuid4()), seconds or settings.picture_seconds
        await self._files.put(_BEFORE + name, Blob(data, "image/png"), self._clock() + kept, most=MOST_BYTES)
        path = f"/file/render/{name}.png"
        url = str(request.base_url).rstrip("/") + path
        if _needs_link(request):
            url = await self._links.url(request, path, kept)
        return Picture(url, name)

    async def render(self, request: RepeaterRequest) -> Response:
        """Make a picture of a text in Markdown."""
        given = await read(request, RenderIn)
        style, seconds = given.style or self._parts.settings.render_style, given.timeout or 0
        if style not in self._parts.pictures.styles:
            raise Told(400, "Invalid style")
        chosen = await self._parts.data.config(request.owner)
        wish = Wish(style=style, title=one_line(chosen.get(TITLE)))
        picture = await self.made(request, given.text, wish, seconds)
        now = self._clock()
        answer = {
            "image_url": picture.url,
            "file_uuid": picture.uuid,
            "style": style,
            "timeout": seconds or int(self._parts.settings.picture_seconds),
            "text": given.text,
            # Named so by the server of one day and by the client of another.
            "create": now,
            "create_ms": int(now * 1000),
            "created": now,
            "created_ms": int(now * 1000),
        }
        return Response(orjson.dumps(answer), media_type="application/json")

    async def fetch(self, request: RepeaterRequest) -> Response:
        """Show a picture while it is kept."""
        name = request.path_params["file_uuid"]
        found = await self._files.get(_BEFORE + name, self._clock()) if _is_name(name) else None
        if found is None:
            raise Told(404, "File not found")
        return Response(found.data, media_type="image/png", headers={"cache-control": "no-store"})


def text_of(reasoning: str, content: str) -> str:
    """What a picture of an answer shows: what the model thought, as a quotation, above what it said."""
    thoughts = "> " + reasoning.replace("\n", "\n> ") if reasoning else ""
    return f"{thoughts.strip()}\n\n---\n\n{content}" if thoughts else content


def _needs_link(request: Request) -> bool:
    """Who asked with a token hands the address on to programs that have none."""
    caller = caller_of(request)
    return caller is BY_LINK or b"authorization" in dict(request.scope["headers"])


def _is_name(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False
