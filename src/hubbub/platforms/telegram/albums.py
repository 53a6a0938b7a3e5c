"""Albums: Telegram sends each picture as a message of its own, one behind the other, and repeats any of them."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

import orjson

from hubbub.core.errors import StoreError

if TYPE_CHECKING:
    import telegram

    from hubbub.core.ports import Facts

log = logging.getLogger(__name__)

QUIET_SECONDS = 0.5
"""So long after its last picture an album is whole."""
_LONGEST_SECONDS = 3.0
_REMEMBERED = 500


class SaidParts:
    """Updates that were said as parts of an album: they are known under their own numbers, the album under its first.

    What comes late is no part of it and is said by itself. The memory is kept, so that a restart doubles nothing.
    """

    def __init__(self, bot: str, facts: Facts) -> None:
        """Nothing is known before `load`."""
        self._fact = f"telegram/albums/{bot}"
        self._facts = facts
        self._numbers: OrderedDict[int, None] = OrderedDict()

    def __contains__(self, number: int) -> bool:
        return number in self._numbers

    async def load(self) -> None:
        """Know what was said before."""
        try:
            found = orjson.loads(await self._facts.get(self._fact) or "[]")
        except (StoreError, ValueError) as error:
            log.warning("which pictures were said before is not known: %s", error)
            return
        self._remember(each for each in found if isinstance(each, int))

    async def add(self, numbers: Iterable[int]) -> None:
        """These were said, and are stored."""
        self._remember(numbers)
        try:
            await self._facts.put(self._fact, orjson.dumps(list(self._numbers)).decode())
        except StoreError as error:  # the parts are known until the hub ends
            log.warning("which pictures were said is not kept: %s", error)

    def _remember(self, numbers: Iterable[int]) -> None:
        self._numbers.update(dict.fromkeys(numbers))
        while len(self._numbers) > _REMEMBERED:
            self._numbers.popitem(last=False)


class Gathering:
    """The parts of one album while they are brought, each by a request of its own."""

    def __init__(self) -> None:
        """There are no parts yet."""
        self._parts: dict[int, telegram.Update] = {}
        self._said: asyncio.Future[None] | None = None

    @property
    def parts(self) -> list[telegram.Update]:
        """In their order."""
        return [self._parts[number] for number in sorted(self._parts)]

    async def join(self, part: telegram.Update, say: Callable[[], Awaitable[None]]) -> None:
        """Add a part; returns when ``say``, which is called once by whoever came first, has said all of them.

        Raises what ``say`` raised, to everybody.
        """
        self._parts[part.update_id] = part
        if self._said is not None:
            await asyncio.shield(self._said)
            return
        self._said = asyncio.ensure_future(self._say(say))
        await asyncio.shield(self._said)

    async def _say(self, say: Callable[[], Awaitable[None]]) -> None:
        """Once no part came for a while."""
        waited, known = 0.0, 0
        while known != len(self._parts) and waited < _LONGEST_SECONDS:
            known = len(self._parts)
            await asyncio.sleep(QUIET_SECONDS)
            waited += QUIET_SECONDS
        await say()
