"""The Repeater's API over parts in memory, asked in the test's own process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from hubbub.api.application import build_application
from hubbub.api.auth import Access
from hubbub.api.services import ApiSettings
from hubbub.core.work import Append
from hubbub.platforms.http.adapter import HttpPlatform
from hubbub.platforms.http.settings import HttpSettings
from tests.fakes.doors import MemoryHub, services
from tests.fakes.repeater import Asked, PaperPictures, completion, parts

KEY = "abcdefghijklmnop0123456789"


@dataclass
class Door:
    """What a test asks, and what stands behind it."""

    hub: MemoryHub
    client: httpx.AsyncClient
    access: Access
    app: Any
    asked: Asked = field(default_factory=Asked)
    pictures: PaperPictures = field(default_factory=PaperPictures)

    async def ask(self, method: str, path: str, **given: Any) -> tuple[int, Any]:
        """Status and JSON (or text) of an answer."""
        answer = await self.client.request(method, path, **given)
        kind = answer.headers.get("content-type", "")
        return answer.status_code, answer.json() if kind == "application/json" else answer.text

    def say(self, owner: str, *bodies: object, kind: Any = "context", branch: str = "default") -> None:
        """Put something on a branch."""
        self.hub.store.conversations.apply(Append(owner, kind, branch, bodies))

    async def token(self, *scopes: str, owner: str = "") -> dict[str, str]:
        """The header of a new token."""
        return {"Authorization": f"Bearer {(await self.access.issue('test', scopes, owner=owner))[1]}"}


@asynccontextmanager
async def door(*, client: str = "127.0.0.1", most_bytes: int = 100_000, **given: Any) -> AsyncIterator[Door]:
    """``client``: the caller's address; ``given``: settings of the API."""
    hub = MemoryHub(answer=completion)
    asked, pictures = Asked(), PaperPictures()
    hub.repeater = parts(hub.store.conversations, asked, pictures, **({"admin_api_key": KEY} | given))
    access = Access(hub.store.secrets, public_names=("hub.example",))
    settings = ApiSettings(max_body_bytes=most_bytes)
    app = build_application(services(hub, HttpPlatform(HttpSettings(), hub.host), settings, access))
    transport = httpx.ASGITransport(app, client=(client, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as http:
        yield Door(hub, http, access, app, asked, pictures)
        if hub.tasks:
            await asyncio.wait(hub.tasks)


USER = {"role": "user", "content": "hey", "name": "Z"}
MODEL = {"role": "assistant", "content": "Hello", "reasoning_content": "think ", "model": "m", "time": 1.5}
SHOWN = {"role": "assistant", "content": "Hello", "reasoning_content": "think "}
