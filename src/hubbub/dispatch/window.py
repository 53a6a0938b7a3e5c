"""Answers for platforms that come for them within seconds, and bring a message again that was not answered.

A question is accepted like any other. Whoever brings it waits for its replies: the first delivery, each repeated one,
and the same words once more, all get the same. At the last delivery a sentence says that the answer takes longer, and
a word of the person ("1") fetches it, part by part. What was asked and shown is noted in the store, the answer
itself with its entry, so nothing of it is in memory alone.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

from hubbub.core.events import Received, event_key
from hubbub.core.identities import owner_of
from hubbub.core.messages import Message, Text, text_of
from hubbub.core.ports import Accept, Clock, Streams
from hubbub.core.store import Notes
from hubbub.core.windows import WindowTerms
from hubbub.core.work import Row
from hubbub.dispatch.pending import NOT_YET, Asked, Fetched, Pending

# The end of an answer is told; where it is not (another node answers), one looks for it.
_FIRST_LOOK, _LONGEST_PAUSE = 0.1, 0.5
# A message that was sent so many windows ago must be at its last delivery, however many of them arrived.
_OLD_WINDOWS = 2.0
_OLDEST_WINDOWS = 20.0
_DIGEST = 9
# How long noting what is shown may take beyond the window, and how long accepting a question may.
_SHOWING_SECONDS = 0.2
_ACCEPTING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class WindowParts:
    """What the window works with. ``is_command``: a message gives a command, so it may come between."""

    accept: Accept
    replies: Callable[[int], Awaitable[Sequence[Row] | None]]
    streams: Streams
    notes: Notes
    is_command: Callable[[Received], bool]
    clock: Clock


@dataclass(frozen=True, slots=True)
class _Wait:
    """An answer that is waited for: of which entry, which part, and what follows where it is not ready.

    ``last``: nobody comes again for it, so something must be said.
    """

    key: str
    entry: int
    part: int
    last: bool


class HubWindow:
    """`ports.Window` over a store."""

    def __init__(self, parts: WindowParts) -> None:
        """Nothing is kept in memory but who is looked at just now."""
        self._parts = parts
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def answer(self, event: Received, terms: WindowTerms) -> Message | None:
        """See `ports.Window.answer`."""
        deadline = asyncio.get_running_loop().time() + terms.within
        try:
            async with asyncio.timeout_at(deadline), self._alone(event):
                found = await self._find(event, terms)
        except TimeoutError:  # the store takes its time; what was offered to it goes on
            return _said(terms.thinking) if self._is_last(event, terms, 1) else None
        if not isinstance(found, _Wait):
            return found
        rows = await self._rows(event, found, deadline)
        try:
            if rows is not None:
                async with asyncio.timeout_at(deadline + _SHOWING_SECONDS), self._alone(event):
                    return await self._show(event, found, rows, terms)
        except TimeoutError:
            pass  # as above
        return _said(terms.thinking) if found.last else None

    def _alone(self, event: Received) -> asyncio.Lock:
        """One at a time in a room, for the moment of looking and deciding."""
        key = event.room.key
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock

    async def _find(self, event: Received, terms: WindowTerms) -> _Wait | Message:
        """What to wait for, or what to say at once.

        A question is noted before it is accepted, so that of two that come to two nodes at once one is the first, and
        so that it is known again whatever ends this node meanwhile.
        """
        while True:
            kept = await self._parts.notes.get(_key(event))
            pending = Pending.loaded(kept, self._parts.clock())
            known = pending.question(event.id)
            if known is None:
                text = "" if self._parts.is_command(event) else _digest(text_of(event.message).strip())
                found = await self._instead(event, terms, pending, text)
                if found is not None:
                    return found
                known = Asked(event.id, NOT_YET, self._parts.clock(), text, deliveries=0)
            known = replace(known, deliveries=known.deliveries + 1)
            if await self._noted(event, kept, pending.put(known).dumped()):
                return await self._accepted(event, terms, known)

    async def _instead(
        self, event: Received, terms: WindowTerms, pending: Pending, text: str
    ) -> _Wait | Message | None:
        """What follows on a message that asks nothing new; None where it does. ``text``: the digest of its words."""
        words = text_of(event.message).strip()
        fetched = pending.fetching(event.id)
        if fetched is None and words.lower() in terms.fetch:
            fetched = _wanted(event, pending, terms)
        if fetched is not None:
            return _Wait(_entry_key(event, pending, fetched.entry), fetched.entry, fetched.part, last=True)
        now = self._parts.clock()
        if words.lower() in terms.fetch and any(self._is_accepting(each) for each in pending.unseen):
            return _said(terms.thinking)
        same = next((each for each in pending.unseen if text and each.text == text and each.is_recent(now)), None)
        if same is not None and same.entry != NOT_YET:
            return _Wait(f"{_account(event)}/{same.id}", same.entry, 0, last=True)
        if (text or not words) and await self._is_running(event, pending):
            return _said(terms.too_fast)
        return None

    async def _is_running(self, event: Received, pending: Pending) -> bool:
        """A question is being answered, or just being accepted elsewhere."""
        for each in pending.unseen:
            if self._is_accepting(each):
                return True
            if each.entry != NOT_YET and await self._replies(event, each.entry) is None:
                return True
        return False

    def _is_accepting(self, asked: Asked) -> bool:
        """It was noted a moment ago, and its entry is not known."""
        return asked.entry == NOT_YET and self._parts.clock() - asked.at < _ACCEPTING_SECONDS

    async def _accepted(self, event: Received, terms: WindowTerms, known: Asked) -> _Wait:
        """A question that is noted, with its entry; whoever brings it again gets the same one."""
        if known.entry == NOT_YET:
            # Shielded: what is being committed, and where its answer is, is stored, whoever still waits for it.
            accepting = asyncio.ensure_future(self._accept(event, known))
            accepting.add_done_callback(_regarded)
            known = await asyncio.shield(accepting)
        return _Wait(event_key(event), known.entry, 0, self._is_last(event, terms, known.deliveries))

    async def _accept(self, event: Received, noted: Asked) -> Asked:
        receipt = await self._parts.accept(event)
        accepted = replace(noted, entry=receipt.entry.id)
        await self._change(event, lambda pending: pending.accepted(accepted))
        return accepted

    def _is_last(self, event: Received, terms: WindowTerms, deliveries: int) -> bool:
        age = self._parts.clock() - event.time
        old = terms.within * _OLD_WINDOWS <= age <= terms.within * _OLDEST_WINDOWS
        return deliveries >= terms.deliveries or old

    async def _rows(self, event: Received, wait: _Wait, deadline: float) -> Sequence[Row] | None:
        """The replies, once they are there; None if they are not in time."""
        rows = await self._replies(event, wait.entry)
        if rows is not None:
            return rows
        try:
            async with asyncio.timeout_at(deadline), self._parts.streams.subscribe(wait.key, pieces=False) as pieces:
                told = asyncio.ensure_future(_end_of(pieces.__anext__))
                try:
                    return await self._look(event, wait, told)
                finally:
                    told.cancel()
        except TimeoutError:
            return None

    async def _look(self, event: Received, wait: _Wait, told: asyncio.Future[None]) -> Sequence[Row]:
        pause = _FIRST_LOOK
        while (rows := await self._replies(event, wait.entry)) is None:
            if told.done():
                await asyncio.sleep(pause / 10)
            else:
                await asyncio.wait((told,), timeout=pause)
            pause = min(_LONGEST_PAUSE, pause * 2)
        return rows

    async def _replies(self, event: Received, entry: int) -> Sequence[Row] | None:
        """The replies to this room; an entry may cause messages to others too."""
        rows = await self._parts.replies(entry)
        return None if rows is None else [row for row in rows if row.out.room == event.room]

    async def _show(self, event: Received, wait: _Wait, rows: Sequence[Row], terms: WindowTerms) -> Message:
        """A part of an answer; what others follow says so."""
        await self._change(event, lambda pending: pending.shown(event.id, wait.entry, wait.part, len(rows)))
        if wait.part >= len(rows):
            return ()
        message = rows[wait.part].out.message
        more = wait.part + 1 < len(rows)
        last = message[-1] if message else None
        if more and isinstance(last, Text):
            return (*message[:-1], replace(last, text=last.text + terms.next_part))
        return message

    async def _change(self, event: Received, change: Callable[[Pending], Pending]) -> None:
        """Change what is kept of a room; again where another node did so meanwhile."""
        while True:
            kept = await self._parts.notes.get(_key(event))
            changed = change(Pending.loaded(kept, self._parts.clock())).dumped()
            if changed == kept or await self._noted(event, kept, changed):
                return

    async def _noted(self, event: Received, seen: str | None, value: str) -> bool:
        return await self._parts.notes.change(_key(event), seen, value, owner_of(event.room, event.author.id))


def _wanted(event: Received, pending: Pending, terms: WindowTerms) -> Fetched | None:
    """What a word that fetches asks for: the oldest answer that waits; a number, else the last one again.

    Other words are words: "continue" behind a whole answer is meant for the model.
    """
    if pending.waiting:
        oldest = pending.waiting[0]
        return Fetched(event.id, oldest.entry, oldest.part)
    if not text_of(event.message).strip().isdecimal():
        return None
    if pending.again and pending.fetched:
        return replace(pending.fetched[-1], id=event.id)
    newest = pending.asked[-1] if pending.asked else None
    if newest is not None and newest.part and 1 < newest.deliveries >= terms.deliveries:
        # Nobody knows whether what was shown at the last delivery arrived; if not, the person read of a fault.
        return Fetched(event.id, newest.entry, newest.part - 1)
    return None


async def _end_of(following: Callable[[], Awaitable[object]]) -> None:
    """Wait until the stream of an answer ends, or closes."""
    try:
        await following()
    except StopAsyncIteration:
        await asyncio.Event().wait()


def _regarded(accepting: asyncio.Future[Asked]) -> None:
    """Let nobody wonder about a fault that nobody waited for: the platform brings the message again."""
    if not accepting.cancelled():
        accepting.exception()


def _said(sentence: str) -> Message:
    return (Text(sentence, verbatim=True),)


def _key(event: Received) -> str:
    return f"{event.room.platform}/window/{event.room.key}"


def _account(event: Received) -> str:
    return f"{event.room.platform}/{event.room.account}"


def _entry_key(event: Received, pending: Pending, entry: int) -> str:
    asked = next((each for each in pending.asked if each.entry == entry), None)
    return f"{_account(event)}/{asked.id if asked else event.id}"


def _digest(words: str) -> str:
    return hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).hexdigest() if words else ""
