"""A hub is killed, or ends in peace, while WeChat and WeCom bring messages, each of them more than once.

Both platforms bring again what was not acknowledged. Here they go on until it is, and bring much of it once more for
nothing; so everything has to be answered, with one answer. A model is asked again only if an end came between.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path

import aiohttp
import pytest
from typing_extensions import override

from hubbub.core.messages import text_of
from hubbub.core.work import State
from hubbub.platforms.wechat_official.dev.phone import Phone
from hubbub.platforms.wecom.dev.company import AGENT, CORP, SECRET, Company
from hubbub.platforms.wecom.dev.server import wecom_api
from tests.crash.lives import Keeper, Lives, lives
from tests.crash.stored import DONE, Engine, Stored
from tests.fakes.model import Asked, FakeModel
from tests.fakes.wechat import TOKEN as OFFICIAL_TOKEN
from tests.fakes.wecom import AES_KEY, Caller, over_http, said, xml_of
from tests.fakes.wecom import TOKEN as WECOM_TOKEN

pytestmark = pytest.mark.crash
log = logging.getLogger(__name__)

IN_FLIGHT = 32
THINKING = "这个问题有点难，助手还在思考中...\n\n回复“1”查看回复。"
MOST_TIMES = 3


class Questions(deque[Asked]):
    """What the model was asked, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.at: defaultdict[str, list[float]] = defaultdict(list)

    @override
    def append(self, asked: Asked) -> None:
        self.at[asked.body["messages"][-1]["content"]].append(time.monotonic())


@dataclass
class Side:
    """``told``: what every delivery of a message was answered. ``ends``: when a life ended, and how."""

    hub: Lives
    client: aiohttp.ClientSession
    company: Company
    told: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    ends: list[float] = field(default_factory=list)
    in_doubt: set[int] = field(default_factory=set)
    callbacks: int = 0

    async def official(self, number: int) -> bool:
        """Bring a message of an Official Account; whether it was answered. That it takes longer is no answer."""
        question = f"wechat {number}"
        phone = Phone(f"{self.hub.url}/wechat", OFFICIAL_TOKEN, self.client)
        fields = {"MsgType": "text", "Content": question, "MsgId": str(number)}
        body = phone.xml(f"user{number}", fields, time.time() + 60)
        status, answer = await phone.post(body)
        text = phone.checked(body, answer).get("Content", "") if status == 200 else THINKING
        if text != THINKING:
            self.told[question].append(text)
        return text != THINKING

    async def wecom(self, number: int) -> bool:
        """Bring a message of WeCom; whether it was acknowledged."""
        caller = Caller(over_http(self.client, self.hub.url.removeprefix("http://")), token=WECOM_TOKEN)
        target, body = caller.request(xml_of(said(f"wecom {number}", number, f"user{number}", CreateTime=1)))
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(20):
                return (await caller.transport("POST", target, body))[0] == 200
        return False

    async def bring(self, waiting: Iterator[int]) -> None:
        """Bring messages of both platforms until no more are waiting, each until it was acknowledged often enough."""
        for number in waiting:
            draw = random.Random(number)
            for bring in (self.official, self.wecom):
                left = draw.randint(1, MOST_TIMES)
                while left:
                    await self.hub.serving.wait()
                    self.callbacks += 1
                    left -= await bring(number)

    async def end(self, engine: Engine, draw: random.Random) -> None:
        """One life: killed mostly, else told to stop."""
        await self.hub.start()
        await asyncio.sleep(draw.uniform(0.05, 0.8))
        if draw.random() < 0.2:
            self.hub.tell_to_stop()
            await asyncio.sleep(draw.uniform(0.0, 0.2))
        await self.hub.kill()
        self.ends.append(time.monotonic())
        self.in_doubt |= await engine.sending(self.hub.folder)


