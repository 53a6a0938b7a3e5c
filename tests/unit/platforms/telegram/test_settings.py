"""Which bots there are, and when Telegram is on."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hubbub.platforms.telegram.plugin import PLUGIN
from hubbub.platforms.telegram.settings import TelegramSettings
from hubbub.settings import load

TOKEN = "10001:AAaa-0123456789_abcdefghijklmnopqrst"
OTHER = "10002:BBbb-0123456789_abcdefghijklmnopqrst"


def given(**values: Any) -> TelegramSettings:
    return TelegramSettings.model_validate(values)


def test_it_is_on_when_there_is_a_bot() -> None:
    assert not PLUGIN.enabled(given(), {})
    assert PLUGIN.enabled(given(token=TOKEN), {})
    assert PLUGIN.enabled(given(accounts=[{"token": OTHER}]), {})
    assert not PLUGIN.enabled(given(token=TOKEN, enabled=False), {})


def test_bots_are_those_of_the_section_and_its_accounts() -> None:
    bots = given(token=TOKEN, accounts=[{"token": OTHER}]).bots
    assert [bot.token.get_secret_value() for bot in bots] == [TOKEN, OTHER]


@pytest.mark.parametrize(
    "values",
    [
        {"token": "no token"},
        {"token": TOKEN, "mode": "webhook"},
        {"token": TOKEN, "webhook_secret": "with spaces"},
        {"enabled": True},
        {"token": TOKEN, "api_base": "ftp://example.org"},
    ],
)
def test_what_cannot_be_used_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        given(**values)


@pytest.mark.parametrize("name", ["TELEGRAM_BOT_TOKEN", "BOT_TOKEN", "bot_token", "HUBBUB_PLATFORMS__TELEGRAM__TOKEN"])
def test_the_token_is_taken_from_the_environment(tmp_path: Path, name: str) -> None:
    settings = load(environ={name: TOKEN, "TG_WEBHOOK_URL": "https://hub.example/tgbot"}, folder=tmp_path)
    telegram = settings.platform("telegram")
    assert isinstance(telegram, TelegramSettings)
    assert telegram.token.get_secret_value() == TOKEN
    assert telegram.webhook_url == "https://hub.example/tgbot"
