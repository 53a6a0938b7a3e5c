"""Who works on which lane. In memory: it ends with the one process that owns the file."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from hubbub.core.errors import Fenced


@dataclass(slots=True)
class Lane:
    """``waiting`` counts committed entries that are not done; ``node`` is empty while nobody works on it.

    ``behind``: the holder was not handed some of them (yet), so it must not be handed later ones either.
    """

    node: str = ""
    fence: int = 0
    waiting: int = 0
    behind: bool = False


class Lanes:
    """Claims with fences: of a lane's claims only the newest may commit."""

    def __init__(self) -> None:
        """Empty; `count_in` fills it from the file."""
        self._lanes: dict[str, Lane] = {}
        self._free: dict[str, None] = {}
        self._fences = itertools.count(1)
        self._work = asyncio.Event()

    def start(self, epoch: int) -> None:
        """Fences go on above those of every earlier process; ``epoch`` counts these."""
        self._fences = itertools.count(epoch << 32 | 1)

    @property
    def waiting(self) -> int:
        """Committed entries that are not done."""
        return sum(lane.waiting for lane in self._lanes.values())

    def count_in(self, lanes: Iterable[tuple[str, int]]) -> None:
        """Lanes with work that a dead process left."""
        for name, count in lanes:
            self._lanes[name] = Lane(waiting=count)
            self._set_free(name)

    def enter(self, name: str, node: str) -> int:
        """Count a committed entry in; the fence if ``node`` may go on with just this entry, else 0."""
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = Lane()
        lane.waiting += 1
        if lane.node:
            if lane.node == node and not lane.behind:
                return lane.fence
            lane.behind = True
            return 0
        if node and lane.waiting == 1:
            lane.node = node
            lane.behind = False
            lane.fence = next(self._fences)
            return lane.fence
        self._set_free(name)
        return 0

    def take(self, node: str, limit: int) -> dict[str, int]:
        """Claim free lanes: their names and fences. What waits there is still to be read and `handed` over."""
        taken: dict[str, int] = {}
        for name in list(itertools.islice(self._free, max(limit, 0))):
            lane = self._lanes[name]
            self._unset_free(name)
            lane.node = node
            lane.behind = True
            lane.fence = taken[name] = next(self._fences)
        return taken

    def handed(self, name: str, fence: int, count: int) -> bool:
        """The holder gets the ``count`` entries that were read, all that wait; False if the claim is gone.

        A claim of nothing is given back: what was waiting was finished by an earlier holder meanwhile.
        """
        lane = self._lanes.get(name)
        if lane is None or lane.fence != fence or not lane.node:
            return False
        lane.waiting = count
        if not count:
            self.give_back(name, fence)
            return False
        lane.behind = False
        return True

    def held(self, name: str, fence: int) -> Lane:
        """The lane, if this is its newest claim. Raises Fenced."""
        lane = self._lanes.get(name)
        if lane is None or lane.fence != fence or not lane.node:
            msg = f"the claim {fence} on {name} is not the newest"
            raise Fenced(msg)
        return lane

    def finish(self, name: str, lane: Lane, fence: int, count: int, *, release: bool) -> bool:
        """Count finished entries out; True if that ended the claim."""
        lane.waiting -= count
        if lane.waiting or self._lanes.get(name) is not lane:
            return False
        if not lane.node:
            self._unset_free(name)
            del self._lanes[name]
        elif release and lane.fence == fence:
            del self._lanes[name]
            return True
        return False

    def give_back(self, name: str, fence: int) -> None:
        """End a claim with its work undone; a stale one is ignored."""
        lane = self._lanes.get(name)
        if lane is None or lane.fence != fence or not lane.node:
            return
        lane.node = ""
        if lane.waiting:
            self._set_free(name)
        else:
            del self._lanes[name]

    def abandon(self, node: str) -> None:
        """End all claims of a node."""
        for name, lane in list(self._lanes.items()):
            if lane.node == node:
                self.give_back(name, lane.fence)

    async def work(self, seconds: float) -> None:
        """Wait for a free lane, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._work.wait()
        except TimeoutError:
            return

    def _set_free(self, name: str) -> None:
        self._free[name] = None
        self._work.set()

    def _unset_free(self, name: str) -> None:
        self._free.pop(name, None)
        if not self._free:
            self._work.clear()
