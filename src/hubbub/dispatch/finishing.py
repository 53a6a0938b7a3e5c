"""What an answer became takes the place of its draft."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from hubbub.core.errors import DeliveryError
from hubbub.core.ports import CanDelete, CanEdit
from hubbub.core.work import State

if TYPE_CHECKING:
    from hubbub.core.ports import Platform
    from hubbub.core.store import Outbox
    from hubbub.core.work import Row
    from hubbub.dispatch.showing import Shows

log = logging.getLogger(__name__)


class Finishing:
    """Edits drafts for the last time, or takes them back."""

    def __init__(self, outbox: Outbox, shows: Shows) -> None:
        """``shows`` knows the drafts that this node sent; of others the store does."""
        self._outbox = outbox
        self._shows = shows
        self._ids: dict[int, str] = {}
        """Of drafts whose end is on its way."""

    async def begin(self, row: Row) -> None:
        """Let nothing else edit the draft of a row any more."""
        known = await self._shows.end(row.out.edits)
        if known:
            self._ids[row.out.edits] = known

    async def put(self, row: Row, platform: Platform) -> str | None:
        """Put a row in the place of its draft, after `begin`; the id of the message, "" for none that is left.

        None: it has to be sent as a new message, because nobody knows of a message of the draft, or the platform does
        not let it be edited. To do it again does no harm.

        Raises:
            DeliveryError: it did not work for now, or nobody knows; it is to be done again in either case.
            StoreError: what became of the draft cannot be read.
        """
        out = row.out
        message_id = await self._message_of(out.edits)
        if not out.message and not message_id:
            return ""
        if not message_id or not isinstance(platform, CanEdit):
            return None
        found: str | None
        try:
            found = await self._done(row, message_id, platform)
        except DeliveryError as error:
            if not error.permanent:
                raise DeliveryError(str(error), certain=True, retry_after=error.retry_after) from error
            log.info("the draft %d cannot be edited: %s", out.edits, error)
            found = await self._instead(row, message_id, platform)
        self._ids.pop(out.edits, None)
        return found

    async def _message_of(self, draft: int) -> str:
        known = self._ids.get(draft)
        if known:
            return known
        row = await self._outbox.row(draft)
        return row.message_id if row is not None and row.state is State.SENT else ""

    @staticmethod
    async def _done(row: Row, message_id: str, platform: CanEdit) -> str:
        if row.out.message:
            await platform.edit(row.out.room, message_id, row.out.message)
            return message_id
        if isinstance(platform, CanDelete):
            await platform.delete(row.out.room, message_id)
        return ""

    @staticmethod
    async def _instead(row: Row, message_id: str, platform: CanEdit) -> str | None:
        """The message is gone, or stays as it is: a new one follows, and the old one goes if it can."""
        if not row.out.message:
            return ""
        if isinstance(platform, CanDelete):
            with contextlib.suppress(DeliveryError):
                await platform.delete(row.out.room, message_id)
        return None
