"""What platforms tell of the hub's messages after they took them: on their way, there, read, or lost after all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hubbub.core.addresses import Room


class Told(StrEnum):
    """What became of a message, in this order: what comes later in it is never undone by what comes earlier.

    SENT: the platform has it and passes it on; FAILED: it did not arrive; DELIVERED: it is on the device of a person
    whom it is for; READ: it was seen there. In a group one of its members is enough.
    """

    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that a platform tells of a message of the hub's. They may come twice, late and in any order.

    The message is the one of ``key`` (`work.Row.key`) where the platform gives that back, which it may do before the
    hub learns the message's id; else the one of ``message_id`` in ``room``. ``time`` is the platform's, in seconds
    since the epoch. ``reason`` says why it FAILED; ``again``: the platform would take it now, so it is to be sent once
    more.
    """

    room: Room
    message_id: str
    told: Told
    time: float
    reason: str = ""
    key: str = ""
    again: bool = False
