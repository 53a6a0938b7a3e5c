"""Every contract of Hubbub on one page.

A platform has four things to do: declare its routes, `run`, `send` and tell its `capabilities`. What more it can do
it shows by an optional ability (`CanEdit`, `CanDelete`, `CanReact`, `CanType`); callers ask with ``isinstance``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from hubbub.core.acts import Decision
from hubbub.core.addresses import Account, Room, RoomKind
from hubbub.core.calls import CallQuery, LoggedCall, ModelCall
from hubbub.core.capabilities import Capabilities
from hubbub.core.customs import Customs
from hubbub.core.events import Event, Received
from hubbub.core.failpoints import Failpoint, never
from hubbub.core.identities import Author
from hubbub.core.messages import Blob, Forward, Media, Message
from hubbub.core.messages import Node as Said
from hubbub.core.models import Endpoint, ModelSpec
from hubbub.core.phrases import Sentence
from hubbub.core.pictures import Illustration, Look, Paper, Wish
from hubbub.core.quotas import Reservation, Shortage
from hubbub.core.skills import SkillCard, SkillContext, SkillResult
from hubbub.core.status import HubStatus, NodeStatus
from hubbub.core.turns import ChatRequest, Delta, ModelInfo
from hubbub.core.upkeep import Task
from hubbub.core.windows import WindowTerms
from hubbub.core.work import (
    Branch,
    BranchKind,
    Claim,
    Committed,
    Exchanged,
    GivenUp,
    Lease,
    Node,
    Outgoing,
    Receipt,
    Row,
    Spend,
    Spent,
    State,
    Step,
    Unit,
    Write,
)

# --- platforms ---------------------------------------------------------------------------------------------------

ASGIApp = Callable[..., Awaitable[None]]

HANG_UP = "hubbub.hang_up"
"""In ``scope["extensions"]``: a function that ends the connection of a request that gets no response at all.

The application awaits ``http.disconnect`` behind it. Other servers do not have it.
"""


class Accept(Protocol):
    """The one way into the hub.

    Calls take effect in the order in which they are made; what is awaited is the commit. A platform that repeats
    what was not acknowledged awaits it before it acknowledges; one that does not may hold the awaitable and go on
    reading, a bounded number ahead.

    Raises:
        Overloaded: (at the call) a bound is reached; tell the platform to come later or stop reading.
        StoreError: (when awaited) the event is not stored.
    """

    def __call__(self, event: Event) -> Awaitable[Receipt]:
        """Accept one event."""


@dataclass(frozen=True, slots=True)
class Route:
    """An ASGI application at a path of the hub's one port. ``methods`` are HTTP's; empty for a WebSocket."""

    path: str
    app: ASGIApp
    kind: Literal["http", "websocket"] = "http"
    methods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Streamed:
    """A piece of an answer on its way, not durable; ``end`` closes it (the durable reply is in the store).

    ``note``: what is being done meanwhile, until the next piece; it is no part of the answer.
    """

    content: str = ""
    reasoning: str = ""
    end: bool = False
    note: str = ""


class Streams(Protocol):
    """Pieces of running answers, by the id of the inbox event (`event_key`) that asked. Lossy by design."""

    def subscribe(self, key: str, *, pieces: bool = True) -> AbstractAsyncContextManager[AsyncIterator[Streamed]]:
        """Listen from now on; ends after the piece with ``end``. The queue is bounded: a slow reader loses pieces.

        Several may listen to one key. Without ``pieces`` only ``end`` is told, and `listened` does not count it.
        """

    def listened(self, key: str) -> bool:
        """Somebody listens for pieces, so that it is worth asking the model for them."""

    def publish(self, key: str, piece: Streamed) -> None:
        """Hand a piece to whoever listens; never waits."""


class Facts(Protocol):
    """Small settled facts (an offset, a token), shared by all nodes. Keys begin with the name of the platform."""

    async def get(self, key: str) -> str | None:
        """A value; None if there is none."""

    async def put(self, key: str, value: str) -> None:
        """Set a value."""

    async def change(self, key: str, seen: str | None, value: str) -> bool:
        """Set a value if it is still what was seen (None: none); False, and it stays as it is, if it is not."""


class Files(Protocol):
    """Content of messages, kept for a while and shared by all nodes: pictures, recordings, documents."""

    async def keep(self, blob: Blob, seconds: float, owner: str = "") -> str:
        """Keep content for so long; its ``hub:`` URL, which cannot be guessed. It goes when ``owner`` is forgotten.

        What is kept may go before its time where the room for all files is full.

        Raises:
            Unstorable: it is too large, or its name can be none.
            StoreError: it is not kept; another time it may be.
        """

    async def fetch(self, media: Media) -> Blob:
        """The content of ``hub:``, ``data:``, ``http:`` and ``https:`` URLs; of the latter from public addresses only.

        Raises:
            MediaError: it is gone, too large, not to be had, or not to be fetched from there.
        """


class Window(Protocol):
    """Answers for a platform that comes for them (`Delivery.WINDOW`): the same one to every delivery of a message.

    All that it knows is in the store, so that another node, or the hub after a restart, goes on where it was.
    """

    async def answer(self, event: Received, terms: WindowTerms) -> Message | None:
        """Accept a message, if it is a question, and wait for what to show: one message that fits the room.

        None: leave this delivery without an answer, the platform will bring the message again. An empty message: there
        is nothing to say.

        Raises:
            Overloaded: a bound is reached.
            StoreError: the event is not stored, or the answer cannot be read.
        """


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A command as a platform lists it: its name and what it does in one line.

    ``rooms``: kinds of rooms where it works (none: all). ``admins``: it is for those who run a room.
    """

    name: str
    summary: str
    rooms: tuple[RoomKind, ...] = ()
    admins: bool = False


