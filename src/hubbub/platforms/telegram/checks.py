"""What ``hubbub doctor`` looks at: each bot's token, and whether Telegram's webhook is the one that is set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import telegram
from telegram.error import InvalidToken, TelegramError

from hubbub.core.errors import ConfigError
from hubbub.core.upkeep import Finding
from hubbub.platforms.telegram.account import webhook_address
from hubbub.platforms.telegram.connection import connection
from hubbub.platforms.telegram.settings import TelegramBot, TelegramSettings

_SECONDS = 10.0
_MANY = 100
_OLD_SECONDS = 3600.0


async def look(settings: TelegramSettings, _server: Mapping[str, Any]) -> AsyncIterator[Finding]:
    """Every bot in turn."""
    base = settings.api_base.rstrip("/")
    if settings.api_folder is not None and not settings.api_folder.is_dir():
        remedy = "the hub must see the folder of the Bot API server under the path that the server has for it"
        yield Finding("files", "fail", f"api_folder {settings.api_folder} is no folder here", remedy)
    for given in settings.bots:
        try:
            request = connection(base, _SECONDS)
        except ConfigError as error:
            yield Finding("proxy", "fail", str(error), "see HTTPS_PROXY and ALL_PROXY")
            return
        token = given.token.get_secret_value()
        bot = telegram.Bot(token, base_url=f"{base}/bot", request=request, get_updates_request=request)
        try:
            yield await _token(bot)
            async for finding in _webhook(bot, given, settings):
                yield finding
        except TelegramError as error:
            yield _unanswered(_name(bot), error, settings)
        finally:
            await request.shutdown()


def _name(bot: telegram.Bot) -> str:
    return f"bot {bot.token.partition(':')[0]}"


def _unanswered(name: str, error: TelegramError, settings: TelegramSettings) -> Finding:
    if isinstance(error, InvalidToken):
        return Finding(name, "fail", "Telegram does not know its token", "compare it with what @BotFather shows")
    remedy = f"see whether {settings.api_base} can be reached from here; a proxy, or api_base, may help"
    return Finding(name, "fail", f"Telegram gives no answer: {error.message}", remedy)


async def _token(bot: telegram.Bot) -> Finding:
    me = await bot.get_me()
    if me.can_read_all_group_messages:
        return Finding(_name(bot), "ok", f"is @{me.username}; in groups it sees every message")
    return Finding(_name(bot), "ok", f"is @{me.username}; privacy mode: in groups it sees only what is meant for it")


async def _webhook(bot: telegram.Bot, given: TelegramBot, settings: TelegramSettings) -> AsyncIterator[Finding]:
    name, found = f"webhook of {_name(bot)}", await bot.get_webhook_info()
    if not settings.webhook_of(given):
        if found.url:
            remedy = "a hub that polls takes it away when it starts; is another program using the bot?"
            yield Finding(name, "warn", "the hub is set to poll, but Telegram has a webhook", remedy)
        return
    url = webhook_address(settings.webhook_of(given), bot.token)
    if found.url != url:
        what = "another address than the one that is set" if found.url else "none"
        yield Finding(name, "warn", f"Telegram has {what}", "the hub sets it when it starts: start it again")
        return
    if settings.webhook_certificate is not None and not found.has_custom_certificate:
        yield Finding(
            name, "warn", "Telegram does not have webhook_certificate", "start the hub again: it is sent then"
        )
    if found.last_error_date is not None:
        yield _failed(name, found)
    elif found.pending_update_count > _MANY:
        yield Finding(name, "warn", f"{found.pending_update_count} messages wait there", "see whether the hub runs")
    else:
        yield Finding(name, "ok", f"is set, {found.pending_update_count} messages wait")


def _failed(name: str, found: telegram.WebhookInfo) -> Finding:
    """Telegram keeps its last failure for ever; an old one with nothing waiting is over."""
    at = found.last_error_date or datetime.now(UTC)
    old = found.pending_update_count == 0 and (datetime.now(UTC) - at).total_seconds() > _OLD_SECONDS
    text = f"the last failure was {found.last_error_message!r} at {at:%Y-%m-%d %H:%M} UTC"
    if old:
        return Finding(name, "ok", f"{text}; nothing waits since")
    remedy = "see whether the public address leads to the hub, over https with a certificate that Telegram can check"
    return Finding(name, "fail", f"{text}, {found.pending_update_count} messages wait", remedy)
