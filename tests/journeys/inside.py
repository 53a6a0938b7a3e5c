"""A hub inside the test's own process, on real sockets: settings as a file, a model and a OneBot implementation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from hubbub.app import Hub, open_hub
from hubbub.core.work import Row, State
from hubbub.settings import load
from tests.fakes.model import FakeModel
from tests.fakes.onebot_peer import Conduct, OneBotPeer, said

SECONDS = 30.0

ONE_MODEL = """
[[models]]
name = "fake"
base_url = "{url}"
api_key = "sk-journey"
id = "fake-model"
attempts = {attempts}
{more}
"""


async def until(so: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait until something is so, which nobody tells."""
    async with asyncio.timeout(seconds):
        while not so():
            await asyncio.sleep(0.005)


@dataclass
class Inside:
    """The hub, the model that it asks, and what a caller of its API uses."""

    hub: Hub
    model: FakeModel
    http: aiohttp.ClientSession

    @property
    def onebot(self) -> str:
        return self.hub.url.replace("http", "ws") + "/onebot/v11/ws"

    async def post(self, text: str, owner: str = "anna", **more: Any) -> dict[str, Any]:
        """Send a message over the API and wait for the answer."""
        async with self.http.post("/api/v1/messages", json={"owner": owner, "text": text, **more}) as response:
            answer: dict[str, Any] = await response.json()
            assert response.status == 200, answer
            return answer

    async def told(self, text: str, owner: str = "anna") -> str:
        """What a message is answered."""
        return "\n".join(reply["text"] for reply in (await self.post(text, owner))["replies"])

    async def rows(self, *states: State) -> list[Row]:
        """Messages on their way out, or those in some states."""
        return list(await self.hub.store.outbox.deliveries(states or tuple(State)))

    @asynccontextmanager
    async def peer(self, conduct: Conduct | None = None) -> AsyncIterator[Talker]:
        """A OneBot implementation that is connected."""
        found = Talker(OneBotPeer(conduct))
        await found.peer.connect(self.onebot)
        try:
            yield found
        finally:
            found.peer.close()


@dataclass
class Talker:
    """People of QQ, by an implementation."""

    peer: OneBotPeer
    number: int = 0

    @property
    def seen(self) -> list[str]:
        """What people saw, in order."""
        return [shown.text for shown in self.peer.conduct.shown]

    def say(self, text: object, user: int = 20001, group: int | None = None) -> int:
        """Send a message; its id."""
        self.number += 1
        self.peer.push(said(text, self.number, user=user, group=group))
        return self.number

    def mention(self, text: str, user: int = 20001, group: int = 900) -> int:
        """Send a message to the bot, in a group."""
        at = {"type": "at", "data": {"qq": str(self.peer.conduct.self_id)}}
        return self.say([at, {"type": "text", "data": {"text": f" {text}"}}], user, group)

    def recall(self, message: int, user: int = 20001, group: int | None = None, by: int = 0) -> None:
        """Take a message back."""
        kind = {"notice_type": "friend_recall"} if group is None else {"notice_type": "group_recall", "group_id": group}
        operator = {} if group is None else {"operator_id": by or user}
        self.number += 1
        notice = {"post_type": "notice", "time": 1_700_000_000 + self.number, "self_id": self.peer.conduct.self_id}
        self.peer.push(notice | kind | operator | {"user_id": user, "message_id": message})

    async def until_seen(self, count: int) -> list[str]:
        """Wait for so many messages in all."""
        await until(lambda: len(self.seen) >= count)
        return self.seen


@asynccontextmanager
async def inside(
    folder: Path, toml: str = "", *, model: str = "", attempts: int = 1, **behaviour: Any
) -> AsyncIterator[Inside]:
    """``toml``: more settings; ``model`` and ``attempts``: keys of the model's; ``behaviour``: how it answers."""
    async with FakeModel(**{"check": False, **behaviour}) as fake:
        (folder / "hubbub.toml").write_text(
            toml + ONE_MODEL.format(url=fake.url, attempts=attempts, more=model.replace("{url}", fake.url))
        )
        settings = load(environ={"HUBBUB_PORT": "0"}, folder=folder, options={"server.data_dir": folder / "data"})
        async with open_hub(settings) as hub, aiohttp.ClientSession(hub.url) as http:
            yield Inside(hub, fake, http)
