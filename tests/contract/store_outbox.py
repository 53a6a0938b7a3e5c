"""The outbox: what goes out, and what is known of it."""

from __future__ import annotations

import asyncio

import pytest

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import Unstorable
from hubbub.core.messages import Face, Image, Media, Text
from hubbub.core.work import Outgoing, Row, State
from tests.contract.store_harness import (
    ALL_STATES,
    Ending,
    StoreHarness,
    event,
    in_state,
    out,
    room,
    stored,
    the_row,
    words,
)

UNSENT = (State.QUEUED, State.SENDING)
RETRIABLE = (State.UNKNOWN, State.DEAD, State.DROPPED)
DROPPABLE = (State.QUEUED, State.UNKNOWN, State.DEAD)
NO_ROWS = (0, -1, 12345, 10**30, -(10**30))


class OutboxSuite:
    """What goes out. Inherit it, and give it a fixture ``harness``."""

    async def test_a_row_is_what_was_sent(self, harness: StoreHarness) -> None:
        message = (Text("hello *you*", verbatim=True), Image(Media(url="https://example.org/a.png")), Face("1"))
        sends = [
            Outgoing(Room("test", "b/t", "channel", "1/2", "th"), message, "77", Delivery.IDEMPOTENT),
            Outgoing(room(), (), delivery=Delivery.WINDOW, state=State.KEPT),
            Outgoing(room(), message, delivery=Delivery.EDITABLE, state=State.SENDING),
            Outgoing(room(), message, delivery=Delivery.EDITABLE, draft=True),
            Outgoing(room(), message, delivery=Delivery.EDITABLE, edits=4),
        ]
        rows = await stored(harness.store, *sends)
        assert [row.state for row in rows] == [State.QUEUED, State.KEPT, State.SENDING, State.QUEUED, State.QUEUED]
        assert [row.attempts for row in rows] == [0, 0, 1, 0, 0]
        for given, row in zip(sends, rows, strict=True):
            asked = (given.room, given.message, given.reply_to, given.delivery, given.draft, given.edits)
            for shown in (row, await the_row(harness.store, row.id), await harness.store.outbox.row(row.id)):
                assert shown is not None
                out = shown.out
                assert (out.room, out.message, out.reply_to, out.delivery, out.draft, out.edits) == asked
                assert (shown.id, shown.key, shown.state) == (row.id, row.key, row.state)
                assert (shown.attempts, shown.created_at) == (row.attempts, row.created_at)
                assert (shown.message_id, shown.error, shown.out.entry > 0) == ("", "", True)

    async def test_numbers_rise_and_keys_are_never_given_twice(self, harness: StoreHarness) -> None:
        rows = await stored(harness.store, out("1"), out("2"), number=1)
        rows += await stored(harness.store, out("3"), number=2)
        store = await harness.reopen("killed")
        rows += await stored(store, out("4"), number=3)
        assert words(rows) == words(await store.outbox.deliveries(ALL_STATES)) == ["1", "2", "3", "4"]
        assert [row.id for row in rows] == sorted({row.id for row in rows})
        assert len({row.key for row in rows}) == 4
        assert [row.key for row in rows] == [row.key for row in await store.outbox.deliveries(ALL_STATES)]

    async def test_sending_begins_and_is_settled(self, harness: StoreHarness) -> None:
        outbox = harness.store.outbox
        (row,) = await stored(harness.store, out("hello"))
        assert await outbox.begin(row.id) is True
        begun = await the_row(harness.store, row.id)
        assert (begun.state, begun.attempts) == (State.SENDING, 1)
        await outbox.settle(row.id, "platform-1")
        sent = await the_row(await harness.reopen("killed"), row.id)
        assert (sent.state, sent.attempts, sent.message_id, sent.error) == (State.SENT, 1, "platform-1", "")

    async def test_a_row_that_is_not_queued_does_not_begin(self, harness: StoreHarness) -> None:
        outbox = harness.store.outbox
        good, dropped, other = await stored(harness.store, out("good"), out("dropped"), out("other"))
        assert await outbox.drop(dropped.id)
        calls = [outbox.begin(row.id) for row in (good, dropped, other)]
        assert [await call for call in calls] == [True, False, True]
        shown = await the_row(harness.store, dropped.id)
        assert (shown.state, shown.attempts) == (State.DROPPED, 0)
        assert not await outbox.begin(999)

    @pytest.mark.parametrize("state", [State.QUEUED, State.UNKNOWN, State.DEAD])
    async def test_a_failure_is_kept_with_its_reason(self, harness: StoreHarness, state: State) -> None:
        outbox = harness.store.outbox
        (row,) = await stored(harness.store, out("hello"))
        assert await outbox.begin(row.id)
        await outbox.fail(row.id, state, "no \udc80 such room" + "!" * 5000, 123.5)
        shown = await the_row(await harness.reopen("killed"), row.id)
        assert (shown.state, shown.attempts, shown.next_at) == (state, 1, 123.5)
        assert shown.error.startswith("no ? such room!!!")
        assert len(shown.error) <= 1000

    async def test_a_later_try_forgets_the_failure(self, harness: StoreHarness) -> None:
        outbox = harness.store.outbox
        (row,) = await stored(harness.store, out("hello"))
        assert await outbox.begin(row.id)
        await outbox.fail(row.id, State.QUEUED, "try again", 5.0)
        assert await outbox.begin(row.id)
        await outbox.settle(row.id, "1")
        shown = await the_row(harness.store, row.id)
        assert (shown.state, shown.attempts, shown.error) == (State.SENT, 2, "")

    async def test_a_row_that_was_dropped_stays_so_when_its_sending_fails(self, harness: StoreHarness) -> None:
        (row,) = await stored(harness.store, out("hello", delivery=Delivery.IDEMPOTENT))
        assert await harness.store.outbox.drop(row.id)
        await harness.store.outbox.fail(row.id, State.QUEUED, "too late")
        assert (await the_row(harness.store, row.id)).state is State.DROPPED

    async def test_a_message_that_got_through_is_sent_whatever_was_wanted(self, harness: StoreHarness) -> None:
        (row,) = await stored(harness.store, out("hello", delivery=Delivery.IDEMPOTENT))
        assert await harness.store.outbox.drop(row.id)
        await harness.store.outbox.settle(row.id, "1")
        assert (await the_row(harness.store, row.id)).state is State.SENT

    @pytest.mark.parametrize("ending", ["killed", "closed"])
    async def test_recovery_sends_again_only_what_cannot_be_doubled(
        self, harness: StoreHarness, ending: Ending
    ) -> None:
        number = 0
        for delivery in (Delivery.IDEMPOTENT, Delivery.BLIND, Delivery.EDITABLE):
            for state in ALL_STATES:
                number += 1
                await in_state(harness.store, state, delivery, number)
        store = await harness.reopen(ending)
        before = {row.id: row for row in await store.outbox.deliveries(ALL_STATES)}
        queued = await store.outbox.recover("a")
        after = {row.id: row for row in await store.outbox.deliveries(ALL_STATES)}
        assert {row.id for row in after.values() if row.state is State.SENDING} == set()
        changed = {row.id for row in after.values() if row.state is not before[row.id].state}
        assert changed == {row.id for row in before.values() if row.state is State.SENDING}
        for row_id in changed:
            again = after[row_id].out.delivery is Delivery.IDEMPOTENT
            assert after[row_id].state is (State.QUEUED if again else State.UNKNOWN)
            assert after[row_id].error
            assert after[row_id].key == before[row_id].key
        assert list(queued) == [row for row in after.values() if row.state is State.QUEUED]
        assert len(queued) == 4

    async def test_recovery_of_nothing_is_nothing(self, harness: StoreHarness) -> None:
        assert list(await harness.store.outbox.recover("a")) == []

    async def test_what_was_sent_is_found_by_the_platforms_id(self, harness: StoreHarness) -> None:
        outbox = harness.store.outbox
        row, other, nameless = await stored(harness.store, out("one"), out("two"), out("three"))
        assert await outbox.sent(room(), "7") is None
        await asyncio.gather(outbox.settle(row.id, "7"), outbox.settle(other.id, "8"), outbox.settle(nameless.id, ""))
        store = await harness.reopen("killed")
        found = await store.outbox.sent(room(), "7")
        assert found == await the_row(store, row.id)
        for wrong, message_id in ((room("other"), "7"), (room(account="other"), "7"), (room(), "9"), (room(), "")):
            assert await store.outbox.sent(wrong, message_id) is None

    async def test_an_id_used_again_means_the_newest(self, harness: StoreHarness) -> None:
        rows = await stored(harness.store, out("old"), out("new"), out("unsent"))
        await harness.store.outbox.settle(rows[1].id, "7")
        await harness.store.outbox.settle(rows[0].id, "7")
        found = await harness.store.outbox.sent(room(), "7")
        assert found is not None
        assert words([found]) == ["new"]

    async def test_a_draft_is_found_by_its_entry_and_is_no_reply(self, harness: StoreHarness) -> None:
        store = harness.store
        other = await stored(store, out("other"), number=1)
        first, old, new = await stored(
            store, out("first"), out("old", draft=True), out("new", draft=True, delivery=Delivery.BLIND), number=2
        )
        end, kept = await stored(
            store, out("end", edits=new.id), out("kept", delivery=Delivery.WINDOW, state=State.KEPT), number=3
        )
        store = await harness.reopen("killed")
        assert await store.outbox.draft(first.out.entry) == await the_row(store, new.id)
        for nobodys in (other[0].out.entry, end.out.entry, 12345, 0):
            assert await store.outbox.draft(nobodys) is None
        assert old.out.draft
        assert await store.inbox.replies(new.out.entry) == []
        assert words(await store.inbox.replies(kept.out.entry) or ()) == ["kept"]

    async def test_a_draft_is_not_sent_again_by_hand(self, harness: StoreHarness) -> None:
        """What it was to become is a row of its own."""
        outbox = harness.store.outbox
        (draft,) = await stored(harness.store, out("draft", draft=True))
        for state in (State.UNKNOWN, State.DEAD):
            await outbox.fail(draft.id, state, "why")
            assert await outbox.retry(draft.id) is None
        assert await outbox.drop(draft.id)
        assert await outbox.retry(draft.id) is None
        assert (await the_row(harness.store, draft.id)).state is State.DROPPED

    async def test_the_end_of_an_answer_has_the_same_id_as_its_draft(self, harness: StoreHarness) -> None:
        outbox = harness.store.outbox
        (draft,) = await stored(harness.store, out("draft", draft=True), number=1)
        await outbox.settle(draft.id, "7")
        (end,) = await stored(harness.store, out("end", edits=draft.id), number=2)
        assert await outbox.sent(room(), "7") == await the_row(harness.store, draft.id)
        await outbox.settle(end.id, "7")
        assert await outbox.sent(room(), "7") == await the_row(harness.store, end.id)

    @pytest.mark.parametrize("number", [-1, 1 << 63])
    async def test_what_edits_no_row_is_not_stored(self, harness: StoreHarness, number: int) -> None:
        beside = asyncio.ensure_future(stored(harness.store, out("fine"), number=1))
        with pytest.raises(Unstorable):
            await stored(harness.store, out("wrong", edits=number), number=2)
        assert words(await beside) == ["fine"]

    @pytest.mark.parametrize("number", NO_ROWS)
    async def test_a_row_that_is_not_there_is_none(self, harness: StoreHarness, number: int) -> None:
        assert await harness.store.outbox.row(number) is None

    async def test_deliveries_are_paged_in_order(self, harness: StoreHarness) -> None:
        outbox = harness.store.outbox
        rows = await stored(harness.store, *(out(str(number)) for number in range(10)))
        for row in rows[::2]:
            assert await outbox.drop(row.id)
        pages: list[Row] = []
        while page := await outbox.deliveries([State.DROPPED], 2, pages[-1].id if pages else 0):
            assert len(page) <= 2
            pages.extend(page)
        assert words(pages) == ["0", "2", "4", "6", "8"]
        both = await outbox.deliveries([State.DROPPED, State.QUEUED])
        assert words(both) == [str(number) for number in range(10)]
        assert list(await outbox.deliveries([])) == []
        assert list(await outbox.deliveries([State.SENT])) == []
        assert list(await outbox.deliveries(ALL_STATES, 0)) == []

    @pytest.mark.parametrize("state", ALL_STATES)
    async def test_retry_takes_what_is_in_doubt_or_given_up(self, harness: StoreHarness, state: State) -> None:
        row = await in_state(harness.store, state, Delivery.BLIND)
        found = await harness.store.outbox.retry(row.id)
        shown = await the_row(harness.store, row.id)
        if state in RETRIABLE:
            assert found == shown
            assert (shown.state, shown.next_at, shown.key) == (State.QUEUED, 0.0, row.key)
        else:
            assert found is None
            assert shown == row

    @pytest.mark.parametrize("state", ALL_STATES)
    async def test_drop_takes_what_has_not_gone_out(self, harness: StoreHarness, state: State) -> None:
        row = await in_state(harness.store, state, Delivery.BLIND)
        found = await harness.store.outbox.drop(row.id)
        shown = await the_row(harness.store, row.id)
        if state in DROPPABLE:
            assert found == shown
            assert shown.state is State.DROPPED
        else:
            assert found is None
            assert shown == row

    @pytest.mark.parametrize("number", NO_ROWS)
    async def test_no_such_row_is_none(self, harness: StoreHarness, number: int) -> None:
        outbox, beside = harness.store.outbox, harness.store.inbox.accept(event(1), "lane")
        assert await outbox.retry(number) is None
        assert await outbox.drop(number) is None
        assert not (await beside).duplicate

    async def test_one_of_begin_and_drop_wins(self, harness: StoreHarness) -> None:
        rows = await stored(harness.store, *(out(str(number)) for number in range(20)))
        for number, row in enumerate(rows):
            outbox = harness.store.outbox
            if number % 2:
                dropped, began = await asyncio.gather(outbox.drop(row.id), outbox.begin(row.id))
            else:
                began, dropped = await asyncio.gather(outbox.begin(row.id), outbox.drop(row.id))
            assert began is (dropped is None)
            shown = await the_row(harness.store, row.id)
            assert shown.state is (State.SENDING if began else State.DROPPED)
