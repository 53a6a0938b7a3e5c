"""A hub that variables of the environment alone set: every platform over one port, as on a hosting service."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from hubbub.app import open_hub
from hubbub.platforms.wechat_official.dev.phone import Phone
from hubbub.settings import load
from tests.fakes.model import FakeModel
from tests.fakes.onebot_peer import OneBotPeer, said
from tests.fakes.telegram import TOKEN, telegram
from tests.fakes.telegram import said as telegram_said
from tests.journeys.inside import until


async def test_one_port_serves_all_platforms(tmp_path: Path) -> None:
    async with telegram() as bots, FakeModel(check=False) as model:
        environ = {
            "PORT": "0",
            "BotPlatform": "cqhttp,tgbot",
            "BOT_TOKEN": TOKEN,
            "TG_WEBHOOK_URL": "https://hub.example/tgbot",
            "chatgptapikey": "sk-gobot",
            "CHATGPTURL_PROXY": model.url,
            "WECHAT_TOKEN": "a-token-of-wechat",
            "HUBBUB_DATA_DIR": str(tmp_path / "data"),
            "HUBBUB_PLATFORMS__TELEGRAM__API_BASE": bots.url,
            "HUBBUB_PLATFORMS__WHATSAPP__API_BASE": bots.url,
            "HUBBUB_PLATFORMS__WHATSAPP__ACCESS_TOKEN": "EAA",
            "HUBBUB_PLATFORMS__WHATSAPP__PHONE_NUMBER_ID": "100",
            "HUBBUB_PLATFORMS__WHATSAPP__APP_SECRET": "secret",
            "HUBBUB_PLATFORMS__WHATSAPP__VERIFY_TOKEN": "our word",
        }
        async with open_hub(load(environ=environ, folder=tmp_path)) as hub, aiohttp.ClientSession(hub.url) as http:
            await until(lambda: bots.webhook)
            assert bots.webhook["url"] == f"https://hub.example/tgbot/{TOKEN}"
            assert await bots.bring(telegram_said("hello", 1), hub.url.removeprefix("http://")) == 200
            await until(lambda: "LLM-OK hello" in bots.messages.values())
            peer = await OneBotPeer().connect(hub.url.replace("http", "ws") + "/ws")
            peer.push(said("你好", 1))
            await until(lambda: [each.text for each in peer.conduct.shown] == ["LLM-OK 你好"])
            peer.close()
            async with http.post("/post", data={"usermsg": "hi"}) as response:
                assert await response.text() == "LLM-OK hi\n"
            told = await Phone(f"{hub.url}/wechat", "a-token-of-wechat", http, ahead=1.0).say("anna", "hey")
            assert told.text == "LLM-OK hey"
            asked = {"hub.mode": "subscribe", "hub.verify_token": "our word", "hub.challenge": "42"}
            async with http.get("/whatsapp/webhook", params=asked) as response:
                assert await response.text() == "42"
    assert {each.headers.get("authorization") for each in model.requests} == {"Bearer sk-gobot"}
    assert {each.body["model"] for each in model.requests if each.body} == {"gpt-3.5-turbo"}
