"""Members of a company talk to a hub in WeCom: callbacks over HTTP, answers by the API, a real hub in between."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.core.work import State
from hubbub.platforms.wecom.dev.company import AGENT, CORP, SECRET, Company
from hubbub.platforms.wecom.dev.server import wecom_api
from tests.fakes.audio import KEY, AudioService, audio_service
from tests.fakes.model import FakeModel
from tests.fakes.painter import KEY as PAINTER_KEY
from tests.fakes.painter import PICTURE, PainterService, painter_service
from tests.fakes.wecom import AES_KEY, TOKEN, Caller, happened, over_http, said
from tests.journeys.inside import Inside, inside, until
from tests.journeys.running import running

OURS = f"""
[platforms.wecom]
corp_id = "{CORP}"
corp_secret = "{SECRET}"
agent_id = {AGENT}
token = "{TOKEN}"
encoding_aes_key = "{AES_KEY}"
"""


@dataclass
class Office:
    """The hub, the company, and the callbacks between them."""

    hub: Inside
    company: Company
    caller: Caller
    number: int = 100

    async def say(self, text: str, user: str = "zhangsan", **more: object) -> None:
        self.number += 1
        assert (await self.caller.deliver(said(text, self.number, user, **more)))[0] == 200

    async def told(self, text: str, user: str = "zhangsan", **more: object) -> str:
        """What somebody who says something is answered next."""
        before = len(self.seen(user))
        await self.say(text, user, **more)
        await until(lambda: len(self.seen(user)) > before)
        return self.seen(user)[before]

    def seen(self, user: str = "zhangsan") -> list[str]:
        return [str(each.content) for each in self.company.visible() if each.to == user]


@asynccontextmanager
async def office(
    folder: Path, toml: str = "", company: Company | None = None, wecom: str = "", **behaviour: Any
) -> AsyncIterator[Office]:
    company = company or Company()
    async with wecom_api(company) as base:
        text = f'{toml}\n{OURS}\napi_base = "{base}"\n{wecom}\n'
        async with inside(folder, text, **behaviour) as hub, aiohttp.ClientSession() as client:
            caller = Caller(over_http(client, hub.hub.url.removeprefix("http://")))
            yield Office(hub, company, caller)


async def test_a_question_is_answered_once_however_often_it_comes(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        message = said("hello", 1)
        await asyncio.gather(*(here.caller.deliver(message) for _ in range(4)))
        await until(lambda: here.seen())
        await here.caller.deliver(message)
        assert await here.told("next") == "LLM-OK next"
        assert here.seen() == ["LLM-OK hello", "LLM-OK next"]
        assert here.hub.model.count == 2


async def test_each_member_has_a_conversation_and_a_role(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        assert await here.told("@prompt-set你是一个资深的程序员") == "遵命，主人"
        await here.told("什么是队列？")
        await here.told("什么是栈？", "lisi")
        first, second = list(here.hub.model.requests)[-2:]
        assert first.body["messages"][0] == {"role": "system", "content": "你是一个资深的程序员"}
        assert "队列" not in str(second.body["messages"])


async def test_a_click_on_the_menu_starts_anew_and_keeps_what_was_said(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        await here.told("什么是队列？")
        clicked = happened("click", EventKey="@clear")
        await here.caller.deliver(clicked)
        await here.caller.deliver(clicked)
        await until(lambda: len(here.seen()) == 2)
        assert here.seen()[1].startswith("主人已经开启新的对话啦")
        await here.told("什么是栈？")
        assert "队列" not in str(here.hub.model.requests[-1].body["messages"])
        kept = await here.hub.hub.store.conversations.branches("wecom:private:zhangsan", "context")
        assert len(kept) == 2


async def test_an_export_is_a_file(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        await here.told("什么是队列？")
        await here.say("@export md")
        await until(lambda: here.company.media)
        ((kind, name, data),) = here.company.media.values()
        assert (kind, name.rpartition(".")[2]) == ("file", "md")
        assert "什么是队列？" in data.decode()


async def test_long_answers_come_in_messages_of_bytes(tmp_path: Path) -> None:
    words = "".join(f"第{number}句话。" for number in range(1, 500))
    async with office(tmp_path, reply=words) as here:
        await here.say("tell me much")
        await until(lambda: "".join(here.seen()) == words)
        assert len(here.seen()) > 2
        assert all(len(each.encode()) <= 2000 for each in here.seen())


async def test_a_token_that_ends_is_nobodys_problem(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        await here.told("one")
        here.company.expire()
        assert await here.told("two") == "LLM-OK two"
        assert here.company.count("gettoken") == 2


async def test_what_nobody_knows_is_listed_and_not_sent_again(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        await here.told("one")
        here.company.faults.append("silent")
        await here.say("two")
        async with asyncio.timeout(40):
            while not (unknown := await here.hub.rows(State.UNKNOWN)):
                await asyncio.sleep(0.01)
        assert [row.out.room.id for row in unknown] == ["zhangsan"]
        assert await here.told("three") == "LLM-OK three"
        assert here.seen() == ["LLM-OK one", "LLM-OK two", "LLM-OK three"]


async def test_a_restart_between_redeliveries_changes_nothing(tmp_path: Path) -> None:
    company, message = Company(), said("hello", 1)
    async with office(tmp_path, company=company) as here:
        await here.caller.deliver(message)
        await until(lambda: here.seen())
    async with office(tmp_path, company=company) as here:
        await here.caller.deliver(message)
        assert await here.told("next") == "LLM-OK next"
        assert here.seen() == ["LLM-OK hello", "LLM-OK next"]
        assert here.hub.model.count == 1
    assert company.count("gettoken") == 1


async def test_a_voice_message_is_understood(tmp_path: Path) -> None:
    service = AudioService(words="今天天气怎么样")
    async with audio_service(service) as base:
        toml = f'[speech]\nhears = "whisper-1"\nbase_url = "{base}"\napi_key = "{KEY}"\n'
        async with office(tmp_path, toml) as here:
            here.company.media["m1"] = ("voice", "v.mp3", b"ID3 said aloud")
            assert await here.told("", MsgType="voice", MediaId="m1", Format="mp3") == "LLM-OK 今天天气怎么样"
            assert service.heard[0][2] == b"ID3 said aloud"
            service.status = 500
            assert "文字" in await here.told("", MsgType="voice", MediaId="m1")


async def test_a_voice_message_in_amr_is_answered_aloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through ffmpeg, which reads AMR for the service that does not."""
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nread -r head && echo RIFFof-$head\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    service = AudioService(words="今天天气怎么样")
    speech = 'hears = "whisper-1"\nspeaks = "tts-1"\nanswers = "both"'
    async with (
        audio_service(service) as base,
        office(tmp_path, f'[speech]\n{speech}\nbase_url = "{base}"\napi_key = "{KEY}"\n') as here,
    ):
        here.company.media["m1"] = ("voice", "v.amr", b"#!AMR\nsaid")
        await here.say("", MsgType="voice", MediaId="m1", Format="amr")
        await until(lambda: len(here.company.shown) == 2)
        answer, voice = here.company.shown
    assert service.heard[0][2].startswith(b"RIFF")
    assert answer.content == "LLM-OK 今天天气怎么样"
    assert service.spoken[0]["input"] == "LLM-OK 今天天气怎么样"
    assert here.company.media[voice.content["media_id"]][2] == b"ID3 spoken"


