"""What the store keeps of a message's road: entries of the inbox, rows of the outbox, and what one step changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from hubbub.core.addresses import Room
from hubbub.core.calls import ModelCall
from hubbub.core.capabilities import Delivery
from hubbub.core.events import Event
from hubbub.core.messages import Message
from hubbub.core.reports import Told


class State(StrEnum):
    """Where an outgoing message is.

    QUEUED waits; SENDING was stored before the platform was called; SENT is confirmed; KEPT waits to be fetched
    (window); UNKNOWN may or may not have arrived; DEAD will not be sent again; DROPPED was cancelled.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    KEPT = "kept"
    UNKNOWN = "unknown"
    DEAD = "dead"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Entry:
    """An accepted event. ``id`` rises in the order of acceptance.

    ``attempts``: how often it was claimed after its acceptance; at most so often was its handling begun before.
    """

    id: int
    lane: str
    event: Event
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class GivenUp:
    """An entry that nobody works on any more, and why. ``event`` None: it cannot be read, or was forgotten.

    ``time``: when it was accepted, in seconds since the epoch.
    """

    id: int
    lane: str
    event: Event | None
    error: str
    time: float


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a lane; every commit is guarded by its ``fence``."""

    lane: str
    fence: int
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What acceptance gave: the entry, whether it was known already, and the lane if it was claimed at once."""

    entry: Entry
    duplicate: bool = False
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be sent; ``entry`` is the inbox entry that caused it.

    ``draft``: it shows an answer that is still being written, and something that ``edits`` it follows: a message with
    the number of the draft's row there takes the draft's place, an empty one takes the draft back. It is no reply.
    """

    room: Room
    message: Message
    reply_to: str = ""
    delivery: Delivery = Delivery.BLIND
    state: State = State.QUEUED
    entry: int = 0
    draft: bool = False
    edits: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A stored `Outgoing`. ``key`` is its idempotency key, ``message_id`` the platform's id once it is sent.

    ``told``: what the platform said of it afterwards, at ``told_at`` (seconds since the epoch); most say nothing.
    """

    id: int
    out: Outgoing
    key: str
    state: State
    attempts: int = 0
    message_id: str = ""
    error: str = ""
    created_at: float = 0.0
    next_at: float = 0.0
    told: Told | None = None
    told_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Reported:
    """What reports changed: the rows whose state is another now.

    ``early``: some are of messages that are just being sent, and have to be told again when that is over.
    """

    rows: tuple[Row, ...] = ()
    early: bool = False


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a caller who waited for the answer got: ``rows`` are the replies to its room, in order."""

    receipt: Receipt
    rows: tuple[Row, ...]


BranchKind = Literal["context", "prompt", "config"]

REPLACED = "replaced"
"""Why a branch's log has an end that an `Append` elsewhere than there left."""


@dataclass(frozen=True, slots=True)
class Append:
    """Put new nodes on a branch, one after the other, behind ``onto`` (default: the branch's head).

    ``onto`` 0 starts afresh; what is no node of the owner counts as the default. The branch is made if it is not
    there. An end that is left by it stays in the branch's log as `REPLACED`. Bodies are plain JSON values and come back
    as such.
    """

    owner: str
    kind: BranchKind
    branch: str
    bodies: tuple[object, ...]
    onto: int | None = None


@dataclass(frozen=True, slots=True)
class MoveHead:
    """Let a branch end at another node (0: empty). The old head stays in the branch's log as ``reason``.

    Nothing happens if it is no node of the owner.
    """

    owner: str
    kind: BranchKind
    branch: str
    head: int
    reason: str


@dataclass(frozen=True, slots=True)
class Switch:
    """Make a branch the owner's current one of its kind."""

    owner: str
    kind: BranchKind
    branch: str


@dataclass(frozen=True, slots=True)
class Archive:
    """Put a branch's content aside under a new name and leave the branch empty.

    If a branch of that name has content, a number is added to it (``name-2``).
    """

    owner: str
    kind: BranchKind
    branch: str
    name: str


@dataclass(frozen=True, slots=True)
class TimerSet:
    """Let ``event`` be accepted in ``lane`` at ``due`` (seconds since the epoch).

    A timer of the same name is replaced. The event's id must be the timer's own, so that it fires once.
    """

    name: str
    due: float
    event: Event
    lane: str


@dataclass(frozen=True, slots=True)
class TimerCancel:
    """Take a timer away; none of that name is no fault."""

    name: str


@dataclass(frozen=True, slots=True)
class Spend:
    """Count what an owner used on a day ("2026-01-31"), on top of what is counted already.

    ``room``: key of a room where the owner can be written to of the hub's own accord, "" to leave it as it is known.
    ``cost`` in billionths of what prices are in. ``holds``: what was reserved for it (`quotas.Reservation.id`) is held
    no more; ``shares``: other scopes that it counts for, too.
    """

    owner: str
    day: str
    messages: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    room: str = ""
    cost: int = 0
    holds: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogCall:
    """Keep the record of a model's call."""

    call: ModelCall


Write = Append | MoveHead | Switch | Archive | TimerSet | TimerCancel | Spend | LogCall


@dataclass(frozen=True, slots=True)
class Unit:
    """All that handling of entries changes, stored in one transaction or not at all.

    ``done``: entries of the claim that need no more work. ``dead``: such given up, with why.
    """

    done: tuple[int, ...] = ()
    sends: tuple[Outgoing, ...] = ()
    writes: tuple[Write, ...] = ()
    dead: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Committed:
    """What a stored unit became. ``released``: the lane had nothing more and the claim is gone.

    ``elsewhere``: ids of rows that are not this node's to send, see `store.SharedOutbox.own`.
    """

    rows: tuple[Row, ...]
    released: bool
    elsewhere: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Node:
    """One stored value of a branch; ``parent`` 0 is a first one."""

    id: int
    parent: int
    body: object
    time: float


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch as it stands: ``nodes`` from the first to the head; empty for a branch without content."""

    owner: str
    kind: BranchKind
    name: str
    head: int = 0
    updated_at: float = 0.0
    nodes: tuple[Node, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a branch's log: at ``time`` the branch ended at ``head`` and was made to end elsewhere."""

    id: int
    name: str
    head: int
    reason: str
    time: float


@dataclass(frozen=True, slots=True)
class Lease:
    """A name held by one node until ``until``; ``fence`` rises with every new holder."""

    name: str
    node: str
    fence: int
    until: float
    address: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """What an owner used: sums of `Spend`. ``room``: as there; ``last_at``: when the last of it was counted."""

    owner: str
    messages: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    room: str = ""
    last_at: float = 0.0
    cost: int = 0

    @property
    def tokens(self) -> int:
        """Of both kinds."""
        return self.prompt_tokens + self.completion_tokens
