"""What people may do to work under way, and what they may know of it."""

from __future__ import annotations

from collections.abc import Callable

from hubbub.core.status import HubStatus
from hubbub.dispatch.delivery import Sender
from hubbub.dispatch.dispatcher import Dispatcher


class HubControl:
    """`ports.Control` over a dispatcher and a sender."""

    def __init__(self, dispatcher: Dispatcher, sender: Sender, status: Callable[[], HubStatus]) -> None:
        """``status`` draws the picture; the composition root knows what belongs on it."""
        self._dispatcher = dispatcher
        self._sender = sender
        self._status = status

    def stop(self, owner: str) -> bool:
        """See `ports.Control.stop`."""
        return self._dispatcher.stop(owner)

    def status(self) -> HubStatus:
        """See `ports.Control.status`."""
        return self._status()

    async def resend(self, row: int) -> bool:
        """See `ports.Control.resend`."""
        return await self._sender.resend(row)

    async def cancel(self, row: int) -> bool:
        """See `ports.Control.cancel`."""
        return await self._sender.cancel(row)
