"""Answers that grow at Telegram and Discord, whose servers count how often they are called."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from hubbub.bridge.growing import SIGN
from tests.fakes.discord import FakeDiscord, discord
from tests.fakes.discord_payloads import ALICE as DISCORD_ALICE
from tests.fakes.discord_payloads import TOKEN as DISCORD_TOKEN
from tests.fakes.discord_payloads import message
from tests.fakes.telegram import ALICE, FakeTelegram, said, telegram
from tests.fakes.telegram_traffic import Traffic
from tests.journeys.inside import inside, until
from tests.journeys.test_telegram import bot, in_group

FIRST_CHAT = 10_000
"""Chats of smaller numbers mean refusals."""
STORY = " ".join(f"word{number}" for number in range(30))


def asks(chat: int) -> dict[str, Any]:
    """Somebody in a chat of their own."""
    private = {"id": chat, "type": "private", "first_name": "P"}
    return said(f"c{chat} {STORY}", chat, chat=private, **{"from": ALICE | {"id": chat}})


def shown(fake: FakeTelegram) -> list[str]:
    return list(fake.messages.values())


def texts(fake: FakeTelegram) -> list[str]:
    """All that the hub wrote into the chats, in order."""
    return [call["text"] for name, call in fake.calls if name in ("sendMessage", "editMessageText")]


async def test_an_answer_grows_in_one_message(tmp_path: Path) -> None:
    async with telegram() as fake, inside(tmp_path, bot(fake), first_ms=20, gap_ms=80) as hub:
        fake.traffic = Traffic()
        fake.push(said(STORY, 1))
        await until(lambda: shown(fake) == [f"LLM-OK {STORY}"], 30)
        grown = texts(fake)
        assert len(grown) >= 3
        assert all(text.endswith(SIGN) for text in grown[:-1])
        assert [len(text) for text in grown] == sorted(map(len, grown))
        assert ("type", "") not in fake.effects[2:]
        hub.model.behave(gap_ms=10)
        fake.push(in_group("/echo@hub_bot not", 2, entities=[{"type": "bot_command", "offset": 0, "length": 13}]))
        await until(lambda: shown(fake)[1:] == ["not"])
        assert not fake.refused
        assert not fake.traffic.refused


async def _many_on_discord(tmp_path: Path, chats: int, seconds: float, gap_ms: float) -> FakeDiscord:
    async with discord() as fake:
        fake.counts = True
        section = f'[platforms.discord]\ntoken = "{DISCORD_TOKEN}"\napi_base = "{fake.url}"\n'
        async with inside(tmp_path, section, first_ms=20, gap_ms=gap_ms):
            await until(lambda: fake.sockets)
            for chat in range(chats):
                own = {"channel_id": str(FIRST_CHAT + chat), "author": DISCORD_ALICE | {"id": str(20_000 + chat)}}
                fake.push("MESSAGE_CREATE", message(chat, f"c{chat} {STORY}", **own))
            expected = {f"LLM-OK c{chat} {STORY}" for chat in range(chats)}
            await until(lambda: set(fake.messages.values()) == expected, seconds)
            assert len(fake.messages) == chats
            assert all(body["content"].endswith(SIGN) for body in fake.bodies)
            assert not fake.refused
    return fake


async def test_answers_grow_on_discord(tmp_path: Path) -> None:
    fake = await _many_on_discord(tmp_path, 10, 60, 120)
    assert len(fake.effects) >= 20
    assert not fake.too_often


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_a_thousand_chats_grow_on_discord(tmp_path: Path) -> None:
    fake = await _many_on_discord(tmp_path, 1000, 300, 1500)
    assert fake.too_often <= len(fake.calls) // 20


async def _many(tmp_path: Path, chats: int, seconds: float, gap_ms: float) -> Traffic:
    async with telegram() as fake, inside(tmp_path, bot(fake), first_ms=20, gap_ms=gap_ms):
        traffic = fake.traffic = Traffic()
        people = range(FIRST_CHAT, FIRST_CHAT + chats)
        for chat in people:
            fake.push(asks(chat))
        expected = {f"LLM-OK c{chat} {STORY}" for chat in people}
        await until(lambda: set(shown(fake)) == expected, seconds)
        assert len(shown(fake)) == chats
        assert not fake.refused
        ends = defaultdict[str, list[str]](list)
        for text in texts(fake):
            ends[text.split()[1]].append(text)
        assert all(not each[-1].endswith(SIGN) for each in ends.values())
        grown = Counter(len(each) for each in ends.values())
        assert sum(count for length, count in grown.items() if length > 1) > chats * 0.8
        await asyncio.sleep(0)
    return traffic


async def test_ten_chats_stream_within_the_limits(tmp_path: Path) -> None:
    traffic = await _many(tmp_path, 10, 60, 80)
    assert traffic.refused <= traffic.calls // 20


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_a_thousand_chats_stream_within_the_limits(tmp_path: Path) -> None:
    traffic = await _many(tmp_path, 1000, 300, 1500)
    assert traffic.refused <= traffic.calls // 20
