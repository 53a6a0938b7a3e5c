"""What is asked of the writer: each order shares a transaction with others and is told how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar, cast

from hubbub.core.work import Claim, Entry, Node, Outgoing, Receipt

if TYPE_CHECKING:
    from hubbub.core.events import Event
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.writes import Prepared


Send: TypeAlias = tuple[Outgoing, str, bytes, str]
"""A message; its room, its content and what it replies to as they are stored."""


@dataclass(slots=True, eq=False)
class Order:
    """``value`` or ``error`` is set by the transaction, and told by the writer once that is committed."""

    ends: ClassVar[bool] = False
    """No other order of its kind may be about the same lane or row in one transaction."""
    alone: ClassVar[bool] = False
    """Later orders belong to later transactions."""

    future: asyncio.Future[Any]
    value: Any = field(init=False, default=None)
    error: Exception | None = field(init=False, default=None)
    after: Callable[[], None] | None = field(init=False, default=None)
    """To be done when it is stored, before anybody hears of it."""


@dataclass(slots=True, eq=False)
class Accept(Order):
    """An event for the inbox. ``lane``, ``key`` and ``data`` as stored."""

    event: Event
    lane: str
    key: str
    data: bytes
    at: float
    node: str
    entry: Entry | None = None
    claimed: bool = False


@dataclass(slots=True, eq=False)
class Finish(Order):
    """A unit. ``rows`` are its messages."""

    ends: ClassVar[bool] = True

    lane: str
    fence: int
    done: tuple[int, ...]
    dead: tuple[tuple[int, str], ...]
    rows: list[Send]
    writes: list[Prepared]
    release: bool
    now: float
    nodes: Sequence[Node] = ()
    """What the writes added; ``body`` is still JSON."""
    entries: frozenset[int] = frozenset()
    """All that is done or dead."""

    def __post_init__(self) -> None:
        """Count each entry once."""
        self.entries = frozenset((*self.done, *(entry for entry, _ in self.dead)))


@dataclass(slots=True, eq=False)
class GiveBack(Order):
    """End a claim with its work undone."""

    ends: ClassVar[bool] = True

    lane: str
    fence: int


@dataclass(slots=True, eq=False)
class Begin(Order):
    """QUEUED -> SENDING."""

    ends: ClassVar[bool] = True

    row: int


@dataclass(slots=True, eq=False)
class Settle(Begin):
    """-> SENT."""

    message_id: str


@dataclass(slots=True, eq=False)
class Fail(Begin):
    """-> another state, and why."""

    state: int
    reason: str
    next_at: float


@dataclass(slots=True, eq=False)
class Fire(Order):
    """Timers that are due, as events for the inbox; ``fired`` are these."""

    now: float
    node: str
    limit: int
    fired: list[Accept] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Call(Order):
    """Anything else, fenced off by a savepoint, so that its refusal harms nobody."""

    function: Callable[[Connection], Awaitable[Any]]


@dataclass(slots=True, eq=False)
class Take(Call):
    """A claim of what is free: after all that came before it, and before the events that come after it."""


@dataclass(slots=True, eq=False)
class Abandon(Order):
    """All claims of a node are given up, those of its earlier lives too."""

    alone: ClassVar[bool] = True

    node: str


O = TypeVar("O", bound=Order)  # noqa: E741 - an order


def of(orders: Iterable[Order], kind: type[O]) -> list[O]:
    """Those of exactly this kind."""
    return cast("list[O]", [order for order in orders if type(order) is kind])


def about(order: Order) -> str | int | None:
    """The lane or the row that an order is about."""
    if isinstance(order, Accept | Finish | GiveBack):
        return order.lane
    return order.row if isinstance(order, Begin) else None


def claims_of(order: Order) -> list[Claim]:
    """What nobody works on if whoever gave the order is gone."""
    value = order.value
    if isinstance(value, Receipt):
        return [value.claim] if value.claim is not None else []
    if isinstance(value, list):
        found = (each.claim if isinstance(each, Receipt) else each for each in value)
        return [each for each in found if isinstance(each, Claim)]
    return []
