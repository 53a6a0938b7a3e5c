"""Texts and numbers that PostgreSQL does not take as they are."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from hubbub.core.errors import StoreError, Unstorable
from hubbub.core.work import Append, Branch, MoveHead, State, TimerSet, Unit
from hubbub.storage.postgres import texts
from hubbub.storage.postgres.branches import Branches
from tests.contract.store_harness import LANE, accepted, event, out, room, written
from tests.contract.store_postgres import talking

if TYPE_CHECKING:
    from hubbub.storage.postgres.store import PostgresStore

ODD = "a\0b\x1a0c\x1a\n'\"\\"


class TestValues:
    async def test_texts_that_postgresql_has_no_letters_for_come_back(self, store: PostgresStore) -> None:
        lane = f"lane {ODD}"
        receipt = await store.inbox.accept(event(1, ODD, text=ODD), lane)
        (claim,) = await store.inbox.claim("a", 1)
        assert (claim.lane, claim.entries[0].lane, claim.entries[0].event) == (lane, lane, receipt.entry.event)
        sends = (out(ODD, reply_to=ODD, entry=receipt.entry.id),)
        unit = Unit((receipt.entry.id,), sends, (Append(ODD, "context", ODD, (ODD,)),))
        (row,) = (await store.inbox.commit(lane, claim.fence, unit, release=True)).rows
        await store.outbox.settle(row.id, ODD)
        found = await store.outbox.sent(room(), ODD)
        assert found is not None
        assert (found.message_id, found.out.reply_to, found.out.message) == (ODD, ODD, sends[0].message)
        assert [node.body for node in (await store.conversations.branch(ODD, "context", ODD)).nodes] == [ODD]
        assert [branch.name for branch in await store.conversations.branches(ODD, "context")] == [ODD]
        assert list(await store.conversations.owners("context")) == [ODD]
        await store.secrets.put(ODD, ODD)
        assert await store.secrets.get(ODD) == ODD
        lease = await store.leases.acquire(ODD, ODD, 60, ODD)
        assert list(await store.leases.held()) == [lease]
        await written(store, TimerSet(ODD, 1.0, event(7), ODD), number=3)
        assert [(each.entry.lane, each.duplicate) for each in await store.timers.fire(2.0)] == [(ODD, False)]

    async def test_an_event_of_a_very_long_name_is_known_again(self, store: PostgresStore) -> None:
        chance = random.Random(1)
        long = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=20_000))
        for name in (long, long + "x"):
            given = event(1)
            given = type(given)(name, given.room, given.author, given.message, 1.0, name)
            first = await store.inbox.accept(given, LANE)
            assert not first.duplicate
            assert (await store.inbox.accept(given, LANE)).duplicate

    async def test_names_that_no_index_takes_are_refused_alone(self, store: PostgresStore) -> None:
        long = "x" * 1001
        good = store.inbox.accept(event(1), LANE)
        with pytest.raises(Unstorable):
            await store.inbox.accept(event(2), long)
        with pytest.raises(Unstorable):
            await written(store, Append(long, "context", "default", (1,)), number=3)
        assert not (await good).duplicate
        assert (await store.conversations.branch(long, "context")).nodes == ()

    async def test_numbers_that_no_column_takes_are_nobodys(self, store: PostgresStore) -> None:
        huge = 10**30
        held = await accepted(store, 1)
        await store.inbox.commit(LANE, held.fence, Unit(done=(huge, -huge), dead=((huge, "why"),)))
        with pytest.raises(Unstorable):
            await store.inbox.commit(LANE, held.fence, Unit(sends=(out("x", entry=huge),)))
        assert not await store.outbox.begin(huge)
        await store.outbox.settle(huge, "1")
        await written(store, MoveHead("o", "context", "default", huge, "why"), number=2)
        assert not await store.outbox.deliveries([State.QUEUED], after=huge)

    async def test_what_only_the_database_refuses_harms_nobody_else(
        self, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(texts, "stored", lambda text: text)
        calls = [store.inbox.accept(event(number, "r", text="fine"), f"lane-{number}") for number in range(9)]
        calls.insert(4, store.inbox.accept(event(99), "half \0 of it"))
        found = await asyncio.gather(*calls, return_exceptions=True)
        assert isinstance(found.pop(4), StoreError)
        assert not [each for each in found if isinstance(each, BaseException)]
        assert len(await store.inbox.claim("a", 20)) == 9

    async def test_a_branch_that_cannot_be_read_harms_nobody_else(self, dsn: str, store: PostgresStore) -> None:
        for number, owner in enumerate(("good", "bad")):
            await written(store, Append(owner, "context", "default", (owner,)), number=number)
        async with talking(dsn) as db:
            await db.execute("UPDATE node SET body = 'no json' WHERE owner = 'bad'")
        fresh = Branches(store._reader)
        good, bad = await asyncio.gather(
            *(fresh.branch(owner, "context") for owner in ("good", "bad")), return_exceptions=True
        )
        assert isinstance(good, Branch)
        assert isinstance(bad, StoreError)
