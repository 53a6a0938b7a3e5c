"""Who wrote a message, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from hubbub.core.addresses import Room

RoomRole = Literal["owner", "admin", "member", "unknown"]


class Role(IntEnum):
    """What a person may do in the hub; higher includes lower."""

    BLOCKED = 0
    GUEST = 10
    USER = 20
    ADMIN = 30
    OWNER = 40


@dataclass(frozen=True, slots=True)
class Author:
    """A sender as the platform names them."""

    id: str
    name: str = ""
    room_role: RoomRole = "member"
    is_bot: bool = False


def owner_of(room: Room, author_id: str, *, shared: bool = False) -> str:
    """The id that owns the contexts, prompts and settings of this author in this room.

    ``shared``: the whole group is one owner (a setting of the room) instead of each member apart.
    """
    if room.direct:
        return f"{room.platform}:private:{author_id}"
    if shared:
        return f"{room.platform}:group:{room.id}"
    return f"{room.platform}:group:{room.id}:{author_id}"
