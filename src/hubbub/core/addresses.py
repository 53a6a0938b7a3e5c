"""Where a message comes from and where it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

RoomKind = Literal["private", "group", "channel", "temporary"]
_KINDS: tuple[RoomKind, ...] = ("private", "group", "channel", "temporary")


def _escape(part: str) -> str:
    # Ids are the platform's and may hold anything; "/" parts the fields of a key.
    return quote(part, safe=":@!.,+=~ ") if "/" in part or "%" in part else part


@dataclass(frozen=True, slots=True)
class Account:
    """One login of the hub on a platform (a QQ number, a bot token's id)."""

    platform: str
    id: str

    @property
    def key(self) -> str:
        """``platform/id``, unique in one hub."""
        return f"{_escape(self.platform)}/{_escape(self.id)}"


@dataclass(frozen=True, slots=True)
class Room:
    """A place that messages are sent to: a private chat, a group, a channel, one thread of it.

    ``id`` and ``thread`` are the platform's own ids; ``account`` is the hub's account that sees the room.
    """

    platform: str
    account: str
    kind: RoomKind
    id: str
    thread: str = ""

    @property
    def key(self) -> str:
        """One string for the room, reversible by `parse`: ``platform/account/kind/id[/thread]``."""
        base = f"{_escape(self.platform)}/{_escape(self.account)}/{self.kind}/{_escape(self.id)}"
        return f"{base}/{_escape(self.thread)}" if self.thread else base

    @classmethod
    def parse(cls, key: str) -> Room:
        """The room of a `key`.

        Raises:
            ValueError: the string is not a room's key.
        """
        parts = [unquote(part) if "%" in part else part for part in key.split("/")]
        if len(parts) not in (4, 5):
            msg = f"not a room's key: {key!r} (want platform/account/kind/id)"
            raise ValueError(msg)
        for kind in _KINDS:
            if parts[2] == kind:
                return cls(parts[0], parts[1], kind, parts[3], parts[4] if len(parts) == 5 else "")
        msg = f"not a room's kind: {parts[2]!r} in {key!r}"
        raise ValueError(msg)

    @property
    def direct(self) -> bool:
        """Only one person and the bot are here."""
        return self.kind in ("private", "temporary")
