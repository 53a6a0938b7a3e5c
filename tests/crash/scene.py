"""A hub with people, a model and an end that comes again and again; and what is to be said about it afterwards."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.crash import judge
from tests.crash.lives import Keeper, Lives, lives
from tests.crash.people import People, Said
from tests.crash.stored import Engine, Stored
from tests.fakes.model import FakeModel

DELIVERIES = ("blind", "editable", "idempotent", "window")
_PATIENCE = 30.0
"""Seconds without any progress."""
_LOOK = 0.03
"""Seconds between two looks at what is left; a look at PostgreSQL costs as much as some messages."""
_START, _SLOWEST = 0.15, 5.0
"""Seconds that a start takes on an idle machine; how much slower than that a machine is taken for at most."""


@dataclass
class Scene:
    """``in_doubt``: rows that were being sent when a life ended."""

    folder: Path
    engine: Engine
    delivery: str
    people: People
    hub: Lives
    model: FakeModel
    in_doubt: set[int] = field(default_factory=set)
    _slow: float = 1.0
    """How much slower this machine is at the moment than an idle one; lives last the longer."""

    async def die_at(self, failpoint: str, passing: int, mutant: str = "") -> None:
        """A life that ends itself at a failpoint, while people go on talking."""
        await self.hub.spawn(failpoint, passing, mutant)
        async with asyncio.timeout(_PATIENCE):
            while not self.hub.ended.done():
                self.people.say(2)
                await asyncio.wait((self.hub.ended,), timeout=0.03)
        assert await self.hub.end() == -signal.SIGKILL, self.hub.log[-2000:]
        await self._note()

    async def die_suddenly(self, chance: random.Random, answered: asyncio.Event) -> None:
        """A life that is ended from outside: now and then before it serves, mostly while it works.

        Some end soon after a caller was ``answered``, for the HTTP APIs come late to life; some are ending in peace.
        """
        begun = time.monotonic()
        await self.hub.spawn()
        kind = chance.random()
        if kind < 0.15:
            await asyncio.sleep(chance.random() * 0.1 * self._slow)
        else:
            await self.hub.until_serving()
            self._slow = min(_SLOWEST, max(1.0, (time.monotonic() - begun) / _START))
            if kind < 0.4:
                answered.clear()
                await answered.wait()
                await asyncio.sleep(chance.random() * 0.05 * self._slow)
            else:
                await asyncio.sleep(chance.random() * 0.3 * self._slow)
        if chance.random() < 0.1:
            self.hub.tell_to_stop()
            await asyncio.sleep(chance.random() * 0.05)
        await self.hub.kill()
        await self._note()

    async def _note(self) -> None:
        self.in_doubt |= await self.engine.sending(self.folder)

    async def end(self, patience: float = _PATIENCE) -> Stored:
        """The living hub does what is left, or what it can, and comes to its end in peace; what it has stored."""
        await all_done(self.people, partial(self.engine.pending, self.folder), patience)
        assert await self.hub.stop() == 0
        return await self.engine.read(self.folder)

    def faults(self, stored: Stored, others: Sequence[Said] = ()) -> list[str]:
        """All that is wrong. ``others``: what was said elsewhere than on the loopback."""
        said, shown = [*self.people.said, *others], self.people.shown()
        return [
            *judge.handled_once(said, stored),
            *judge.accepted_in_order(said, stored),
            *judge.shown_once(shown, stored, self.delivery),
            *judge.shown_in_order(shown, said, stored, self.delivery),
            *judge.remembered_once(said, stored),
            *judge.in_doubt_only(self.in_doubt, stored, self.delivery),
        ]


async def all_done(people: People, pending: Callable[[], Awaitable[int]], patience: float) -> None:
    """Until nothing is left, or nothing was done for ``patience`` seconds: then the judge says what is left."""
    loop = asyncio.get_running_loop()
    left, since = -1, loop.time()
    while now := people.unacknowledged + await pending():
        if now != left:
            left, since = now, loop.time()
        if loop.time() - since > patience:
            return
        await asyncio.sleep(_LOOK)


@asynccontextmanager
async def scene(
    folder: Path, keeper: Keeper, engine: Engine, delivery: str, *, repeats: int = 1
) -> AsyncIterator[Scene]:
    """Nobody lives yet. ``repeats``: how often the loopback delivers each event."""
    people = People(folder, random.Random(f"{engine.name} {delivery}"))
    async with FakeModel(check=False, first_ms=8, gap_ms=1) as model:
        environ = engine.environ(folder) | people.environ | {"HUBBUB_PORT": "0"}
        environ |= {"HUBBUB_PLATFORMS__LOOPBACK__DELIVERY": delivery}
        environ |= {"HUBBUB_PLATFORMS__LOOPBACK__REPEATS": str(repeats)}
        environ |= {"HUBBUB_MODEL": "fake", "OPENAI_API_KEY": "sk-crash", "OPENAI_BASE_URL": model.url}
        async with lives(folder, environ, keeper) as hub:
            yield Scene(folder, engine, delivery, people, hub, model)
