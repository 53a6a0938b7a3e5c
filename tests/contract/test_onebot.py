"""OneBot keeps the contract of platforms, whoever opens the connection and however messages are written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest
from picows import WSMsgType
from typing_extensions import override

from hubbub.core.addresses import Room
from hubbub.platforms.onebot.adapter import OneBotAdapter
from hubbub.platforms.onebot.settings import OneBotSettings
from tests.contract.platform_suite import PlatformHarness, PlatformSuite, Wrong
from tests.fakes.onebot_peer import Conduct, Fault, ForwardServer, OneBotPeer, listening, said
from tests.fakes.onebot_rules import read_string
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving

DEEP = b'{"post_type":"message","message":' + b"[" * 5000 + b"]" * 5000 + b"}"
ODD = (
    b"",
    b"null",
    b"5",
    b"[]",
    b"{}",
    b"{not json",
    b'"text"',
    b'{"post_type":null}',
    b'{"post_type":"message"}',
    b'{"post_type":"message","user_id":{},"message_id":[]}',
    b'{"post_type":"message","self_id":10001,"user_id":1,"message_id":1,"message_type":"group"}',
    b'{"post_type":"notice"}',
    b'{"post_type":"notice","self_id":10001,"notice_type":"group_msg_emoji_like","likes":5}',
    b'{"post_type":"request","self_id":10001}',
    b'{"post_type":"meta_event","self_id":10001,"meta_event_type":"heartbeat","interval":"x","status":5}',
    b'{"post_type":"message","self_id":99,"user_id":1,"message_id":1}',
    b'{"status":"ok","retcode":0,"data":null,"echo":"no such call"}',
    b'{"status":"ok","retcode":0,"data":null,"echo":{"a":[1]}}',
    b'{"post_type":"message","self_id":10001,"time":1e400}',
    DEEP,
)


class OneBotHarness:
    redelivers = False
    connects = True
    room = Room("onebot", "10001", "private", "20001")

    def __init__(self, settings: OneBotSettings, conduct: Conduct) -> None:
        self.host = FakeHost()
        self.platform = OneBotAdapter(settings, self.host.host)
        self.conduct = conduct
        self._run: asyncio.Task[None] | None = None

    @property
    def peer(self) -> OneBotPeer:
        raise NotImplementedError

    async def start(self) -> None:
        self._run = asyncio.create_task(self.platform.run())
        await self.connect()
        await self.host.until(lambda: self.host.up.get("10001", "") is None)

    async def connect(self) -> None:
        pass

    async def stop(self) -> None:
        assert self._run
        self._run.cancel()
        await asyncio.wait((self._run,))
        if not self._run.cancelled():
            self._run.result()

    def say(self, text: str, number: int) -> None:
        event = said(text, number + 1)
        self.push(event | {"time": 1_718_000_000})

    def push(self, payload: Any) -> None:
        self.peer.push(payload)

    def push_odd(self) -> None:
        for odd in ODD:
            self.peer.push_raw(odd)
        self.peer.push_raw(b'{"post_type":"message\xff"}', WSMsgType.BINARY)

    def shown(self) -> Sequence[tuple[str, str]]:
        assert not self.conduct.refused
        return [(str(shown.message_id), shown.text) for shown in self.conduct.shown]

    def fail(self, wrong: Wrong) -> None:
        self.conduct.faults.append(Fault("refuse" if wrong == "refused" else "silent"))

    async def cut(self) -> None:
        self.peer.cut()
        await self.host.until(lambda: self.host.up.get("10001") is not None)
        await self.connect()
        await self.host.until(lambda: self.host.up.get("10001", "") is None)

    def effects(self) -> Sequence[tuple[str, str]]:
        assert not self.conduct.refused
        reactions = [("react" if one["set"] else "unreact", str(one["message_id"])) for one in self.conduct.reactions]
        typings = [("type", "") for _ in self.conduct.typings]
        return [*reactions, *typings, *(("delete", str(identity)) for identity in self.conduct.deleted)]


class ReverseHarness(OneBotHarness):
    def __init__(self, settings: OneBotSettings, conduct: Conduct) -> None:
        super().__init__(settings, conduct)
        self.address = ""
        self._peer: OneBotPeer | None = None

    @property
    @override
    def peer(self) -> OneBotPeer:
        assert self._peer
        return self._peer

    @override
    async def connect(self) -> None:
        self._peer = await OneBotPeer(self.conduct).connect(f"ws://{self.address}/onebot/v11/ws")


class ForwardHarness(OneBotHarness):
    def __init__(self, settings: OneBotSettings, server: ForwardServer, conduct: Conduct) -> None:
        super().__init__(settings, conduct)
        self._server = server

    @property
    @override
    def peer(self) -> OneBotPeer:
        return self._server.peers[-1]


def settings(**more: Any) -> OneBotSettings:
    return OneBotSettings(api_timeout_seconds=0.3, reconnect_seconds=0.01, **more)


class TestOneBotReverse(PlatformSuite):
    @pytest.fixture(params=["array", "string"])
    async def harness(self, request: pytest.FixtureRequest) -> AsyncIterator[PlatformHarness]:
        read_string("warm")  # the oracle takes longer to load than a call may
        harness = ReverseHarness(settings(message_format=request.param), Conduct(string=request.param == "string"))
        async with serving(harness.platform.routes) as address:
            harness.address = address
            yield harness


class TestOneBotForward(PlatformSuite):
    @pytest.fixture
    async def harness(self) -> AsyncIterator[PlatformHarness]:
        conduct = Conduct()
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(listening(conduct))
            yield ForwardHarness(settings(forward_urls=(server.url,)), server, conduct)
