"""Hubs with a fault built in, by which the crash tests show that they would find it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

from hubbub.core.work import Unit
from hubbub.platforms.loopback import adapter
from hubbub.storage import rows
from hubbub.storage.sqlite import inbox, lanes, outbox

# What is replaced here need not have the shape that it had.
_adapter: Any = adapter.LoopbackAdapter
_inbox: Any = inbox
_lanes: Any = lanes.Lanes
_outbox: Any = outbox
_rows: Any = rows


def acknowledges_first() -> None:
    """The platform is told that an event is safe before it is."""

    async def stored(_: object, receipt: Any) -> None:
        receipt.add_done_callback(lambda done: done.cancelled() or done.exception())

    _adapter._stored = stored


def takes_repeats_for_new() -> None:
    numbers = itertools.count()
    known = _inbox.event_key
    _inbox.event_key = lambda event: f"{known(event)}".replace("/e", f"/{next(numbers)}-{id(event)}/e")


def forgets_what_waits() -> None:
    """Accepted entries are not looked for at the start."""
    _lanes.count_in = lambda *_: None


def stores_in_two_steps() -> None:
    """The messages first, and that the entry is done in another transaction."""
    whole = _inbox.Inbox.commit

    async def commit(self: Any, lane: str, fence: int, unit: Unit, *, release: bool = False) -> Any:
        first = await whole(self, lane, fence, Unit(sends=unit.sends))
        second = await whole(self, lane, fence, Unit(unit.done, (), unit.writes), release=release)
        return type(second)(first.rows, second.released)

    _inbox.Inbox.commit = commit


def sends_again_in_doubt() -> None:
    """What was being sent is sent again, whatever the platform can do."""
    recover = _outbox.Outbox._recover

    def again(self: Any, db: Any) -> Any:
        db.execute("UPDATE outbox SET state = 0 WHERE state = 1")
        return recover(self, db)

    _outbox.Outbox._recover = again


def sends_before_it_says_so() -> None:
    """That a message is being sent is not stored."""

    async def begin(*_: object) -> bool:
        return True

    _outbox.Outbox.begin = begin


def takes_a_new_key() -> None:
    """Another idempotency key at every start."""
    start = time.time_ns()
    _rows.row_key = _outbox.row_key = lambda hub, row: f"{hub}-{start}-{row}"


MUTANTS: dict[str, Callable[[], None]] = {
    found.__name__: found
    for found in (
        acknowledges_first,
        takes_repeats_for_new,
        forgets_what_waits,
        stores_in_two_steps,
        sends_again_in_doubt,
        sends_before_it_says_so,
        takes_a_new_key,
    )
}
