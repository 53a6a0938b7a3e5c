"""The variables of GoBot work as they stand."""

from pathlib import Path

import pytest

from hubbub.settings import load

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
