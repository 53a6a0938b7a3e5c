"""Every contract of the store on one page: one durable truth in parts, the same for every engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from hubbub.core.addresses import Account, Room
from hubbub.core.calls import CallQuery, LoggedCall, ModelCall
from hubbub.core.events import Event, Received
from hubbub.core.messages import Blob
from hubbub.core.quotas import Reservation, Shortage
from hubbub.core.reports import Report
from hubbub.core.status import NodeStatus
from hubbub.core.work import (
    Branch,
    BranchKind,
    Claim,
    Committed,
    GivenUp,
    Lease,
    Node,
    Receipt,
    Reported,
    Row,
    Spend,
    Spent,
    State,
    Step,
    Unit,
    Write,
)


class Journal(Protocol):
    """Inbox: what came in, in order within a lane, each handled once."""

    def accept(self, event: Event, lane: str, node: str = "") -> Awaitable[Receipt]:
        """Store an event; with ``node``, claim its lane for that node in the same step if the lane is free or its own.

        The claim of the receipt holds this one entry (earlier ones were handed out before).

        Raises:
            Overloaded: at the call, when too much waits for a commit.
        """

    async def claim(self, node: str, limit: int) -> Sequence[Claim]:
        """Take up to ``limit`` lanes that have work and nobody works on, each with its waiting entries in order."""

    def commit(self, lane: str, fence: int, unit: Unit, *, release: bool = False) -> Awaitable[Committed]:
        """Store a unit. ``release`` gives the lane back if it has nothing more waiting.

        Units of a lane take effect in the order of the calls. After one with ``release``, nothing more may be
        committed before it is told that the claim is still held.

        Raises:
            Fenced: (when awaited) the claim is not the newest; nothing was stored.
            Unstorable: (when awaited) the unit can never be stored as it is; nothing of it was.
        """

    async def release(self, lane: str, fence: int) -> None:
        """Give a lane back with its work undone; a stale fence is ignored."""

    async def abandon(self, node: str) -> None:
        """A node is gone: others may claim its lanes, and what it still commits is fenced out."""

    async def work(self, timeout: float) -> None:  # noqa: ASYNC109 - the port's own unit: how long to wait at most
        """Return when there may be something to claim, at the latest after ``timeout`` seconds."""

    async def replies(self, entry: int) -> Sequence[Row] | None:
        """Rows that an entry caused; None while it is not done."""

    async def begin(self, entry: int) -> int:
        """Note that the handling of a claimed entry begins; how often that was noted before.

        For entries that were claimed again and again: what ends the process each time must be given up at last.
        """

    async def said(self, room: Room, before: int, limit: int, lanes: Sequence[str] = ()) -> Sequence[Received]:
        """Messages that came in from a group before an entry, newest first: of the last ones of all that are kept.

        ``lanes``: others than the group's own in which its members' messages are, too.
        """

    async def given_up(self, limit: int = 100, after: int = 0) -> Sequence[GivenUp]:
        """Entries that were given up (`Unit.dead`) with ids above ``after``, oldest first."""


class Outbox(Protocol):
    """What goes out, in order within a room."""

    async def recover(self, node: str) -> Sequence[Row]:
        """What a dead process left: SENDING becomes UNKNOWN (blind), or QUEUED where a second sending is harmless.

        Returns the queued rows in order.
        """

    def begin(self, row: int) -> Awaitable[bool]:
        """QUEUED -> SENDING, one attempt more; awaited before the platform is called.

        False if the row is not QUEUED (it was dropped meanwhile): it must not be sent.
        """

    def settle(self, row: int, message_id: str) -> Awaitable[None]:
        """-> SENT with the platform's id."""

    def fail(self, row: int, state: State, error: str, next_at: float = 0.0) -> Awaitable[None]:
        """-> QUEUED (again at ``next_at``), UNKNOWN or DEAD, and why."""

    async def sent(self, room: Room, message_id: str) -> Row | None:
        """The row of a message that the hub sent."""

    async def row(self, row: int) -> Row | None:
        """A row by its number."""

    async def draft(self, entry: int) -> Row | None:
        """The draft of an entry's answer (`Outgoing.draft`), the newest if there are several."""

    async def report(self, reports: Sequence[Report]) -> Reported:
        """Keep what a platform told of messages after they were sent, all at once, and do what follows from it.

        FAILED: SENT, UNKNOWN -> DEAD with its reason, or QUEUED where it is to be sent again. Anything else tells that
        it got through: whatever was wanted of the row, it is SENT, and a doubt is over. What came before, or is of an
        earlier attempt (before `retry`), changes nothing; nor do reports of messages that the hub does not know.
        """

    async def deliveries(self, states: Sequence[State], limit: int = 100, after: int = 0) -> Sequence[Row]:
        """Rows in these states with ids above ``after``, oldest first."""

    async def retry(self, row: int) -> Row | None:
        """UNKNOWN, DEAD or DROPPED -> QUEUED; None if there is no such row in such a state, or it is a draft.

        What a draft was to become is a row of its own. What was told of the attempts before holds no more.
        """

    async def drop(self, row: int) -> Row | None:
        """QUEUED, UNKNOWN or DEAD -> DROPPED; None if there is no such row in such a state."""


