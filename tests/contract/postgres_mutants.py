"""Ways to break the PostgreSQL engine, one rule each: the machine has to find out every one of them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from hubbub.core.work import Committed
from hubbub.storage.postgres import (
    branches,
    deliveries,
    entrance,
    inbox,
    lanes,
    orders,
    outbox,
    presence,
    transaction,
    units,
    writer,
    writes,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

MUTANTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {}
RARE = {
    "a_claim_keeps_no_place_among_the_events",
    "a_holder_is_handed_what_is_not_its_turn",
    "a_stale_release_takes_the_lane_away",
    "a_timer_goes_without_an_entry",
    "a_timer_stays_when_it_fires",
    "an_archive_writes_over_another",
    "claims_take_held_lanes",
    "what_follows_is_taken_for_the_whole",
    "writes_are_left_out",
}
"""Found out after hundreds of steps, each of which costs a few round trips here."""


def mutant(function: Callable[[pytest.MonkeyPatch], None]) -> Callable[[pytest.MonkeyPatch], None]:
    MUTANTS[function.__name__] = function
    return function


def altered(patch: pytest.MonkeyPatch, module: Any, name: str, old: str, new: str) -> None:
    """A statement with a part of it changed."""
    statement = getattr(module, name)
    assert old in statement
    patch.setattr(module, name, statement.replace(old, new))


# --- claims and fences -------------------------------------------------------------------------------------------


@mutant
def no_fence_check(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lanes.Lane, "held", lambda self, fence: True)


@mutant
def one_fence_for_all(patch: pytest.MonkeyPatch) -> None:
    altered(patch, inbox, "_CLAIM", "fence = nextval('fence')", "fence = 7")


@mutant
def a_new_claim_keeps_the_fence(patch: pytest.MonkeyPatch) -> None:
    altered(patch, inbox, "_CLAIM", "fence = nextval('fence')", "fence = c.fence")


@mutant
def release_without_tail_check(patch: pytest.MonkeyPatch) -> None:
    def finish(self: lanes.Lane, count: int, *, release: bool) -> bool:
        self.waiting -= count
        if release:
            self.waiting = 0
            self.free()
        return release

    patch.setattr(lanes.Lane, "finish", finish)


@mutant
def a_release_is_foreseen_without_tail_check(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(units, "_will_be_idle", lambda order, lane, busy: order.release)
    patch.setattr(transaction.Transaction, "_leave", _leave_nothing_behind)


async def _leave_nothing_behind(self: Any) -> None:
    for lane in self._lanes.values():
        if lane.deleted:
            lane.stored, lane.waiting, lane.node, lane.deleted = ("", 0, False), 0, "", False
    await _LEAVE(self)


_LEAVE = transaction.Transaction._leave


@mutant
def a_stale_release_takes_the_lane_away(patch: pytest.MonkeyPatch) -> None:
    decide = transaction.Transaction._decide

    def stolen(self: Any) -> None:
        decide(self)
        for order in self._orders:
            if type(order) is orders.GiveBack and (lane := self._lanes.get(order.lane)):
                lane.free()

    patch.setattr(transaction.Transaction, "_decide", stolen)


@mutant
def abandoned_lanes_stay_held(patch: pytest.MonkeyPatch) -> None:
    altered(patch, presence, "_FREE_NODE", "node <> ''", "node = '#'")


@mutant
def claims_take_held_lanes(patch: pytest.MonkeyPatch) -> None:
    altered(patch, inbox, "_CLAIM", "ready IS NOT NULL", "waiting > 0")


@mutant
def a_holder_is_handed_what_is_not_its_turn(patch: pytest.MonkeyPatch) -> None:
    enter = lanes.Lane.enter

    def eager(self: lanes.Lane, node: str) -> bool:
        self.behind = False
        return enter(self, node)

    patch.setattr(lanes.Lane, "enter", eager)


# --- the inbox ---------------------------------------------------------------------------------------------------


@mutant
def no_dedupe(patch: pytest.MonkeyPatch) -> None:
    count = itertools.count()
    patch.setattr(inbox, "event_key", lambda event: f"{event.id}/{next(count)}")


@mutant
def told_before_it_is_committed(patch: pytest.MonkeyPatch) -> None:
    add = writer.Writer.add

    def hasty(self: Any, order: Any) -> None:
        if isinstance(order, orders.Settle):
            order.future.set_result(None)
        add(self, order)

    patch.setattr(writer.Writer, "add", hasty)


@mutant
def not_committed_at_all(patch: pytest.MonkeyPatch) -> None:
    async def forget(self: Any, marker: object) -> None:
        await self._link.roll_back()

    patch.setattr(writer.Writer, "_commit", forget)


@mutant
def done_is_not_stored(patch: pytest.MonkeyPatch) -> None:
    altered(patch, units, "_FINISH", "w.id = d.id", "w.id = -d.id")


@mutant
def given_up_is_not_stored(patch: pytest.MonkeyPatch) -> None:
    store = units.Units.store

    async def alive(self: Any, some: Any, busy: set[str]) -> None:
        for order, _ in some:
            order.entries = frozenset(order.done)
        await store(self, some, busy)

    patch.setattr(units.Units, "store", alive)


@mutant
def claims_hand_out_the_newest_first(patch: pytest.MonkeyPatch) -> None:
    altered(patch, inbox, "_HAND_OVER", "ORDER BY b.id", "ORDER BY b.id DESC")


@mutant
def numbers_in_another_order(patch: pytest.MonkeyPatch) -> None:
    altered(patch, entrance, "_ADMIT", "AS g(key, lane, event, at))", "AS g(key, lane, event, at) ORDER BY key DESC)")


@mutant
def replies_before_the_entry_is_done(patch: pytest.MonkeyPatch) -> None:
    altered(patch, inbox, "_STATE", "SELECT EXISTS(", "SELECT false AND EXISTS(")


@mutant
def a_claim_keeps_no_place_among_the_events(patch: pytest.MonkeyPatch) -> None:
    from hubbub.storage.postgres import batch

    patch.setattr(batch, "Take", type(None))


# --- units -------------------------------------------------------------------------------------------------------


@mutant
def writes_are_left_out(patch: pytest.MonkeyPatch) -> None:
    async def nothing(db: Any, some: Any) -> list[list[Any]]:
        return [[] for _ in some]

    patch.setattr(writes, "carry_out", nothing)


@mutant
def rows_in_another_order(patch: pytest.MonkeyPatch) -> None:
    altered(patch, units, "_FINISH", "ORDER BY place", "ORDER BY place DESC")


# --- the outbox --------------------------------------------------------------------------------------------------


@mutant
def recovery_leaves_what_was_being_sent(patch: pytest.MonkeyPatch) -> None:
    altered(patch, outbox, "_LEFT", "o.state = 1", "o.state = -1")


@mutant
def recovery_sends_blindly_again(patch: pytest.MonkeyPatch) -> None:
    altered(patch, outbox, "_LEFT", "ELSE 2 END", "ELSE 0 END")


@mutant
def a_row_that_is_not_queued_begins(patch: pytest.MonkeyPatch) -> None:
    altered(patch, deliveries, "_BEGIN", "o.state = 0", "o.state <> 1")


@mutant
def attempts_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    altered(patch, deliveries, "_BEGIN", "o.attempts + 1", "o.attempts")


@mutant
def settled_without_the_platforms_id(patch: pytest.MonkeyPatch) -> None:
    altered(patch, deliveries, "_SETTLE", "message_id = s.message_id, error", "error")


@mutant
def a_failure_overrides_what_was_decided(patch: pytest.MonkeyPatch) -> None:
    altered(patch, deliveries, "_FAIL", "o.state < 2", "o.state < 20")


@mutant
def what_is_being_sent_can_be_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "_DROPPABLE", [*outbox._DROPPABLE, 1])


@mutant
def a_row_in_its_first_sending_was_not_tried(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(units, "_attempts", lambda state: 0)


# --- branches ----------------------------------------------------------------------------------------------------


@mutant
def memory_is_believed(patch: pytest.MonkeyPatch) -> None:
    nodes = branches.Branches._nodes

    async def believed(self: Any, known: Any, head: int) -> Any:
        return known or await nodes(self, known, head)

    patch.setattr(branches.Branches, "_nodes", believed)


@mutant
def what_follows_is_taken_for_the_whole(patch: pytest.MonkeyPatch) -> None:
    nodes = branches.Branches._nodes

    async def follows(self: Any, known: Any, head: int) -> Any:
        found = await nodes(self, known, head)
        return found[len(known) :] if known and len(found) > len(known) else found

    patch.setattr(branches.Branches, "_nodes", follows)


@mutant
def an_archive_writes_over_another(patch: pytest.MonkeyPatch) -> None:
    archive = writes._Work._archive

    async def careless(self: Any, write: Any, each: Any, now: float) -> None:
        target = (each.names[0], write.kind, each.names[2])
        if target != each.branch:
            await self._lock([target])
            self.heads[target] = 0
        await archive(self, write, each, now)

    patch.setattr(writes._Work, "_archive", careless)


@mutant
def the_old_head_counts_within_a_unit(patch: pytest.MonkeyPatch) -> None:
    def stale(self: Any, key: Any, head: int, now: float) -> None:
        self.changed.setdefault(key, now)
        later[key] = head

    later: dict[Any, int] = {}
    store = writes._Work.store

    async def stored(self: Any) -> None:
        self.heads.update(later)
        later.clear()
        await store(self)

    patch.setattr(writes._Work, "_set_head", stale)
    patch.setattr(writes._Work, "store", stored)


# --- timers ------------------------------------------------------------------------------------------------------


@mutant
def a_timer_stays_when_it_fires(patch: pytest.MonkeyPatch) -> None:
    altered(patch, transaction, "_FIRE", "DELETE FROM timer WHERE", "UPDATE timer SET due = due WHERE")


@mutant
def a_timer_goes_without_an_entry(patch: pytest.MonkeyPatch) -> None:
    fire = transaction.Transaction._fire

    async def gone(self: Any) -> None:
        await fire(self)
        for order in self._orders:
            if type(order) is orders.Fire:
                order.fired = []

    patch.setattr(transaction.Transaction, "_fire", gone)


@mutant
def released_is_not_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(transaction, "Committed", lambda rows, released: Committed(rows, released=False))
