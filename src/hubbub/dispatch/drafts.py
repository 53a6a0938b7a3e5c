"""Which answers are shown while they are written, and the drafts of those that are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hubbub.conversations import preferences
from hubbub.conversations.wishes import STREAM, wish_of
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import Fenced
from hubbub.core.events import Received
from hubbub.core.ports import CanDelete, CanEdit
from hubbub.core.work import State
from hubbub.dispatch.drafting import OFF, ON, Draft, DraftMeans, DraftPlace
from hubbub.dispatch.hearing import spoken

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from hubbub.core.capabilities import Capabilities
    from hubbub.core.work import Committed, Entry, Outgoing, Row, Unit
    from hubbub.dispatch.delivery import Sender
    from hubbub.dispatch.ways import Ways


class Drafts:
    """Those of the entries at work."""

    def __init__(self, sender: Sender) -> None:
        """None so far."""
        self._sender = sender
        self._of: dict[int, Draft] = {}
        self._editors: dict[str, bool] = {}
        self.commit: Callable[[Entry, Unit], Awaitable[Committed]] = _nowhere
        """Stores a unit of an entry at work, see `Dispatcher.meanwhile`."""

    def row(self, entry: Entry) -> Row | None:
        """The draft of an entry's answer, if there is one. Cheap: asked for every answer."""
        draft = self._of.get(entry.id) if self._of else None
        return draft.row if draft is not None else None

    def begin(self, ways: Ways, entry: Entry, event: Received) -> Draft | None:
        """What may become the draft of an answer that is about to be written; None where there is to be none."""
        known = self._of.get(entry.id) if self._of else None
        place = self._place(ways, event)
        if place is None and known is None:
            return None
        draft = Draft(self._means(ways), entry, place, known.row if known is not None else None)
        self._of[entry.id] = draft
        return draft

    async def resume(self, ways: Ways, entry: Entry) -> None:
        """Find the draft of an answer that was begun before, and go on with it. Raises StoreError."""
        event = entry.event
        if type(event) is not Received or not self._edits(ways, event.room.platform):
            return
        row = await ways.means.outbox.draft(entry.id)
        if row is None:
            self._of.pop(entry.id, None)
            return
        self._of[entry.id] = Draft(self._means(ways), entry, None, row)
        if row.state is State.SENT:
            self._sender.resume(row)

    def ends(self, entry: Entry, parts: Sequence[Outgoing], platform: object) -> tuple[Outgoing, ...]:
        """The messages of an answer, the first in the place of its draft; without any the draft is taken back."""
        draft = self._of.get(entry.id) if self._of else None
        return tuple(parts) if draft is None else draft.ends(parts, deletable=isinstance(platform, CanDelete))

    def stored(self, entry: Entry) -> None:
        """The answer is stored, or will not be. Cheap: called for every entry."""
        if self._of:
            draft = self._of.pop(entry.id, None)
            if draft is not None:
                draft.stored()

    def _means(self, ways: Ways) -> DraftMeans:
        return DraftMeans(ways.means.outbox, self._sender, ways.streams, self.commit, ways.drafts)

    def _edits(self, ways: Ways, name: str) -> bool:
        """Whether a platform can edit; asked once a platform, for the question is slow."""
        found = self._editors.get(name)
        if found is None:
            platform: object = ways.platforms.get(name)
            found = self._editors[name] = isinstance(platform, CanEdit)
        return found

    def _place(self, ways: Ways, event: Received) -> DraftPlace | None:
        """Where a draft of the answer would stand. Quick where it is none."""
        room = event.room
        if not self._edits(ways, room.platform):
            return None
        when = ways.triggers.rules(room).stream or ways.drafts.when
        if OFF in (when, ways.drafts.when):
            return None
        platform = ways.platforms[room.platform]
        caps = platform.capabilities(room)
        if not (caps.streams or when == ON) or caps.promise is Delivery.WINDOW:
            return None
        reply_to = event.message_id if caps.quotes and ways.drafts.quote and not room.direct else ""
        return DraftPlace(room, caps, reply_to, partial(_wanted, ways, event, caps))


async def _wanted(ways: Ways, event: Received, caps: Capabilities) -> bool:
    """Whether whoever asked wants to see the answer while it is written, and in words. Raises StoreError."""
    hearing, drawing = ways.hearing, ways.drawing
    if hearing is not None and hearing.answers == "voice" and hearing.speech.speaks and spoken(event) is not None:
        return False
    chosen = await preferences.read(ways.means.conversations, ways.triggers.owner(event))
    if chosen.stored.get(STREAM) is False:
        return False
    if drawing is None or not caps.images:
        return True
    return not drawing.always(wish_of(chosen, ""), ways.triggers.rules(event.room).render)


def _nowhere(entry: Entry, _: Unit) -> Awaitable[Committed]:
    msg = f"nothing of entry {entry.id} can be stored before it is done"
    raise Fenced(msg)
