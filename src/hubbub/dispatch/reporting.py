"""What platforms tell of messages after they were sent: kept, and acted on."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from hubbub.core.errors import Overloaded
from hubbub.core.reports import Report
from hubbub.core.store import Outbox
from hubbub.core.work import Row, State
from hubbub.dispatch.delivery import Sender

log = logging.getLogger(__name__)


class Reporting:
    """Takes in reports for one hub."""

    def __init__(self, outbox: Outbox, sender: Sender) -> None:
        """``sender`` is told of rows that are not to be sent any more, or once more."""
        self._outbox = outbox
        self._sender = sender

    async def report(self, reports: Sequence[Report]) -> None:
        """See `ports.Host.report`."""
        reported = await self._outbox.report(reports)
        for row in reported.rows:
            _tell(row)
            self._sender.take_out(row)
        self._sender.push([row for row in reported.rows if row.state is State.QUEUED])
        if reported.early:
            message = "what became of a message is told while it is being sent"
            raise Overloaded(message)


def _tell(row: Row) -> None:
    where = f"message {row.id} to {row.out.room.key}"
    if row.state is State.SENT:
        log.info("%s, which was in doubt, got through", where)
    else:
        log.warning("%s did not arrive and is %s: %s", where, row.state, row.error)
