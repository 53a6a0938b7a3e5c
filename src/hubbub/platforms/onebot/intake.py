"""From a frame to the event that the hub is given."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from hubbub.core.errors import StoreError
from hubbub.core.events import Event, Received
from hubbub.core.ports import Host
from hubbub.platforms.onebot.convert import quoted, read_event
from hubbub.platforms.onebot.wire import WireObject

log = logging.getLogger(__name__)


async def addressed(host: Host, frame: WireObject, account: str) -> Event | None:
    """The event of a frame, meant for the bot also when it answers a message of the hub's own; None for nothing.

    Raises:
        BadFrame: it is no event.
    """
    event = read_event(frame, account, time.time())
    if event is None or not (quote := quoted(event)):
        return event
    try:
        ours = isinstance(event, Received) and await host.sent(event.room, quote)
    except StoreError as error:
        log.warning("cannot tell whether event %s answers a message of ours: %s", event.id, error)
        return event
    return replace(event, addressed=True) if isinstance(event, Received) and ours else event
