"""Presses of buttons, as far as platforms share them: words that are too long for one, and presses that are twice.

A platform gives back some bytes with a press. Words that fit are these bytes; of longer ones it is a short key under
which the words are kept.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from typing import TYPE_CHECKING

from hubbub.core.messages import Buttons

if TYPE_CHECKING:
    from hubbub.core.messages import Message
    from hubbub.core.ports import Facts

TWICE_SECONDS = 2.0
"""Within so long a second press of the same person on the same button is a trembling finger."""
_REMEMBERED = 1000
_KEY = re.compile(r"hub:[0-9a-f]{32}")


def carried(says: str, most: int) -> str:
    """What a button carries for its words, at most so many bytes of UTF-8."""
    if len(says.encode()) <= most and not _KEY.fullmatch(says):
        return says
    return f"hub:{hashlib.blake2b(says.encode(), digest_size=16).hexdigest()}"


class LongWords:
    """The words of buttons that could not carry them; they are known after a restart, and to other nodes."""

    def __init__(self, platform: str, facts: Facts, most: int) -> None:
        """``most``: how many bytes a button of the platform can carry."""
        self._platform = platform
        self._facts = facts
        self._most = most

    async def keep(self, message: Message) -> None:
        """Keep what the buttons of a message, which is about to be sent, cannot carry. Raises StoreError."""
        for segment in message:
            if type(segment) is Buttons:
                for button in (each for row in segment.rows for each in row):
                    key = carried(button.says, self._most)
                    if key != button.says:
                        await self._facts.put(self._fact(key), button.says)

    async def of(self, given: str) -> str:
        """The words that a button stands for by what it carries; "" if nobody knows them. Raises StoreError."""
        return await self._facts.get(self._fact(given)) or "" if _KEY.fullmatch(given) else given

    def _fact(self, key: str) -> str:
        return f"{self._platform}/button/{key.removeprefix('hub:')}"


class Presses:
    """Knows who pressed what just now."""

    def __init__(self) -> None:
        """Nobody pressed anything yet."""
        self._last: OrderedDict[tuple[str, ...], tuple[str, float]] = OrderedDict()

    def repeated(self, press: str, button: tuple[str, ...], now: float) -> bool:
        """Whether it is another press of a button that was pressed just now.

        ``press`` is the platform's id of it: the same one, brought again, is no other. ``button`` names who pressed
        what; ``now`` is in seconds of any clock that goes forward.
        """
        first, at = self._last.get(button, (press, now))
        again = first != press and now - at < TWICE_SECONDS
        if not again:
            self._last[button] = (press, now)
            self._last.move_to_end(button)
            if len(self._last) > _REMEMBERED:
                self._last.popitem(last=False)
        return again
