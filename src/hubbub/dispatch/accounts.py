"""Which node sends for which account, where several can: the one with the newest connection, under a lease."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hubbub.core.addresses import Account
from hubbub.core.errors import LeaseLost, StoreError
from hubbub.dispatch.holding import Holder

log = logging.getLogger(__name__)

_AGAIN = 1.0


@dataclass(frozen=True, slots=True)
class Sending:
    """What is told: an account is this node's to send for, or not any more."""

    gain: Callable[[Account], Awaitable[None]]
    lose: Callable[[Account], None]


class AccountLeases:
    """A task for each connected account; whoever connected last seizes it, the others wait until it is free."""

    def __init__(self, holder: Holder, tasks: asyncio.TaskGroup, sending: Sending) -> None:
        """``tasks`` runs them until `end`."""
        self._holder = holder
        self._tasks = tasks
        self._sending = sending
        self._keeping: dict[Account, asyncio.Task[None]] = {}

    @staticmethod
    def name(account: Account) -> str:
        """The lease's."""
        return f"account:{account.key}"

    def holds(self, account: Account) -> bool:
        """Whether this node sends for it at this very moment."""
        return self._holder.holds(self.name(account))

    def connected(self, account: Account) -> None:
        """A connection of this account is here, the newest of all."""
        # Held it may still be by one that was told to end, and has not yet.
        if account not in self._keeping or not self.holds(account):
            self.disconnected(account)
            self._keeping[account] = self._tasks.create_task(self._keep(account))

    def disconnected(self, account: Account) -> None:
        """No connection of this account is here."""
        keeping = self._keeping.pop(account, None)
        if keeping is not None:
            keeping.cancel()

    def end(self) -> None:
        """Let go of all."""
        for account in list(self._keeping):
            self.disconnected(account)

    async def _keep(self, account: Account) -> None:
        seize = True
        while True:
            try:
                async with self._holder.hold(self.name(account), seize=seize):
                    await self._send(account)
            except LeaseLost as error:
                log.warning("messages of %s are sent elsewhere: %s", account.key, error)
            except StoreError as error:
                log.error("messages of %s are not sent yet: %s", account.key, error)  # noqa: TRY400 - an expected kind
                await asyncio.sleep(_AGAIN)
            seize = False

    async def _send(self, account: Account) -> None:
        try:
            await self._sending.gain(account)
            await asyncio.Event().wait()
        finally:
            self._sending.lose(account)