@dataclass(frozen=True, slots=True)
class Host:
    """What the hub gives to a platform when it is built."""

    accept: Accept
    streams: Streams
    replies: Callable[[int], Awaitable[Sequence[Row] | None]]
    """Replies that an entry caused, once it is done; None while it is not."""
    sent: Callable[[Room, str], Awaitable[bool]]
    """Whether the message of this id in this room is one that the hub sent."""
    undelivered: Callable[[Room, str, str], Awaitable[bool]]
    """Tell, with the reason, that a message that was sent did not arrive after all; False if the hub sent none such."""
    connected: Callable[[Account], None]
    disconnected: Callable[[Account, Sentence], None]
    """Tell that an account can (or, and why, cannot) send; waiting messages go out at once when it can again."""
    facts: Facts
    sealed: Callable[[str], Facts]
    """Facts sealed with a secret of the settings, for what opens doors: a copy of the database gives none of it away.

    What was sealed with another secret is as if it were not there.
    """
    files: Files
    hold: Callable[[str], AbstractAsyncContextManager[None]]
    """Wait until this node alone holds a name (a connection that may exist once) and hold it for the block.

    Whoever loses the name, because the store is out of reach or somebody else took it, is cancelled before another
    node can hold it, and the block raises `LeaseLost`.
    """
    menu: Callable[[str], Sequence[MenuItem]]
    """The commands that everybody, or whoever runs a room, may give, in a language ("zh", "en")."""
    window: Window
    failpoint: Failpoint = never
    """To be told ``acknowledge.before`` and ``acknowledge.after`` by a platform that acknowledges."""


class Platform(Protocol):
    """One chat platform with all its accounts."""

    @property
    def name(self) -> str:
        """The folder's name; the first field of every room's key."""

    @property
    def routes(self) -> Sequence[Route]:
        """What the hub's web server shall serve for it. Asked once, before `run`."""

    def capabilities(self, room: Room) -> Capabilities:
        """What the room can do. Cheap: asked for every message."""

    async def run(self) -> None:
        """Hold the connections until cancelled; reconnects by itself. Must leave nothing behind when cancelled."""

    async def send(self, row: Row) -> str:
        """Send one message and return the platform's id of it ("" if it gives none).

        Called in order within a room. ``row.key`` is the same at every attempt.

        Raises:
            DeliveryError: it was not confirmed; says whether it is certain that nothing was delivered.
        """


