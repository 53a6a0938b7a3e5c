"""What the hub needs to know of WeChat Official Accounts before they are used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubbub.core.customs import Customs
from hubbub.core.phrases import Phrase
from hubbub.core.ports import PlatformPlugin
from hubbub.platforms.wechat_official.settings import WeChatOfficialSettings
from hubbub.words import say


def enabled(settings: WeChatOfficialSettings, server: Mapping[str, Any]) -> bool:  # noqa: ARG001 - the contract's
    """Once an account has its token: without one no callback can be told from a forged one."""
    return bool(settings.named)


def customs(settings: WeChatOfficialSettings) -> Customs:
    """The limits, sessions and sentences that its people know."""
    return Customs(
        messages_per_day=settings.messages_per_day,
        session_minutes=settings.session_minutes,
        timezone=settings.timezone,
        admins=settings.admins,
        unlimited=settings.white_list,
        sentences=_sentences(settings),
        old_forms=True,
        admin_token=settings.admin_token.get_secret_value(),
        defaults=frozenset(type(settings).model_fields) - settings.model_fields_set,
    )


def _sentences(settings: WeChatOfficialSettings) -> dict[str, str]:
    language = settings.language or "zh"
    limit = (
        Phrase("limit.today_mail", {"email": settings.admin_email}) if settings.admin_email else Phrase("limit.today")
    )
    error = settings.error_text or say(Phrase("error.system"), language)
    return {
        **dict.fromkeys(_FAILURES, error),
        "error.model_context": settings.too_long_text or say(Phrase("error.topic"), language),
        "limit.messages": settings.limit_text or say(limit, language),
    }


_FAILURES = (
    "error.internal",
    "error.model_failed",
    "error.model_timeout",
    "error.model_busy",
    "error.model_auth",
    "error.model_empty",
    "error.model_refused",
    "error.no_model",
)

PLUGIN = PlatformPlugin(
    name="wechat_official",
    settings=WeChatOfficialSettings,
    adapter="hubbub.platforms.wechat_official.adapter:WeChatOfficialAdapter",
    enabled=enabled,
    customs=customs,
    checks="hubbub.platforms.wechat_official.checks:look",
    tools={"fake-wechat": "hubbub.platforms.wechat_official.dev.hand:main"},
)
