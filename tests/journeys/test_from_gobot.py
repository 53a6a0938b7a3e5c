"""Whoever ran GoBot and sets its variables here finds its commands, words and decisions: by go-cqhttp, in CQ codes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hubbub.app import open_hub
from hubbub.settings import load
from tests.fakes.album import AlbumService, album_service
from tests.fakes.model import FakeModel
from tests.fakes.onebot_peer import Conduct, OneBotPeer, Shown, said
from tests.fakes.telegram import GROUP as TELEGRAM_GROUP
from tests.fakes.telegram import TOKEN, telegram
from tests.fakes.telegram import said as telegram_said
from tests.journeys.inside import until
from tests.journeys.test_rooms import ANNA, GROUP, notice, request


class GoCqhttp:
    """An implementation that writes messages as strings, and what it was told to show and do."""

    def __init__(self) -> None:
        self.conduct = Conduct(app_name="go-cqhttp")
        self.peer = OneBotPeer(self.conduct)
        self.number = 0

    async def shows(self, text: str, group: int | None = None) -> Shown:
        """Somebody writes; what people see next."""
        self.number += 1
        before = len(self.conduct.shown)
        self.peer.push(said(text, self.number, group=group) | {"message": text, "message_format": "string"})
        await until(lambda: len(self.conduct.shown) > before)
        return self.conduct.shown[before]

    async def after(self, event: dict[str, Any]) -> Shown:
        """Something happens; what people see next."""
        before = len(self.conduct.shown)
        self.peer.push(event)
        await until(lambda: len(self.conduct.shown) > before)
        return self.conduct.shown[before]


@asynccontextmanager
async def moved(folder: Path, album: AlbumService) -> AsyncIterator[tuple[GoCqhttp, FakeModel]]:
    """A hub with GoBot's variables, and those by which the tests put themselves in the place of the internet."""
    async with FakeModel(check=False) as model:
        environ = {
            "PORT": "0",
            "BotPlatform": "cqhttp",
            "chatGPTAPIKey": "sk-gobot",
            "ChatGPTURL_proxy": model.url,
            "HUBBUB_DATA_DIR": str(folder / "data"),
            "HUBBUB_MANNERS__FILTERS": '{"viogami": "谢谢你提及我的主人~"}',
            "HUBBUB_MANNERS__APPROVE_WORDS": "芝麻,sesame",
            "HUBBUB_ALBUM__URL": f"{album.url}/setu/v2",
            "HUBBUB_FILES__FETCH_NETWORKS": "127.0.0.0/8",
        }
        qq = GoCqhttp()
        async with open_hub(load(environ=environ, folder=folder)) as hub:
            await qq.peer.connect(hub.url.replace("http", "ws") + "/ws")
            yield qq, model
            qq.peer.close()


@pytest.fixture
async def album() -> AsyncIterator[AlbumService]:
    async with album_service() as service:
        yield service


def kinds(shown: Shown) -> list[str]:
    return [segment["type"] for segment in shown.message]


async def test_private_chats(tmp_path: Path, album: AlbumService) -> None:
    async with moved(tmp_path, album) as (qq, model):
        assert (await qq.shows("你好")).text == "LLM-OK 你好"
        asked = next(each.body for each in model.requests if each.body)
        assert asked["model"] == "gpt-3.5-turbo"
        assert "Vio" in asked["messages"][0]["content"]
        assert (await qq.shows("/help")).text.startswith("你可以使用：")
        assert (await qq.shows("viogami 是谁")).text == "谢谢你提及我的主人~"
        assert kinds(await qq.shows("/涩图 猫，夜,晚")) == ["node", "node"]
        assert (await qq.shows("/涩图 nothing")).text == "该tag搜索不到图片，呜呜~"
        # What is for adults, and what was never in its README, is no command.
        assert (await qq.shows("/涩图r18")).text.startswith("没有 /涩图r18 这个命令")
        assert (await qq.shows("/枪声 AK 100m")).text.startswith("没有 /枪声 这个命令")
    assert [(each["r18"], each.get("tag")) for each in album.wishes] == [(0, ["猫", "夜", "晚"]), (0, ["nothing"])]


