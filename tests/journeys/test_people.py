"""One person on Telegram, Discord and WhatsApp: let in, joined, counted together, blocked everywhere."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fakes import discord_payloads
from tests.fakes import telegram as telegram_fake
from tests.fakes import whatsapp as whatsapp_fake
from tests.fakes.discord import FakeDiscord, discord
from tests.fakes.telegram import FakeTelegram, telegram
from tests.fakes.whatsapp import FakeWhatsApp, whatsapp
from tests.journeys.inside import Inside, inside, until
from tests.journeys.test_access import as_admin

CODE = re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{4}")


@dataclass
class Phone:
    """One person with all three programs. ``number`` is that of their last message."""

    hub: Inside
    telegram: FakeTelegram
    discord: FakeDiscord
    whatsapp: FakeWhatsApp
    number: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    def _shown(self, where: str) -> list[str]:
        if where == "telegram":
            return list(self.telegram.messages.values())
        if where == "discord":
            return list(self.discord.messages.values())
        return [text for _, text in self.whatsapp.texts]

    async def writes(self, where: str, text: str) -> None:
        self.number += 1
        if where == "telegram":
            self.telegram.push(telegram_fake.said(text, self.number))
        elif where == "discord":
            self.discord.push("MESSAGE_CREATE", discord_payloads.message(self.number, text))
        else:
            url = f"{self.hub.hub.url}/whatsapp/webhook"
            assert await self.whatsapp.bring(whatsapp_fake.said(text, self.number), url, "secret") == 200

    async def reads(self, where: str) -> str:
        """The next message there."""
        at = self.seen.get(where, 0)
        await until(lambda: len(self._shown(where)) > at, 20)
        self.seen[where] = at + 1
        return self._shown(where)[at]

    async def asks(self, where: str, text: str) -> str:
        await self.writes(where, text)
        return await self.reads(where)


@asynccontextmanager
async def phone(folder: Path, more: str = "") -> AsyncIterator[Phone]:
    async with telegram() as bots, discord() as servers, whatsapp() as numbers:
        settings = f"""{more}
[chat]
stream = "off"
[platforms.telegram]
token = "{telegram_fake.TOKEN}"
api_base = "{bots.url}"
poll_seconds = 1
reconnect_seconds = 0.05
[platforms.discord]
token = "{discord_payloads.TOKEN}"
api_base = "{servers.url}"
[platforms.whatsapp]
phone_number_id = "{whatsapp_fake.NUMBER}"
access_token = "{whatsapp_fake.TOKEN}"
app_secret = "secret"
verify_token = "word"
api_base = "{numbers.url}"
"""
        async with inside(folder, settings) as hub:
            await until(lambda: bots.fetching and servers.sockets, 30)
            yield Phone(hub, bots, servers, numbers)
        assert [*bots.refused, *servers.refused, *numbers.refused] == []


def found(pattern: str | re.Pattern[str], text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, text
    return match[0]


async def test_three_accounts_are_one_person(tmp_path: Path) -> None:
    async with phone(tmp_path, "[limits]\nmessages_per_day = 4\n") as me:
        await me.asks("telegram", "remember the lighthouse")
        for other in ("discord", "whatsapp"):
            code = found(CODE, await me.asks("telegram", "/link"))
            word = found(r"/link [a-z]+\b", await me.asks(other, f"/link {code}"))
            assert "asked now" in await me.asks(other, word)
            assert "Is that you" in await me.reads("telegram")
            assert "are one now" in await me.asks("telegram", "/link yes")
            assert "are one now" in await me.reads(other)
        await me.asks("discord", "what did I say?")
        told = str(me.hub.model.requests[-1].body["messages"])
        assert "lighthouse" in told
        await me.asks("whatsapp", "and now?")
        await me.asks("telegram", "the last one")
        assert "4 questions today" in await me.asks("whatsapp", "one more")
        assert "4 messages" in await me.asks("discord", "/usage")


@pytest.mark.parametrize("where", ["telegram", "discord", "whatsapp"])
async def test_a_private_bot_lets_in_and_keeps_out(tmp_path: Path, where: str) -> None:
    """A stranger gets a code, an admin lets them in; who is blocked then hears nothing, whoever is allowed does."""
    more = '[access]\nmode = "pairing"\n[commands]\nadmins = ["http:root"]\n'
    async with phone(tmp_path, more) as me:
        code = found(r"\b[A-Z0-9]{6}\b", await me.asks(where, "hello"))
        people = (await _admin(me, tmp_path, f"/pair {code}")).split()
        person = next(word.strip(".,()") for word in people if word.startswith(f"{where}:"))
        assert "let in" in await me.reads(where)
        assert await me.asks(where, "hello again") == "LLM-OK hello again"
        await _admin(me, tmp_path, f"/block {person}")
        asked = len(me.hub.model.requests)
        await me.writes(where, "am I there?")
        await until(lambda: not me.telegram.updates, 20)
        await until(lambda: not (status := me.hub.hub.control.status()).running and not status.waiting, 20)
        await _admin(me, tmp_path, f"/allow {person}")
        await _admin(me, tmp_path, f"/whitelist add {person}")
        assert await me.asks(where, "/echo end") == "end"
        assert len(me.hub.model.requests) == asked


async def _admin(me: Phone, folder: Path, text: str) -> str:
    return await as_admin(me.hub, folder, text)
