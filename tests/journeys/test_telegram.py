"""Telegram's people and the bot: from a message at Telegram to the answer that they see there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.fakes.telegram import GROUP, TOKEN, FakeTelegram, said, telegram
from tests.journeys.inside import inside, until


def bot(fake: FakeTelegram, **more: Any) -> str:
    given = {"token": TOKEN, "api_base": fake.url, "poll_seconds": 1, "reconnect_seconds": 0.05} | more
    lines = "".join(f"{name} = {value!r}\n".replace("'", '"') for name, value in given.items())
    return f"[platforms.telegram]\n{lines}"


def in_group(text: str, number: int, **more: Any) -> dict[str, Any]:
    return said(text, number, chat=GROUP, **more)


async def test_a_private_chat_is_answered_and_remembered_across_a_restart(tmp_path: Path) -> None:
    async with telegram() as fake:
        async with inside(tmp_path, bot(fake)) as hub:
            fake.push(said("hello", 1))
            fake.push(said("hello", 1))
            await until(lambda: list(fake.messages.values()) == ["LLM-OK hello"])
        fake.push(said("and again", 2))
        async with inside(tmp_path, bot(fake)) as hub:
            await until(lambda: list(fake.messages.values()) == ["LLM-OK hello", "LLM-OK and again"])
            asked = [each["content"] for each in hub.model.requests[-1].body["messages"] if each["role"] != "system"]
            assert asked == ["hello", "LLM-OK hello", "and again"]
    assert not fake.refused


async def test_a_group_is_answered_where_the_bot_is_meant(tmp_path: Path) -> None:
    async with telegram() as fake, inside(tmp_path, bot(fake)):
        fake.push(in_group("just talking", 1))
        called = [{"type": "mention", "offset": 0, "length": 8}]
        fake.push(in_group("@hub_bot hello", 2, entities=called))
        command = [{"type": "bot_command", "offset": 0, "length": 13}]
        fake.push(in_group("/echo@hub_bot yes", 3, entities=command))
        fake.push(in_group("/echo@other_x no", 4, entities=[{"type": "bot_command", "offset": 0, "length": 13}]))
        fake.push(said("/echo end", 5))
        await until(lambda: "end" in fake.messages.values())
        await until(lambda: len(fake.messages) >= 3)
    assert sorted(fake.messages.values()) == sorted(["LLM-OK hello", "yes", "end"])
    answers = [call for call in fake.called("sendMessage") if "LLM-OK" in call["text"]]
    assert '"message_id": 3' in answers[0]["reply_parameters"]