def environ_of(model: FakeModel, api: str) -> dict[str, str]:
    official, wecom = "HUBBUB_PLATFORMS__WECHAT_OFFICIAL__", "HUBBUB_PLATFORMS__WECOM__"
    return {
        "HUBBUB_PORT": "0",
        "HUBBUB_MODEL": "fake",
        "OPENAI_BASE_URL": model.url,
        "OPENAI_API_KEY": "sk-crash",
        f"{official}TOKEN": OFFICIAL_TOKEN,
        f"{official}MESSAGES_PER_DAY": "0",
        f"{wecom}CORP_ID": CORP,
        f"{wecom}CORP_SECRET": SECRET,
        f"{wecom}AGENT_ID": str(AGENT),
        f"{wecom}TOKEN": WECOM_TOKEN,
        f"{wecom}ENCODING_AES_KEY": AES_KEY,
        f"{wecom}API_BASE": api,
    }


def faults(side: Side, stored: Stored, asked: Questions, count: int) -> Iterator[str]:
    entries, rows = Counter(entry.key for entry in stored.entries), Counter(row.out.entry for row in stored.rows)
    if len(entries) != 2 * count:
        yield f"{len(entries)} entries of {2 * count} messages"
    for entry in stored.entries:
        if entry.state != DONE or entries[entry.key] != 1 or rows[entry.id] != 1:
            yield f"{entry.key}: {entries[entry.key]} times, state {entry.state}, {rows[entry.id]} rows"
    for question in (f"wechat {number}" for number in range(1, count + 1)):
        if set(side.told[question]) != {f"LLM-OK {question}"}:
            yield f"{question} was answered {set(side.told[question])}"
    yield from pushed_wrongly(side, stored)
    yield from asked_again(side, asked)


def asked_again(side: Side, asked: Questions) -> Iterator[str]:
    for question, times in asked.at.items():
        for first, second in pairwise(times):
            if not any(first <= end <= second for end in side.ends):
                yield f"{question} was asked twice without an end between"


def pushed_wrongly(side: Side, stored: Stored) -> Iterator[str]:
    shown = Counter((each.to, each.content) for each in side.company.shown)
    for row in stored.rows:
        if row.out.room.platform == "wecom":
            times = shown.pop((row.out.room.id, text_of(row.out.message)), 0)
            if times > 1 or (not times and row.state is not State.UNKNOWN):
                yield f"row {row.id} is {row.state} and was shown {times} times"
            if row.state is State.UNKNOWN and row.id not in side.in_doubt:
                yield f"row {row.id} is in doubt and was not being sent at an end"
    yield from (f"{each} was shown and is no row" for each in shown)


@pytest.mark.parametrize(
    ("count", "ends"),
    [
        pytest.param(40, 3, id="small"),
        pytest.param(10_000, 100, id="large", marks=(pytest.mark.slow, pytest.mark.timeout(3600))),
    ],
)
async def test_one_answer_each(tmp_path: Path, keeper: Keeper, engine: Engine, count: int, ends: int) -> None:
    company = Company(members={f"user{number}" for number in range(1, count + 1)})
    draw, asked = random.Random(engine.name), Questions()
    async with (
        FakeModel(check=False, first_ms=20) as model,
        wecom_api(company) as api,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client,
    ):
        model.requests = asked
        async with lives(tmp_path, environ_of(model, api) | engine.environ(tmp_path), keeper) as hub:
            side = Side(hub, client, company)
            waiting = iter(range(1, count + 1))
            people = [asyncio.create_task(side.bring(waiting)) for _ in range(IN_FLIGHT)]
            try:
                while len(side.ends) < ends and not all(task.done() for task in people):
                    await side.end(engine, draw)
                await hub.start()
                await asyncio.gather(*people)
            finally:
                for task in people:
                    task.cancel()
            async with asyncio.timeout(60):
                while await engine.pending(tmp_path):
                    await asyncio.sleep(0.05)
            assert await hub.stop() == 0
        stored = await engine.read(tmp_path)
    calls = sum(map(len, asked.at.values()))
    told = "%s: %d messages of each in %d callbacks, %d ends (%d kills), %d calls of the model, %d unknown"
    unknown = sum(row.state is State.UNKNOWN for row in stored.rows)
    log.info(told, engine.name, count, side.callbacks, len(side.ends), hub.kills, calls, unknown)
    assert list(islice(faults(side, stored, asked, count), 10)) == []
    assert len(asked.at) == 2 * count
    assert len(side.ends) >= ends // 2
