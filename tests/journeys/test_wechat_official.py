"""People of an Official Account talk to a hub: five seconds, three deliveries, and everybody gets their answer.

Where somebody waits, the platform's clock runs faster: it hangs up after one second instead of five.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.platforms.wechat_official.dev.phone import FAULT, Phone
from hubbub.platforms.wechat_official.dev.server import Conduct
from tests.fakes.audio import KEY, AudioService, audio_service
from tests.fakes.wechat import AES_KEY, TOKEN, Oracle, official
from tests.journeys.inside import Inside, inside, until

FASTER = 0.2
TOML = f"""
[platforms.wechat_official]
token = "{TOKEN}"
"""
HURRIED = "reply_seconds = 0.75\nhang_up_seconds = 0.9\n"
THINKING = "这个问题有点难，助手还在思考中...\n\n回复“1”查看回复。"
TOO_FAST = "抱歉，您的回复太快啦，助手还在思考前一个问题呢！\n\n回复“1”查看前一个问题的回复。"


def phone_to(hub: Inside, client: aiohttp.ClientSession, **more: Any) -> Phone:
    return Phone(f"{hub.hub.url}/wechat", TOKEN, client, ahead=1.0, **more)


@asynccontextmanager
async def talking(folder: Path, toml: str = "", **behaviour: Any) -> AsyncIterator[tuple[Phone, Inside]]:
    scale = FASTER if HURRIED in toml else 1.0
    async with inside(folder, TOML + toml, **behaviour) as hub, aiohttp.ClientSession() as client:
        yield phone_to(hub, client, scale=scale), hub


async def test_an_answer_in_time_goes_out_at_once(tmp_path: Path) -> None:
    async with talking(tmp_path) as (phone, hub):
        told = await phone.say("anna", "hello")
        assert told.text == "LLM-OK hello"
        assert len(told.seconds) == 1
        assert hub.model.count == 1


async def test_the_platforms_deliveries_wait_for_one_answer(tmp_path: Path) -> None:
    async with talking(tmp_path, HURRIED, first_ms=1300) as (phone, hub):
        told = await phone.say("anna", "a hard one")
        assert told.text == "LLM-OK a hard one"
        assert len(told.statuses) > 1
        assert max(told.seconds) < 4.9
        assert hub.model.count == 1


async def test_what_is_not_ready_is_fetched(tmp_path: Path) -> None:
    async with talking(tmp_path, HURRIED, first_ms=3500) as (phone, hub):
        first = asyncio.create_task(phone.say("anna", "very hard"))
        await asyncio.sleep(0.1)
        assert (await phone.say("anna", "something else")).text == TOO_FAST
        again, told = await asyncio.gather(phone.say("anna", "very hard"), first)
        assert again.text == told.text == THINKING
        assert len(told.seconds) == 3
        assert len(again.seconds) == 1
        while (fetched := (await phone.say("anna", "继续")).text) == THINKING:
            pass
        assert fetched == "LLM-OK very hard"
        assert (await phone.say("anna", "1")).text == "LLM-OK very hard"
        assert hub.model.count == 1


async def test_the_answer_to_a_lost_reply_is_the_same(tmp_path: Path) -> None:
    async with talking(tmp_path) as (phone, hub):
        phone.lose = {0, 1}
        told = await phone.say("anna", "hello")
        assert told.text == "LLM-OK hello"
        assert told.statuses == (200, 200, 200)
        assert hub.model.count == 1


async def test_long_answers_come_in_parts(tmp_path: Path) -> None:
    words = "".join(f"第{number}句话。" for number in range(1, 400))
    async with talking(tmp_path, reply=words) as (phone, hub):
        parts = [(await phone.say("anna", "tell me much")).text]
        while parts[-1].endswith("（未完，回复“1”查看下一部分）"):
            assert len(parts[-1].encode()) <= 2048
            parts.append((await phone.say("anna", "1")).text)
        assert len(parts) > 2
        assert "".join(part.removesuffix("\n\n（未完，回复“1”查看下一部分）") for part in parts) == words
        assert (await phone.say("anna", "1")).text == parts[-1]
        assert hub.model.count == 1


async def test_a_restart_between_deliveries_changes_nothing(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as client:
        async with inside(tmp_path, TOML + HURRIED + "[dispatch]\nshutdown_seconds = 0\n", first_ms=60_000) as hub:
            phone = phone_to(hub, client, scale=FASTER)
            body = phone.message("anna", "text", Content="hello")
            assert await phone.post(body) == (0, b"")
        async with inside(tmp_path, TOML) as hub:
            phone = phone_to(hub, client)
            assert phone.checked(body, (await phone.post(body))[1])["Content"] == "LLM-OK hello"
            assert phone.checked(body, (await phone.post(body))[1])["Content"] == "LLM-OK hello"
            assert hub.model.count == 1


async def test_what_was_thought_about_is_fetched_after_a_restart(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as client:
        async with inside(tmp_path, TOML + HURRIED + "deliveries = 1\n", first_ms=1200) as hub:
            phone = phone_to(hub, client, scale=FASTER)
            assert (await phone.say("anna", "hello")).text == THINKING
            assert (await phone.say("anna", "1")).text == "LLM-OK hello"
        async with inside(tmp_path, TOML) as hub:
            phone = phone_to(hub, client)
            assert (await phone.say("anna", "1")).text == "LLM-OK hello"
            assert hub.model.count == 0


@pytest.mark.parametrize("mode", ["compatible", "aes"])
async def test_encrypted_messages(tmp_path: Path, mode: str) -> None:
    keys = f'encryption = "{mode}"\nencoding_aes_key = "{AES_KEY}"\napp_id = "wx0123456789abcdef"\n'
    async with talking(tmp_path, keys) as (phone, hub):
        oracle = Oracle()
        sealed = phone_to(hub, phone.client, encrypt=oracle.encrypt, decrypt=oracle.decrypt, both=mode == "compatible")
        assert (await sealed.say("anna", "秘密")).text == "LLM-OK 秘密"
        plain = await phone.say("anna", "open")
        assert plain.text == (FAULT if mode == "aes" else "LLM-OK open")


async def test_events_and_the_greeting(tmp_path: Path) -> None:
    async with talking(tmp_path, 'greeting = "欢迎关注"\n') as (phone, hub):
        assert (await phone.deliver(phone.event("anna", "subscribe", EventKey=""))).text == "欢迎关注"
        assert (await phone.deliver(phone.event("anna", "VIEW", EventKey="https://example.org"))).fields == {}
        assert "/help" in (await phone.deliver(phone.event("anna", "CLICK", EventKey="/help"))).text
        assert hub.model.count == 0


async def test_a_wrong_signature_is_refused(tmp_path: Path) -> None:
    async with talking(tmp_path) as (phone, hub):
        phone.token = "another"
        told = await phone.say("anna", "hello")
        assert told.statuses == (403, 403, 403)
        assert hub.model.count == 0


async def test_answers_are_pushed_where_the_account_may(tmp_path: Path) -> None:
    words = "".join(f"第{number}句话。" for number in range(1, 300))
    async with official(Conduct(users={"anna"})) as (url, fake):
        keys = f'push = true\napp_id = "{Conduct.app_id}"\napp_secret = "{Conduct.secret}"\napi_base = "{url}"\n'
        async with talking(tmp_path, keys, reply=words) as (phone, _):
            assert (await phone.say("anna", "tell me much")).fields == {}
            await until(lambda: "".join(text for _, text in fake.conduct.texts) == words)
            assert all(len(text.encode()) <= 2048 for _, text in fake.conduct.texts)
            assert len(fake.conduct.tokens) == 1


async def test_a_voice_message_is_heard_and_answered_aloud(tmp_path: Path) -> None:
    """One message shows one thing: the words first, and what is said by the next word that fetches."""
    service = AudioService(words="今天天气怎么样")
    async with official(Conduct(users={"anna"})) as (url, fake), audio_service(service) as base:
        speech = f'[speech]\nhears = "whisper-1"\nspeaks = "tts-1"\nanswers = "both"\nbase_url = "{base}"\n'
        speech += f'api_key = "{KEY}"\n'
        keys = f'app_id = "{Conduct.app_id}"\napp_secret = "{Conduct.secret}"\napi_base = "{url}"\n'
        async with talking(tmp_path, keys + speech) as (phone, _):
            media_id = fake.conduct.put("voice", b"ID3 said", "audio/mpeg")
            body = phone.message("anna", "voice", MediaId=media_id, Format="mp3")
            told = await phone.deliver(body)
            assert told.text == "LLM-OK 今天天气怎么样\n\n（未完，回复“1”查看下一部分）"
            voice = (await phone.say("anna", "1")).fields
            assert voice["MsgType"] == "voice"
            assert fake.conduct.files[voice["Voice.MediaId"]][1] == b"ID3 spoken"
            told = await phone.deliver(phone.message("anna", "voice", MediaId="x", Format="amr", Recognition="明天呢"))
            assert told.text.startswith("LLM-OK 明天呢")
    assert [heard[2] for heard in service.heard] == [b"ID3 said"]
    assert [each["input"] for each in service.spoken] == ["LLM-OK 今天天气怎么样", "LLM-OK 明天呢"]