@runtime_checkable
class CanEdit(Protocol):
    """Messages that were sent can be changed."""

    async def edit(self, room: Room, message_id: str, message: Message) -> None:
        """Give a message that the hub sent new content. Raises DeliveryError."""


@runtime_checkable
class CanDelete(Protocol):
    """Messages that were sent can be taken back."""

    async def delete(self, room: Room, message_id: str) -> None:
        """Take a message back. Raises DeliveryError."""


@runtime_checkable
class CanReact(Protocol):
    """Reactions can be set."""

    async def react(self, room: Room, message_id: str, emoji: str, *, removed: bool = False) -> None:
        """Set or take away the bot's reaction. Raises DeliveryError."""


@runtime_checkable
class CanListAdmins(Protocol):
    """Rooms can tell who runs them."""

    async def admins(self, room: Room) -> Sequence[Author]:
        """Owner and administrators of a room, bots among them (`Author.is_bot`). Raises DeliveryError, UserError."""


@runtime_checkable
class CanMute(Protocol):
    """Members of a room can be silenced for a while."""

    async def mute(self, room: Room, user: str, seconds: int) -> None:
        """Let a member write nothing for so long; 0 lets them write again.

        Raises:
            DeliveryError: the platform did not do it.
            UserError: it cannot be done here, and the sentence says why (no group, the bot has no right to).
        """


@runtime_checkable
class CanPoke(Protocol):
    """People can be nudged."""

    async def poke(self, room: Room, user: str) -> None:
        """Nudge somebody in a room. Raises DeliveryError."""


@runtime_checkable
class CanDecide(Protocol):
    """Who asks to become a friend, or to join a room, can be let in or turned away (`events.Requested`)."""

    async def decide(self, room: Room, decision: Decision) -> None:
        """Tell the platform what was decided; ``room`` is that of the request. Raises DeliveryError."""


@runtime_checkable
class CanUnfold(Protocol):
    """Bundles that came by their id alone can be asked for."""

    async def unfold(self, room: Room, bundle: Forward) -> Forward:
        """The bundle with its messages. Raises MediaError."""


@runtime_checkable
class CanReread(Protocol):
    """Messages can be asked for by their ids."""

    async def reread(self, room: Room, message_id: str) -> Said:
        """A message that was said in a room, and who said it. Raises MediaError."""


@runtime_checkable
class CanFetch(Protocol):
    """Files that came in are fetched by the platform's own handle."""

    async def fetch(self, media: Media) -> Blob:
        """The content of a ``file_id`` of this platform. Raises MediaError."""


@runtime_checkable
class CanType(Protocol):
    """The room can be shown that an answer is being written."""

    async def typing(self, room: Room) -> None:
        """Show it once (for about five seconds). Failures are not raised: it is a courtesy."""


