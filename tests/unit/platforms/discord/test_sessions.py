"""Sessions that outlive connections and processes; connections that are refused, slow, or many."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from typing_extensions import override

from hubbub.core.errors import LeaseLost, StoreError
from hubbub.platforms.discord import starts
from hubbub.platforms.discord.adapter import DiscordAdapter
from hubbub.platforms.discord.wire import FATAL, Intent
from tests.contract.test_discord import settings
from tests.fakes.discord import FakeDiscord, discord
from tests.fakes.discord_gateway import MESSAGE_CONTENT
from tests.fakes.discord_payloads import ME, TOKEN, message
from tests.fakes.platform_host import FakeHost, MemoryFacts
from tests.unit.platforms.discord.test_discord import connected, texts

MEMBERS = 1 << 15
"""Flag of an application that may hear of members."""


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with discord() as server:
        yield server


@asynccontextmanager
async def started(fake: FakeDiscord, host: FakeHost, **more: object) -> AsyncIterator[None]:
    """A bot that may never be connected."""
    run = asyncio.create_task(DiscordAdapter(settings(fake, **more), host.host).run())
    try:
        yield
    finally:
        run.cancel()
        await asyncio.wait((run,))


async def test_a_session_goes_on_behind_what_is_stored(fake: FakeDiscord) -> None:
    async with connected(fake) as (_, host):
        fake.push("MESSAGE_CREATE", message(1, "one"))
        await host.count(1)
        fake.cut()
        await host.until(lambda: not fake.sockets)
        fake.push("MESSAGE_CREATE", message(2, "said while nobody listened"))
        await host.count(2)
    assert texts(host) == ["one", "said while nobody listened"]
    assert fake.greetings == ["identify", "resume"]


async def test_a_session_outlives_the_process(fake: FakeDiscord) -> None:
    async with connected(fake) as (_, first):
        fake.push("MESSAGE_CREATE", message(1, "one"))
        await first.count(1)
    fake.push("MESSAGE_CREATE", message(2, "said while the hub was away"))
    async with connected(fake, replace(first, events=[], up={})) as (_, second):
        await second.count(1)
    assert texts(second) == ["said while the hub was away"]
    assert fake.greetings == ["identify", "resume"]


async def test_a_hundred_lost_connections_lose_and_double_nothing(fake: FakeDiscord) -> None:
    said = 0
    async with connected(fake) as (_, host):
        for cut in range(100):
            for _ in range(3):
                said += 1
                fake.push("MESSAGE_CREATE", message(said, f"message {said}"))
            if cut % 3 == 0:
                await asyncio.sleep(0.002)
            fake.cut(4009 if cut == 50 else 1006)
            await host.until(lambda: not fake.sockets)
            if cut == 50:  # with that code Discord keeps nothing: what was not taken is gone
                await host.until(lambda: bool(fake.sockets))
                said = len(texts(host))
            await host.until(lambda: bool(fake.sockets))
        await host.until(lambda: f"message {said}" in texts(host))
    found = texts(host)
    assert len(found) == len(set(found))
    assert found[-100:] == [f"message {number}" for number in range(said - 99, said + 1)]


async def test_what_never_can_be_stored_stops_nothing(fake: FakeDiscord) -> None:
    async with connected(fake) as (_, host):
        host.unstorable = 1
        for number in (1, 2):
            fake.push("MESSAGE_CREATE", message(number, f"message {number}"))
        await host.until(lambda: len(host.offered) == 2)
        fake.cut()
        await host.until(lambda: fake.greetings == ["identify", "resume"])
        fake.push("MESSAGE_CREATE", message(3, "message 3"))
        await host.until(lambda: len(host.offered) == 3)


async def test_a_lost_session_is_begun_anew(fake: FakeDiscord) -> None:
    async with connected(fake) as (_, host):
        fake.session += 1
        fake.cut()
        await host.until(lambda: fake.greetings == ["identify", "resume", "identify"])
        fake.push("MESSAGE_CREATE", message(5, "in the new session"))
        await host.count(1)


async def test_a_connection_that_does_not_answer_is_made_again(fake: FakeDiscord) -> None:
    fake.beat_ms, fake.mute = 50, True
    async with connected(fake) as (_, host):
        await host.until(lambda: "resume" in fake.greetings)


async def test_what_was_not_stored_comes_again(fake: FakeDiscord) -> None:
    async with connected(fake) as (_, host):
        host.failing = 1
        fake.push("MESSAGE_CREATE", message(1, "one"))
        fake.push("MESSAGE_CREATE", message(2, "two"))
        await host.until(lambda: len(host.offered) >= 4)
    assert host.offered[0] == host.offered[2]


async def test_a_session_that_is_invalid_only_now_is_resumed(fake: FakeDiscord) -> None:
    async with connected(fake) as (_, host):
        fake.push_raw('{"op": 9, "d": true}')
        await host.until(lambda: fake.greetings == ["identify", "resume"])
        fake.push_raw('{"op": 9, "d": false}')
        await host.until(lambda: fake.greetings == ["identify", "resume", "identify"])


async def test_a_connection_is_made_again_when_discord_asks_for_it(fake: FakeDiscord) -> None:
    async with connected(fake) as (_, host):
        fake.push_raw('{"op": 7, "d": null}')
        await host.until(lambda: fake.greetings == ["identify", "resume"])
        fake.push("MESSAGE_CREATE", message(1, "here"))
        await host.count(1)


async def test_a_beat_is_sent_when_discord_asks_for_it(fake: FakeDiscord) -> None:
    async with connected(fake) as (_, host):
        before = fake.beats
        fake.push_raw('{"op": 1, "d": null}')
        await host.until(lambda: fake.beats > before)
        assert fake.greetings == ["identify"]


@pytest.mark.parametrize("code", [4007, 4009])
async def test_a_session_that_is_over_is_not_resumed(fake: FakeDiscord, code: int) -> None:
    async with connected(fake) as (_, host):
        fake.cut(code)
        await host.until(lambda: fake.greetings == ["identify", "identify"])


@pytest.mark.parametrize("code", [4000, 4001, 4002, 4003, 4005, 4008, 1001])
async def test_other_ends_are_resumed(fake: FakeDiscord, code: int) -> None:
    async with connected(fake) as (_, host):
        fake.cut(code)
        await host.until(lambda: fake.greetings == ["identify", "resume"])


async def test_an_address_that_is_gone_is_passed_by(fake: FakeDiscord) -> None:
    fake.own_path = "/nowhere"
    async with connected(fake) as (_, host):
        fake.cut()
        await host.until(lambda: fake.greetings == ["identify", "resume"])
    assert fake.attempts == ["/gateway", "/gateway"]


async def test_a_session_is_resumed_at_its_own_address(fake: FakeDiscord) -> None:
    fake.own_path = "/resume"
    async with connected(fake) as (_, host):
        fake.cut()
        await host.until(lambda: fake.greetings == ["identify", "resume"])
    assert fake.attempts == ["/gateway", "/resume"]


# --- what somebody must mend -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(FATAL))
async def test_what_only_people_can_mend_is_told_and_not_tried_again(fake: FakeDiscord, code: int) -> None:
    fake.refuses = code
    host = FakeHost()
    async with started(fake, host, shards=1):
        await host.until(lambda: host.up.get(ME) == FATAL[code])
        await asyncio.sleep(0.1)
    assert fake.greetings == ["identify"]


async def test_a_wrong_token_is_told_and_not_tried_again(fake: FakeDiscord) -> None:
    host = FakeHost()
    async with started(fake, host, token=TOKEN + "x"):
        await host.until(lambda: "developer portal" in str(host.up.get(ME)))
        assert "401" in str(host.up[ME])
        await asyncio.sleep(0.1)
        assert len(fake.calls) == 1


async def test_an_intent_that_is_missing_is_told_and_done_without(
    fake: FakeDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    fake.flags = 0
    with caplog.at_level(logging.WARNING):
        async with connected(fake, members=True) as (_, host):
            fake.push("MESSAGE_CREATE", message(1, "in private it reads all"))
            await host.count(1)
    assert "turn on Message Content Intent in the developer portal" in caplog.text
    assert "turn on Server Members Intent in the developer portal" in caplog.text
    assert not fake.intents[0] & (Intent.MESSAGE_CONTENT | Intent.GUILD_MEMBERS)


@pytest.mark.parametrize(("content", "members"), [(True, True), (True, False), (False, True), (False, False)])
async def test_what_is_allowed_is_asked_for_where_it_is_wanted(fake: FakeDiscord, content: bool, members: bool) -> None:
    fake.flags = MESSAGE_CONTENT | MEMBERS
    async with connected(fake, message_content=content, members=members):
        pass
    asked = fake.intents[0]
    assert (bool(asked & Intent.MESSAGE_CONTENT), bool(asked & Intent.GUILD_MEMBERS)) == (content, members)


# --- several connections ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("given", "wanted", "count"), [(0, 1, 1), (0, 3, 3), (2, 1, 2)])
async def test_servers_are_shared_by_connections(
    fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch, given: int, wanted: int, count: int
) -> None:
    monkeypatch.setattr(starts, "APART_SECONDS", 0.01)
    fake.wanted_shards = wanted
    async with connected(fake, shards=given) as (_, host):
        await host.until(lambda: len(fake.sockets) == count)
    assert sorted(fake.shards) == [[place, count] for place in range(count)]


async def test_sessions_begin_apart(fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starts, "APART_SECONDS", 0.05)
    begun: list[str] = []
    held = FakeHost().host.hold
    host = FakeHost()
    fake.wanted_shards = 2
    fake.starts["max_concurrency"] = 1

    def hold(name: str) -> object:
        begun.append(name)
        return held(name)

    given = replace(host.host, hold=hold)  # type: ignore[arg-type]
    run = asyncio.create_task(DiscordAdapter(settings(fake), given).run())
    await host.until(lambda: len(fake.sockets) == 2)
    run.cancel()
    await asyncio.wait((run,))
    assert begun.count(f"discord:{ME}/begin/0") == 2, "all of the same turn, which one of them holds at a time"


async def test_more_connections_are_made_when_discord_wants_them(
    fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starts, "APART_SECONDS", 0.01)
    fake.refuses = 4011
    host = FakeHost()
    async with started(fake, host):
        await host.until(lambda: fake.greetings == ["identify"])
        fake.refuses, fake.wanted_shards = 0, 2
        await host.until(lambda: len(fake.sockets) == 2)
    assert sorted(fake.shards[-2:]) == [[0, 2], [1, 2]]


class SlowFacts(MemoryFacts):
    """Cannot be read at first."""

    failing = 2

    @override
    async def get(self, key: str) -> str | None:
        if self.failing:
            self.failing -= 1
            raise StoreError("the database is away")
        return await super().get(key)


async def test_a_store_that_is_away_at_first_is_waited_for(fake: FakeDiscord) -> None:
    host = FakeHost(facts=SlowFacts())
    async with started(fake, host):
        await host.until(lambda: "cannot be read" in str(host.up.get(ME)))
        await host.until(lambda: ME in host.up and host.up[ME] is None)


class Leases:
    """Holds one name at a time, and takes it away when it is told to."""

    def __init__(self) -> None:
        self.free = asyncio.Lock()
        self.lost = asyncio.Event()

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[None]:
        async with self.free:
            holder = asyncio.current_task()
            assert holder is not None
            watching = asyncio.create_task(self._watch(holder))
            try:
                yield
            except asyncio.CancelledError:
                if not self.lost.is_set():
                    raise
                holder.uncancel()
                raise LeaseLost(name) from None
            finally:
                watching.cancel()

    async def _watch(self, holder: asyncio.Task[object]) -> None:
        await self.lost.wait()
        holder.cancel()


async def test_of_two_nodes_one_is_connected_and_the_other_goes_on(fake: FakeDiscord) -> None:
    leases, one, other = Leases(), FakeHost(), FakeHost()
    other.facts = one.facts
    runs = [
        asyncio.create_task(DiscordAdapter(settings(fake), replace(host.host, hold=leases.hold)).run())
        for host in (one, other)
    ]
    await one.until(lambda: ME in one.up or ME in other.up)
    first, second = (one, other) if ME in one.up else (other, one)
    fake.push("MESSAGE_CREATE", message(1, "to the first"))
    await first.count(1)
    assert len(fake.sockets) == 1
    leases.lost.set()
    await first.until(lambda: first.up[ME] == "another node holds the connection")
    leases.lost.clear()
    fake.push("MESSAGE_CREATE", message(2, "to whoever holds it"))
    await second.until(lambda: "to whoever holds it" in texts(first) + texts(second))
    assert (len(fake.sockets), fake.greetings) == (1, ["identify", "resume"])
    for run in runs:
        run.cancel()
    await asyncio.wait(runs)


async def test_no_session_is_begun_where_none_is_left(fake: FakeDiscord) -> None:
    fake.starts |= {"remaining": 0, "reset_after": 90_000}
    host = FakeHost()
    async with started(fake, host):
        await host.until(lambda: "no more sessions for 90 s" in str(host.up.get(ME)))
    assert not fake.greetings
