"""How to connect each platform: its own text, with this hub's address in it, and whether an account has come."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from hubbub.console import events
from hubbub.console.errors import LoginNeeded, Missing
from hubbub.console.writing import document_html
from hubbub.core.errors import HubbubError
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

    from hubbub.console.desk import Desk
    from hubbub.console.looks import Look
    from hubbub.console.services import Guide
    from hubbub.core.status import AccountStatus

LOOK_SECONDS = 1.0
KEEP_ALIVE_EVERY = 10
# What the texts of the platforms say for the hub's address.
EXAMPLE_HOST, EXAMPLE_PORT = "127.0.0.1", "8080"
_SECTION = re.compile(r"^## +(?:Connect\w*|连接|接入).*?\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE | re.IGNORECASE)
_TITLE = re.compile(r"^# +(.+)$", re.MULTILINE)
_ADDRESS = re.compile(rf"\b(http|ws)(://){re.escape(EXAMPLE_HOST)}:{EXAMPLE_PORT}")
_HOST_AND_PORT = re.compile(
    rf'("(?:host|server)": *"){re.escape(EXAMPLE_HOST)}(", *"port": *){EXAMPLE_PORT}', re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Text:
    """A platform's title and how to connect it, in Markdown."""

    title: str
    connecting: str


class Guides:
    """The pages about platforms."""

    def __init__(self, desk: Desk) -> None:
        """Reads the texts; called in a thread."""
        self._desk = desk
        self._guides = {guide.platform: guide for guide in desk.services.guides}
        self._texts = {
            (guide.platform, language): text_of(guide.folder, language)
            for guide in desk.services.guides
            for language in ("en", "zh")
        }

    async def list(self, request: Request) -> Response:
        """All platforms."""
        look, _ = await self._desk.owner_visits(request)
        accounts = self._desk.services.control.status().accounts
        cards = [
            (guide, self._texts[name, look.language].title, [each for each in accounts if each.platform == name])
            for name, guide in self._guides.items()
        ]
        return self._desk.page(request, "platforms.html", look, here="platforms", cards=cards)

    async def show(self, request: Request) -> Response:
        """One platform."""
        look, _ = await self._desk.owner_visits(request)
        guide = self._guide(request)
        text = self._texts[guide.platform, look.language]
        guidance = document_html(with_address(text.connecting, look), look.language)
        return self._desk.page(
            request,
            "guide.html",
            look,
            here="platforms",
            guide=guide,
            title=text.title,
            guidance=guidance,
            **self._state(guide),
        )

    async def live(self, request: Request) -> Response:
        """Whether accounts of it are connected, whenever that changes."""
        look, _ = await self._desk.owner_visits(request)
        changes = self._changes(request, look, self._guide(request))
        return StreamingResponse(changes, headers=events.HEADERS, media_type="text/event-stream")

    async def _changes(self, request: Request, look: Look, guide: Guide) -> AsyncIterator[str]:
        yield events.RETRY
        shown, rounds = "", 0
        while self._desk.services.control.status().ready:
            try:
                await self._desk.owner_visits(request)
            except (LoginNeeded, HubbubError):
                return
            html = self._desk.templates.part("connected.html", look, **self._state(guide))
            if html != shown:
                shown = html
                yield events.event("connected", html)
            rounds += 1
            if rounds % KEEP_ALIVE_EVERY == 0:
                yield events.KEEP_ALIVE
            await asyncio.sleep(LOOK_SECONDS)

    def _state(self, guide: Guide) -> dict[str, object]:
        accounts: list[AccountStatus] = [
            each for each in self._desk.services.control.status().accounts if each.platform == guide.platform
        ]
        return {"accounts": accounts, "now": self._desk.services.clock(), "enabled": guide.enabled}

    def _guide(self, request: Request) -> Guide:
        guide = self._guides.get(request.path_params["platform"])
        if guide is None:
            raise Missing(Phrase("page.error_missing"))
        return guide


def text_of(folder: Path, language: str) -> Text:
    """The text of a platform's folder in a language, in English where there is none; empty without a README."""
    for name in (f"README.{language}.md", "README.md"):
        try:
            text = (folder / name).read_text(encoding="utf-8")
        except OSError:
            continue
        section, title = _SECTION.search(text), _TITLE.search(text)
        if section is not None:
            return Text(title[1].strip() if title else folder.name, section[1].strip())
    return Text(folder.name, "")


def with_address(text: str, look: Look) -> str:
    """A guide with the address at which the reader's browser reaches the hub instead of the example."""
    host, _, port = look.host.rpartition(":") if re.search(r":\d+$", look.host) else (look.host, "", "")
    port = port or ("443" if look.secure else "80")
    tail = "s" if look.secure else ""
    text = _ADDRESS.sub(lambda found: f"{found[1]}{tail}{found[2]}{look.host}", text)
    return _HOST_AND_PORT.sub(lambda found: f"{found[1]}{host}{found[2]}{port}", text)
