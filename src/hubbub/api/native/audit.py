"""What admins did."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from hubbub.api.native.segments import Wire
from hubbub.api.services import Services
from hubbub.commands.audit import acts


class ActJSON(Wire):
    """One act: who did what, with what said behind it, in which room ("" over the API), in seconds since the epoch."""

    by: str
    act: str
    detail: str
    room: str
    at: float


class Acts(Wire):
    """The last acts, the newest first."""

    acts: list[ActJSON]


class AuditRoutes:
    """The handler; one for the whole application."""

    def __init__(self, services: Services) -> None:
        """Reads what was written down."""
        self._conversations = services.store.conversations

    async def listed(self, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Acts:
        """List what admins did, the newest first."""
        return Acts(acts=[_shown(body) for body in await acts(self._conversations, limit)])


def _shown(body: dict[str, object]) -> ActJSON:
    at = body.get("at")
    texts = {key: str(body.get(key, "")) for key in ("by", "act", "detail", "room")}
    return ActJSON(**texts, at=float(at) if isinstance(at, int | float) else 0.0)
