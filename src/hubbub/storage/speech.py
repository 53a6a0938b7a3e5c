"""What was said in a room lately, out of the inbox: how its entries are read."""

from __future__ import annotations

from hubbub.core.addresses import Room
from hubbub.core.events import Received
from hubbub.storage import codec

MOST = 20_000
"""Entries that are looked through at one asking."""


def place_of(room: Room) -> bytes:
    """What stands in the data of every entry of a room: a text has its quotes escaped, so no other has it."""
    return b'"room":' + codec.encode(room)


def message_in(data: bytes, room: Room) -> Received | None:
    """The message that an entry holds; None where it is none, of another room, or forgotten."""
    try:
        event = codec.decode_event(data)
    except ValueError:
        return None
    return event if isinstance(event, Received) and event.room == room else None