@runtime_checkable
class SharedOutbox(Protocol):
    """An outbox that several nodes send from: a row goes out where its account is connected."""

    async def take(self, node: str, accounts: Sequence[Account], limit: int = 1000) -> Sequence[Row]:
        """QUEUED rows of accounts that this node holds and was not handed yet, oldest first; now they are its own.

        `Outbox.begin` is False for a row that another living node was handed since.
        """

    async def waiting(self, timeout: float) -> None:  # noqa: ASYNC109 - the port's own unit: how long to wait at most
        """Return when other nodes may have queued rows to take, at the latest after ``timeout`` seconds."""

    def own(self, accounts: Collection[Account]) -> None:
        """From now on rows that this node's units make are its own where it holds their account, else nobody's.

        They are nobody's, too, where earlier rows of their room are not this node's yet. Nobody's rows are QUEUED,
        named in `Committed.elsewhere`, and given out by `take`.
        """

    async def give_back(self, node: str, accounts: Sequence[Account]) -> None:
        """QUEUED rows of these accounts that this node was handed are nobody's again, for `take` to give out."""

    async def growing(self, accounts: Sequence[Account]) -> Sequence[Row]:
        """Drafts of these accounts (`Outgoing.draft`) that were SENT and whose entries are not done, oldest first."""

    async def bury(self, node: str) -> None:
        """As `Outbox.recover` for what dead nodes were sending, but hand nothing out."""


class Conversations(Protocol):
    """What owners keep: branches of contexts, prompts and settings. Written by units (`Write`) and by `change`."""

    async def branch(self, owner: str, kind: BranchKind, name: str = "", limit: int = 0) -> Branch:
        """A branch (default: the owner's current one) with its last ``limit`` nodes (0: all)."""

    async def branches(self, owner: str, kind: BranchKind) -> Sequence[Branch]:
        """All branches that have content, without their nodes, newest first."""

    async def owners(self, kind: BranchKind, but: str = "") -> Sequence[str]:
        """Who has anything of this kind, by name; branches whose names begin with ``but`` do not count."""

    async def trail(self, owner: str, kind: BranchKind, since: float = 0.0) -> Sequence[Step]:
        """Where branches were made to end elsewhere (`MoveHead`, `Archive`) since a time, newest first."""

    async def chain(self, owner: str, head: int) -> Sequence[Node]:
        """The nodes of an owner from the first one to ``head``, whether or not a branch leads there; else none."""

    async def change(self, writes: Sequence[Write], seen: Sequence[Branch] = ()) -> bool:
        """Store writes that belong to no unit, all or none, durably.

        False, and nothing is stored, where one of the branches ``seen`` does not end any more at the head with which
        it was read: read again, and decide anew.

        Raises:
            Unstorable: they can never be stored as they are.
            StoreError: they are not stored.
        """


