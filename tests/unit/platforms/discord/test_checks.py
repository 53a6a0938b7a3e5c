"""What the doctor finds about bots."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hubbub.core.upkeep import Finding
from hubbub.platforms.discord.checks import look
from tests.contract.test_discord import settings
from tests.fakes.discord import FakeDiscord, discord
from tests.fakes.discord_payloads import TOKEN


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with discord() as server:
        yield server


async def found(fake: FakeDiscord, **more: Any) -> dict[str, Finding]:
    findings = {each.name: each async for each in look(settings(fake, **more), {})}
    assert not any(TOKEN in f"{each.text} {each.remedy}" for each in findings.values())
    assert all(bool(each.remedy) == (each.outcome != "ok") for each in findings.values())
    return findings


async def test_a_bot_that_is_well(fake: FakeDiscord) -> None:
    assert {name: (each.outcome, each.text) for name, each in (await found(fake)).items()} == {
        "bot 10001": ("ok", "is Hub"),
        "intents of bot 10001": ("ok", "the developer portal allows all that is asked for"),
        "servers of bot 10001": ("ok", "it is on 2"),
        "sessions of bot 10001": ("ok", "999 more can be begun today"),
    }


async def test_a_token_that_nobody_knows(fake: FakeDiscord) -> None:
    (finding,) = (await found(fake, token=TOKEN + "x")).values()
    assert (finding.outcome, finding.text) == ("fail", "Discord does not know its token")


async def test_a_discord_that_is_away(fake: FakeDiscord) -> None:
    fake.down = True
    (finding,) = (await found(fake)).values()
    assert finding.outcome == "fail"
    assert "503" in finding.text


async def test_intents_that_are_missing(fake: FakeDiscord) -> None:
    fake.flags = 0
    findings = await found(fake, members=True)
    for title, setting in (("Message Content Intent", "message_content"), ("Server Members Intent", "members")):
        finding = findings[f"{title} of bot 10001"]
        assert (finding.outcome, title in finding.remedy, setting in finding.remedy) == ("fail", True, True)
    assert "intents of bot 10001" in await found(fake, message_content=False)


async def test_a_bot_that_is_nowhere_yet(fake: FakeDiscord) -> None:
    fake.guilds = 0
    finding = (await found(fake))["servers of bot 10001"]
    assert finding.outcome == "warn"
    assert "oauth2/authorize?client_id=60001" in finding.remedy


async def test_sessions_that_run_out(fake: FakeDiscord) -> None:
    fake.starts["remaining"] = 3
    assert (await found(fake))["sessions of bot 10001"].outcome == "warn"
