"""Questions from the page under way, which go on when the browser goes away and can be looked at again by a reload."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field

from hubbub.core.errors import HubbubError
from hubbub.core.events import Received, event_key
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Exchange, Streamed
from hubbub.core.work import Receipt, Row

log = logging.getLogger(__name__)

KEPT = 200


@dataclass(frozen=True, slots=True)
class Behind:
    """The place that a question is put to: behind ``node`` (0: at the beginning) of the branch ``branch``."""

    branch: str
    node: int


@dataclass(slots=True, eq=False)
class Ask:
    """One question and what came of it so far.

    ``text`` is what the person sees of the question, ``head`` is where its branch ended before, ``behind`` is set where
    it begins another version, ``again`` where it is the last question asked once more. ``since`` is in seconds since
    the epoch. ``note`` is what is being done meanwhile.
    """

    event: Received
    text: str
    head: int
    since: float
    behind: Behind | None = None
    again: bool = False
    entry: int = 0
    content: str = ""
    reasoning: str = ""
    note: str = ""
    rows: list[Row] = field(default_factory=list)
    failure: Phrase | None = None
    done: bool = False
    version: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def began(self) -> bool:
        """Something of the answer is there."""
        return bool(self.content or self.reasoning)

    def add(self, item: Receipt | Streamed | Row) -> None:
        """Take what the exchange gives."""
        if isinstance(item, Streamed):
            self.content += item.content
            self.reasoning += item.reasoning
            self.note = item.note
        elif isinstance(item, Row):
            self.rows.append(item)
        else:
            self.entry = item.entry.id
        self.tell()

    def tell(self) -> None:
        """Wake whoever looks."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def later_than(self, version: int, seconds: float) -> None:
        """Return when there is more than at that version, at the latest after so many seconds."""
        changed = self._changed
        if self.version != version or self.done:
            return
        try:
            async with asyncio.timeout(seconds):
                await changed.wait()
        except TimeoutError:
            return


class Asks:
    """What is asked now, and what was lately."""

    def __init__(self, exchange: Exchange, tasks: asyncio.TaskGroup) -> None:
        """Each question is followed by a task of ``tasks``; the exchange bounds how many there are."""
        self._exchange = exchange
        self._tasks = tasks
        self._asks: OrderedDict[str, Ask] = OrderedDict()

    async def start(self, ask: Ask) -> Ask:
        """Have a question accepted; returns it, or the one of the same id that is known already.

        Raises:
            Overloaded: a bound is reached.
            StoreError: it is not stored.
        """
        key = event_key(ask.event)
        known = self._asks.get(key)
        if known is not None and (known.entry or not known.done):
            return known
        self._keep(key, ask)
        accepted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        accepted.add_done_callback(_looked_at)
        self._tasks.create_task(self._follow(ask, accepted), name=f"page asks {key}")
        await asyncio.shield(accepted)
        return ask

    def running(self, owner: str, branch: str) -> Ask | None:
        """The last question of an owner on a branch that is not answered yet."""
        for ask in reversed(self._asks.values()):
            if not ask.done and ask.entry and ask.event.owner == owner and ask.event.branch == branch:
                return ask
        return None

    def find(self, owner: str, entry: int) -> Ask | None:
        """An owner's question by the number of its entry."""
        found = (ask for ask in self._asks.values() if ask.entry == entry and ask.event.owner == owner)
        return next(found, None)

    def waits(self, ask: Ask) -> bool:
        """Another question of the same owner is answered first."""
        for other in self._asks.values():
            if other is ask:
                return False
            if not other.done and other.event.owner == ask.event.owner:
                return True
        return False

    def _keep(self, key: str, ask: Ask) -> None:
        self._asks[key] = ask
        over = len(self._asks) - KEPT
        for old in [each for each, held in self._asks.items() if held.done][: max(0, over)]:
            del self._asks[old]

    async def _follow(self, ask: Ask, accepted: asyncio.Future[None]) -> None:
        try:
            async for item in self._exchange.stream(ask.event):
                ask.add(item)
                if not accepted.done():
                    accepted.set_result(None)
        except (HubbubError, TimeoutError) as error:
            self._failed(ask, accepted, error)
        except Exception as error:  # one question must not end the hub; the log has the cause
            log.exception("entry %d of %s cannot be followed", ask.entry, ask.event.owner)
            self._failed(ask, accepted, error)
        finally:
            accepted.cancel()
            ask.done = True
            ask.tell()

    def _failed(self, ask: Ask, accepted: asyncio.Future[None], error: Exception) -> None:
        if not accepted.done():
            accepted.set_exception(error)
        else:
            log.warning("the answer to entry %d is not there: %s", ask.entry, error)
            ask.failure = Phrase("page.answer_late")


def _looked_at(accepted: asyncio.Future[None]) -> None:
    """Whoever waited may have gone away; the failure is theirs alone."""
    if not accepted.cancelled():
        accepted.exception()
