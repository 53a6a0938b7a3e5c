"""discord.py as a reader of what Discord sends, without a connection: what it makes of a session's events."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import discord

from tests.fakes.discord_payloads import SELF


class Reader:
    """Takes events in order and keeps the last that each kind came to, by the library's names."""

    def __init__(self) -> None:
        intents = discord.Intents.default()
        intents.message_content = True
        self.client = discord.Client(intents=intents, max_messages=1000)
        self.state = self.client._connection
        self.state.user = discord.ClientUser(state=self.state, data=copy.deepcopy(SELF))  # type: ignore[arg-type]
        self.seen: list[tuple[str, tuple[Any, ...]]] = []
        self.state.dispatch = lambda name, *found: self.seen.append((name, found))

    async def take(self, name: str, data: dict[str, Any]) -> list[tuple[str, tuple[Any, ...]]]:
        """What it dispatches for an event."""
        before = len(self.seen)
        getattr(self.state, f"parse_{name.lower()}")(copy.deepcopy(data))
        await asyncio.sleep(0)
        return self.seen[before:]
