"""What platforms tell of messages that were sent."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Delivery
from hubbub.core.reports import Report, Told
from hubbub.core.store import Store
from hubbub.core.work import Row, State
from tests.contract.store_harness import ALL_STATES, StoreHarness, in_state, room, the_row

TOLD = tuple(Told)


def about(row: Row, told: Told, time: float = 100.0, **more: object) -> Report:
    """A report that gives the row's key back."""
    message_id = str(more.pop("message_id", row.message_id or "m1"))
    return Report(row.out.room, message_id, told, time, key=row.key, **more)  # type: ignore[arg-type]  # a test's own


async def sent(store: Store, number: int = 1) -> Row:
    return await in_state(store, State.SENT, Delivery.BLIND, number)


class ReportSuite:
    """Reports. Inherit it, and give it a fixture ``harness``."""

    @pytest.mark.parametrize("by_key", [True, False])
    async def test_what_is_told_is_kept_with_its_time(self, harness: StoreHarness, by_key: bool) -> None:
        row = await sent(harness.store)
        assert (row.told, row.told_at) == (None, 0.0)
        key = row.key if by_key else ""
        report = Report(row.out.room, row.message_id, Told.DELIVERED, 123.5, key=key)
        assert not (await harness.store.outbox.report([report])).rows, "its state is what it was"
        shown = await the_row(await harness.reopen("killed"), row.id)
        assert (shown.state, shown.told, shown.told_at) == (State.SENT, Told.DELIVERED, 123.5)

    async def test_they_may_come_twice_late_and_in_any_order(self, harness: StoreHarness) -> None:
        outbox = harness.store.outbox
        for number, order in enumerate(itertools.permutations((Told.SENT, Told.DELIVERED, Told.READ)), 1):
            row = await sent(harness.store, number)
            for told in (*order, *order):
                await outbox.report([about(row, told, 100.0 + TOLD.index(told))])
            shown = await the_row(harness.store, row.id)
            assert (shown.state, shown.told, shown.told_at) == (State.SENT, Told.READ, 103.0)

    async def test_the_first_time_is_the_one_that_counts(self, harness: StoreHarness) -> None:
        row = await sent(harness.store)
        await harness.store.outbox.report([about(row, Told.READ, 100.0), about(row, Told.READ, 200.0)])
        assert (await the_row(harness.store, row.id)).told_at == 100.0

    async def test_many_at_once_are_one_change(self, harness: StoreHarness) -> None:
        rows = [await sent(harness.store, number) for number in range(1, 6)]
        first = [about(row, told) for row in rows for told in (Told.DELIVERED, Told.SENT)]
        lost = Report(rows[0].out.room, rows[0].message_id, Told.READ, 101.0)
        await asyncio.gather(harness.store.outbox.report(first), harness.store.outbox.report([lost]))
        told = [(await the_row(harness.store, row.id)).told for row in rows]
        assert told == [Told.READ, *[Told.DELIVERED] * 4]

    async def test_what_did_not_arrive_after_all_is_dead_and_says_why(self, harness: StoreHarness) -> None:
        row = await sent(harness.store)
        reported = await harness.store.outbox.report([about(row, Told.FAILED, reason="nobody \udc80 is there")])
        shown = await the_row(harness.store, row.id)
        assert (shown.state, shown.error) == (State.DEAD, "nobody ? is there")
        assert (shown.told, shown.told_at, shown.message_id) == (Told.FAILED, 100.0, row.message_id)
        assert reported.rows == (shown,)
        assert not reported.early
        again = await harness.store.outbox.report(
            [about(row, Told.FAILED, 101.0, reason="again"), about(row, Told.SENT)]
        )
        assert not again.rows
        assert await the_row(harness.store, row.id) == shown

    async def test_what_a_person_has_did_not_fail(self, harness: StoreHarness) -> None:
        """One of several people did not get it, or the two came in the wrong order."""
        first, second = await sent(harness.store, 1), await sent(harness.store, 2)
        await harness.store.outbox.report([about(first, Told.DELIVERED), about(first, Told.FAILED, 101.0, reason="x")])
        await harness.store.outbox.report([about(second, Told.FAILED, reason="x"), about(second, Told.READ, 101.0)])
        for row, told in ((first, Told.DELIVERED), (second, Told.READ)):
            shown = await the_row(harness.store, row.id)
            assert (shown.state, shown.told, shown.error) == (State.SENT, told, "")

    @pytest.mark.parametrize("told", [Told.SENT, Told.DELIVERED, Told.READ])
    @pytest.mark.parametrize("state", ALL_STATES)
    async def test_what_got_through_is_sent_whatever_was_thought(
        self, harness: StoreHarness, state: State, told: Told
    ) -> None:
        row = await in_state(harness.store, state, Delivery.BLIND)
        reported = await harness.store.outbox.report([about(row, told)])
        shown = await the_row(harness.store, row.id)
        if state is State.KEPT:
            assert shown == row
            return
        assert (shown.state, shown.message_id, shown.error) == (State.SENT, row.message_id or "m1", "")
        assert (shown.told, shown.told_at) == (told, 100.0)
        assert reported.rows == (() if state is State.SENT else (shown,))
        assert await harness.store.outbox.sent(room(), shown.message_id) == shown

    @pytest.mark.parametrize("state", ALL_STATES)
    async def test_a_failure_ends_a_doubt_too(self, harness: StoreHarness, state: State) -> None:
        row = await in_state(harness.store, state, Delivery.BLIND)
        reported = await harness.store.outbox.report([about(row, Told.FAILED, reason="nobody is there")])
        shown = await the_row(harness.store, row.id)
        assert reported.early is (state is State.SENDING)
        if state in (State.SENT, State.UNKNOWN):
            assert (shown.state, shown.error, shown.told) == (State.DEAD, "nobody is there", Told.FAILED)
            assert shown.message_id == (row.message_id or "m1")
        else:
            assert shown == row

    async def test_what_came_too_early_changes_nothing_else_of_its_batch(self, harness: StoreHarness) -> None:
        sending = await in_state(harness.store, State.SENDING, Delivery.BLIND, 1)
        other = await sent(harness.store, 2)
        batch = [about(sending, Told.FAILED, reason="x"), about(other, Told.READ)]
        assert (await harness.store.outbox.report(batch)).early
        assert (await the_row(harness.store, other.id)).told is Told.READ
        await harness.store.outbox.settle(sending.id, "m1")
        reported = await harness.store.outbox.report(batch)
        assert [row.state for row in reported.rows] == [State.DEAD]
        assert not reported.early

    async def test_what_arrived_while_it_was_sent_stays_so_when_its_sending_fails(self, harness: StoreHarness) -> None:
        row = await in_state(harness.store, State.SENDING, Delivery.BLIND)
        await harness.store.outbox.report([about(row, Told.SENT)])
        await harness.store.outbox.fail(row.id, State.UNKNOWN, "no answer")
        shown = await the_row(harness.store, row.id)
        assert (shown.state, shown.told) == (State.SENT, Told.SENT)
        await harness.store.outbox.settle(row.id, "m1")
        assert await the_row(harness.store, row.id) == shown

    async def test_what_is_sent_again_by_hand_is_not_judged_by_the_attempt_before(self, harness: StoreHarness) -> None:
        outbox = harness.store.outbox
        row = await sent(harness.store)
        old = [about(row, Told.SENT, 100.0), about(row, Told.FAILED, 101.0, reason="x")]
        await outbox.report(old)
        queued = await outbox.retry(row.id)
        assert queued is not None
        assert (queued.state, queued.message_id, queued.told) == (State.QUEUED, "", None)
        for begun in (False, True):  # brought again while it waits, and while it is sent
            assert not begun or await outbox.begin(row.id)
            reported = await outbox.report(old)
            assert (reported.rows, reported.early) == ((), False)
        await outbox.settle(row.id, "m2")
        await outbox.report([*old, about(row, Told.FAILED, 500.0, reason="another part of the first attempt")])
        shown = await the_row(harness.store, row.id)
        assert (shown.state, shown.told) == (State.SENT, None)
        await outbox.report([about(shown, Told.FAILED, 201.0, reason="y")])
        shown = await the_row(harness.store, row.id)
        assert (shown.state, shown.error, shown.told_at) == (State.DEAD, "y", 201.0)

    async def test_what_the_platform_takes_now_is_queued_once_more_and_once_only(self, harness: StoreHarness) -> None:
        outbox = harness.store.outbox
        row = await sent(harness.store)
        await outbox.report([about(row, Told.SENT, 50.0)])
        closed = about(row, Told.FAILED, reason="too late", again=True)
        (queued,) = (await outbox.report([closed, closed])).rows
        shown = await the_row(harness.store, row.id)
        assert shown == queued
        assert (shown.state, shown.error, shown.told, shown.next_at) == (State.QUEUED, "too late", None, 0.0)
        assert not (await outbox.report([closed])).rows
        assert await outbox.begin(row.id)
        assert (await outbox.report([closed])).early is False
        (known,) = (await outbox.report([about(shown, Told.SENT, 200.0, message_id="m2")])).rows
        await outbox.settle(row.id, "m2")
        assert not (await outbox.report([closed])).rows
        assert await the_row(harness.store, row.id) == known
        assert (known.state, known.message_id, known.told, known.told_at) == (State.SENT, "m2", Told.SENT, 200.0)

    async def test_of_what_is_not_ours_nothing_is_told(self, harness: StoreHarness) -> None:
        row, doubt = await sent(harness.store), await in_state(harness.store, State.UNKNOWN, Delivery.BLIND, 2)
        elsewhere = Room("test", "bot", "private", "somebody else")
        foreign = [
            Report(elsewhere, row.message_id, Told.READ, 100.0),
            Report(Room("test", "other", "private", "r"), row.message_id, Told.READ, 100.0, key=row.key),
            Report(room(), "", Told.READ, 100.0),
            Report(room(), "unknown", Told.READ, 100.0),
            *(
                Report(room(), "m9", Told.READ, 100.0, key=key)
                for key in (f"other-{doubt.id}", doubt.key + "9", "-0".join(doubt.key.rsplit("-", 1)), "-", "x-²")
            ),
        ]
        assert not (await harness.store.outbox.report(foreign)).rows
        assert not (await harness.store.outbox.report([])).rows
        assert not (await harness.store.outbox.report([Report(room(), "m9", Told.READ, 1.0, key="x-" + "9" * 30)])).rows
        assert [await the_row(harness.store, each.id) for each in (row, doubt)] == [row, doubt]

    async def test_people_have_other_names_than_their_rooms(self, harness: StoreHarness) -> None:
        """Platforms may write a person's address in another way than it was given: the key is enough."""
        row = await sent(harness.store)
        renamed = Report(Room("test", "bot", "private", "52 1 r"), row.message_id, Told.READ, 1.0, key=row.key)
        await harness.store.outbox.report([renamed])
        assert (await the_row(harness.store, row.id)).told is Told.READ
