"""Which applications the settings describe."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hubbub.platforms.wecom.plugin import PLUGIN
from hubbub.platforms.wecom.settings import WeComSettings

OURS: dict[str, Any] = {
    "corp_id": "ww1",
    "corp_secret": "s",
    "agent_id": "1000002",
    "token": "t",
    "encoding_aes_key": "A" * 43,
}
FURTHER = {key: value for key, value in OURS.items() if key != "corp_id"}


def test_without_keys_it_is_off() -> None:
    assert not PLUGIN.enabled(WeComSettings(), {})


def test_with_all_keys_it_is_on() -> None:
    settings = WeComSettings(**OURS)
    assert PLUGIN.enabled(settings, {})
    (application,) = settings.applications()
    assert (application.account, application.path, len(application.key)) == ("1000002", "/gpt", 32)


def test_further_applications_belong_to_the_company() -> None:
    accounts = [FURTHER | {"name": "hr"}, OURS | {"name": "sales", "corp_id": "ww2"}]
    settings = WeComSettings.model_validate(OURS | {"accounts": accounts})
    assert [(each.account, each.corp_id, each.path) for each in settings.applications()] == [
        ("1000002", "ww1", "/gpt"),
        ("hr", "ww1", "/gpt/hr"),
        ("sales", "ww2", "/gpt/sales"),
    ]


def test_an_account_of_which_nothing_is_set_is_none() -> None:
    assert not WeComSettings.model_validate({"accounts": [{"name": "x"}]}).applications()


@pytest.mark.parametrize("key", list(OURS))
def test_what_is_missing_is_named(key: str) -> None:
    with pytest.raises(ValidationError, match=f"should have {key} too"):
        WeComSettings(**{name: value for name, value in OURS.items() if name != key})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"encoding_aes_key": "short"}, "43"),
        ({"encoding_aes_key": "=" * 43}, "43"),
        ({"api_base": "qyapi.weixin.qq.com"}, "http"),
        ({"proxy": "socks5://x"}, "http"),
        ({"path": "gpt"}, "path"),
        ({"accounts": [FURTHER | {"name": "a/b"}]}, "letters"),
        ({"accounts": [FURTHER | {"name": "1000002"}]}, "differ"),
        ({"accounts": [{"name": "x", "agent_id": 5}]}, "account x should have"),
    ],
)
def test_mistakes_are_told(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        WeComSettings(**OURS | wrong)
