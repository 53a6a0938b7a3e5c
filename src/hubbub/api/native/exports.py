"""``GET /api/v1/owners/{owner}/export``: what an owner said and was answered, as a file."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import Path, Query
from starlette.requests import Request
from starlette.responses import Response

from hubbub.api.errors import Refused
from hubbub.api.native.wire import Name
from hubbub.api.requests import caller_of
from hubbub.api.services import Services
from hubbub.conversations import exports, preferences, shelf
from hubbub.conversations.branches import listed
from hubbub.conversations.zones import day, shown, zone_of
from hubbub.core.errors import RenderError, UserError
from hubbub.core.phrases import Phrase
from hubbub.core.pictures import Paper
from hubbub.core.store import Conversations
from hubbub.core.work import Branch
from hubbub.words import say

FormatName = Literal["markdown", "md", "json", "html", "pdf"]
Owner = Annotated[Name, Path(description="An owner's id, as sid tells it")]
Which = Annotated[str, Query(max_length=200, description="A conversation's name or number; all; empty: the current")]
Turns = Annotated[str, Query(max_length=20, description="Some turns, such as 3-10; empty: all")]


class ExportRoutes:
    """The handler; one for the whole application."""

    def __init__(self, services: Services) -> None:
        """Reads the store of these services."""
        self._services = services

    async def export(  # noqa: PLR0913 - one parameter a key of the query
        self,
        owner: Owner,
        request: Request,
        format: FormatName = "markdown",  # noqa: A002 - the query's own name
        conversation: Which = "",
        turns: Turns = "",
        language: Literal["en", "zh"] = "en",
    ) -> Response:
        """Export conversations of an owner as Markdown, JSON, HTML or PDF."""
        named = caller_of(request).speaks_as(owner)
        form = exports.FORMATS[format]
        try:
            found = await _wanted(self._services.store.conversations, named, conversation, turns)
        except UserError as error:
            raise Refused(404, "no_such_conversation", say(error.user_text, "en")) from error
        data = await self._written(named, found, form, language)
        name = exports.file_name(found, day(self._services.clock(), None), form, everything=conversation == "all")
        headers = {
            "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        }
        return Response(data, media_type=exports.MIME[form], headers=headers)

    async def _written(self, owner: str, found: list[Branch], form: exports.Format, language: str) -> bytes:
        now = self._services.clock()
        if form == "json":
            return (await asyncio.to_thread(exports.as_json, owner, found, now)).encode()
        chosen = await preferences.read(self._services.store.conversations, owner)
        zone = zone_of(chosen.timezone) if chosen.timezone else None
        titles = exports.Titles(
            exported=say(Phrase("export.head", {"time": shown(now, zone)}), language),
            user=say(Phrase("export.user"), language),
            assistant=say(Phrase("export.assistant"), language),
            empty=say(Phrase("export.empty"), language),
            title=say(Phrase("export.title"), language),
        )
        if form == "pdf":
            return await self._document(await asyncio.to_thread(exports.as_paper, found, titles, zone))
        write = exports.as_html if form == "html" else exports.as_markdown
        return (await asyncio.to_thread(write, found, titles, zone)).encode()

    async def _document(self, paper: Paper) -> bytes:
        renderer = self._services.renderer
        if renderer is None:
            raise Refused(404, "no_documents", "This hub makes no PDF; ask for format=html.")
        try:
            return (await renderer.document(paper)).data
        except RenderError as error:
            message = f"No PDF can be made of it ({error}); ask for format=html."
            raise Refused(422, "no_document", message) from error


async def _wanted(conversations: Conversations, owner: str, which: str, turns: str) -> list[Branch]:
    """Branches with all their nodes. Raises UserError."""
    if which == "all":
        names = [branch.name for branch in listed(await conversations.branches(owner, "context"))]
        return [await conversations.branch(owner, "context", name) for name in reversed(names)]
    kept = await shelf.read(conversations, owner)
    chosen = kept.find(which) if which else kept.current
    whole = await conversations.branch(owner, "context", chosen.name)
    return [await asyncio.to_thread(exports.between, whole, turns) if turns else whole]
