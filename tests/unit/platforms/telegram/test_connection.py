"""The way to Telegram, through a proxy or not."""

from __future__ import annotations

import pytest

from hubbub.core.errors import ConfigError
from hubbub.platforms.telegram.adapter import TelegramAdapter
from hubbub.platforms.telegram.checks import look
from tests.contract.platform_suite import row
from tests.contract.test_telegram import settings
from tests.fakes.platform_host import FakeHost
from tests.fakes.telegram import telegram
from tests.unit.platforms.telegram.test_sending import PRIVATE, connected


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with telegram() as fake:
        monkeypatch.setenv("HTTP_PROXY", fake.url)
        async with connected(fake, api_base="http://telegram.example") as (adapter, _):
            await adapter.send(row(PRIVATE, "hello"))
    assert list(fake.messages.values()) == ["hello"]


async def test_a_server_on_this_machine_is_reached_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with telegram() as fake, connected(fake) as (adapter, _):
        await adapter.send(row(PRIVATE, "hello"))
    assert list(fake.messages.values()) == ["hello"]


async def test_a_proxy_that_cannot_be_used_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with telegram() as fake:
        monkeypatch.setenv("ALL_PROXY", "socks9://127.0.0.1:9")
        elsewhere = settings(fake, api_base="https://telegram.example")
        with pytest.raises(ConfigError, match="HUBBUB_PROXY"):
            TelegramAdapter(elsewhere, FakeHost().host)
        (finding,) = [each async for each in look(elsewhere, {})]
        assert (finding.outcome, "HUBBUB_PROXY" in finding.text) == ("fail", True)
