"""What ``hubbub doctor`` looks at: each bot's token, what the developer portal allows it, and where it is a member."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any

import aiohttp

from hubbub.core.errors import DeliveryError
from hubbub.core.upkeep import Finding
from hubbub.platforms.discord.intents import missing
from hubbub.platforms.discord.rest import Refused, Rest
from hubbub.platforms.discord.settings import DiscordSettings, bot_id
from hubbub.platforms.discord.starts import About

_SECONDS = 10.0
_FEW = 50
# To see channels, write there and in threads, show links, attach files, read what was said before, react; to time out.
_RIGHTS = 1 << 10 | 1 << 11 | 1 << 38 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 6 | 1 << 40


async def look(settings: DiscordSettings, _server: Mapping[str, Any]) -> AsyncIterator[Finding]:
    """Every bot in turn."""
    async with aiohttp.ClientSession() as client:
        for token in settings.tokens:
            name = f"bot {bot_id(token)}"
            rest = Rest(client, settings.api_base, token, _SECONDS)
            try:
                about = await rest.call("GET", "/applications/@me")
                yield Finding(name, "ok", f"is {about.get('name', 'without a name')}")
                for finding in (*_intents(name, about, settings), *_membership(name, about)):
                    yield finding
                yield await _sessions(name, rest)
            except (DeliveryError, AttributeError, KeyError, TypeError, ValueError) as error:
                yield _unanswered(name, error, settings)


def _unanswered(name: str, error: Exception, settings: DiscordSettings) -> Finding:
    if isinstance(error, Refused) and error.status == HTTPStatus.UNAUTHORIZED:
        remedy = "compare it with the developer portal (page Bot), or make a new one there"
        return Finding(name, "fail", "Discord does not know its token", remedy)
    remedy = f"see whether {settings.api_base} can be reached from here; a proxy, or api_base, may help"
    return Finding(name, "fail", f"Discord gives no answer: {error}", remedy)


def _intents(name: str, about: Mapping[str, Any], settings: DiscordSettings) -> list[Finding]:
    flags = int(about.get("flags", -1))
    lacking = [
        Finding(f"{each.title} of {name}", "fail", each.without, each.remedy) for each in missing(settings, flags)
    ]
    return lacking or [Finding(f"intents of {name}", "ok", "the developer portal allows all that is asked for")]


def _membership(name: str, about: Mapping[str, Any]) -> list[Finding]:
    count = about.get("approximate_guild_count")
    if count is None:
        return []
    if count:
        return [Finding(f"servers of {name}", "ok", f"it is on {count}")]
    link = f"https://discord.com/oauth2/authorize?client_id={about['id']}&scope=bot+applications.commands"
    return [Finding(f"servers of {name}", "warn", "it is on none", f"invite it: {link}&permissions={_RIGHTS}")]


async def _sessions(name: str, rest: Rest) -> Finding:
    about = About.of(await rest.call("GET", "/gateway/bot"), time.monotonic())
    text = f"{about.left} more can be begun today"
    if about.left > _FEW:
        return Finding(f"sessions of {name}", "ok", text)
    remedy = "something begins them over and over: look at the log; Discord takes the token back when none is left"
    return Finding(f"sessions of {name}", "warn", text, remedy)
