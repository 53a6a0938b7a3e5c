"""One lane: the entries of one owner, or one conversation, that are handled one after the other."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from hubbub.chat.stop import StopSignal
from hubbub.core.work import Claim, Entry


@dataclass(slots=True)
class Lane:
    """Claimed entries, the first one at work. ``recalled``: entries whose message was taken back.

    ``anew``: the lane was lost and claimed again while an entry is at work. That claim has all that waits, and
    nothing of the old one counts any more.
    """

    name: str
    fence: int
    entries: deque[Entry] = field(default_factory=deque)
    recalled: set[int] = field(default_factory=set)
    stop: StopSignal | None = None
    anew: Claim | None = None

    @property
    def newest(self) -> int:
        """The fence of the newest claim."""
        return self.fence if self.anew is None else self.anew.fence