ORIGINAL = f"""\
systemConf:
  port: 50008
  log: info
  callBackUrl: http://127.0.0.1
  msgMode: text
gptConfig:
  apikey: sk-journey
  model: fake-model
  url: {{model}}
  contextNumber: 1
weConfig:
  corpid: {CORP}
  corpSecret: {SECRET}
  agentId: {AGENT}
  weApiRCallToken: {TOKEN}
  weApiEncodingKey: {AES_KEY}
  weChatApiAddr: {{wecom}}
"""


async def test_a_folder_of_corp_webot_works_as_it_stands(tmp_path: Path) -> None:
    """Its file, its port by option alone; a context of one question, and its rule of four seconds."""
    company = Company()
    (tmp_path / "config").mkdir()
    (tmp_path / "db").mkdir()
    async with wecom_api(company) as base, FakeModel(check=False) as model, aiohttp.ClientSession() as client:
        file = tmp_path / "config" / "config.yaml"
        file.write_text(ORIGINAL.format(model=model.url, wecom=base), encoding="utf-8")
        with running(tmp_path) as hub:
            address = (await asyncio.to_thread(lambda: hub.url)).rpartition(":")[2]
            caller = Caller(over_http(client, f"127.0.0.1:{address}"))
            for number, text in enumerate(("一", "一", "二", "三")):
                assert (await caller.deliver(said(text, number)))[0] == 200
            await until(lambda: len(company.shown) == 3)
    assert [each.content for each in company.shown] == ["LLM-OK 一", "LLM-OK 二", "LLM-OK 三"]
    first, *_, last = (asked.body["messages"] for asked in model.requests)
    assert first[0] == {"role": "system", "content": "请全程使用中文与我对话"}
    assert "一" not in str(last)
    assert (tmp_path / "db" / "hubbub.db").is_file()


