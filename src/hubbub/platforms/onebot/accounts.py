"""Which accounts can be reached, and over which connections."""

from __future__ import annotations

from typing import Any, Protocol

from hubbub.core.addresses import Account
from hubbub.core.phrases import Sentence
from hubbub.core.ports import Host
from hubbub.platforms.onebot.segments import PLATFORM
from hubbub.platforms.onebot.wire import WireObject


class Line(Protocol):
    """A connection that calls can be made over."""

    unsupported: set[str]
    """Actions that the implementation at its end is known not to have."""

    async def call(self, action: str, params: WireObject) -> Any:
        """Call an action and return its data. Raises DeliveryError."""


class Accounts:
    """The lines of every account, the newest last; a line is known by itself, never by its account.

    Whoever cleans up late takes only their own line away, not the one that has come since.
    """

    def __init__(self, host: Host, allowed: tuple[str, ...] = ()) -> None:
        """``allowed``: the accounts that may connect; none named: any."""
        self._host = host
        self._allowed = frozenset(allowed)
        self._lines: dict[str, list[Line]] = {}
        self._offline: dict[str, Sentence] = {}
        self._told: set[str] = set()

    def allowed(self, account: str) -> bool:
        """Whether an account of this name may connect."""
        return not self._allowed or account in self._allowed

    def line(self, account: str) -> Line | None:
        """The connection to use for calls of an account: the newest."""
        lines = self._lines.get(account)
        return lines[-1] if lines else None

    def attach(self, account: str, line: Line, *, preferred: bool = True) -> None:
        """A line can be used; without ``preferred``, only if there is no other."""
        lines = self._lines.setdefault(account, [])
        lines.insert(len(lines) if preferred else 0, line)
        if preferred:
            self._offline.pop(account, None)
        self._tell(account, "")

    def detach(self, account: str, line: Line, reason: Sentence) -> None:
        """A line is gone; one that was never attached, or is gone already, is no fault."""
        lines = [other for other in self._lines.get(account, ()) if other is not line]
        if lines:
            self._lines[account] = lines
        else:
            self._lines.pop(account, None)
        self._tell(account, reason)

    def online(self, account: str, *, up: bool, reason: Sentence = "") -> None:
        """The implementation tells whether the account is logged in to QQ."""
        if up:
            self._offline.pop(account, None)
        else:
            self._offline[account] = reason
        self._tell(account, reason)

    def _tell(self, account: str, reason: Sentence) -> None:
        up = account in self._lines and account not in self._offline
        if up and account not in self._told:
            self._told.add(account)
            self._host.connected(Account(PLATFORM, account))
        elif not up and account in self._told:
            self._told.discard(account)
            self._host.disconnected(Account(PLATFORM, account), reason or self._offline.get(account, ""))
