"""``/readme.md``, ``/favicon.ico`` and ``/static/...``: files that are the same for everybody."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path

from starlette.responses import FileResponse, Response

from hubbub.api.flat import flat_png
from hubbub.api.repeater.errors import Told
from hubbub.api.repeater.guard import RepeaterRequest
from hubbub.api.repeater_parts import RepeaterSettings

README = Path(__file__).with_name("README.md")
_COLOUR = bytes((0x2F, 0x6F, 0xDE))


class FileRoutes:
    """The handlers; one for the whole application."""

    def __init__(self, settings: RepeaterSettings) -> None:
        """Nothing is read before it is asked for."""
        self._readme = settings.readme_file or README
        self._static = settings.static_dir

    async def readme(self) -> Response:
        """Show the document of whoever runs the hub, else the list of these routes."""
        try:
            text = await asyncio.to_thread(self._readme.read_bytes)
        except OSError as error:
            raise Told(404, "README.md not found") from error
        return Response(text, media_type="text/markdown")

    async def favicon(self) -> Response:
        """Show the icon."""
        own = await asyncio.to_thread(_inside, self._static, "favicon.ico")
        return FileResponse(own) if own else Response(icon(), media_type="image/x-icon")

    async def static(self, request: RepeaterRequest) -> Response:
        """Show a file of the folder that the settings name."""
        found = await asyncio.to_thread(_inside, self._static, request.path_params["path"])
        if found is None:
            raise Told(404, "File not found")
        return FileResponse(found)


def _inside(folder: Path | None, path: str) -> Path | None:
    """A file of a folder; None for what is none, or leads out of it."""
    if folder is None or "\x00" in path:
        return None
    try:
        root = folder.resolve()
        found = (root / path.lstrip("/")).resolve()
        return found if found.is_relative_to(root) and found.is_file() else None
    except OSError:
        return None


def icon() -> bytes:
    """A square of one colour, as an icon file that holds a PNG."""
    picture = flat_png(16, 16, _COLOUR)
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 24, len(picture), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + picture
