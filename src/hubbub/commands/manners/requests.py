"""Requests of people that an admin has to decide, each by a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hubbub.commands.access.pairing import new_code
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hubbub.core.acts import RequestKind
    from hubbub.core.events import Requested

SECONDS = 7 * 86_400.0
"""So long an admin may take; platforms forget requests, too."""
MOST = 500
_LONGEST = 200
_SAID: Final[dict[RequestKind, str]] = {
    "friend": "happening.request.friend",
    "join": "happening.request.join",
    "invite": "happening.request.invite",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that waits; ``room`` is the key of its room, ``until`` when the code lapses."""

    code: str
    kind: RequestKind
    ticket: str
    user: str
    name: str
    comment: str
    room: str
    until: float

    @classmethod
    def of(cls, event: Requested, now: float) -> Asked:
        """A request with a new code."""
        name, comment = event.author.name[:_LONGEST], event.comment[:_LONGEST]
        return cls(new_code(), event.kind, event.ticket, event.author.id, name, comment, event.room.key, now + SECONDS)

    def values(self) -> dict[str, object]:
        """What sentences say of it."""
        name, kind = self.name or self.user, Phrase(_SAID[self.kind])
        return {"name": name, "user": self.user, "kind": kind, "comment": self.comment or "-", "code": self.code}

    def body(self) -> dict[str, object]:
        """As it is stored."""
        names = ("code", "kind", "ticket", "user", "name", "comment", "room", "until")
        return {name: getattr(self, name) for name in names}


class Requests:
    """Those that wait, the oldest first."""

    def __init__(self) -> None:
        """None yet."""
        self._asked: dict[str, Asked] = {}

    def take(self, bodies: Iterable[object], now: float) -> None:
        """Requests, and decisions on them, as they are stored; what is not understood is passed over."""
        for body in bodies:
            if not isinstance(body, dict):
                continue
            if isinstance(decided := body.get("decided"), str):
                self._asked.pop(decided, None)
            elif (found := _asked(body)) is not None and found.until > now:
                self._asked[found.code] = found
        while len(self._asked) > MOST:
            del self._asked[next(iter(self._asked))]

    def all(self, now: float) -> tuple[Asked, ...]:
        """Every one that waits."""
        return tuple(each for each in self._asked.values() if each.until > now)

    def find(self, code: str, now: float) -> Asked | None:
        """The one of a code."""
        found = self._asked.get(code.strip().upper())
        return found if found is not None and found.until > now else None


def decided_body(code: str, by: str, *, approve: bool) -> dict[str, object]:
    """An admin decided."""
    return {"decided": code, "approve": approve, "by": by}


def _asked(body: dict[str, object]) -> Asked | None:
    texts = [body.get(key) for key in ("code", "ticket", "user", "name", "comment", "room")]
    until, kind = body.get("until"), next((each for each in _SAID if each == body.get("kind")), None)
    if kind is None or not all(isinstance(text, str) for text in texts) or not isinstance(until, int | float):
        return None
    code, ticket, user, name, comment, room = map(str, texts)
    return Asked(code, kind, ticket, user, name, comment, room, float(until))
