"""Codes that strangers are given, and that an admin confirms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubbub.core import codes

if TYPE_CHECKING:
    from collections.abc import Iterable

SECONDS = 3600.0
MOST = 100
"""Codes at a time; more strangers have to come later."""
_TOLD_EVERY = 60.0
_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Pending:
    """A stranger with a code; ``room`` is the key of where they wrote, ``until`` when the code lapses."""

    code: str
    person: str
    name: str
    room: str
    until: float
    language: str = ""

    def body(self) -> dict[str, object]:
        """As it is stored."""
        return {
            "code": self.code,
            "person": self.person,
            "name": self.name,
            "room": self.room,
            "until": self.until,
            "language": self.language,
        }


class Pairing:
    """The codes that hold."""

    def __init__(self) -> None:
        """None yet."""
        self._pending: dict[str, Pending] = {}
        self._told: dict[str, float] = {}

    def ask(self, stranger: Pending, now: float) -> Pending | None:
        """The stranger's code: the one they have, or that of ``stranger``. None where they are not told now."""
        self._drop_old(now)
        known = self._pending.get(stranger.person)
        if known is None:
            if len(self._pending) >= MOST:
                return None
            known = self._pending[stranger.person] = stranger
        elif now - self._told.get(stranger.person, 0.0) < _TOLD_EVERY:
            return None
        self._told[stranger.person] = now
        return known

    def find(self, code: str, now: float) -> Pending | None:
        """Who has a code that still holds."""
        self._drop_old(now)
        wanted = code.strip().upper()
        return next((each for each in self._pending.values() if each.code == wanted), None)

    def all(self, now: float) -> tuple[Pending, ...]:
        """Every code that holds, the oldest first."""
        self._drop_old(now)
        return tuple(self._pending.values())

    def drop(self, person: str) -> None:
        """A person needs no code any more."""
        self._pending.pop(person, None)
        self._told.pop(person, None)

    def take(self, bodies: Iterable[object], now: float) -> None:
        """Codes as they are stored; what is not understood is passed over."""
        for body in bodies:
            found = _pending(body)
            if found is not None and found.until > now:
                self._pending[found.person] = found

    def _drop_old(self, now: float) -> None:
        for person in [each.person for each in self._pending.values() if each.until <= now]:
            self.drop(person)


def new_code() -> str:
    """A code that can be read out and typed."""
    return codes.new_code(_LENGTH)


def _pending(body: object) -> Pending | None:
    if not isinstance(body, dict):
        return None
    texts = [body.get(key) for key in ("code", "person", "name", "room", "language")]
    until = body.get("until")
    if not all(isinstance(text, str) for text in texts) or not isinstance(until, int | float):
        return None
    code, person, name, room, language = map(str, texts)
    return Pending(code, person, name, room, float(until), language)
