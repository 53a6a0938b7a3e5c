"""Pure: which rows answer a request, and what a room of this platform takes."""

from __future__ import annotations

from collections.abc import Sequence

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities, Delivery
from hubbub.core.work import Row

# Whoever asks gets segments as data, so nothing has to be made smaller or plainer for them.
CAPABILITIES = Capabilities(
    delivery=Delivery.WINDOW,
    markdown="commonmark",
    mentions=True,
    quotes=True,
    images=True,
    files=True,
    audio=True,
    video=True,
    links=True,
    locations=True,
    contacts=True,
    forwards=True,
    streams=True,
)


def replies_to(room: Room, rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows for the room that asked: an entry may cause messages to other rooms too, which are not the asker's."""
    return tuple(row for row in rows if row.out.room == room)
