"""The `.env` of the assistant for Official Accounts works as it stands, key by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubbub.app.rooms import customs_of, platform_limits
from hubbub.platforms.wechat_official.plugin import customs
from hubbub.platforms.wechat_official.settings import WeChatOfficialSettings
from hubbub.settings import Settings, load

WHOLE = """\
# a comment of the template
export wechat_token=tok-of-the-account
export chat_gpt_token=sk-of-the-model
export token=admin-secret
export http_proxy=http://localhost:3128
export admin_user_ids=oAdmin1,oAdmin2
export white_list_user_ids=oFriend1,oFriend2
export admin_email=boss@example.org
"""
EMPTY = """\
export wechat_token=tok-of-the-account
export chat_gpt_token=sk-of-the-model
export token=
export http_proxy=
export admin_user_ids=
export white_list_user_ids=
export admin_email=
"""


def loaded(folder: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    (folder / ".env").write_text(text)
    return load(environ=environ or {}, folder=folder)


def official(settings: Settings) -> WeChatOfficialSettings:
    found = settings.platform("wechat_official")
    assert isinstance(found, WeChatOfficialSettings)
    return found


def test_every_key_counts(tmp_path: Path) -> None:
    settings = loaded(tmp_path, WHOLE)
    found = official(settings)
    assert found.token.get_secret_value() == "tok-of-the-account"
    keys = settings.model.api_key if isinstance(settings.model.api_key, tuple) else (settings.model.api_key,)
    assert [key.get_secret_value() for key in keys if key] == ["sk-of-the-model"]
    assert found.admin_token.get_secret_value() == "admin-secret"
    assert settings.server.proxy == "http://localhost:3128"
    assert found.admins == ("oAdmin1", "oAdmin2")
    assert found.white_list == ("oFriend1", "oFriend2")
    assert found.admin_email == "boss@example.org"
    assert "wechat_official" in {plugin.name for plugin in settings.enabled()}


def test_empty_keys_are_none(tmp_path: Path) -> None:
    settings = loaded(tmp_path, EMPTY)
    found = official(settings)
    assert (found.admins, found.white_list, found.admin_email) == ((), (), "")
    assert not found.admin_token.get_secret_value()
    assert settings.server.proxy == ""


def test_the_defaults_are_the_originals() -> None:
    found = WeChatOfficialSettings()
    own = customs(found)
    assert (own.messages_per_day, own.session_minutes) == (20, 30)
    assert own.sentences["limit.messages"] == "抱歉，您今日的聊天次数已达上限，请明日再来！"
    own = customs(WeChatOfficialSettings(admin_email="boss@example.org"))
    assert own.sentences["limit.messages"] == (
        "抱歉，您今日的聊天次数已达上限，请明日再来！\n\n"
        "如希望解除限制，请发送您的ID({user})至邮箱 boss@example.org ，并附上一个充分的理由。"
    )
    assert own.sentences["error.model_failed"] == "抱歉，系统错误，请稍候再试！"
    assert own.sentences["error.model_context"].startswith("抱歉，这个话题我们已经聊了太多了。")


@pytest.mark.parametrize("name", ["token", "HTTP_PROXY", "admin_email", "ADMIN_USER_IDS"])
def test_words_of_others_count_beside_the_accounts_token_only(tmp_path: Path, name: str) -> None:
    settings = load(environ={name: "http://elsewhere:1"}, folder=tmp_path)
    assert settings.server.proxy == ""
    assert not official(settings).admin_token.get_secret_value()
    assert official(settings).admin_email == ""


def test_letter_case_and_the_port(tmp_path: Path) -> None:
    settings = load(environ={"WECHAT_TOKEN": "tok", "PORT": "9090", "TOKEN": "secret-token"}, folder=tmp_path)
    assert official(settings).token.get_secret_value() == "tok"
    assert official(settings).admin_token.get_secret_value() == "secret-token"
    assert settings.server.port == 9090


def test_what_is_set_for_all_goes_before_the_defaults(tmp_path: Path) -> None:
    environ = {"WECHAT_TOKEN": "tok", "HUBBUB_LIMITS__MESSAGES_PER_DAY": "3", "HUBBUB_CHAT__SESSION_MINUTES": "5"}
    own = customs_of(load(environ=environ, folder=tmp_path))["wechat_official"]
    assert (own.messages_per_day, own.session_minutes) == (None, None)
    more = {"HUBBUB_PLATFORMS__WECHAT_OFFICIAL__MESSAGES_PER_DAY": "20"}
    settings = load(environ=environ | more, folder=tmp_path)
    assert customs_of(settings)["wechat_official"].messages_per_day == 20
    assert platform_limits(settings)["wechat_official"].limits.messages_per_day == 20
    own = customs_of(load(environ={"WECHAT_TOKEN": "tok"}, folder=tmp_path))["wechat_official"]
    assert (own.messages_per_day, own.session_minutes) == (20, 30)
