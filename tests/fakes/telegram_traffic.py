"""How much Telegram takes: 30 messages a second of a bot, one in a chat, 20 a minute in a group.

See "My bot is hitting limits" in the bots' FAQ. Edits count as messages. A few at once are let through in
a chat, as Telegram does.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

OF_THE_BOT = 30
AT_ONCE = 3
IN_A_GROUP = 20


@dataclass
class Traffic:
    """``refused``: calls that came too early. ``calls``: all that were taken."""

    refused: int = 0
    calls: int = 0
    _bot: deque[float] = field(default_factory=lambda: deque[float](maxlen=OF_THE_BOT))
    _chats: dict[int, deque[float]] = field(default_factory=dict)

    def wait(self, chat: int) -> int:
        """Seconds after which to come again; 0 for a call that is taken."""
        now = asyncio.get_running_loop().time()
        most, seconds = (IN_A_GROUP, 60.0) if chat < 0 else (AT_ONCE, float(AT_ONCE - 1))
        taken = self._chats.setdefault(chat, deque(maxlen=most))
        wait = max(_wait(self._bot, 1.0, now), _wait(taken, seconds, now))
        if wait > 0:
            self.refused += 1
            return int(wait) + 1
        for each in (self._bot, taken):
            each.append(now)
        self.calls += 1
        return 0


def _wait(times: deque[float], seconds: float, now: float) -> float:
    return times[0] + seconds - now if len(times) == times.maxlen else 0.0
