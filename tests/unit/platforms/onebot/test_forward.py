"""Forward WebSocket: the hub connects, and connects again."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hubbub.core.addresses import Room
from hubbub.core.messages import Text
from hubbub.core.work import Outgoing, Row, State
from hubbub.platforms.onebot.adapter import OneBotAdapter
from hubbub.platforms.onebot.forward import backoff
from hubbub.platforms.onebot.settings import OneBotSettings
from tests.fakes.onebot_peer import Conduct, listening, said
from tests.fakes.platform_host import FakeHost

ROW = Row(1, Outgoing(Room("onebot", "10001", "private", "20001"), (Text("hi"),)), "k", State.SENDING)


@asynccontextmanager
async def client(*urls: str, **settings: Any) -> AsyncIterator[tuple[OneBotAdapter, FakeHost]]:
    fake = FakeHost()
    values = {"forward_urls": urls, "api_timeout_seconds": 0.5, "reconnect_seconds": 0.01} | settings
    adapter = OneBotAdapter(OneBotSettings.model_validate(values), fake.host)
    running = asyncio.create_task(adapter.run())
    try:
        yield adapter, fake
    finally:
        running.cancel()
        await asyncio.wait((running,))


def is_up(fake: FakeHost) -> bool:
    return fake.up == {"10001": None}


async def test_the_token_goes_into_the_header_and_not_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "hubbub")
    async with listening(Conduct()) as server:
        urls = (f"{server.url}/?access_token=own&x=1", server.url)
        async with client(*urls, access_token="common") as (_, fake):
            await fake.until(lambda: len(server.handshakes) == 2 and is_up(fake))
        seen = {(one["path"], one["Authorization"]) for one in server.handshakes}
        assert seen == {("/?x=1", "Bearer own"), ("/", "Bearer common")}
    assert "own" not in caplog.text
    assert "common" not in caplog.text


async def test_without_a_token_none_is_sent() -> None:
    async with listening(Conduct()) as server, client(server.url) as (_, fake):
        await fake.until(lambda: is_up(fake))
        assert "Authorization" not in server.handshakes[0]


async def test_separate_addresses_for_calls_and_events() -> None:
    conduct = Conduct()
    async with listening(conduct) as server, client(f"{server.url}/api", f"{server.url}/event") as (adapter, fake):
        await fake.until(lambda: is_up(fake) and len(server.peers) == 2)
        assert await adapter.send(ROW)
        by_path = {one["path"]: peer for one, peer in zip(server.handshakes, server.peers, strict=True)}
        by_path["/event"].push(said("hi", 1))
        await fake.count(1)
        assert conduct.calls["get_login_info"] == 1


async def test_it_waits_for_an_implementation_that_is_not_there(unused_tcp_port: int) -> None:
    async with client(f"ws://127.0.0.1:{unused_tcp_port}") as (adapter, fake):
        await asyncio.sleep(0.05)
        assert fake.up == {}
        async with listening(Conduct(), unused_tcp_port) as server:
            await fake.until(lambda: is_up(fake))
            server.peers[0].push(said("hi", 1))
            await fake.count(1)
        await fake.until(lambda: not is_up(fake))
        async with listening(Conduct(), unused_tcp_port):
            await fake.until(lambda: is_up(fake))
            assert await adapter.send(ROW)


async def test_a_refusal_is_told_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async with listening(Conduct()) as server:
        server.silent = True
        async with client(server.url) as (_, fake):
            await fake.until(lambda: len(server.handshakes) >= 4)
            server.silent = False
            await fake.until(lambda: is_up(fake))
    assert len([record for record in caplog.records if "no connection" in record.getMessage()]) == 1


async def test_a_frame_that_is_too_large_ends_the_connection_only() -> None:
    async with listening(Conduct()) as server, client(server.url, max_frame_bytes=10_000) as (adapter, fake):
        await fake.until(lambda: is_up(fake))
        server.peers[0].push(said("x" * 20_000, 1))
        await fake.until(lambda: len(server.peers) == 2 and is_up(fake))
        assert await adapter.send(ROW)


async def test_an_implementation_that_does_not_say_who_it_is_is_asked() -> None:
    conduct = Conduct(self_id=10009)
    async with listening(conduct) as server, client(f"{server.url}/api") as (_, fake):
        await fake.until(lambda: fake.up == {"10009": None})


def test_waits_grow_and_are_spread() -> None:
    assert [backoff(1.0, failures, lambda: 1.0) for failures in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert backoff(1.0, 1000, lambda: 0.0) == 30.0
    assert backoff(2.0, 0, lambda: 0.5) == 1.5
    assert backoff(100.0, 3, lambda: 1.0) == 100.0
