"""Settings, and when the platform is on."""

from typing import Any

import pytest
from pydantic import ValidationError

from hubbub.platforms.onebot.plugin import PLUGIN
from hubbub.platforms.onebot.settings import OneBotSettings


@pytest.mark.parametrize(
    ("settings", "host", "on"),
    [
        ({}, "127.0.0.1", True),
        ({}, "localhost", True),
        ({}, "::1", True),
        ({}, "0.0.0.0", False),
        ({}, "192.168.1.5", False),
        ({}, "hub.example.org", False),
        ({"access_token": "s"}, "0.0.0.0", True),
        ({"http_secret": "s"}, "0.0.0.0", True),
        ({"forward_urls": ["ws://127.0.0.1:3001"]}, "0.0.0.0", True),
        ({"enabled": False}, "127.0.0.1", False),
        ({"enabled": True}, "0.0.0.0", True),
    ],
)
def test_when_it_is_on(settings: dict[str, Any], host: str, on: bool) -> None:
    assert PLUGIN.enabled(OneBotSettings(**settings), {"host": host}) is on


def test_lists_may_be_written_in_one_line() -> None:
    settings = OneBotSettings.model_validate(
        {"forward_urls": "ws://127.0.0.1:3001, wss://example.org/ws?access_token=a", "accounts": "10001 10002"}
    )
    assert settings.forward_urls == ("ws://127.0.0.1:3001", "wss://example.org/ws?access_token=a")
    assert settings.accounts == ("10001", "10002")
    assert OneBotSettings.model_validate({"accounts": [10001, "10002"]}).accounts == ("10001", "10002")
    assert OneBotSettings.model_validate({"accounts": 10001}).accounts == ("10001",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"forward_urls": ["http://example.org"]},
        {"forward_urls": ["example.org:3001"]},
        {"http_api_url": "ftp://example.org"},
        {"http_api_url": "http://"},
        {"message_format": "xml"},
        {"max_pending": 0},
        {"unknown": 1},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OneBotSettings.model_validate(wrong)


def test_secrets_are_not_shown() -> None:
    settings = OneBotSettings.model_validate({"access_token": "hush", "http_secret": "hush"})
    assert "hush" not in repr(settings)
    assert "hush" not in str(settings.model_dump())


def test_every_setting_is_described() -> None:
    assert all(field.description for field in OneBotSettings.model_fields.values())


def test_the_adapter_is_where_the_plugin_says() -> None:
    module, _, name = PLUGIN.adapter.partition(":")
    loaded = __import__(module, fromlist=[name])
    assert getattr(loaded, name).name == PLUGIN.name
