"""People who have been silent for 24 hours: until they write again, WhatsApp takes only templates for them."""

from __future__ import annotations

from hubbub.core.addresses import Room
from hubbub.core.ports import Facts
from hubbub.platforms.whatsapp.wire import PLATFORM

_SILENT, _HEARD = "silent", "heard"


class Silence:
    """Who is silent, as far as WhatsApp has told; known to all nodes and after a restart.

    Times are in seconds since the epoch: what is told late, or twice, changes nothing.
    """

    def __init__(self, facts: Facts) -> None:
        """Nobody is, at first."""
        self._facts = facts

    async def begins(self, room: Room, at: float) -> None:
        """WhatsApp did not take a message because of it. Raises StoreError."""
        word, since = await self._known(room)
        if word != _SILENT and at > since:
            await self._facts.put(_fact(room), f"{_SILENT} {at}")

    async def ends(self, room: Room, at: float) -> None:
        """The person wrote. Raises StoreError."""
        word, since = await self._known(room)
        if word == _SILENT and at > since:
            await self._facts.put(_fact(room), f"{_HEARD} {at}")

    async def holds(self, room: Room) -> bool:
        """Whether only a template would be taken. Raises StoreError."""
        return (await self._known(room))[0] == _SILENT

    async def _known(self, room: Room) -> tuple[str, float]:
        word, _, since = (await self._facts.get(_fact(room)) or f"{_HEARD} 0").partition(" ")
        return word, float(since)


def _fact(room: Room) -> str:
    return f"{PLATFORM}/silent/{room.account}/{room.id}"