async def test_groups(tmp_path: Path, album: AlbumService) -> None:
    async with moved(tmp_path, album) as (qq, _):
        qq.peer.push(said("大家好", 1000, group=GROUP))
        answer = await qq.shows("/chat 你好", GROUP)
        assert kinds(answer) == ["reply", "at", "text"]
        assert (answer.message[1]["data"]["qq"], answer.text) == (str(ANNA), " LLM-OK 你好")
        assert (await qq.shows("[CQ:at,qq=10001] 在吗", GROUP)).text == " LLM-OK 在吗"
        assert kinds(await qq.shows("/help", GROUP)) == ["at", "text"]
        assert kinds(await qq.shows("/涩图", GROUP)) == ["node", "node"]
        told = (await qq.shows("/禁言抽奖", GROUP)).text
        seconds = int(re.fullmatch(r"已禁言(\d+)秒", told)[1])  # type: ignore[index]  # a test that fails here is right
        assert 1 <= seconds <= 60
        assert qq.conduct.acts == [("set_group_ban", {"group_id": GROUP, "user_id": ANNA, "duration": seconds})]
        assert len(qq.conduct.shown) == 5


async def test_groups_of_telegram(tmp_path: Path) -> None:
    async with telegram() as bots, FakeModel(check=False) as model:
        environ = {
            "PORT": "0",
            "BotPlatform": "tgbot",
            "BOT_TOKEN": TOKEN,
            "TG_WEBHOOK_URL": "https://yousite.com/tgbot",
            "chatGPTAPIKey": "sk-gobot",
            "ChatGPTURL_proxy": model.url,
            "HUBBUB_DATA_DIR": str(tmp_path / "data"),
            "HUBBUB_PLATFORMS__TELEGRAM__API_BASE": bots.url,
        }
        async with open_hub(load(environ=environ, folder=tmp_path)) as hub:
            await until(lambda: bots.webhook)
            mention = {"type": "mention", "offset": 0, "length": 8}
            asked = telegram_said("@hub_bot hi", 1, chat=TELEGRAM_GROUP, entities=[mention])
            await bots.bring(asked, hub.url.removeprefix("http://"))
            await until(lambda: "LLM-OK hi" in bots.messages.values())
            sent = next(arguments for method, arguments in bots.calls if method == "sendMessage")
            assert '"message_id": 2' in sent["reply_parameters"]


async def test_what_happens(tmp_path: Path, album: AlbumService, caplog: pytest.LogCaptureFixture) -> None:
    async with moved(tmp_path, album) as (qq, _):
        welcome = await qq.after(notice("group_increase", sub_type="approve", operator_id=0))
        assert kinds(welcome) == ["at", "text"]
        assert welcome.text == " 欢迎新成员加入~,发送 /help 可查看机器人全部指令"
        farewell = await qq.after(notice("group_decrease", sub_type="leave", operator_id=0))
        assert farewell.text == "有人离开了群聊~"
        with caplog.at_level("INFO"):
            qq.peer.push(notice("group_recall", operator_id=ANNA, message_id=5))
            qq.peer.push(request("group", "g1", sub_type="add", group_id=GROUP))
            qq.peer.push(request("group", "g2", "问题：?\n答案：芝麻开门", sub_type="add", group_id=GROUP))
            qq.peer.push(request("friend", "f1"))
            await until(lambda: len(qq.conduct.acts) == 2)
            await until(lambda: "message 5 of" in caplog.text)
        assert len(qq.conduct.shown) == 2
    assert sorted(qq.conduct.acts, key=str) == [
        ("set_friend_add_request", {"flag": "f1", "approve": True}),
        ("set_group_add_request", {"flag": "g2", "sub_type": "add", "approve": True}),
    ]
