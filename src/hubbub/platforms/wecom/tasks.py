"""What an operator does with the applications from the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from hubbub.core.ports import Facts
from hubbub.platforms.wecom.calls import Calls
from hubbub.platforms.wecom.settings import WeComSettings

MENU: Final[dict[str, object]] = {
    "button": [
        {
            "name": "快捷指令",
            "sub_button": [
                {"type": "click", "name": "清除上下文", "key": "@clear"},
                {"type": "click", "name": "导出", "key": "@export"},
                {"type": "click", "name": "帮助", "key": "@help"},
            ],
        }
    ]
}

Tell = Callable[[str], None]


class _Memory:
    """Facts of one command."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    async def get(self, key: str) -> str | None:
        return self._values.get(key)

    async def put(self, key: str, value: str) -> None:
        self._values[key] = value

    async def change(self, key: str, seen: str | None, value: str) -> bool:
        changed = self._values.get(key) == seen
        if changed:
            self._values[key] = value
        return changed


@asynccontextmanager
async def _alone(name: str) -> AsyncIterator[None]:  # noqa: ARG001 - nobody else is in this process
    yield


@dataclass(frozen=True, slots=True)
class Desk:
    """Keeps the access token as long as a command takes: WeCom gives the running hub's own to whoever asks again."""

    memory: _Memory = field(default_factory=_Memory)
    hold: Callable[[str], Any] = _alone

    def sealed(self, secret: str) -> Facts:  # noqa: ARG002 - nothing of it is written down
        """See `Host.sealed`."""
        return self.memory


@asynccontextmanager
async def calls_of(settings: WeComSettings) -> AsyncIterator[Sequence[Calls]]:
    """The API as each application uses it."""
    async with aiohttp.ClientSession() as client:
        yield [Calls(each, settings, Desk(), client) for each in settings.applications()]


async def make_menu(settings: WeComSettings, tell: Tell) -> None:
    """``menu/create`` for every application. Raises DeliveryError."""
    async with calls_of(settings) as every:
        for calls in every:
            agent = calls.application.agent_id
            await calls.post("menu/create", MENU, agentid=str(agent))
            tell(f"application {agent} has its menu; members see it when they open it again")


async def list_members(settings: WeComSettings, tell: Tell) -> None:
    """``agent/get`` of every application: its name and who can see it. Raises DeliveryError."""
    async with calls_of(settings) as every:
        for calls in every:
            agent = calls.application.agent_id
            about = await calls.get("agent/get", agentid=str(agent))
            tell(f"application {agent} {about.get('name', '')}".rstrip())
            for line in seen_by(about):
                tell(f"  {line}")


def seen_by(about: dict[str, Any]) -> list[str]:
    """Members, departments and tags that see an application, as ``agent/get`` tells them."""
    users = [str(each.get("userid")) for each in _list(about, "allow_userinfos", "user") if isinstance(each, dict)]
    parties = [f"party:{each}" for each in _list(about, "allow_partys", "partyid")]
    tags = [f"tag:{each}" for each in _list(about, "allow_tags", "tagid")]
    return [*users, *parties, *tags]


def _list(about: dict[str, Any], *path: str) -> list[Any]:
    at: Any = about
    for part in path:
        at = at.get(part) if isinstance(at, dict) else None
    return at if isinstance(at, list) else []
