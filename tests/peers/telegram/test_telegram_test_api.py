"""A bot of the hub at somebody else's Bot API server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.inside import inside
from tests.peers.telegram.peer import NoPeer, Peer, peer

TOKEN = "666:AAaa-0123456789_abcdefghijklmnopqrst"
pytestmark = pytest.mark.peers


@pytest.fixture
async def server() -> AsyncIterator[Peer]:
    try:
        async with peer(TOKEN) as made:
            yield made
    except NoPeer as missing:
        pytest.skip(str(missing))


async def shown(server: Peer, count: int) -> list[dict[str, Any]]:

    async with asyncio.timeout(20):
        while len(found := await server.seen()) < count:
            await asyncio.sleep(0.05)
    return found


async def test_messages_commands_and_presses(server: Peer, tmp_path: Path) -> None:
    settings = f"""
[platforms.telegram]
token = "{TOKEN}"
api_base = "{server.url}"
poll_seconds = 1
commands = false
mode = "polling"
"""
    async with inside(tmp_path, settings):
        await server.say("hello")
        assert (await shown(server, 1))[0]["text"] == "LLM-OK hello"
        await server.say("/persona new pirate Talk like a pirate")
        await shown(server, 2)
        await server.say("/persona")
        listed = (await shown(server, 3))[2]
        markup = listed["reply_markup"]
        rows = (json.loads(markup) if isinstance(markup, str) else markup)["inline_keyboard"]
        data = next(each["callback_data"] for row in rows for each in row if each["text"] == "pirate")
        await server.press(data, listed["message_id"])
        assert "pirate" in (await shown(server, 4))[3]["text"]
        for number in range(50):
            await server.say(f"/echo {number}")
        found = await shown(server, 54)
    assert [each["text"] for each in found[4:]] == [str(number) for number in range(50)]
