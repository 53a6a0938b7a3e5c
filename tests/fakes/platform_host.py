"""The hub's side of a platform, in memory: keeps what was accepted and stores it when it is told to, or at once."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from hubbub.app.belongings import SealedFacts
from hubbub.core.addresses import Account, Room
from hubbub.core.errors import MediaError, Overloaded, StoreError, Unstorable
from hubbub.core.events import Event, Received, event_key
from hubbub.core.messages import Blob, Media, Message
from hubbub.core.phrases import Sentence
from hubbub.core.ports import Host, MenuItem, Streamed, Window
from hubbub.core.reports import Report
from hubbub.core.windows import WindowTerms
from hubbub.core.work import Entry, Receipt, Row
from hubbub.words import say


class NoStreams:
    @asynccontextmanager
    async def subscribe(self, key: str, *, pieces: bool = True) -> AsyncIterator[AsyncIterator[Streamed]]:
        async def nothing() -> AsyncIterator[Streamed]:
            nothing_comes: tuple[Streamed, ...] = ()
            for piece in nothing_comes:
                yield piece

        yield nothing()

    def listened(self, key: str) -> bool:
        return False

    def publish(self, key: str, piece: Streamed) -> None:
        pass


class NoWindow:
    """For platforms that send their answers."""

    async def answer(self, event: Received, terms: WindowTerms) -> Message | None:
        raise AssertionError("nothing is answered in a window here")


class MemoryFacts:
    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    async def get(self, key: str) -> str | None:
        return self.values.get(key)

    async def put(self, key: str, value: str) -> None:
        self.values[key] = value

    async def change(self, key: str, seen: str | None, value: str) -> bool:
        changed = self.values.get(key) == seen
        if changed:
            self.values[key] = value
        return changed


class MemoryFiles:
    """Keeps files and knows those of ``data:`` URLs; nothing is fetched from elsewhere but what ``pages`` has."""

    def __init__(self) -> None:
        self.kept: dict[str, Blob] = {}
        self.pages: dict[str, Blob] = {}

    async def keep(self, blob: Blob, seconds: float, owner: str = "") -> str:
        url = f"hub:{len(self.kept) + 1}"
        self.kept[url] = blob
        return url

    async def fetch(self, media: Media) -> Blob:
        if media.url.startswith("data:"):
            head, _, body = media.url[5:].partition(",")
            data = base64.b64decode(body) if head.endswith(";base64") else unquote_to_bytes(body)
            return Blob(data, head.partition(";")[0] or "text/plain", media.name)
        found = self.kept.get(media.url) or self.pages.get(media.url)
        if found is None:
            raise MediaError(f"there is no file {media.url}")
        return found


@asynccontextmanager
async def held(name: str) -> AsyncIterator[None]:
    """Nobody else wants it."""
    yield


def menu(language: str) -> Sequence[MenuItem]:
    summaries = {"zh": "列出命令", "en": "list the commands"}
    in_groups = [
        MenuItem("banme", "be silent", ("group",)),
        MenuItem("room", "modes", ("group", "channel"), admins=True),
    ]
    return [MenuItem("help", summaries[language]), MenuItem("new", "new"), *in_groups]


@dataclass
class FakeHost:
    """``hold``: accepted events wait for `commit`. ``overloaded``: so many calls of accept are refused."""

    hold: bool = False
    overloaded: int = 0
    failing: int = 0
    unstorable: int = 0
    ours: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    up: dict[str, str | None] = field(default_factory=dict)
    asked: list[tuple[Room, str]] = field(default_factory=list)
    early: int = 0
    reports: list[list[Report]] = field(default_factory=list)
    answers: Callable[[Entry], Sequence[Row] | None] | None = None
    waiting: list[tuple[asyncio.Future[Receipt], Receipt]] = field(default_factory=list)
    entries: dict[int, Entry] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    facts: MemoryFacts = field(default_factory=MemoryFacts)
    files: MemoryFiles = field(default_factory=MemoryFiles)
    window: Window = field(default_factory=NoWindow)

    @property
    def host(self) -> Host:
        return Host(
            accept=self.accept,
            streams=NoStreams(),
            replies=self.replies,
            sent=self.sent,
            report=self.report,
            connected=self.connected,
            disconnected=self.disconnected,
            facts=self.facts,
            sealed=lambda secret: SealedFacts(self.facts, secret),
            files=self.files,
            hold=held,
            menu=menu,
            window=self.window,
        )

    async def report(self, reports: Sequence[Report]) -> None:
        if self.early:
            self.early -= 1
            raise Overloaded("just being sent")
        self.reports.append(list(reports))

    def accept(self, event: Event) -> asyncio.Future[Receipt]:
        if self.overloaded:
            self.overloaded -= 1
            raise Overloaded("full", retry_after=0.02)
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        key = event_key(event)
        self.offered.append(key)
        known = self.keys.get(key)
        entry = Entry(known or len(self.keys) + 1, event.room.key, event)
        receipt = Receipt(entry, duplicate=known is not None)
        if known is None:
            self.keys[key] = entry.id
            self.entries[entry.id] = entry
            self.events.append(event)
        if self.failing:
            self.failing -= 1
            future.set_exception(StoreError("the disk is full"))
        elif self.unstorable:
            self.unstorable -= 1
            future.set_exception(Unstorable("half a character"))
        elif self.hold:
            self.waiting.append((future, receipt))
        else:
            future.set_result(receipt)
        self.changed.set()
        return future

    def commit(self, count: int | None = None) -> None:
        """Store what waits (the first ``count``)."""
        ready, self.waiting = (self.waiting, []) if count is None else (self.waiting[:count], self.waiting[count:])
        for future, receipt in ready:
            if not future.done():
                future.set_result(receipt)

    async def replies(self, entry: int) -> Sequence[Row] | None:
        return self.answers(self.entries[entry]) if self.answers else ()

    async def sent(self, room: Room, message_id: str) -> bool:
        self.asked.append((room, message_id))
        return message_id in self.ours

    def connected(self, account: Account) -> None:
        self.up[account.id] = None
        self.changed.set()

    def disconnected(self, account: Account, reason: Sentence) -> None:
        self.up[account.id] = say(reason, "en")
        self.changed.set()

    async def until(self, done: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until something is so; what is waited for is mostly announced, the rest is looked at now and then."""
        async with asyncio.timeout(seconds):
            while not done():
                self.changed.clear()
                try:
                    await asyncio.wait_for(self.changed.wait(), 0.01)
                except TimeoutError:
                    continue

    async def count(self, events: int, seconds: float = 30.0) -> list[Event]:
        """Wait for so many events in all."""
        await self.until(lambda: len(self.events) >= events, seconds)
        return self.events
