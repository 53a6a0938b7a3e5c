"""The variables of GoBot work as they stand."""

from pathlib import Path

import pytest

from hubbub.settings import load
from hubbub.settings.gobot import notices

TOKEN = "10001:AAaa-0123456789_abcdefghijklmnopqrst"
GIVEN = {
    "TG_WEBHOOK_URL": "https://yousite.com/tgbot",
    "BOT_TOKEN": TOKEN,
    "chatGPTAPIKey": "sk-yours",
    "ChatGPTURL_proxy": "https://proxy.example/v1",
    "PORT": "8443",
}


def test_every_variable_sets_its_key(tmp_path: Path) -> None:
    found = load(environ=GIVEN, folder=tmp_path)
    telegram = found.platform("telegram").model_dump()
    assert telegram["token"].get_secret_value() == TOKEN
    assert telegram["webhook_url"] == "https://yousite.com/tgbot"
    assert found.model.base_url == "https://proxy.example/v1"
    assert found.model.api_keys == ("sk-yours",)
    assert found.server.port == 8443


def test_they_may_stand_in_the_file_of_variables(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in GIVEN.items()))
    found = load(environ={"BotPlatform": ""}, folder=tmp_path)
    assert {plugin.name for plugin in found.enabled()} >= {"onebot", "telegram", "http"}


@pytest.mark.parametrize(
    ("value", "on"),
    [
        ("cqhttp,tgbot", {"onebot", "telegram"}),
        ("cqhttp", {"onebot"}),
        ("tgbot", {"telegram"}),
        ("TGBOT, cqhttp", {"onebot", "telegram"}),
        ("websocket", {"onebot"}),
        ("", {"onebot", "telegram"}),
    ],
)
def test_the_platforms_that_are_not_listed_are_off(tmp_path: Path, value: str, on: set[str]) -> None:
    found = load(environ=GIVEN | {"BotPlatform": value}, folder=tmp_path)
    assert {plugin.name for plugin in found.enabled()} & {"onebot", "telegram"} == on


def test_it_is_served_to_other_machines_too(tmp_path: Path) -> None:
    def served(**environ: str) -> bool:
        found = load(environ={"HOST": "0.0.0.0", **environ}, folder=tmp_path)
        return "onebot" in {plugin.name for plugin in found.enabled()}

    assert served(chatGPTAPIKey="sk-x")
    assert served(BotPlatform="cqhttp")
    assert not served(chatGPTAPIKey="sk-x", BotPlatform="tgbot")
    assert not served(BOT_TOKEN=TOKEN)


def told(folder: Path, **environ: str) -> list[str]:
    return list(notices(load(environ=environ, folder=folder)))


def test_without_a_secret_it_says_what_to_set(tmp_path: Path) -> None:
    everywhere = {"HOST": "0.0.0.0", "chatGPTAPIKey": "sk-x"}
    (said,) = told(tmp_path, **everywhere)
    assert "HUBBUB_PLATFORMS__ONEBOT__ACCESS_TOKEN" in said
    assert told(tmp_path, **everywhere, HUBBUB_PLATFORMS__ONEBOT__ACCESS_TOKEN="x") == []
    assert told(tmp_path, **everywhere, BotPlatform="tgbot", BOT_TOKEN=TOKEN) == []
    assert told(tmp_path, chatGPTAPIKey="sk-x") == []
    assert told(tmp_path, HOST="0.0.0.0", HUBBUB_PLATFORMS__ONEBOT__ENABLED="true") == []


def test_a_bot_without_its_token_is_told(tmp_path: Path) -> None:
    (said,) = told(tmp_path, BotPlatform="tgbot")
    assert "BOT_TOKEN" in said
    assert told(tmp_path, BotPlatform="tgbot", BOT_TOKEN=TOKEN) == []


@pytest.mark.parametrize("name", ["chatGPTAPIKey", "CHATGPTURL_PROXY", "BotPlatform"])
def test_whoever_comes_from_it_is_served_as_there(tmp_path: Path, name: str) -> None:
    value = {"CHATGPTURL_PROXY": "https://proxy.example/v1", "BotPlatform": "cqhttp"}.get(name, "sk-x")
    found = load(environ={name: value}, folder=tmp_path)
    assert found.manners.welcome == "{at} 欢迎新成员加入~,发送 /help 可查看机器人全部指令"
    assert found.manners.farewell == "有人离开了群聊~"
    assert (found.manners.friend_requests, found.manners.join_requests) == ("approve", "ignore")
    assert found.manners.recalled == "log"
    assert found.manners.mention_in_groups
    assert found.album.enabled
    assert found.chat.language == "zh"
    assert "Vio" in found.chat.system_prompt


def test_behind_an_address_of_its_own_the_same_model_is_asked(tmp_path: Path) -> None:
    environ = {"ChatGPTURL_proxy": "https://proxy.example/v1"}
    assert load(environ=environ, folder=tmp_path).model.name == "gpt-3.5-turbo"
    assert load(environ=environ | {"HUBBUB_MODEL": "gpt-4o"}, folder=tmp_path).model.name == "gpt-4o"
    assert load(environ={"chatGPTAPIKey": "sk-x"}, folder=tmp_path).model.name == ""


def test_nobody_else_is(tmp_path: Path) -> None:
    found = load(environ={"BOT_TOKEN": TOKEN, "chatGPTAPIKey": "", "PORT": "80"}, folder=tmp_path)
    assert (found.manners.welcome, found.manners.mention_in_groups, found.album.enabled) == ("off", False, False)
    assert (found.chat.language, found.chat.system_prompt) == ("auto", "")


def test_what_is_set_counts_before_it(tmp_path: Path) -> None:
    (tmp_path / "hubbub.toml").write_text('[manners]\nwelcome = "off"\n')
    environ = {"chatGPTAPIKey": "sk-x", "HUBBUB_ALBUM__ENABLED": "false"}
    found = load(environ=environ, folder=tmp_path)
    assert (found.manners.welcome, found.manners.farewell) == ("off", "有人离开了群聊~")
    assert not found.album.enabled
