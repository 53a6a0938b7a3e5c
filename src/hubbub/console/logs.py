"""The last lines of the log, and what is known of an error id."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from hubbub.console.desk import HTMX, Desk
from hubbub.console.recent import KEEP
from hubbub.console.templates import HEADERS

if TYPE_CHECKING:
    from starlette.requests import Request

LONGEST_SEARCH = 200
SHOWN = 200
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class LogPages:
    """The page about the log."""

    def __init__(self, desk: Desk) -> None:
        """Lines come from the desk's services."""
        self._desk = desk

    async def show(self, request: Request) -> Response:
        """The newest lines of a level that hold some text."""
        look, _ = await self._desk.owner_visits(request)
        text = request.query_params.get("q", "")[:LONGEST_SEARCH].strip()
        level = request.query_params.get("level", "info")
        lines = self._desk.services.log.lines(least=_LEVELS.get(level, logging.INFO), text=text, limit=SHOWN)
        if HTMX in request.headers:
            return HTMLResponse(self._desk.templates.part("log_lines.html", look, lines=lines), headers=dict(HEADERS))
        return self._desk.page(
            request, "log.html", look, here="log", lines=lines, text=text, level=level, levels=list(_LEVELS), keep=KEEP
        )
