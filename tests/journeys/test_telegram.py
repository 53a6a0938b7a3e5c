"""Telegram's people and the bot: from a message at Telegram to the answer that they see there."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path
from typing import Any

import aiohttp

from tests.fakes.audio import KEY, AudioService, audio_service
from tests.fakes.certificates import self_signed
from tests.fakes.telegram import ALICE, GROUP, ME, OWNER, TOKEN, FakeTelegram, pressed, said, telegram
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


async def test_a_picture_is_shown_to_the_model_in_this_turn_and_the_next(tmp_path: Path) -> None:
    size = {"file_id": "cat", "file_unique_id": "c", "width": 90, "height": 90, "file_size": 8}
    picture = said("", 1, photo=[size], caption="what is it?")
    del picture["message"]["text"]
    async with telegram() as fake, inside(tmp_path, bot(fake), model="vision = true\n") as hub:
        fake.files["cat"] = b"\xff\xd8\xff\xe0cat"
        for number, update in enumerate((picture, said("and its colour?", 2)), 1):
            fake.push(update)
            await until(lambda: len(fake.messages) == number)  # noqa: B023 - awaited at once
            asked = [each for each in hub.model.requests[-1].body["messages"] if each["role"] == "user"]
            shown = [part for part in asked[0]["content"] if part["type"] == "image_url"]
            assert [each["image_url"]["url"][:23] for each in shown] == ["data:image/jpeg;base64,"]


async def test_a_press_of_a_button_does_what_it_says(tmp_path: Path) -> None:
    async with telegram() as fake, inside(tmp_path, bot(fake)):
        fake.push(said("/persona new pirate Talk like a pirate", 1))
        await until(lambda: len(fake.messages) == 1)
        fake.push(said("/persona", 2))
        await until(lambda: fake.keyboards)
        (number, keyboard), *_ = fake.keyboards.items()
        button = next(each for row in keyboard for each in row if each["text"] == "pirate")
        fake.push(pressed(button["callback_data"], 3, number))
        fake.push(pressed(button["callback_data"], 3, number))
        await until(lambda: len(fake.messages) == 3)
        await until(lambda: "press3" in fake.answered)
        assert "pirate" in list(fake.messages.values())[-1]
        fake.push(said("/echo end", 4))
        await until(lambda: "end" in fake.messages.values())
    assert len(fake.messages) == 4, "a press that comes twice is done once"
    assert not fake.refused


async def test_whoever_runs_a_group_chooses_when_it_is_answered(tmp_path: Path) -> None:
    async with telegram() as fake, inside(tmp_path, bot(fake)):
        fake.admins = [OWNER]
        fake.push(in_group("just talking", 1))
        fake.push(in_group("/mode always", 2))
        await until(lambda: len(fake.messages) == 1)
        fake.push(in_group("still talking", 3))
        await until(lambda: "LLM-OK still talking" in fake.messages.values())
        fake.push(in_group("/banme", 4))
        await until(lambda: fake.restricted)
        await until(lambda: len(fake.messages) == 3)
    assert "LLM-OK just talking" not in fake.messages.values()
    assert not fake.refused


async def test_a_new_person_is_greeted_in_their_language(tmp_path: Path) -> None:
    async with telegram() as fake, inside(tmp_path, bot(fake)):
        fake.push(said("/start ref_code", 1))
        fake.push(said("/help", 2, **{"from": ALICE | {"language_code": "zh-hans"}}))
        await until(lambda: len(fake.messages) == 2)
    (hello, listed), (keyboard,) = list(fake.messages.values()), fake.keyboards.values()
    assert "/help" in hello
    assert keyboard[0][0]["callback_data"] == "/help"
    assert "/help：列出你可以使用的命令" in listed


async def test_a_voice_message_is_heard_and_answered_aloud(tmp_path: Path) -> None:
    voice = said("", 1, voice={"file_id": "v", "file_unique_id": "v", "duration": 2, "mime_type": "audio/ogg"})
    del voice["message"]["text"]
    service = AudioService(words="what is the weather?")
    speech = '[speech]\nhears = "whisper-1"\nspeaks = "tts-1"\nanswers = "both"\n'
    async with telegram() as fake, audio_service(service) as base:
        fake.files["v"] = b"OggS said"
        speech += f'base_url = "{base}"\napi_key = "{KEY}"\n'
        async with inside(tmp_path, bot(fake) + speech):
            fake.push(voice)
            await until(lambda: fake.called("sendVoice"))
    assert service.heard[0][2] == b"OggS said"
    (call,) = fake.called("sendVoice")
    assert call["caption"] == "LLM-OK what is the weather?"
    assert base64.b64decode(call["voice"]) == b"ID3 spoken"


async def test_a_long_answer_comes_in_parts_that_telegram_takes(tmp_path: Path) -> None:
    text = "😀" * 3000
    async with telegram() as fake, inside(tmp_path, bot(fake)):
        fake.push(said(f"/echo {text}", 1))
        await until(lambda: sum(map(len, fake.messages.values())) >= len(text))
    assert "".join(fake.messages.values()) == text
    assert len(fake.messages) == 2


async def test_places_cards_and_stickers_are_read_to_the_model(tmp_path: Path) -> None:
    kind = {"type": "regular", "width": 5, "height": 5, "is_animated": False, "is_video": False}
    place = said("", 1, location={"latitude": 1.5, "longitude": 2.5})
    card = said("", 2, contact={"phone_number": "110", "first_name": "Police"})
    sticker = said("", 3, sticker={"file_id": "s", "file_unique_id": "s", "emoji": "😀"} | kind)
    async with telegram() as fake, inside(tmp_path, bot(fake)):
        for update in (place, card, sticker):
            del update["message"]["text"]
            fake.push(update)
        await until(lambda: len(fake.messages) == 3)
    assert list(fake.messages.values()) == ["LLM-OK 📍 (1.5, 2.5)", "LLM-OK 👤 Police 110", "LLM-OK 😀"]


async def test_several_bots_are_each_themselves(tmp_path: Path) -> None:
    other_token = "10002:BBbb-0123456789_abcdefghijklmnopqrst"
    async with telegram() as fake:
        other = FakeTelegram(token=other_token, me=ME | {"id": 10002, "username": "second_bot"})
        fake.others[other_token] = other
        more = f'[[platforms.telegram.accounts]]\ntoken = "{other_token}"\n'
        async with inside(tmp_path, bot(fake) + more):
            fake.push(said("to the first", 1))
            other.push(said("to the second", 1))
            await until(lambda: fake.messages and other.messages)
    assert list(fake.messages.values()) == ["LLM-OK to the first"]
    assert list(other.messages.values()) == ["LLM-OK to the second"]
    assert not fake.refused + other.refused


async def test_messages_are_brought_over_https_with_an_own_certificate(tmp_path: Path) -> None:
    """Telegram trusts what was uploaded to it: the hub must serve that, on the path that was set."""
    cert, key = self_signed(tmp_path)
    server = f'[server]\ntls_cert = "{cert}"\ntls_key = "{key}"\n'
    async with telegram() as fake:
        settings = bot(fake, webhook_url="https://127.0.0.1/tgbot/", webhook_certificate=str(cert))
        async with inside(tmp_path, server + settings) as hub:
            await until(lambda: fake.webhook)
            uploaded = base64.b64decode(fake.webhook["certificate"]).decode()
            trusting = ssl.create_default_context(cadata=uploaded)
            path = fake.webhook["url"].removeprefix("https://127.0.0.1")
            assert path == f"/tgbot/{TOKEN}"
            headers = {"X-Telegram-Bot-Api-Secret-Token": fake.webhook["secret_token"]}
            async with aiohttp.ClientSession(hub.hub.url, headers=headers) as client:
                for _ in range(2):
                    async with client.post(path, json=said("hello", 1), ssl=trusting) as response:
                        assert response.status == 200
            await until(lambda: fake.messages)
    assert list(fake.messages.values()) == ["LLM-OK hello"]
    assert not fake.called("getUpdates")