@dataclass(frozen=True, slots=True)
class PlatformPlugin:
    """What a platform's folder declares in ``plugin.py``: cheap to import, loads nothing else.

    ``settings`` is a pydantic model of its section ``platforms.<name>``; ``adapter`` the dotted path
    ``package.module:Class`` of a class called as ``Class(settings, host)``, imported when ``enabled(settings, server)``
    is true.

    ``tasks`` become commands of the command line. ``checks`` is the dotted path of an asynchronous generator function
    of `Finding`, called as ``function(settings, server)`` by ``hubbub doctor`` where the platform is on.
    """

    name: str
    settings: type[Any]
    adapter: str
    enabled: Callable[[Any, Mapping[str, Any]], bool]
    customs: Callable[[Any], Customs] | None = None
    """What holds for its people instead of the hub's settings, by its own."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """Commands of `hubbub dev` by name: the dotted path of a function that is given the words behind the name."""
    tasks: tuple[Task, ...] = ()
    checks: str = ""


# --- models ------------------------------------------------------------------------------------------------------


class Provider(Protocol):
    """A source of models."""

    @property
    def name(self) -> str:
        """As the settings name it."""

    def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        """Ask; at least one piece comes, the last one with ``finish``. Closing the iterator stops the model.

        Raises:
            ProviderError: no answer, or it broke off.
        """

    async def models(self) -> Sequence[ModelInfo]:
        """What can be asked for. Raises ProviderError when the provider cannot tell."""

    async def close(self) -> None:
        """Let go of connections and children."""


@runtime_checkable
class CanEmbed(Protocol):
    """A provider that also turns texts into vectors."""

    async def embed(self, body: Mapping[str, object], model: str = "") -> Mapping[str, object]:
        """Hand on an embeddings request of the OpenAI API; the answer comes back as it is.

        ``model`` is another id of the same provider ("": its own model).

        Raises:
            ProviderError: no answer.
        """


class Speech(Protocol):
    """Ears and a mouth: recordings to words, words to recordings."""

    @property
    def speaks(self) -> bool:
        """Whether `speak` can do anything."""

    async def recognise(self, recording: Blob) -> str:
        """The words of a recording; "" where nobody says anything. Raises ProviderError."""

    async def speak(self, text: str) -> Blob:
        """A text, spoken; at most some thousand characters of it. Raises ProviderError."""


class Painter(Protocol):
    """Makes pictures of descriptions."""

    async def paint(self, wish: str) -> Blob:
        """A picture of what is described. Raises ProviderError, MediaError."""

    async def repaint(self, wish: str, picture: Blob) -> Blob:
        """A picture, changed as it is described. Raises ProviderError, MediaError."""


class Album(Protocol):
    """Knows pictures by their tags."""

    async def pick(self, tags: Sequence[str]) -> Illustration | None:
        """One by chance that has all the tags and is for everybody; None where there is none. Raises ProviderError."""


class ModelServer(Protocol):
    """A model server that the hub itself runs; a provider asks for its address before every request."""

    async def endpoint(self) -> Endpoint:
        """Where it listens; starts it on first use, and again when it has died.

        Raises:
            ProviderError: it does not start; the message says why and what to do.
        """

    async def close(self) -> None:
        """End it and leave nothing behind."""


@runtime_checkable
class CanWarmUp(Protocol):
    """A provider whose first answer would be late: it has something to start."""

    async def warm_up(self) -> None:
        """Get ready before somebody asks. Raises ProviderError, as the first question would."""


@dataclass(frozen=True, slots=True)
class ProviderHost:
    """What the hub gives to a provider when it is built, inside the hub's event loop."""

    client: Callable[[ModelSpec, ModelServer | None], Provider]
    """Makes a client of the OpenAI API for a model; with a server, of that one, which it closes with itself."""
    session: Any
    """The hub's `aiohttp.ClientSession`, for a provider that speaks HTTP itself; it is not the provider's to close."""
    folder: Path
    """For weights and the like; it may not be there yet."""
    report: Callable[[str], None]
    """Takes a line for the operator: what is fetched, how far it is."""


@dataclass(frozen=True, slots=True)
class ProviderPlugin:
    """What a provider's folder declares in ``plugin.py``: cheap to import, loads nothing else.

    ``name`` is what ``provider`` of a model in the settings says. ``builder`` is the dotted path
    ``package.module:function`` of a function called as ``function(spec, host)`` (`ModelSpec`, `ProviderHost`) for
    each model; it returns a `Provider` and waits for nothing. It is imported when a model asks for it.
    """

    name: str
    builder: str


# --- skills ------------------------------------------------------------------------------------------------------


class Skill(Protocol):
    """A tool that models use while they answer. One object serves everybody, several calls at once."""

    @property
    def card(self) -> SkillCard:
        """What models and people are told of it, and what it needs. Always the same."""

    async def call(self, arguments: Mapping[str, Any], context: SkillContext) -> SkillResult:
        """Do it. The arguments fit the card's schema, and the caller may: both were checked.

        May be cancelled anywhere: when its time is over, or the person stops the answer.

        Raises:
            UserError: it cannot be done as it was asked; its phrase is told to the model, which can mend it.
            HubbubError: it failed; the model learns that, the log why.
        """