async def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """The process is killed while the model thinks; WeCom knows that the message was taken and does not come again."""
    company = Company()
    (tmp_path / "config").mkdir()
    async with (
        wecom_api(company) as base,
        FakeModel(check=False, first_ms=1000) as model,
        aiohttp.ClientSession() as http,
    ):
        file = tmp_path / "config" / "config.yaml"
        file.write_text(ORIGINAL.format(model=model.url, wecom=base), encoding="utf-8")
        for killed in (True, False):
            with running(tmp_path) as hub:
                address = (await asyncio.to_thread(lambda hub=hub: hub.url)).rpartition(":")[2]  # type: ignore[misc]  # a loop's
                caller = Caller(over_http(http, f"127.0.0.1:{address}"))
                if killed:
                    assert (await caller.deliver(said("hello", 1)))[0] == 200
                    await until(lambda: model.count == 1)
                    hub.kill()
                else:
                    await until(lambda: company.shown)
                    assert (await caller.deliver(said("hello", 1)))[0] == 200
                    assert (await caller.deliver(said("next", 2)))[0] == 200
                    await until(lambda: len(company.shown) == 2)
    assert [each.content for each in company.shown] == ["LLM-OK hello", "LLM-OK next"]
    assert model.count == 3


async def test_failures_are_told_in_the_words_of_the_settings(tmp_path: Path) -> None:
    async with office(tmp_path, wecom='error_text = "稍后再试试"', faults={"500": 1.0}) as here:
        assert await here.told("hello") == "稍后再试试"


async def test_a_picture_is_painted_and_changed(tmp_path: Path) -> None:
    service = PainterService()
    async with painter_service(service) as base:
        toml = f'[painting]\nmodel = "dall-e-2"\nbase_url = "{base}"\napi_key = "{PAINTER_KEY}"\n'
        async with office(tmp_path, toml) as here:
            await here.say("@image生成一只黑色的猫")
            await until(lambda: here.company.shown)
            (shown,) = here.company.shown
            assert shown.kind == "image"
            assert here.company.media[shown.content["media_id"]][2] == PICTURE
            assert service.wishes[0]["prompt"] == "生成一只黑色的猫"
            assert here.hub.model.count == 0
            assert "没有找到可以修改的图片" in str(await here.told("@image edit 换成白色"))
            here.company.media["m1"] = ("image", "cat.png", PICTURE)
            await here.told("", MsgType="image", MediaId="m1", PicUrl="")
            before = len(here.company.shown)
            await here.say("@image edit 换成白色")
            await until(lambda: len(here.company.shown) > before)
            assert here.company.shown[-1].kind == "image"
            assert (service.wishes[-1]["prompt"], service.wishes[-1]["image"]) == ("换成白色", PICTURE)
            service.status = 400
            assert str(await here.told("@image 一只狗")).startswith("稍后再试试，小助理的老爸去出差了")


async def test_a_placeholder_stands_while_an_answer_is_written(tmp_path: Path) -> None:
    async with office(tmp_path, wecom='placeholder = "思考中…"', first_ms=1500) as here:
        await here.say("a hard one")
        await until(lambda: here.seen() == ["思考中…"])
        await until(lambda: here.seen() == ["LLM-OK a hard one"])


@pytest.mark.parametrize("kind", ["location", "link"])
async def test_places_and_links_are_asked_about(tmp_path: Path, kind: str) -> None:
    fields: dict[str, Any] = (
        {"Location_X": "23.134", "Location_Y": "113.358", "Label": "广州市海珠区"}
        if kind == "location"
        else {"Title": "放假安排", "Description": "公告", "Url": "https://example.org/notice"}
    )
    async with office(tmp_path) as here:
        answer = await here.told("", MsgType=kind, **fields)
        assert ("广州市海珠区" if kind == "location" else "放假安排") in answer


@pytest.mark.parametrize("count", [60, pytest.param(10_000, marks=(pytest.mark.slow, pytest.mark.timeout(1800)))])
async def test_many_callbacks_with_redeliveries_and_restarts(tmp_path: Path, count: int) -> None:
    """Every message is delivered up to three times, to one hub or the next: one answer each, one call each."""
    members = [f"member{number}" for number in range(20)]
    company, calls = Company(members=set(members)), 0
    messages = [said(f"question {number}", number, members[number % 20]) for number in range(count)]
    for part in range(3):
        async with office(tmp_path, company=company) as here:
            # A third is new; what came to the hub before comes again.
            for number in range(0, count, 50):
                batch = [
                    message
                    for place, message in enumerate(messages[number : number + 50], number)
                    if part * count <= place * 3 < (part + 1) * count
                    or (part and place * 3 < part * count and place % 2)
                ]
                for message in batch:
                    assert (await here.caller.deliver(message))[0] == 200
                await asyncio.gather(*(here.caller.deliver(message) for message in batch[::3]))
            wanted = (part + 1) * count // 3 if part < 2 else count
            await until(lambda wanted=wanted: len(company.shown) >= wanted, 600)  # type: ignore[misc]  # a loop's lambda
            calls += here.hub.model.count
    answers = sorted(str(each.content) for each in company.shown)
    assert answers == sorted(f"LLM-OK question {number}" for number in range(count))
    assert calls == count
