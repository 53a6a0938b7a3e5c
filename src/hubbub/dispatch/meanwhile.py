"""What is said before an answer is there: a message of its own, where the room takes more than one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hubbub.bridge.translate import fit
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import Fenced, StoreError, Unstorable
from hubbub.core.work import Outgoing, Unit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hubbub.core.messages import Message
    from hubbub.core.ports import Platform
    from hubbub.core.work import Committed, Entry
    from hubbub.dispatch.delivery import Sender

log = logging.getLogger(__name__)


async def tell(
    platform: Platform | None,
    sender: Sender,
    commit: Callable[[Entry, Unit], Awaitable[Committed]],
    entry: Entry,
    message: Message,
) -> None:
    """Store it, ahead of the answer, and send it. It is a courtesy: where it cannot be stored, there is none.

    Whoever handles the entry again after a crash says it again.
    """
    room = entry.event.room
    capabilities = platform.capabilities(room) if platform is not None else None
    if capabilities is None or capabilities.promise is Delivery.WINDOW:
        return
    parts = fit(message, capabilities)
    sends = tuple(Outgoing(room, part, "", capabilities.promise, entry=entry.id) for part in parts)
    try:
        committed = await commit(entry, Unit(sends=sends))
    except (Fenced, Unstorable, StoreError) as error:
        log.info("nothing is said ahead of the answer to entry %d: %s", entry.id, error)
        return
    sender.push([row for row in committed.rows if row.id not in committed.elsewhere])
