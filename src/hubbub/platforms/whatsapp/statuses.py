"""What WhatsApp tells of messages of the hub's, and the mark by which they are known again. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args
from urllib.parse import quote, unquote

from hubbub.core.addresses import Room, RoomKind
from hubbub.core.reports import Report, Told
from hubbub.platforms.whatsapp import faults
from hubbub.platforms.whatsapp.wire import PLATFORM, BadEventError, Wire, each_of, list_of, object_of, text_of, time_of

MARK: Final = "biz_opaque_callback_data"
"""The field of a message that comes back with each of its statuses."""

Part = Literal["whole", "part", "template"]
"""The last message of a row, or its only one; one that others follow; a template in its place."""

_TOLD = {
    "sent": Told.SENT,
    "delivered": Told.DELIVERED,
    "read": Told.READ,
    "played": Told.READ,
    "failed": Told.FAILED,
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Whose message it is: the key of its row, which part of it, the room's id as it was addressed.

    ``first``: the id of the first message of the row, by which all are known; "" in that one.
    """

    key: str
    room: str
    part: Part = "whole"
    first: str = ""

    def text(self) -> str:
        """As it is sent, in at most 512 characters."""
        return " ".join((self.key, self.part, quote(self.room), quote(self.first)))

    @classmethod
    def read(cls, text: object) -> Mark | None:
        """What `text` wrote; None for anything else, such as what another program sent from the number."""
        fields = text.split(" ") if isinstance(text, str) else []
        if len(fields) != 4 or fields[1] not in get_args(Part):
            return None
        return cls(fields[0], unquote(fields[2]), cast("Part", fields[1]), unquote(fields[3]))


@dataclass(frozen=True, slots=True)
class Status:
    """A report, and whether the reason is that only a template would be taken now."""

    report: Report
    closed: bool = False


def statuses(number: str, value: Wire) -> Iterator[Status | BadEventError]:
    """What became of messages of a number; a fault in place of what cannot be read."""
    return each_of(list_of(value.get("statuses", [])), lambda raw: _status(number, object_of(raw)))


def complaints(number: str, value: Wire) -> Iterator[str | BadEventError]:
    """What WhatsApp says is wrong with a number, not with a message."""
    found = list_of(value.get("errors", []))
    return each_of(found, lambda raw: f"WhatsApp, number {number}: {faults.told(object_of(raw))}")


def _status(number: str, raw: Wire) -> Status | None:
    told = _TOLD.get(str(raw.get("status")))
    mark = Mark.read(raw.get(MARK))
    if told is None or (mark is not None and mark.part == "part" and told is not Told.FAILED):
        return None  # that a part got through says nothing of those after it
    kind: RoomKind = "group" if raw.get("recipient_type") == "group" else "private"
    room = Room(PLATFORM, number, kind, mark.room if mark is not None else text_of(raw, "recipient_id"))
    name = (mark.first if mark is not None else "") or text_of(raw, "id")
    key = mark.key if mark is not None else ""
    errors = [object_of(each) for each in list_of(raw.get("errors", []))]
    reason = "; ".join(map(faults.told, errors)) or ("WhatsApp says no reason" if told is Told.FAILED else "")
    closed = any(faults.code_of(each) == faults.SILENT_TOO_LONG for each in errors)
    by_template = mark is None or mark.part == "template"
    return Status(Report(room, name, told, time_of(raw), reason, key), closed=closed and not by_template)
