"""Messages on their way out that somebody may have to decide about."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import Path, Query
from starlette.responses import Response

from hubbub.api.errors import Refused
from hubbub.api.native.convert import delivery_json, given_up_json
from hubbub.api.native.wire import DeliveryChanged
from hubbub.api.services import Services
from hubbub.core.work import State

IN_DOUBT = (State.UNKNOWN, State.DEAD, State.SENDING)
LARGEST_ID = 2**63 - 1

RowId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The delivery's id")]


class DeliveryRoutes:
    """The handlers; one for the whole application."""

    def __init__(self, services: Services) -> None:
        """Reads the store, changes by the control."""
        self._inbox = services.store.inbox
        self._outbox = services.store.outbox
        self._control = services.control

    async def listed(
        self,
        state: Annotated[list[State] | None, Query(description="States to list; unset: unknown, dead, sending")] = None,
        after: Annotated[int, Query(ge=0, le=LARGEST_ID, description="Only ids above this one")] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """List deliveries by state, oldest first."""
        rows = await self._outbox.deliveries(state or IN_DOUBT, limit=limit, after=after)
        page = {"deliveries": [delivery_json(row) for row in rows], "next": rows[-1].id if len(rows) == limit else None}
        return Response(orjson.dumps(page), media_type="application/json")

    async def given_up(
        self,
        after: Annotated[int, Query(ge=0, le=LARGEST_ID, description="Only ids above this one")] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """List messages that came in and could not be handled, oldest first."""
        found = await self._inbox.given_up(limit, after)
        page = {
            "given_up": [given_up_json(each) for each in found],
            "next": found[-1].id if len(found) == limit else None,
        }
        return Response(orjson.dumps(page), media_type="application/json")

    async def shown(self, delivery: RowId) -> Response:
        """Show one delivery."""
        rows = await self._outbox.deliveries(tuple(State), limit=1, after=delivery - 1)
        if not rows or rows[0].id != delivery:
            raise _none(delivery)
        return Response(orjson.dumps(delivery_json(rows[0])), media_type="application/json")

    async def retry(self, delivery: RowId) -> DeliveryChanged:
        """Send a delivery again that is unknown, dead or dropped; the other side may then get it twice."""
        if not await self._control.resend(delivery):
            raise _none(delivery, "that is unknown, dead or dropped")
        return DeliveryChanged(id=delivery, state="queued")

    async def drop(self, delivery: RowId) -> DeliveryChanged:
        """Give a delivery up that is queued, unknown or dead."""
        if not await self._control.cancel(delivery):
            raise _none(delivery, "that is queued, unknown or dead")
        return DeliveryChanged(id=delivery, state="dropped")


def _none(delivery: int, which: str = "") -> Refused:
    lists = "GET /api/v1/deliveries?state=... or `hubbub deliveries list` shows what there is."
    message = f"There is no delivery {delivery} {which}".rstrip() + f". {lists}"
    return Refused(404, "no_such_delivery", message)
