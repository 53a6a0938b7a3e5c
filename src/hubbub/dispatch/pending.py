"""What a person who comes for their answers has asked and was given: a small record of their room. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

MOST = 8
"""Questions of one room that are known; the oldest are forgotten."""
KEPT = 6 * 86_400.0
"""Seconds for which an answer can be fetched; the store keeps it a little longer."""
NOT_YET = 0
"""In place of an entry: the question is noted, but not accepted."""
_RECENT = 600.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. ``part``: the part of its answer that is next to be shown; ``open``: there is more to show.

    ``text`` is a digest of its words, "" where they are not compared. ``deliveries``: how often it came; ``at``: when
    it came first, in seconds since the epoch.
    """

    id: str
    entry: int
    at: float = 0.0
    text: str = ""
    deliveries: int = 1
    part: int = 0
    open: bool = True

    def is_recent(self, now: float) -> bool:
        """Whether the same words still mean the same question, not one that is asked anew."""
        return now - self.at < _RECENT


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message that fetched a part of an answer."""

    id: str
    entry: int
    part: int


@dataclass(frozen=True, slots=True)
class Pending:
    """The last questions of a room, oldest first, and what was fetched. ``again``: the last thing was a fetching."""

    asked: tuple[Asked, ...] = ()
    fetched: tuple[Fetched, ...] = ()
    again: bool = field(default=False)

    def question(self, event_id: str) -> Asked | None:
        """The question that an event brought before."""
        return next((each for each in self.asked if each.id == event_id), None)

    def fetching(self, event_id: str) -> Fetched | None:
        """What an event fetched before."""
        return next((each for each in self.fetched if each.id == event_id), None)

    @property
    def waiting(self) -> tuple[Asked, ...]:
        """Questions whose answers were not shown to their end."""
        return tuple(each for each in self.asked if each.open and each.entry != NOT_YET)

    @property
    def unseen(self) -> tuple[Asked, ...]:
        """Questions of which no part of the answer was shown; the newest first."""
        return tuple(each for each in reversed(self.asked) if each.open and not each.part)

    def put(self, asked: Asked) -> Pending:
        """With a new question, or a known one changed."""
        if any(each.id == asked.id for each in self.asked):
            return replace(self, asked=tuple(asked if each.id == asked.id else each for each in self.asked))
        return Pending(_newest((*self.asked, asked)), self.fetched)

    def accepted(self, asked: Asked) -> Pending:
        """With the entry of a question that was noted before."""
        noted = self.question(asked.id)
        return self.put(asked if noted is None else replace(noted, entry=asked.entry))

    def shown(self, event_id: str, entry: int, part: int, parts: int) -> Pending:
        """A part of an entry's answer was shown to an event."""
        asked = tuple(_advanced(each, part, parts) if each.entry == entry else each for each in self.asked)
        known = self.question(event_id) is not None or self.fetching(event_id) is not None
        fetched = self.fetched if known else (*self.fetched, Fetched(event_id, entry, part))[-MOST:]
        return Pending(asked, fetched, again=self.again or not known)

    def dumped(self) -> str:
        """As it is kept."""
        asked = [
            [each.id, each.entry, each.at, each.text, each.deliveries, each.part, each.open] for each in self.asked
        ]
        fetched = [[each.id, each.entry, each.part] for each in self.fetched]
        return json.dumps({"asked": asked, "fetched": fetched, "again": self.again}, separators=(",", ":"))

    @classmethod
    def loaded(cls, kept: str | None, now: float) -> Pending:
        """As it was kept, without what the store has forgotten by now; empty where nothing was that is understood."""
        try:
            found: Any = json.loads(kept) if kept else {}
            asked = tuple(each for each in (Asked(*kept) for kept in found.get("asked", ())) if now - each.at < KEPT)
            known = {each.entry for each in asked}
            fetched = tuple(
                each for each in (Fetched(*kept) for kept in found.get("fetched", ())) if each.entry in known
            )
            return cls(asked, fetched, bool(found.get("again")))
        except (ValueError, TypeError, AttributeError):
            return cls()


def _newest(asked: tuple[Asked, ...]) -> tuple[Asked, ...]:
    """As many as are known; those that were shown to their end go first."""
    if len(asked) <= MOST:
        return asked
    gone = next((each for each in asked[:-1] if not each.open), asked[0])
    return tuple(each for each in asked if each is not gone)


def _advanced(asked: Asked, part: int, parts: int) -> Asked:
    following = max(asked.part, part + 1)
    return replace(asked, part=following, open=following < parts)
