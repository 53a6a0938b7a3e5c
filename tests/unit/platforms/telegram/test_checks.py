"""What the doctor finds about bots and their webhooks."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hubbub.core.upkeep import Finding
from hubbub.platforms.telegram.checks import look
from tests.contract.test_telegram import settings
from tests.fakes.telegram import TOKEN, FakeTelegram, telegram

HOOK = {"webhook_url": "https://hub.example"}
URL = f"https://hub.example/tgbot/{TOKEN}"


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with telegram() as server:
        yield server


async def found(fake: FakeTelegram, **more: Any) -> dict[str, Finding]:
    findings = {each.name: each async for each in look(settings(fake, **more), {})}
    assert not any(TOKEN in f"{each.text} {each.remedy}" for each in findings.values())
    return findings


async def test_a_bot_that_polls(fake: FakeTelegram) -> None:
    assert {name: each.outcome for name, each in (await found(fake)).items()} == {"bot 10001": "ok"}
    fake.webhook = {"url": "https://elsewhere.example"}
    assert (await found(fake))["webhook of bot 10001"].outcome == "warn"


@pytest.mark.parametrize(
    ("about", "url", "outcome", "words"),
    [
        ({}, URL, "ok", "is set"),
        ({}, "", "warn", "none"),
        ({}, "https://old.example", "warn", "another address"),
        ({"pending_update_count": 500}, URL, "warn", "500 messages wait"),
        ({"last_error_date": "now", "last_error_message": "SSL error"}, URL, "fail", "SSL error"),
        ({"last_error_date": 1_600_000_000, "last_error_message": "SSL error"}, URL, "ok", "nothing waits"),
    ],
)
async def test_a_bot_whose_messages_are_brought(
    fake: FakeTelegram, about: dict[str, Any], url: str, outcome: str, words: str
) -> None:
    fake.webhook = {"url": url}
    fake.about_webhook = about | (
        {"last_error_date": int(time.time())} if about.get("last_error_date") == "now" else {}
    )
    finding = (await found(fake, **HOOK))["webhook of bot 10001"]
    assert (finding.outcome, words in finding.text) == (outcome, True)
    assert bool(finding.remedy) == (outcome != "ok")


async def test_a_certificate_that_telegram_does_not_have(fake: FakeTelegram, tmp_path: Path) -> None:
    own = tmp_path / "cert.pem"
    own.write_text("-----BEGIN CERTIFICATE-----")
    fake.webhook = {"url": URL}
    texts = [each.text async for each in look(settings(fake, webhook_certificate=own, **HOOK), {})]
    assert any("webhook_certificate" in each for each in texts)
    fake.webhook |= {"certificate": "x"}
    texts = [each.text async for each in look(settings(fake, webhook_certificate=own, **HOOK), {})]
    assert not any("webhook_certificate" in each for each in texts)


async def test_a_folder_of_files_that_is_not_there(fake: FakeTelegram, tmp_path: Path) -> None:
    assert "files" not in await found(fake, api_folder=tmp_path)
    assert (await found(fake, api_folder=tmp_path / "gone"))["files"].outcome == "fail"


async def test_a_wrong_token_and_a_server_that_is_away(fake: FakeTelegram) -> None:
    (wrong,) = (await found(fake, token=TOKEN[:-1] + "x")).values()
    assert (wrong.outcome, "BotFather" in wrong.remedy) == ("fail", True)
    (away,) = (await found(fake, api_base="http://127.0.0.1:9")).values()
    assert (away.outcome, "127.0.0.1:9" in away.remedy) == ("fail", True)