class Usage(Protocol):
    """What owners used, by day; units count it (`Spend`). What is about to be used is reserved first, on all nodes."""

    async def reserve(self, wanted: Reservation) -> Shortage | None:
        """Hold something, if no quota and no pace forbids it; else what is short, and nothing is held."""

    async def release(self, hold: str) -> None:
        """Hold no more what nothing came of; nothing happens if it is not held."""

    async def days(self, owner: str, first: str, last: str) -> Mapping[str, Spent]:
        """What was used on each day that anything was, both included, in the order of the days."""

    async def sweep(self, now: float) -> int:
        """Forget holds that have lapsed, and paces that are full again; how many it were."""

    async def spent(self, owner: str, first: str, last: str) -> Spent:
        """The sum from one day to another, both included."""

    async def spenders(self, limit: int = 100) -> Sequence[Spent]:
        """Who ever used anything, and how much in all; who did so last comes first."""

    async def add(self, spend: Spend) -> None:
        """Count what belongs to no unit."""


class Calls(Protocol):
    """Calls of models; units add them (`LogCall`)."""

    async def add(self, calls: Sequence[ModelCall]) -> int:
        """Store calls of elsewhere, but those that are there already, exactly so; how many were new."""

    async def find(self, query: CallQuery) -> Sequence[LoggedCall]:
        """Calls in the order of their times."""

    async def prune(self, before: float, most: int) -> int:
        """Forget calls from before a time, and the oldest ones beyond ``most``, a bounded piece; how many it were."""


class Leases(Protocol):
    """Names that one node holds at a time."""

    async def acquire(self, name: str, node: str, ttl: float, address: str = "") -> Lease | None:
        """Take a free or lapsed name for ``ttl`` seconds, or extend one's own; None if another holds it."""

    async def release(self, lease: Lease) -> None:
        """Give it back; a stale lease is ignored."""

    async def held(self) -> Sequence[Lease]:
        """Who holds what."""


@runtime_checkable
class SharedLeases(Protocol):
    """Leases of a store that several nodes share; each keeps itself alive in it."""

    async def nodes(self) -> Sequence[Lease]:
        """The nodes that are alive, with their addresses, as leases named ``node:<node>``."""

    async def seize(self, name: str, node: str, ttl: float, address: str = "") -> Lease:
        """Take a name, whoever holds it: the fence rises, and the holder loses it at its next renewal."""


class Words(Protocol):
    """Short words from a node to all others, at once or never: what must not be lost is in the tables."""

    def tell(self, topic: str, text: str) -> None:
        """Let every other node that is alive hear this; never waits. Nothing happens while there is none."""

    def hear(self, topic: str, hearer: Callable[[str], None]) -> None:
        """Call ``hearer`` with each text that another node tells under this topic."""


@runtime_checkable
class Shared(Protocol):
    """What a store has beside its parts when several nodes work on it at once."""

    @property
    def words(self) -> Words:
        """From node to node."""

    @property
    def secret(self) -> str:
        """Known to all nodes and to nobody else; the same as long as the database is."""

    @property
    def trouble(self) -> str:
        """Why the database cannot be used at the moment; "" while it can."""

    def known_as(self, address: str, roles: Sequence[str]) -> None:
        """Let the other nodes know where this one is reached and what it does."""

    async def backlog(self) -> int:
        """How many entries wait, on all nodes together."""

    async def members(self) -> Sequence[NodeStatus]:
        """The nodes that are alive and what each holds."""


class Timers(Protocol):
    """Events of the future, set by units (`TimerSet`), accepted once each."""

    async def fire(self, now: float, node: str = "", limit: int = 100) -> Sequence[Receipt]:
        """Turn timers that are due into inbox entries, in one transaction with their removal.

        ``node`` claims as in `Journal.accept`.
        """

    async def next_due(self) -> float | None:
        """When the first timer is due."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token's record; the secret itself is stored as a hash only. Times in seconds since the epoch.

    ``per_minute``: how many requests it may send, 0 for any number.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    owner: str = ""
    created_at: float = 0.0
    expires_at: float | None = None
    per_minute: int = 0


class Secrets(Protocol):
    """Small settled facts of the hub itself: the admin's hash, tokens."""

    async def get(self, key: str) -> str | None:
        """A value of the hub's own."""

    async def put(self, key: str, value: str) -> None:
        """Set a value of the hub's own."""

    async def change(self, key: str, seen: str | None, value: str) -> bool:
        """Set a value if it is still what was seen (None: none); False, and it stays as it is, if it is not."""

    async def token_add(self, token: Token, digest: str) -> None:
        """Remember a token by the digest of its secret."""

    async def token_find(self, digest: str) -> Token | None:
        """The token of a secret's digest, expired ones too."""

    async def tokens(self) -> Sequence[Token]:
        """All of them, oldest first."""

    async def token_drop(self, token_id: str) -> bool:
        """Forget a token; False if there was none."""


