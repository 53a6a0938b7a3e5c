"""Several processes on one database, killed and held still: everything once, and nothing late for long."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
import statistics
import time
from typing import TYPE_CHECKING, Any

import pytest

from hubbub.core.work import TimerSet
from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from hubbub.storage.postgres.tables import PostgresEnd
from hubbub.storage.scan import scanning
from tests.cluster.node import lane_of
from tests.cluster.nodes import nodes
from tests.contract.store_harness import event, written
from tests.contract.store_postgres import talking

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)

NAMES = ("a", "b", "c", "d")
TIMERS = 10_000
REDELIVERED = 10_000
_ENTRIES = """
SELECT i.key, i.at, min(o.created_at), count(o.id), i.error FROM inbox i LEFT JOIN outbox o ON o.entry = i.id
WHERE i.key LIKE $1 GROUP BY i.id ORDER BY i.id
"""


async def set_timers(dsn: str, begin: float, seconds: float) -> dict[str, float]:
    """So many timers within a time, many at the same moment; when each is due."""
    store = PostgresStore(dsn, Member("setter"))
    await store.open()
    due = {}
    for first in range(0, TIMERS, 2000):
        timers = []
        for number in range(first, first + 2000):
            at = begin + int(number / TIMERS * seconds * 4) / 4
            due[f"timed-{number}"] = at
            timed = event(number, lane_of(number))
            timers.append(TimerSet(f"t{number}", at, _named(timed, f"timed-{number}"), lane_of(number)))
        await written(store, *timers, number=10**6 + first)
    await store.close()
    return due


def _named(given: Any, name: str) -> Any:
    return type(given)(name, given.room, given.author, given.message, given.time, name, addressed=True)


async def waiting(dsn: str) -> int:
    async with talking(dsn) as db:
        return int(await db.fetchval("SELECT (SELECT count(*) FROM timer) + (SELECT count(*) FROM waiting)"))


async def entries(dsn: str, like: str) -> Sequence[Any]:
    async with talking(dsn) as db:
        rows: Sequence[Any] = await db.fetch(_ENTRIES, like)
    return rows


async def whole(dsn: str) -> list[str]:
    with scanning() as scan:
        async with PostgresEnd(dsn).beside() as reading:
            await scan.walk(reading, lambda *_: None)
        return scan.faults


@pytest.mark.crash
@pytest.mark.timeout(180)
async def test_ten_thousand_timers_fire_once_and_in_time(dsn: str) -> None:
    """Four nodes, one of which is killed every second and comes back."""
    chance, seconds = random.Random("timers"), 8.0
    async with nodes(dsn, *NAMES, ttl=1.0) as found:
        begin = time.time() + 2.0
        due = await set_timers(dsn, begin, seconds)
        assert time.time() < begin, "they were set too late to be in time"
        while time.time() < begin + seconds:
            await asyncio.sleep(0.5 + chance.random())
            name = chance.choice(NAMES)
            await found.kill(name)
            await found.start(name)
        async with asyncio.timeout(60):
            while await waiting(dsn):
                await asyncio.sleep(0.1)
    fired = await entries(dsn, "%timed-%")
    assert sorted(key.rpartition("/")[2] for key, *_ in fired) == sorted(due), "each is there, once"
    assert {tuple(row)[3:] for row in fired} == {(1, None)}, "each was handled once"
    due_of = [due[row[0].rpartition("/")[2]] for row in fired]
    for what, place, most in (("fired", 1, 1.0), ("handled, those of killed nodes too", 2, 5.0)):
        late = [row[place] - at for row, at in zip(fired, due_of, strict=True)]
        p50, p99 = statistics.median(late), statistics.quantiles(late, n=100)[98]
        log.warning("%s: p50 %.3f s, p99 %.3f s, at most %.3f s late; %d kills", what, p50, p99, max(late), found.kills)
        assert min(late) >= 0
        assert p99 < most
    assert found.kills > 3
    assert not await whole(dsn)


@pytest.mark.timeout(120)
async def test_ten_thousand_redeliveries_to_two_gateways_have_one_effect_each(dsn: str) -> None:
    events = REDELIVERED // 4
    async with nodes(dsn, "a", "b") as found:
        first, second = await asyncio.gather(
            found.ask("a", redeliver=[0, events], copies=3, seed=1),
            found.ask("b", redeliver=[0, events], copies=2, seed=2),
        )
        async with asyncio.timeout(60):
            while await waiting(dsn):
                await asyncio.sleep(0.1)
    assert int(first) + int(second) == events, "one acceptance each, at one of the two"
    assert min(int(first), int(second)) > events // 10, "at both"
    kept = await entries(dsn, "%event-%")
    assert len(kept) == events
    assert {tuple(row)[3:] for row in kept} == {(1, None)}
    assert not await whole(dsn)


@pytest.mark.crash
@pytest.mark.timeout(120)
async def test_a_process_that_stood_still_changes_nothing_any_more(dsn: str) -> None:
    """Held still for longer than its time to live, in the middle of work; others take over, then it goes on."""
    ttl, rounds, each = 1.0, 2, 1500
    async with nodes(dsn, "a", "b", ttl=ttl) as found:
        for turn in range(rounds):
            work = asyncio.ensure_future(
                found.ask("a", redeliver=[turn * each, turn * each + each], copies=1, seed=turn)
            )
            await asyncio.sleep(0.15)
            found.signal("a", signal.SIGSTOP)
            await asyncio.sleep(ttl * 2.5)
            found.signal("a", signal.SIGCONT)
            assert int(await work) == each
            async with asyncio.timeout(60):
                while await waiting(dsn):
                    await asyncio.sleep(0.1)
        async with talking(dsn) as db:
            fenced = await db.fetchval("SELECT count(*) FROM conv")
    kept = await entries(dsn, "%event-%")
    assert len(kept) == rounds * each
    assert {tuple(row)[3:] for row in kept} == {(1, None)}, "nothing was stored by a stale fence"
    assert fenced == 0
    assert not await whole(dsn)
