"""The owner's first page: what runs, what waits, what went wrong, and the deliveries that somebody has to decide on."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response, StreamingResponse

from hubbub.console import events
from hubbub.console.errors import LoginNeeded, Missing
from hubbub.console.templates import HEADERS
from hubbub.core.errors import HubbubError, StoreError
from hubbub.core.events import Received
from hubbub.core.messages import summary_of, text_of
from hubbub.core.phrases import Phrase
from hubbub.core.store import Shared
from hubbub.core.work import GivenUp, Row, State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.requests import Request

    from hubbub.console.desk import Desk
    from hubbub.console.looks import Look
    from hubbub.console.recent import Line
    from hubbub.core.status import NodeStatus

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
KEEP_ALIVE_EVERY = 10
MOST_DELIVERIES = 100
MOST_ERRORS = 5
LONGEST_TEXT = 160
LONGEST_NUMBER = 18
# The hub's own doors: always there, so nothing to tell.
OWN_PLATFORM = "http"
_PARTS = ("state", "accounts", "nodes", "deliveries", "given_up", "problems")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message whose fate somebody has to decide; ``unknown``: nobody can tell whether it arrived."""

    id: int
    unknown: bool
    platform: str
    room: str
    text: str
    error: str
    attempts: int
    created_at: float
    told_at: float
    """When the platform told that it did not arrive; 0 where it did not."""


@dataclass(frozen=True, slots=True)
class Unhandled:
    """A message that came in and was given up."""

    id: int
    platform: str
    room: str
    text: str
    error: str
    time: float


@dataclass(frozen=True, slots=True)
class Queue:
    """What all processes together have not begun; ``oldest``: how long the first of it waits, in seconds."""

    waiting: int = 0
    oldest: int = 0


class Overview:
    """Reads the hub's state; changes deliveries."""

    def __init__(self, desk: Desk) -> None:
        """Asks control, outbox and log of the desk's services."""
        self._desk = desk
        self._services = desk.services

    async def show(self, request: Request) -> Response:
        """The page."""
        look, _ = await self._desk.owner_visits(request)
        return self._desk.page(request, "overview.html", look, here="overview", **await self._state())

    async def live(self, request: Request) -> Response:
        """Parts of the page whenever they change, as server-sent events."""
        look, _ = await self._desk.owner_visits(request)
        return StreamingResponse(self._changes(request, look), headers=events.HEADERS, media_type="text/event-stream")

    async def retry(self, request: Request) -> Response:
        """Send a delivery again."""
        look, _ = await self._desk.owner_writes(request)
        if not await self._services.control.resend(_number(request)):
            raise Missing(Phrase("console.delivery_gone"))
        return await self._deliveries(look)

    async def drop(self, request: Request) -> Response:
        """Give a delivery up."""
        look, _ = await self._desk.owner_writes(request)
        if not await self._services.control.cancel(_number(request)):
            raise Missing(Phrase("console.delivery_gone"))
        return await self._deliveries(look)

    async def _deliveries(self, look: Look) -> Response:
        html = self._desk.templates.part("deliveries.html", look, **await self._state())
        return HTMLResponse(html, headers=dict(HEADERS))

    async def _changes(self, request: Request, look: Look) -> AsyncIterator[str]:
        yield events.RETRY
        shown: dict[str, str] = {}
        rounds = 0
        while self._services.control.status().ready:
            try:
                await self._desk.owner_visits(request)  # a session that ended meanwhile sees nothing more
                state = await self._state()
            except (LoginNeeded, HubbubError) as error:
                log.debug("the overview ends: %s", error)
                return
            for name in _PARTS:
                html = self._desk.templates.part(f"{name}.html", look, **state)
                if shown.get(name) != html:
                    shown[name] = html
                    yield events.event(name, html)
            rounds += 1
            if rounds % KEEP_ALIVE_EVERY == 0:
                yield events.KEEP_ALIVE
            await asyncio.sleep(LOOK_SECONDS)

    async def _state(self) -> dict[str, object]:
        try:
            rows = await self._services.store.outbox.deliveries((State.UNKNOWN, State.DEAD), MOST_DELIVERIES)
            given_up = await self._services.store.inbox.given_up(MOST_DELIVERIES)
        except StoreError as error:
            log.error("deliveries cannot be listed: %s", error)  # noqa: TRY400 - an expected kind
            rows, given_up = (), ()
        hub = self._services.control.status()
        nodes, queue = await self._processes()
        problems: list[Line] = self._services.log.lines(least=logging.WARNING, limit=MOST_ERRORS)
        return {
            "hub": hub,
            "accounts": [each for each in hub.accounts if each.platform != OWN_PLATFORM],
            "now": self._services.clock(),
            "nodes": nodes,
            "queue": queue,
            "deliveries": [_delivery(row) for row in rows],
            "given_up": [_unhandled(each) for each in given_up],
            "problems": problems,
        }

    async def _processes(self) -> tuple[Sequence[NodeStatus], Queue]:
        """Those that share the data; none where they belong to one."""
        store = self._services.store
        if not isinstance(store, Shared):
            return (), Queue()
        try:
            counts = await store.stats()
            return await store.members(), Queue(int(counts["inbox_waiting"]), int(counts["lag_seconds"]))
        except StoreError as error:
            log.error("processes cannot be listed: %s", error)  # noqa: TRY400 - an expected kind
            return (), Queue()


def _unhandled(entry: GivenUp) -> Unhandled:
    event = entry.event
    text = _line(text_of(event.message)) if isinstance(event, Received) else ""
    platform, room = (event.room.platform, f"{event.room.kind} {event.room.id}") if event is not None else ("", "")
    return Unhandled(entry.id, platform, room, text, entry.error, entry.time)


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 1] + "…"


def _delivery(row: Row) -> Delivery:
    room = row.out.room
    return Delivery(
        row.id,
        row.state is State.UNKNOWN,
        room.platform,
        f"{room.kind} {room.id}",
        _line(summary_of(row.out.message)),
        row.error,
        row.attempts,
        row.created_at,
        row.told_at if row.told else 0.0,
    )


def _number(request: Request) -> int:
    given = str(request.path_params["row"])
    if not given.isdecimal() or len(given) > LONGEST_NUMBER:
        raise Missing(Phrase("page.error_missing"))
    return int(given)
