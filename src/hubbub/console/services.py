"""What the composition root gives to the pages."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from hubbub.commands.access.gate import Gate
    from hubbub.console.recent import RecentLog
    from hubbub.core.people import People
    from hubbub.core.ports import Clock, Control, Exchange
    from hubbub.core.store import Store, Token
    from hubbub.core.turns import ChatRequest, Delta, ModelInfo

RawHeaders = Sequence[tuple[bytes, bytes]]


class Caller(Protocol):
    """Who was let in."""

    @property
    def id(self) -> str:
        """The token's id, or "local"."""

    @property
    def owner(self) -> str:
        """The only owner that they may speak as, "" for any."""


class Names(Protocol):
    """The names under which the hub may be called."""

    def known(self, host: str) -> bool:
        """Whether a Host header names the hub itself."""

    def foreign(self, headers: RawHeaders) -> bool:
        """A browser sends this from a page that is not the hub's own."""


class Refusal(Protocol):
    """What a refused request is told: `ConsoleServices.refused` reads it off an error."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """More headers, such as ``retry-after``."""


class Access(Protocol):
    """Who may come in, as the HTTP APIs decide it. Failures are raised as HubbubError and counted there."""

    @property
    def names(self) -> Names:
        """The hub's names."""

    async def require(self, client: str, headers: RawHeaders, scope: str) -> Caller:
        """The caller of a request that needs a scope."""

    async def issue(
        self,
        name: str,
        scopes: Sequence[str],
        *,
        owner: str = "",
        expires_at: float | None = None,
        per_minute: int = 0,
    ) -> tuple[Token, str]:
        """A new token and its secret; ``per_minute`` bounds its requests (0: any number). Raises ValueError."""

    async def tokens(self) -> Sequence[Token]:
        """All tokens, without their secrets."""

    async def revoke(self, token_id: str) -> bool:
        """Make a token worthless at once; False if there is none of this id."""


@dataclass(frozen=True, slots=True)
class Guide:
    """A platform that can be connected: ``folder`` holds its README, ``title`` is how people call it."""

    platform: str
    folder: Path
    enabled: bool


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """What the pages are told by the settings. ``command_sign`` begins a command, "" if none can be given."""

    language: str = "auto"
    command_sign: str = "/"
    max_body_bytes: int = 8_388_608


@dataclass(frozen=True, slots=True)
class ConsoleServices:
    """Everything that the pages call on.

    ``tasks`` runs what must go on when a browser goes away. ``admin_hash`` reads the admin's secret as it is stored,
    hashed; ``ask`` asks a model outside of any conversation. Without ``people`` there is no page about them,
    without ``gate`` the lists shut nobody out.
    """

    store: Store
    exchange: Exchange
    control: Control
    access: Access
    tasks: asyncio.TaskGroup
    models: Callable[[], Sequence[ModelInfo]]
    ask: Callable[[ChatRequest], AsyncIterator[Delta]]
    admin_hash: Callable[[], Awaitable[str | None]]
    log: RecentLog
    guides: Sequence[Guide] = ()
    people: People | None = None
    gate: Gate | None = None
    scopes: Sequence[str] = ("messages", "openai", "status", "metrics", "admin")
    settings: ConsoleSettings = ConsoleSettings()
    clock: Clock = time.time
