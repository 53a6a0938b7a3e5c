"""Ways to break the SQLite engine, one rule each: the machine has to find out every one of them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from hubbub.core.work import Append, Archive, State
from hubbub.storage.sqlite import branches, cache, inbox, lanes, outbox, timers, writer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    import pytest

MUTANTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {}


def mutant(function: Callable[[pytest.MonkeyPatch], None]) -> Callable[[pytest.MonkeyPatch], None]:
    MUTANTS[function.__name__] = function
    return function


# --- claims and fences -------------------------------------------------------------------------------------------


@mutant
def no_fence_check(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lanes.Lanes, "held", lambda self, name, fence: self._lanes.get(name) or lanes.Lane())


@mutant
def fences_start_anew_in_every_run(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lanes.Lanes, "start", lambda self, epoch: None)


@mutant
def one_fence_for_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lanes.Lanes, "start", lambda self, epoch: setattr(self, "_fences", itertools.repeat(7)))


@mutant
def release_without_tail_check(patch: pytest.MonkeyPatch) -> None:
    def finish(self: Any, name: str, lane: lanes.Lane, fence: int, count: int, *, release: bool) -> bool:
        lane.waiting -= count
        if release:
            self._lanes.pop(name, None)
        return release

    patch.setattr(lanes.Lanes, "finish", finish)


@mutant
def a_stale_release_takes_the_lane_away(patch: pytest.MonkeyPatch) -> None:
    give_back = lanes.Lanes.give_back

    def stolen(self: Any, name: str, fence: int) -> None:
        if lane := self._lanes.get(name):
            give_back(self, name, lane.fence)

    patch.setattr(lanes.Lanes, "give_back", stolen)


@mutant
def abandoned_lanes_stay_held(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lanes.Lanes, "abandon", lambda self, node: None)


@mutant
def claims_take_held_lanes(patch: pytest.MonkeyPatch) -> None:
    take = lanes.Lanes.take

    def greedy(self: Any, node: str, limit: int) -> dict[str, int]:
        self._free = {name: None for name, lane in self._lanes.items() if lane.waiting}
        return take(self, node, limit)

    patch.setattr(lanes.Lanes, "take", greedy)


@mutant
def a_holder_is_handed_what_is_not_its_turn(patch: pytest.MonkeyPatch) -> None:
    enter = lanes.Lanes.enter

    def eager(self: Any, name: str, node: str) -> int:
        if (lane := self._lanes.get(name)) is not None:
            lane.behind = False
        return enter(self, name, node)

    patch.setattr(lanes.Lanes, "enter", eager)


# --- the inbox ---------------------------------------------------------------------------------------------------


@mutant
def no_dedupe(patch: pytest.MonkeyPatch) -> None:
    count = itertools.count()
    patch.setattr(inbox, "event_key", lambda event: f"{event.id}/{next(count)}")


@mutant
def dedupe_within_a_run_only(patch: pytest.MonkeyPatch) -> None:
    runs = [0]
    patch.setattr(inbox, "event_key", lambda event: f"{event.id}/{runs[-1]}")
    load = inbox.Inbox.load

    def counted(self: Any, db: sqlite3.Connection, epoch: int) -> None:
        runs.append(epoch)
        load(self, db, epoch)

    patch.setattr(inbox.Inbox, "load", counted)


@mutant
def told_before_it_is_committed(patch: pytest.MonkeyPatch) -> None:
    flush = writer.Writer._flush

    def hasty(self: Any) -> None:
        if self._scheduled and not self._busy:
            for finish in self._batch.finishes:
                finish(None)
            self._batch.finishes = []
        flush(self)

    patch.setattr(writer.Writer, "_flush", hasty)


@mutant
def done_is_not_stored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(writer, "FINISH_ENTRY", "UPDATE inbox SET error = error WHERE ?1 = -1 AND ?2 = '' AND id = ?3")


@mutant
def given_up_is_not_stored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inbox, "GIVEN_UP", 0)


@mutant
def claims_hand_out_the_newest_first(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inbox, "_WAITING_IN", f"{inbox._WAITING_IN} DESC")


@mutant
def replies_before_the_entry_is_done(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "WAITING", -1)


# --- units -------------------------------------------------------------------------------------------------------


def _later(patch: pytest.MonkeyPatch, part: str) -> None:
    """A part of each batch is written with the next one."""
    write = writer.Writer._write_rows

    def split(db: sqlite3.Connection, batch: writer.Batch) -> None:
        mine = getattr(batch, part)
        setattr(batch, part, kept.get(db, []))
        kept[db] = mine
        write(db, batch)

    kept: dict[sqlite3.Connection, list[Any]] = {}
    patch.setattr(writer.Writer, "_write_rows", staticmethod(split))


@mutant
def rows_in_another_transaction(patch: pytest.MonkeyPatch) -> None:
    _later(patch, "rows")


@mutant
def done_in_another_transaction(patch: pytest.MonkeyPatch) -> None:
    _later(patch, "finished")


# --- the outbox --------------------------------------------------------------------------------------------------


@mutant
def recovery_leaves_what_was_being_sent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox.Outbox, "_recover", lambda self, db: self._read(db, "WHERE state = 0 ORDER BY id"))


@mutant
def recovery_sends_blindly_again(patch: pytest.MonkeyPatch) -> None:
    recover = outbox.Outbox._recover

    def blind(self: Any, db: sqlite3.Connection) -> Any:
        db.execute("UPDATE outbox SET state = 0 WHERE state = 1")
        return recover(self, db)

    patch.setattr(outbox.Outbox, "_recover", blind)


@mutant
def a_dropped_row_begins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(writer, "BEGIN_ROW", "UPDATE outbox SET state = 1, attempts = attempts + 1 WHERE id = ?")


@mutant
def attempts_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(writer, "BEGIN_ROW", "UPDATE outbox SET state = 1 WHERE id = ? AND state = 0")


@mutant
def settled_without_the_platforms_id(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(writer, "SETTLE_ROW", "UPDATE outbox SET state = 10 WHERE ?1 = ?1 AND id = ?2")


@mutant
def what_is_being_sent_can_be_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "_DROPPABLE", (*outbox._DROPPABLE, State.SENDING))


# --- branches ----------------------------------------------------------------------------------------------------


@mutant
def memory_does_not_grow_with_the_branch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cache.BranchCache, "grow", lambda self, write, nodes: None)


@mutant
def memory_of_an_archive_is_kept(patch: pytest.MonkeyPatch) -> None:
    remember = branches.Branches._remember

    def forgetful(self: Any, write: Any, result: Any) -> None:
        remember(self, write, write.branch if isinstance(write, Archive) else result)

    patch.setattr(branches.Branches, "_remember", forgetful)


@mutant
def memory_of_an_empty_append_is_kept(patch: pytest.MonkeyPatch) -> None:
    remember = branches.Branches._remember

    def forgetful(self: Any, write: Any, result: Any) -> None:
        if not isinstance(write, Append) or result:
            remember(self, write, result)

    patch.setattr(branches.Branches, "_remember", forgetful)


@mutant
def an_archive_writes_over_another(patch: pytest.MonkeyPatch) -> None:
    archive = branches._archive

    def careless(db: Any, write: Archive, data: object, now: float) -> str:
        db.execute("UPDATE branch SET head = 0 WHERE owner = ? AND name = ?", (write.owner, write.name))
        return archive(db, write, data, now)

    patch.setitem(branches._APPLY, Archive, careless)


# --- timers ------------------------------------------------------------------------------------------------------


@mutant
def a_timer_goes_without_an_entry(patch: pytest.MonkeyPatch) -> None:
    def gone(due: list[Any], now: float, fired: list[Any], db: sqlite3.Connection) -> None:
        due = [timer for timer in due if db.execute(timers._TAKE, (timer.name, timer.due, timer.event)).rowcount]
        fired.extend(timer.entry for timer in due)

    patch.setattr(timers, "_fire", gone)


@mutant
def a_timer_stays_when_it_fires(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(timers, "_TAKE", "UPDATE timer SET due = due WHERE name = ? AND due = ? AND event = ?")


@mutant
def a_timer_fires_for_everybody_who_asks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(timers, "_TAKE", "UPDATE timer SET due = due WHERE name = ? AND due = ? AND event = ?")
    count = itertools.count()
    patch.setattr(timers, "event_key", lambda event: f"{event.id}/{next(count)}")