class Notes(Protocol):
    """Small records about owners that change often: they go with the owner, or when they did not change for long."""

    async def get(self, key: str) -> str | None:
        """What is noted."""

    async def change(self, key: str, seen: str | None, value: str, owner: str) -> bool:
        """Note something of an owner if what was noted is still what was seen (None: nothing); False if it is not.

        Raises:
            Unstorable: it can never be noted.
        """


class StoredFiles(Protocol):
    """Content of files, each until it expires. Times in seconds since the epoch."""

    async def put(self, file_id: str, blob: Blob, expires_at: float, owner: str = "", most: int = 0) -> None:
        """Store content under an id. Of more than ``most`` bytes in all (0: no bound), what expires first goes.

        Raises:
            Unstorable: its name can be none.
        """

    async def get(self, file_id: str, now: float) -> Blob | None:
        """Content that has not expired; None if there is none."""

    async def sweep(self, now: float, limit: int = 100) -> int:
        """Remove what has expired, at most ``limit``; how many it were."""

    async def size(self) -> int:
        """Bytes of all content."""


class Store(Protocol):
    """One durable truth, in parts. The same contract, and the same tests, for every engine."""

    @property
    def inbox(self) -> Journal:
        """What came in."""

    @property
    def outbox(self) -> Outbox:
        """What goes out."""

    @property
    def conversations(self) -> Conversations:
        """What owners keep."""

    @property
    def usage(self) -> Usage:
        """What owners used."""

    @property
    def calls(self) -> Calls:
        """Which models were called."""

    @property
    def leases(self) -> Leases:
        """Who holds what."""

    @property
    def timers(self) -> Timers:
        """What is to come."""

    @property
    def secrets(self) -> Secrets:
        """The hub's own facts and tokens."""

    @property
    def notes(self) -> Notes:
        """What is noted of owners."""

    @property
    def files(self) -> StoredFiles:
        """What is kept of files."""

    async def open(self) -> None:
        """Connect, migrate if the schema is behind (a backup first), and be ready.

        Raises:
            StoreBusy: another hub holds the data.
            StoreError: it cannot be opened; says why and what to do.
        """

    async def close(self) -> None:
        """Commit what waits and let go."""

    async def prune(self, before: float, limit: int = 500) -> int:
        """Forget entries, rows and notes from before ``before`` (seconds since the epoch), the oldest first.

        What somebody still has to act on stays: entries that wait, rows that are QUEUED, SENDING, UNKNOWN or DEAD.
        A forgotten event is new when it comes again, so keep what platforms repeat: 8 days.
        Returns how many it were, at most ``limit``; fewer when no more is old.
        """

    async def collect(self, before: float, limit: int = 500) -> int:
        """Forget what branches held before changes from before ``before``, as far as nothing else leads there.

        These are lines of the trail, at most ``limit`` nodes that only they led to, and emptied branches. What branches
        hold, and what younger lines lead to, stays. Returns how many lines and nodes it were; 0 when no more is old.
        """

    async def forget(self, owner: str) -> None:
        """Remove all that an owner keeps, and the texts of what they said and were answered.

        Gone for every reader at the first step; what a crash leaves undone, `prune` finishes. Messages that wait,
        replies on their way and the counts of the newest day stay, and so does what the owner does afterwards.
        """

    async def stats(self) -> Mapping[str, float]:
        """Counts for metrics: entries waiting, rows by state, commits."""
