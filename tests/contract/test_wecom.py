"""WeCom keeps the contract of platforms, as text and as Markdown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest

from hubbub.core.addresses import Room
from hubbub.platforms.wecom.adapter import WeComAdapter
from hubbub.platforms.wecom.dev.company import AGENT, CORP, SECRET, USER, Company
from hubbub.platforms.wecom.dev.server import wecom_api
from hubbub.platforms.wecom.settings import WeComSettings
from tests.contract.platform_suite import PlatformHarness, PlatformSuite, Wrong
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import Router
from tests.fakes.wecom import AES_KEY, TOKEN, Caller, said, within, xml_of

PLACEHOLDER = "…"
ODD = (
    "<xml/>",
    "<xml>",
    "not xml",
    "",
    "<xml><MsgType>text</MsgType></xml>",
    "<xml><MsgType>event</MsgType><FromUserName>u</FromUserName></xml>",
    xml_of(said("x", 1) | {"FromUserName": "u" * 1000}),
    xml_of({"MsgType": "image", "FromUserName": "u"}),
    xml_of({"MsgType": "location", "FromUserName": "u", "Location_X": "nan", "Location_Y": "north"}),
    xml_of({"MsgType": "event", "Event": "click", "FromUserName": "u"}),
    '<!DOCTYPE a [<!ENTITY b "c">]><xml><MsgType>text</MsgType><Content>&b;</Content></xml>',
    "<xml>" + "<a>" * 5000 + "</a>" * 5000 + "</xml>",
)


class WeComHarness:
    """Calls back one after the other, and again what was not acknowledged, before what comes later."""

    redelivers = True
    connects = True
    room = Room("wecom", str(AGENT), "private", USER)

    def __init__(self, settings: WeComSettings, company: Company) -> None:
        self.host = FakeHost()
        self.platform = WeComAdapter(settings, self.host.host)
        self.company = company
        self._caller = Caller(within(Router(self.platform.routes)))
        self._waiting: list[str] = []
        self._more = asyncio.Event()
        self._room = asyncio.Semaphore(100)
        self._tasks: list[asyncio.Task[Any]] = []
        self._pending: dict[asyncio.Task[int], str] = {}

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self.platform.run()), asyncio.create_task(self._call_back())]
        await self.host.until(lambda: self.host.up.get(str(AGENT), "") is None)

    async def stop(self) -> None:
        self._waiting[:0] = self._pending.values()
        tasks: list[asyncio.Task[Any]] = [*self._tasks, *self._pending]
        self._pending.clear()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        self._room = asyncio.Semaphore(100)
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def _call_back(self) -> None:
        while True:
            while not self._waiting:
                self._more.clear()
                await self._more.wait()
            xml = self._waiting.pop(0)
            await self._room.acquire()
            while not await self._begun(xml):
                await asyncio.sleep(0.005)

    async def _begun(self, xml: str) -> bool:
        """Call back once; whether it was taken, or may yet be."""
        before = len(self.host.offered)
        task = asyncio.create_task(self._post(xml))
        self._pending[task] = xml
        while not task.done() and len(self.host.offered) == before:
            await asyncio.sleep(0)
        if not task.done():
            task.add_done_callback(self._ended)
            return True
        self._pending.pop(task, None)
        if task.result() == 503:
            return False
        self._room.release()
        return True

    def _ended(self, task: asyncio.Task[int]) -> None:
        xml = self._pending.pop(task, None)
        self._room.release()
        if xml is not None and not task.cancelled() and task.result() == 503:
            self._waiting.insert(0, xml)
            self._more.set()

    async def _post(self, xml: str) -> int:
        target, body = self._caller.request(xml)
        status, reply = await self._caller.transport("POST", target, body)
        assert status in (200, 403, 503), status
        assert not reply
        return status

    def say(self, text: str, number: int) -> None:
        self.push(xml_of(said(text, number) | {"CreateTime": 1_718_000_000}))

    def push(self, payload: Any) -> None:
        self._waiting.append(payload)
        self._more.set()

    def push_odd(self) -> None:
        for odd in ODD:
            self.push(odd)

    def shown(self) -> Sequence[tuple[str, str]]:
        return [(each.id, str(each.content)) for each in self.company.visible() if each.content != PLACEHOLDER]

    def fail(self, wrong: Wrong) -> None:
        self.company.faults.append(45009 if wrong == "refused" else "silent")

    async def cut(self) -> None:
        await self.stop()
        self.company.expire()
        await self.start()

    def effects(self) -> Sequence[tuple[str, str]]:
        typed = [("type", "") for each in self.company.shown if each.content == PLACEHOLDER]
        return [*typed, *(("delete", each.id) for each in self.company.shown if each.recalled)]


def settings(base: str, **more: Any) -> WeComSettings:
    known: Mapping[str, Any] = {
        "corp_id": CORP,
        "corp_secret": SECRET,
        "agent_id": AGENT,
        "token": TOKEN,
        "encoding_aes_key": AES_KEY,
        "api_base": base,
        "placeholder": PLACEHOLDER,
    }
    return WeComSettings(**known, **more)


@pytest.mark.parametrize("form", ["text", "markdown"])
class TestWeCom(PlatformSuite):
    @pytest.fixture
    async def harness(self, form: str) -> AsyncIterator[PlatformHarness]:
        company = Company()
        async with wecom_api(company) as base:
            harness = WeComHarness(settings(base, format=form), company)
            yield harness
            if harness._tasks and not all(task.done() for task in harness._tasks):
                with suppress(asyncio.CancelledError):
                    await harness.stop()
