"""Rows of the outbox as the engines store them, and as `hubbub.core` knows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import Unstorable
from hubbub.core.events import Event
from hubbub.core.reports import Told
from hubbub.core.work import GivenUp, Outgoing, Row, State
from hubbub.storage import codec
from hubbub.storage.schema import STATE_CODES, STATE_NAMES, TOLD_NAMES

COLUMNS = (
    "id, room, entry, message, reply_to, delivery, state, attempts, message_id, error, created_at, next_at, edits,"
    " told, told_at"
)
_MESSAGE, _ERROR = 3, 9
_DRAFT = -1
_ALL_IDS = 1 << 63


def read_row(columns: Sequence[Any], hub: str) -> Row:
    """A row from its `COLUMNS`; ``hub`` is the installation's own mark, part of every idempotency key.

    Raises:
        ValueError: it was written by a newer version, or is damaged.
    """
    row_id, room, entry, message, reply_to, delivery, state, attempts, message_id, error, *rest = columns
    created_at, next_at, edits, told, told_at = rest
    out = Outgoing(
        room=Room.parse(room),
        message=codec.decode_message(message),
        reply_to=reply_to,
        delivery=Delivery(delivery),
        state=State(STATE_NAMES[state]),
        entry=entry,
        draft=edits == _DRAFT,
        edits=max(0, edits),
    )
    known = Told(TOLD_NAMES[told]) if told else None
    key = row_key(hub, row_id)
    return Row(row_id, out, key, out.state, attempts, message_id, error, created_at, next_at, known, told_at)


def read_row_anyhow(columns: Sequence[Any], hub: str) -> Row:
    """As `read_row`, for lists: a message that cannot be read is empty, and the error says so."""
    try:
        return read_row(columns, hub)
    except ValueError as error:
        shell = list(columns)
        shell[_MESSAGE], shell[_ERROR] = b"[]", f"the message cannot be read: {error}"
        return read_row(shell, hub)


def read_given_up(columns: Sequence[Any]) -> GivenUp:
    """An entry that was given up, from its id, lane, event, error and time."""
    entry_id, lane, data, error, time = columns
    event: Event | None
    try:
        event = codec.decode_event(data)
    except ValueError:
        event = None
    return GivenUp(entry_id, lane, event, error, time)


def row_key(hub: str, row_id: int) -> str:
    """The idempotency key of a row: the same at every attempt, unlike that of any other hub or row."""
    return f"{hub}-{row_id}"


def edits_code(out: Outgoing) -> int:
    """How it is stored what a message edits, or that it is a draft. Raises Unstorable."""
    if not 0 <= out.edits < _ALL_IDS:
        msg = f"this cannot be stored: a message that edits row {out.edits}"
        raise Unstorable(msg)
    return _DRAFT if out.draft else out.edits


def state_code(state: State) -> int:
    """How a state is stored."""
    return STATE_CODES[state.value]
