"""Every contract of Hubbub on one page, but for that of the store (`hubbub.core.store`).

A platform has four things to do: declare its routes, `run`, `send` and tell its `capabilities`. What more it can do
it shows by an optional ability (`CanEdit`, `CanDelete`, `CanReact`, `CanType`); callers ask with ``isinstance``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from hubbub.core.acts import Decision
from hubbub.core.addresses import Account, Room, RoomKind
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
from hubbub.core.reports import Report
from hubbub.core.skills import SkillCard, SkillContext, SkillResult
from hubbub.core.status import HubStatus
from hubbub.core.turns import ChatRequest, Delta, ModelInfo
from hubbub.core.upkeep import Task
from hubbub.core.windows import WindowTerms
from hubbub.core.work import (
    Exchanged,
    Outgoing,
    Receipt,
    Row,
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

    ``rooms``: kinds of rooms where it works (none: all). ``admins``: it is for those who run a room. ``alias``: what
    else it is called in the language of the menu, where that has letters of its own.
    """

    name: str
    summary: str
    rooms: tuple[RoomKind, ...] = ()
    admins: bool = False
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """What the hub gives to a platform when it is built."""

    accept: Accept
    streams: Streams
    replies: Callable[[int], Awaitable[Sequence[Row] | None]]
    """Replies that an entry caused, once it is done; None while it is not."""
    sent: Callable[[Room, str], Awaitable[bool]]
    """Whether the message of this id in this room is one that the hub sent."""
    report: Callable[[Sequence[Report]], Awaitable[None]]
    """Tell what became of messages that were sent, several at once; it returns when that is stored.

    Raises Overloaded where some are just being sent, and StoreError: then all have to be told again.
    """
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

    @property
    def price(self) -> int:
        """What a picture costs, in billionths of what prices are in."""

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
