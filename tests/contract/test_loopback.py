"""The loopback keeps the contract of platforms, in every delivery class, in memory and over files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Delivery
from hubbub.platforms.loopback.adapter import LoopbackAdapter
from hubbub.platforms.loopback.settings import LoopbackSettings
from tests.contract.platform_suite import PlatformHarness, PlatformSuite, Wrong
from tests.fakes.platform_host import FakeHost


class LoopbackHarness:
    redelivers = True
    connects = False
    room = Room("loopback", "loop", "private", "u1")

    def __init__(self, settings: LoopbackSettings) -> None:
        self.host = FakeHost()
        self.platform = LoopbackAdapter(settings, self.host.host)
        self._run: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._run = asyncio.create_task(self.platform.run())
        await self.host.until(lambda: self.host.up.get("loop", "") is None)

    async def stop(self) -> None:
        assert self._run
        self._run.cancel()
        await asyncio.wait((self._run,))

    def say(self, text: str, number: int) -> None:
        self.push(
            {
                "type": "message",
                "id": f"n{number}",
                "room": {"kind": "private", "id": "u1"},
                "author": {"id": "u1"},
                "time": time.time(),
                "text": text,
            }
        )

    def push(self, payload: Any) -> None:
        self.platform.spool.offer(payload)

    def push_odd(self) -> None:
        odd: list[Any] = [
            None,
            5,
            [],
            {},
            {"type": "message"},
            {"type": "nothing", "id": "1"},
            {"type": "edit", "room": 5},
        ]
        for one in odd:
            self.push(one)

    def shown(self) -> Sequence[tuple[str, str]]:
        return [
            (line["id"], "".join(str(segment.get("text", "")) for segment in line["message"]))
            for line in self.platform.record.lines
            if line["do"] == "send"
        ]

    def fail(self, wrong: Wrong) -> None:
        self.platform.fail(wrong)

    async def cut(self) -> None:
        await self.stop()
        await self.start()

    def effects(self) -> Sequence[tuple[str, str]]:
        return [
            ("unreact" if line.get("removed") else line["do"], line.get("id", ""))
            for line in self.platform.record.lines
            if line["do"] != "send"
        ]


class TestLoopbackInMemory(PlatformSuite):
    @pytest.fixture(params=list(Delivery))
    async def harness(self, request: pytest.FixtureRequest) -> PlatformHarness:
        return LoopbackHarness(LoopbackSettings(enabled=True, delivery=request.param, reply_within=0.05))


class TestLoopbackOverFiles(PlatformSuite):
    @pytest.fixture
    async def harness(self, tmp_path: Path) -> PlatformHarness:
        settings = LoopbackSettings(enabled=True, spool=tmp_path / "spool", sent=tmp_path / "sent", poll_seconds=0.005)
        return LoopbackHarness(settings)
