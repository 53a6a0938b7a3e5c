"""What several processes on one PostgreSQL have in common: whose the rows are, who holds names, what they say."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hubbub.core.addresses import Account
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import LeaseLost
from hubbub.core.reports import Report, Told
from hubbub.core.store import Shared, SharedLeases, SharedOutbox
from hubbub.core.work import Committed, Row, State, Unit
from hubbub.dispatch.holding import Holder
from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from tests.contract.store_harness import ALL_STATES, LANE, accepted, out, the_row, words
from tests.contract.test_postgres_nodes import TTL, fall_silent, opened

if TYPE_CHECKING:
    from collections.abc import Callable

BOT = Account("test", "bot")
LOADED = 3.0
"""Seconds that a busy machine may be late."""


async def until(so: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not so():
            await asyncio.sleep(0.005)


async def answered(
    store: PostgresStore, node: str, number: int, *texts: str, state: State = State.SENDING
) -> Committed:
    """An event is answered on a node."""
    claim = await accepted(store, number, node)
    unit = Unit(done=(claim.entries[0].id,), sends=tuple(out(text, state=state) for text in texts))
    return await store.inbox.commit(LANE, claim.fence, unit, release=True)


def sending(store: PostgresStore, *accounts: Account) -> SharedOutbox:
    store.outbox.own(accounts)
    return store.outbox


class TestRows:
    async def test_an_answer_for_an_account_elsewhere_is_sent_there(self, dsn: str) -> None:
        async with opened(dsn, "gateway", "worker") as (gateway, worker):
            sending(worker)
            outbox = sending(gateway, BOT)
            waiting = asyncio.ensure_future(outbox.waiting(30))
            made = await answered(worker, "worker", 1, "hello")
            assert [row.state for row in made.rows] == [State.QUEUED]
            assert made.elsewhere == {made.rows[0].id}
            await asyncio.wait_for(waiting, 20)
            assert words(await outbox.take("gateway", [BOT])) == ["hello"]

    async def test_nothing_overtakes_what_another_node_is_still_sending(self, dsn: str) -> None:
        async with opened(dsn, "old", "new") as (old, new):
            sending(old, BOT)
            made = await answered(old, "old", 1, "first")
            assert [row.state for row in made.rows] == [State.SENDING]
            sending(old)
            outbox = sending(new, BOT)
            await answered(old, "old", 2, "second", "third", state=State.QUEUED)
            assert words(await outbox.take("new", [BOT])) == []
            newest = await answered(new, "new", 3, "fourth")
            assert [row.state for row in newest.rows] == [State.QUEUED]
            assert words(await outbox.take("new", [BOT])) == []
            await old.outbox.settle(made.rows[0].id, "m1")
            assert words(await outbox.take("new", [BOT])) == ["second", "third", "fourth"]

    async def test_an_answer_for_an_account_here_is_begun_at_once(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, _):
            sending(a, BOT)
            made = await answered(a, "a", 1, "hello")
            assert [row.state for row in made.rows] == [State.SENDING]
            assert not made.elsewhere
            assert not await a.outbox.take("a", [BOT])

    async def test_nothing_goes_before_what_another_process_made_for_the_room(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, b):
            sending(a, BOT)
            sending(b)
            await answered(b, "b", 1, "first")
            made = await answered(a, "a", 2, "second", "third")
            assert {row.state for row in made.rows} == {State.QUEUED}
            assert made.elsewhere == {row.id for row in made.rows}
            taken = await a.outbox.take("a", [BOT])
            assert words(taken) == ["first", "second", "third"]
            assert all([await a.outbox.begin(row.id) for row in taken])
            assert not (await answered(a, "a", 3, "fourth")).elsewhere

    async def test_what_is_kept_is_nobodys_to_send(self, dsn: str) -> None:
        async with opened(dsn, "a") as (a,):
            sending(a)
            made = await answered(a, "a", 1, "kept", state=State.KEPT)
            assert not made.elsewhere
            assert made.rows[0].state is State.KEPT

    async def test_what_is_given_back_is_given_out_again_in_order(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, _):
            outbox = sending(a, BOT)
            mine = (await answered(a, "a", 1, "one", "two", state=State.QUEUED)).rows
            assert not await outbox.take("a", [BOT])
            await outbox.give_back("a", [BOT])
            assert [row.id for row in await outbox.take("a", [BOT])] == [row.id for row in mine]

    async def test_answers_that_are_being_written_are_found_until_they_end(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, b):
            sending(a, BOT)
            claim = await accepted(a, 1, "a")
            entry = claim.entries[0].id
            shown = replace(out("once", state=State.SENDING), draft=True, entry=entry)
            draft = (await a.inbox.commit(LANE, claim.fence, Unit(sends=(shown,)))).rows[0]
            assert not await b.outbox.growing([BOT]), "nobody knows whether it stands there"
            await a.outbox.settle(draft.id, "m1")
            assert [(row.id, row.message_id) for row in await b.outbox.growing([BOT])] == [(draft.id, "m1")]
            assert not await b.outbox.growing([Account("test", "bo")])
            end = replace(out("once upon a time"), edits=draft.id, entry=entry)
            await a.inbox.commit(LANE, claim.fence, Unit(done=(entry,), sends=(end,)), release=True)
            assert not await b.outbox.growing([BOT])

    async def test_what_a_dead_process_was_sending_is_in_doubt_or_sent_again(self, dsn: str) -> None:
        async with opened(dsn, "a", "b", ttl=TTL) as (a, b):
            sending(a, BOT)
            sending(b, BOT)
            blind, harmless = await self._begun(a, 1, Delivery.BLIND), await self._begun(a, 2, Delivery.IDEMPOTENT)
            fall_silent(a)
            await asyncio.sleep(TTL * 1.5)
            await b.outbox.bury("b")
            assert (await the_row(b, blind.id)).state is State.UNKNOWN
            assert [row.id for row in await b.outbox.take("b", [BOT])] == [harmless.id]

    @staticmethod
    async def _begun(store: PostgresStore, number: int, delivery: Delivery) -> Row:
        claim = await accepted(store, number, "a", f"r{number}")
        send = out("x", state=State.SENDING, delivery=delivery)
        unit = Unit(done=(claim.entries[0].id,), sends=(send,))
        return (await store.inbox.commit(claim.lane, claim.fence, unit, release=True)).rows[0]

    async def test_what_is_sent_again_by_hand_goes_out_where_the_account_is(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, b):
            sending(a, BOT)
            sending(b)
            row = (await answered(a, "a", 1, "x")).rows[0]
            await a.outbox.fail(row.id, State.UNKNOWN, "no word of it")
            assert await b.outbox.retry(row.id)
            assert words(await a.outbox.take("a", [BOT])) == ["x"]
            assert not await b.outbox.deliveries([State.UNKNOWN])
            assert len(await b.outbox.deliveries(ALL_STATES)) == 1

    async def test_what_is_told_to_one_process_is_known_to_all(self, dsn: str) -> None:
        """A webhook may be brought to any of them, whoever sent the message and whether or not that is over."""
        async with opened(dsn, "a", "b") as (a, b):
            sending(a, BOT)
            sending(b)
            there, lost = (await answered(a, "a", 1, "there", "lost")).rows
            early = await b.outbox.report([report(there, Told.SENT), report(lost, Told.FAILED)])
            assert (words(early.rows), early.early) == (["there"], True)
            await a.outbox.settle(there.id, "m1")
            await a.outbox.settle(lost.id, "m1")
            (dead,) = (await b.outbox.report([report(lost, Told.FAILED)])).rows
            assert dead.state is State.DEAD
            assert (await the_row(a, there.id)).told is Told.SENT

    async def test_what_the_platform_takes_now_goes_out_where_the_account_is(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, b):
            sending(a, BOT)
            sending(b)
            row = (await answered(a, "a", 1, "x")).rows[0]
            await a.outbox.settle(row.id, "m1")
            waiting = asyncio.ensure_future(a.outbox.waiting(30))
            closed = report(row, Told.FAILED, again=True)
            both = await asyncio.gather(a.outbox.report([closed]), b.outbox.report([closed]))
            assert sorted(len(each.rows) for each in both) == [0, 1], "brought twice, it is queued once"
            await asyncio.wait_for(waiting, 20)
            assert words(await a.outbox.take("a", [BOT])) == ["x"]
            assert not await a.outbox.take("a", [BOT])

    async def test_reports_in_any_order_to_any_process_end_alike(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, b):
            sending(a, BOT)
            rows = (await answered(a, "a", 1, *(str(number) for number in range(12)))).rows
            for row in rows:
                await a.outbox.settle(row.id, f"m{row.id}")
            told = [report(row, each, message_id=f"m{row.id}") for row in rows for each in Told] * 2
            chosen = random.Random(3)
            chosen.shuffle(told)
            calls = [chosen.choice((a, b)).outbox.report(told[at : at + 8]) for at in range(0, len(told), 8)]
            await asyncio.gather(*calls)
            found = await b.outbox.deliveries(ALL_STATES)
            assert {(row.state, row.told) for row in found} == {(State.SENT, Told.READ)}


def report(row: Row, told: Told, message_id: str = "m1", *, again: bool = False) -> Report:
    return Report(row.out.room, message_id, told, 100.0 + list(Told).index(told), "why", row.key, again)


class TestNames:
    async def test_who_seizes_a_name_takes_it_from_its_holder(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, b):
            assert isinstance(b.leases, SharedLeases)
            held = await a.leases.acquire("x", "a", 60)
            assert held
            seized = await b.leases.seize("x", "b", 60, "b.example")
            assert (seized.node, seized.fence, seized.address) == ("b", held.fence + 1, "b.example")
            assert await a.leases.acquire("x", "a", 60) is None
            await a.leases.release(held)
            assert [lease.node for lease in await a.leases.held()] == ["b"]

    async def test_each_process_is_listed_with_what_it_holds(self, dsn: str) -> None:
        async with opened(dsn, "a", "b", ttl=TTL) as (a, b):
            assert isinstance(a, Shared)
            a.known_as("http://a.example", ("gateway", "scheduler"))
            await a.leases.acquire("account:x", "a", 60)
            await accepted(b, 1, "b")
            async with asyncio.timeout(30):
                while not (found := {each.node: each for each in await b.members()})["a"].roles:
                    await asyncio.sleep(0.02)
            assert found["a"].roles == ("gateway", "scheduler")
            assert (found["a"].address, found["a"].names, found["a"].lanes) == ("http://a.example", ("account:x",), 0)
            assert (found["b"].names, found["b"].lanes) == ((), 1)
            assert not a.trouble

    async def test_all_know_one_secret_that_stays(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, b):
            assert a.secret == b.secret
            assert len(a.secret) == 64
        again = PostgresStore(dsn, Member("c"))
        await again.open()
        assert again.secret == a.secret
        await again.close()

    async def test_what_waits_is_counted_for_all(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, b):
            await accepted(a, 1, "a")
            await accepted(a, 2, "a", "other")
            assert await b.backlog() == 2


class TestWords:
    async def test_the_others_hear_them_in_order_and_the_speaker_does_not(self, dsn: str) -> None:
        async with opened(dsn, "a", "b", "c") as stores:
            heard: list[list[str]] = [[] for _ in stores]
            for store, found in zip(stores, heard, strict=True):
                store.words.hear("topic", found.append)
            said = [f'{number} "\n\0é{"x" * number * 10}' for number in range(100)]
            for each in said:
                stores[0].words.tell("topic", each)
            stores[0].words.tell("other", "nobody listens")
            await until(lambda: len(heard[1]) == len(heard[2]) == 100)
            assert heard == [[], said, said]

    async def test_one_that_is_too_long_harms_no_other(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, b):
            heard: list[str] = []
            b.words.hear("topic", heard.append)
            for each in ("before", "x" * 10_000, "after"):
                a.words.tell("topic", each)
            await until(lambda: len(heard) == 2)
            assert heard == ["before", "after"]


class TestHolding:
    async def test_a_name_moves_in_time_and_is_never_held_twice(
        self, dsn: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ttl = 2.0
        log: list[tuple[str, float]] = []
        async with opened(dsn, "a", "b") as stores:

            async def use(store: PostgresStore, node: str, seconds: float) -> None:
                async with Holder(store.leases, store.words, node, ttl).hold("x"):
                    log.append(("begins", time.monotonic()))
                    try:
                        await asyncio.sleep(seconds)
                    finally:
                        log.append(("ends", time.monotonic()))

            first = asyncio.create_task(use(stores[0], "a", 60))
            await until(lambda: log)
            cut_off = time.monotonic()
            monkeypatch.setattr(stores[0].leases, "acquire", _never)
            second = asyncio.create_task(use(stores[1], "b", 0))
            with pytest.raises(LeaseLost):
                await asyncio.wait_for(first, 30)
            await asyncio.wait_for(second, 30)
        assert [what for what, _ in log] == ["begins", "ends", "begins", "ends"]
        assert cut_off + ttl / 3 < log[2][1] < cut_off + ttl + 1 + LOADED


async def _never(*given: object) -> None:
    await asyncio.sleep(60)
