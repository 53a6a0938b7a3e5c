"""An answer that is being written, as a draft in its room: what came so far, told on and on.

The draft is a row of the outbox, stored under the lane's fence before the entry is done. Whoever sends it edits it by
what is told here (`hubbub.dispatch.showing`); at the end a row of the entry's unit takes its place. An answer that is
written quickly never becomes a draft.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from hubbub.bridge.growing import growing
from hubbub.core.errors import Fenced, StoreError, Unstorable
from hubbub.core.messages import Buttons, Mention, Text
from hubbub.core.ports import Streamed
from hubbub.core.work import Outgoing, Unit
from hubbub.dispatch.showing import stream_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from hubbub.core.addresses import Room
    from hubbub.core.capabilities import Capabilities
    from hubbub.core.messages import Message, Segment
    from hubbub.core.ports import Streams
    from hubbub.core.store import Outbox
    from hubbub.core.work import Committed, Entry, Row
    from hubbub.dispatch.delivery import Sender

log = logging.getLogger(__name__)

AUTO, ON, OFF = "auto", "on", "off"
_AGAIN = 1.0
_NO_LIMIT = 20_000
# More than the first message of an answer takes, so that it is known where that ends.
_BEYOND = 2
_PLACE: Final = Text("⬇", verbatim=True)
_GONE: Final = Text("–", verbatim=True)
_END = Streamed(end=True)
_WORDS = (Text, Mention, Buttons)


@dataclass(frozen=True, slots=True)
class DraftRules:
    """Which answers are shown while they are written.

    ``when``: where the platform is good at it (auto), wherever a message can be edited (on), or never (off).
    ``after``: seconds between the first words of an answer and its draft; ``least``: characters of the shortest one.
    ``every``: seconds between two looks at how it grew. ``quote``: a draft in a group quotes the question.
    """

    when: str = AUTO
    after: float = 1.0
    least: int = 20
    every: float = 0.7
    quote: bool = True


@dataclass(frozen=True, slots=True)
class DraftPlace:
    """Where a draft goes, and what it answers. ``wanted``: whether its reader wants one; asked once, when it is due."""

    room: Room
    capabilities: Capabilities
    reply_to: str
    wanted: Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class DraftMeans:
    """What drafts need of the hub. ``commit`` stores a unit of an entry at work, under its lane's fence."""

    outbox: Outbox
    sender: Sender
    streams: Streams
    commit: Callable[[Entry, Unit], Awaitable[Committed]]
    rules: DraftRules