@dataclass(frozen=True, slots=True)
class SkillHost:
    """What the hub gives to a skill when it is built."""

    painter: Painter | None
    """Makes pictures; None where no model is named for it."""
    painting_seconds: float
    """Longest time that a picture may take."""
    environ: Mapping[str, str]
    """The environment with the settings' `.env` below it, for keys of a skill's own."""


@dataclass(frozen=True, slots=True)
class SkillPlugin:
    """What a skill's file declares, or a package's entry point in the group ``hubbub.skills``.

    ``name`` is the one of its card and what ``skills.on`` of the settings says. ``builder`` is called, where the
    settings name it, with a `SkillHost`; it waits for nothing, and raises ConfigError where something is missing.
    """

    name: str
    builder: Callable[[SkillHost], Skill]


# --- pictures and documents --------------------------------------------------------------------------------------


class Renderer(Protocol):
    """Markdown as pictures and documents. Any text can be given: nothing in it is fetched, read or run."""

    @property
    def styles(self) -> Sequence[str]:
        """The names of the themes, the default one first."""

    async def pictures(self, text: str, look: Look) -> Sequence[Blob]:
        """A reply as one PNG, or several where it is long.

        Raises:
            RenderError: it is too long, took too long, or there is no place in the queue; send the text.
        """

    async def document(self, paper: Paper) -> Blob:
        """Conversations as a PDF. Raises RenderError."""


# --- the store ---------------------------------------------------------------------------------------------------


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

    async def said(self, room: Room, before: int, limit: int) -> Sequence[Received]:
        """Messages that came in from a group before an entry, newest first: of the last ones of all that are kept."""

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

    async def bounce(self, room: Room, message_id: str, error: str) -> bool:
        """SENT -> DEAD: the platform told afterwards that it did not arrive; False if no message of that id is SENT."""

    async def deliveries(self, states: Sequence[State], limit: int = 100, after: int = 0) -> Sequence[Row]:
        """Rows in these states with ids above ``after``, oldest first."""

    async def retry(self, row: int) -> Row | None:
        """UNKNOWN, DEAD or DROPPED -> QUEUED; None if there is no such row in such a state, or it is a draft.

        What a draft was to become is a row of its own.
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
    """One durable truth, in eight parts. The same contract, and the same tests, for every engine."""

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
        """Forget entries and rows from before ``before`` (seconds since the epoch), the oldest first, up to ``limit``.

        What somebody still has to act on stays: entries that wait, rows that are QUEUED, SENDING, UNKNOWN or DEAD.
        A forgotten event is new when it comes again, so keep what platforms repeat: 8 days.
        Returns how many it were; fewer than ``limit`` when no more is old.
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


# --- answering ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What handling one entry comes to: a message for the room it came from (or none), more sends and writes.

    ``wish``: the message is a model's and may become pictures; None for what stays text.
    """

    message: Message = ()
    quote: bool = False
    sends: tuple[Outgoing, ...] = ()
    writes: tuple[Any, ...] = field(default=())
    wish: Wish | None = None


class Exchange(Protocol):
    """A caller who waits for the answer on its own request (HTTP API, terminal, page)."""

    async def ask(self, event: Received) -> Exchanged:
        """Accept the event and wait for its replies; a repeated id gets the replies of the first.

        Raises:
            Overloaded: a bound is reached.
            StoreError: the event is not stored.
            TimeoutError: it is stored, but the answer takes too long; the same id fetches it later.
        """

    def stream(self, event: Received) -> AsyncGenerator[Receipt | Streamed | Row, None]:
        """As `ask`: the receipt first, then the pieces of the answer as they come; the durable rows come last."""


class Control(Protocol):
    """What a person may do to work under way."""

    async def stop(self, owner: str) -> bool:
        """End the answer that runs for this owner; False if none does. What came so far is kept and sent."""

    def status(self) -> HubStatus:
        """How the hub is doing."""

    async def resend(self, row: int) -> bool:
        """Queue a delivery again (`Outbox.retry`) and send it; False if there is no such row in doubt."""

    async def cancel(self, row: int) -> bool:
        """Drop a delivery that has not gone out; False if there is none."""


class Clock(Protocol):
    """The time, in seconds since the epoch."""

    def __call__(self) -> float:
        """Now."""
