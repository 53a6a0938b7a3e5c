"""Official Accounts that push keep the contract of platforms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from hubbub.core.addresses import Room
from hubbub.platforms.wechat_official.adapter import WeChatOfficialAdapter
from hubbub.platforms.wechat_official.dev.phone import Phone
from hubbub.platforms.wechat_official.dev.server import Conduct, FakeOfficial
from hubbub.platforms.wechat_official.settings import WeChatOfficialSettings
from tests.contract.platform_suite import PlatformHarness, PlatformSuite, Wrong
from tests.fakes.platform_host import FakeHost
from tests.fakes.wechat import TOKEN, ask, official

USER = "oUser0001"


class OfficialHarness:
    redelivers = True
    connects = True
    room = Room("wechat_official", "main", "private", USER)

    def __init__(self, url: str, fake: FakeOfficial, client: aiohttp.ClientSession) -> None:
        self.host = FakeHost()
        self.fake = fake
        self.settings = WeChatOfficialSettings(
            token=SecretStr(TOKEN),
            app_id=Conduct.app_id,
            app_secret=SecretStr(Conduct.secret),
            push=True,
            api_base=url,
            api_timeout_seconds=0.5,
            window_seconds=0,
        )
        self.platform = WeChatOfficialAdapter(self.settings, self.host.host)
        self.phone = Phone("", TOKEN, client)
        self._run: asyncio.Task[None] | None = None
        self._tasks: dict[asyncio.Task[None], bytes] = {}
        self._typing = 0

    async def start(self) -> None:
        self._run = asyncio.create_task(self.platform.run())
        await self.host.until(lambda: self.host.up.get("main", "") is None)
        left = list(self._tasks.values())
        self._tasks.clear()
        for body in left:
            self.push(body)

    async def stop(self) -> None:
        assert self._run
        self._run.cancel()
        waiting = [task for task in self._tasks if not task.done()]
        for task in waiting:
            task.cancel()
        await asyncio.wait((self._run, *waiting))
        self._tasks = {task: self._tasks[task] for task in waiting}

    def say(self, text: str, number: int) -> None:
        fields = {"MsgType": "text", "Content": text, "MsgId": str(number + 1)}
        self.push(self.phone.xml(USER, fields, 1_760_000_000))

    def push(self, payload: Any) -> None:
        body = payload if isinstance(payload, bytes) else payload.encode()
        self._tasks[asyncio.create_task(self._deliver(body))] = body

    async def _deliver(self, body: bytes) -> None:
        """As the platform: again where nothing usable comes."""
        app = self.platform.routes[0].app
        for _ in range(3):
            sent, query = self.phone.signed(body)
            status, _answer = await ask(app, "POST", "/wechat", query, sent)
            if status == 200:
                break
            await asyncio.sleep(0.02)
        if (task := asyncio.current_task()) in self._tasks:
            del self._tasks[task]

    def push_odd(self) -> None:
        odd = (
            "",
            "<xml",
            "<xml></xml>",
            "<a/>",
            "<xml><MsgType>text</MsgType></xml>",
            "{}",
            "\ud800".encode("utf-8", "replace"),
        )
        for each in odd:
            self.push(each)
        for fields in (
            {"MsgType": "text"},
            {"MsgType": "event"},
            {"MsgType": "new", "MsgId": "9"},
            {"MsgType": "image", "MsgId": "8"},
        ):
            self.push(self.phone.xml(USER, fields))
        self.push(self.phone.xml(USER, {"MsgType": "text", "MsgId": "x" * 500}))
        self.push(self.phone.xml("o" * 500, {"MsgType": "text", "MsgId": "7"}))

    def shown(self) -> Sequence[tuple[str, str]]:
        return [(f"key-{number}", text) for number, (_, text) in enumerate(self.fake.conduct.texts, 1)]

    def fail(self, wrong: Wrong) -> None:
        self.fake.conduct.faults.append(45009 if wrong == "refused" else "silence")

    async def cut(self) -> None:
        self.fake.conduct.end_token()

    def effects(self) -> Sequence[tuple[str, str]]:
        return [("type", "") for _ in self.fake.conduct.typing]


class TestOfficialAccount(PlatformSuite):
    @pytest.fixture
    async def harness(self) -> AsyncIterator[PlatformHarness]:
        async with official(Conduct(users={USER})) as (url, fake), aiohttp.ClientSession() as client:
            yield OfficialHarness(url, fake, client)