class Draft:
    """Of one answer. ``row`` is None until it is stored."""

    __slots__ = (
        "_closed", "_due", "_entry", "_length", "_means", "_note", "_others", "_place", "_storing", "_texts", "_timer",
        "row",
    )  # fmt: skip

    def __init__(
        self, means: DraftMeans, entry: Entry, place: DraftPlace | None = None, row: Row | None = None
    ) -> None:
        """``row``: a draft of the same answer that is there from before. Without ``place`` there will be none."""
        self._means = means
        self._entry = entry
        self._place = place
        self.row = row
        self._texts: list[str] = []
        self._note = ""
        self._length = 0
        self._due = False
        self._closed = place is None
        self._timer: asyncio.TimerHandle | None = None
        self._storing: asyncio.Task[None] | None = None
        self._others: Callable[[Streamed], None] | None = None

    def beside(self, others: Callable[[Streamed], None] | None) -> Callable[[Streamed], None]:
        """What takes the pieces; it hands them on to ``others`` who listen."""
        self._others = others
        return self.add

    # --- while it is written ---------------------------------------------------------------------------------

    def add(self, piece: Streamed) -> None:
        """Take one piece. Cheap: called for every token."""
        if self._others is not None:
            self._others(piece)
        if self._closed:
            return
        if piece.content:
            self._texts.append(piece.content)
            self._length += len(piece.content)
            self._note = ""
        elif piece.note:
            self._note = piece.note
        else:
            return
        if self._timer is None:
            self._wait(self._means.rules.after if self.row is None else self._means.rules.every)
        elif self._due:
            self._look()

    def _wait(self, seconds: float) -> None:
        self._due = False
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        """It is time to show what is there, if that is worth it."""
        if self._closed or (self._storing is not None and not self._storing.done()):
            return
        if self._length < self._means.rules.least and not self._note:
            self._due = True
        elif self.row is None:
            self._due = False
            self._storing = asyncio.get_running_loop().create_task(self._store())
        else:
            self._tell(self.row)
            self._timer = None

    def _tell(self, row: Row) -> None:
        streams, key = self._means.streams, stream_of(row)
        if streams.listened(key):
            streams.publish(key, Streamed(self._text()))

    def _text(self) -> str:
        """All that came so far, as much of it as one message may need."""
        whole = "".join(self._texts)
        self._texts = [whole]
        limit = self._place.capabilities.max_length if self._place is not None else 0
        text = whole.lstrip()[: limit * _BEYOND or _NO_LIMIT]
        return f"{text}\n\n*{self._note}*".lstrip() if self._note else text

    async def _store(self) -> None:
        """Make the draft; once."""
        try:
            await self._commit()
        except (Fenced, Unstorable) as error:
            log.info("entry %d gets no draft: %s", self._entry.id, error)
            self._closed = True
        except StoreError as error:
            log.warning("whether entry %d has a draft is looked up: %s", self._entry.id, error)
            await self._find()
        except Exception:
            log.exception("entry %d gets no draft", self._entry.id)
            await self._find()

    async def _commit(self) -> None:
        place = self._place
        if place is None or not await place.wanted() or self._closed:
            self._closed = True
            return
        caps = place.capabilities
        message = growing(self._text(), caps)
        out = Outgoing(place.room, message, place.reply_to, caps.promise, entry=self._entry.id, draft=True)
        committed = await self._means.commit(self._entry, Unit(sends=(out,)))
        self.row = committed.rows[0]
        self._means.sender.push([row for row in committed.rows if row.id not in committed.elsewhere])
        self._wait(self._means.rules.every)

    async def _find(self) -> None:
        """Until it is known whether the draft was stored: the answer's end has to know it, too."""
        self._closed = True
        while True:
            try:
                self.row = await self._means.outbox.draft(self._entry.id)
            except StoreError:
                await asyncio.sleep(_AGAIN)
            else:
                return

    async def close(self) -> None:
        """Nothing more comes. Afterwards ``row`` is what it will be."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._storing is not None and not self._storing.done():
            await asyncio.wait((self._storing,))

    # --- its end -----------------------------------------------------------------------------------------------

    def ends(self, parts: Sequence[Outgoing], *, deletable: bool) -> tuple[Outgoing, ...]:
        """The messages of an answer where the first takes the place of the draft, if it can.

        What follows its words is a message of its own. It cannot where it begins with anything else: then the draft is
        taken back, or says in a sign that others follow.
        """
        row = self.row
        if row is None:
            return tuple(parts)
        first = parts[0] if parts else None
        words: Message = tuple(takewhile(_is_words, first.message)) if first is not None else ()
        rest = first.message[len(words) :] if first is not None else ()
        if first is not None and (not rest or any(type(each) is Text for each in words)):
            others = (replace(first, message=rest, reply_to=""),) if rest else ()
            return (self._edit(row, words, first.reply_to), *others, *parts[1:])
        message: Message = () if deletable else (_PLACE,) if parts else (_GONE,)
        return (self._edit(row, message), *parts)

    def _edit(self, row: Row, message: Message, reply_to: str = "") -> Outgoing:
        return Outgoing(row.out.room, message, reply_to, row.out.delivery, entry=self._entry.id, edits=row.id)

    def stored(self) -> None:
        """What the answer became is stored, or will not be."""
        if self.row is not None:
            self._means.streams.publish(stream_of(self.row), _END)


def _is_words(segment: Segment) -> bool:
    return type(segment) in _WORDS
