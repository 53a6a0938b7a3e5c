"""What a command is, and what it gets to work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hubbub.conversations import preferences
from hubbub.conversations.zones import zone_of
from hubbub.core.identities import Role
from hubbub.core.messages import Text
from hubbub.core.ports import Answer
from hubbub.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from hubbub.commands.access.gate import Gate
    from hubbub.commands.manners.board import Board
    from hubbub.conversations.completions import Completion
    from hubbub.conversations.limits import Meter
    from hubbub.conversations.people.directory import Directory
    from hubbub.core.addresses import Room, RoomKind
    from hubbub.core.capabilities import Capabilities
    from hubbub.core.events import Received
    from hubbub.core.messages import Blob, Media, Message
    from hubbub.core.models import ModelSpec
    from hubbub.core.phrases import Phrase, Sentence
    from hubbub.core.ports import Album, Clock, Control, Files, Painter, Renderer, Streamed
    from hubbub.core.store import Conversations, Outbox, Usage
    from hubbub.core.turns import ModelInfo
    from hubbub.core.work import Entry, Outgoing
    from hubbub.skills.calling import Skills


class KnownModels(Protocol):
    """The models of the hub, as far as commands ask."""

    @property
    def infos(self) -> Sequence[ModelInfo]:
        """All of them."""

    @property
    def reason(self) -> Sentence:
        """Why the default one is it, or why there is none."""

    def default(self) -> ModelSpec:
        """The model of whoever chose none. Raises ProviderError if there is none at all."""

    def find(self, name: str) -> ModelSpec | None:
        """The model of a name, or the first of a type."""


class Asking(Protocol):
    """The chat, for one message of one owner."""

    async def language(self) -> str:
        """In which the person is answered."""

    async def models(self) -> KnownModels:
        """The models, once they have been looked for."""

    def busy(self) -> AbstractAsyncContextManager[Callable[[Streamed], None] | None]:
        """Around what takes a while: the room is shown that an answer is being written.

        What it gives shows notes meanwhile (`Streamed.note`), to whoever can see them; None where nobody can.
        """

    async def tell(self, message: Message) -> None:
        """Say something ahead of the answer, in a message of its own; nothing where the room takes only one."""

    async def retry(self) -> Answer:
        """Ask the last question again."""

    async def edit(self, text: str) -> Answer:
        """Ask something else in its place."""

    async def compact(self) -> Answer:
        """Replace all but the last question by a summary."""

    async def complete(self, text: str, wishes: Completion, owner: str = "") -> Answer:
        """Ask with wishes of its own, in the person's context or another owner's."""

    async def expand(self, text: str) -> str:
        """A text with its variables expanded."""


class Means(Protocol):
    """The parts of the hub that commands may use, the same for all of them."""

    @property
    def conversations(self) -> Conversations:
        """What owners keep."""

    @property
    def usage(self) -> Usage:
        """What owners used."""

    @property
    def meter(self) -> Meter:
        """What owners may use."""

    @property
    def outbox(self) -> Outbox:
        """What goes out."""

    @property
    def control(self) -> Control:
        """Work under way."""

    @property
    def people(self) -> Directory:
        """Who is one person on several platforms."""

    @property
    def gate(self) -> Gate:
        """Who may come in."""

    @property
    def board(self) -> Board:
        """How the bot behaves in rooms."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def zone(self) -> tzinfo | None:
        """The hub's time zone; None is the machine's."""

    @property
    def personas(self) -> Mapping[str, str]:
        """Prompts that everybody may choose by name."""

    @property
    def styles(self) -> Sequence[str]:
        """Styles of pictures, the default one first."""

    @property
    def renderer(self) -> Renderer | None:
        """Makes pictures and documents; None where none can be made."""

    @property
    def files(self) -> Files | None:
        """Keeps files for a while; None where none can be kept."""

    @property
    def painter(self) -> Painter | None:
        """Makes pictures of descriptions; None where no model does."""

    @property
    def skills(self) -> Skills | None:
        """Tools that models use; None where the hub has none."""

    @property
    def album(self) -> Album | None:
        """Knows pictures by tags; None where that is switched off."""

    async def fetch(self, room: Room, media: Media) -> Blob:
        """A file of a message that came in from a room. Raises MediaError."""

    @property
    def public_url(self) -> str:
        """Where others reach the hub; "" where that is not known."""

    async def said(self, room: Room, before: int, limit: int) -> Sequence[Received]:
        """What was said in a group before an entry, newest first (`store.Journal.said`)."""

    async def forget(self, owner: str) -> None:
        """Remove all that is an owner's (`store.Store.forget`)."""

    def capabilities(self, room: Room) -> Capabilities | None:
        """What a room can do; None where its platform is not enabled."""

    def platform(self, room: Room) -> object:
        """The platform of a room, to be asked for an ability (`ports.CanListAdmins`); None where it is not enabled."""

    async def reload(self) -> Sequence[Phrase]:
        """Read the settings again; what came of it. Raises UserError where they are wrong: all stays as it was."""

    def sends(self, room: Room, message: Message, entry: int) -> tuple[Outgoing, ...]:
        """A message as the room can take it, for `Answer.sends`; ``entry`` is the one that causes it."""


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Who gave the command where, and what may be done for them."""

    entry: Entry
    event: Received
    owner: str
    role: Role
    hub: Means
    asking: Asking

    async def tell(self, *phrases: Phrase) -> Answer:
        """Sentences in the person's language, a line each, as the answer."""
        return plainly(await self.say(*phrases))

    async def say(self, *phrases: Phrase) -> str:
        """Sentences in the person's language, a line each."""
        language = await self.asking.language()
        return "\n".join(say(phrase, language).rstrip() for phrase in phrases)

    async def zone(self) -> tzinfo | None:
        """The person's time zone, else the hub's."""
        chosen = await preferences.read(self.hub.conversations, self.owner)
        return zone_of(chosen.timezone) or self.hub.zone if chosen.timezone else self.hub.zone


class Listing(Protocol):
    """The commands of the hub, as their help lists them."""

    def allowed(self, role: Role, event: Received) -> Sequence[Command]:
        """Those that the author of a message may give where they wrote, in the order of their declaration."""

    @property
    def commands(self) -> Sequence[Command]:
        """All of them."""

    def named(self, name: str) -> Command | None:
        """The command of a name or alias, however it is written."""


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a command. ``prefix`` and ``name`` are as typed, ``argument`` is exactly what stands behind them."""

    command: Command
    prefix: str
    name: str
    argument: str
    listing: Listing

    @property
    def typed(self) -> str:
        """The command as the person wrote it."""
        return f"{self.prefix}{self.name}"

    @property
    def words(self) -> list[str]:
        """The argument in words."""
        return self.argument.split()


Handler = Callable[[Call, CommandContext], Awaitable[Answer]]

REPEATER = "repeater"
"""The family of commands that people know from the Repeater's client."""


@dataclass(frozen=True, slots=True)
class Command:
    """The declaration of a command.

    ``help`` is the key of a sentence that says what it does. ``rooms``: kinds of rooms where it works (none: all).
    ``glued``: a name in Latin letters ends where other script begins, as in ``@image一只猫``.
    ``urgent``: it is handled at once, beside what is at work in its lane. ``role``: the least that may give it;
    ``room_admins``: admins of the room may, too. ``even_off``: it is heard where the bot is switched off. ``secret``:
    what stands behind it is written down nowhere.
    """

    name: str
    handler: Handler
    help: str
    aliases: tuple[str, ...] = ()
    role: Role = Role.GUEST
    rooms: tuple[RoomKind, ...] = ()
    urgent: bool = False
    room_admins: bool = False
    even_off: bool = False
    family: str = ""
    secret: bool = False

    @property
    def audited(self) -> bool:
        """What is done by it is written down."""
        return self.role >= Role.ADMIN

    glued: bool = False


def plainly(text: str) -> Answer:
    """A text as the answer, shown as it is."""
    return Answer((Text(text, verbatim=True),))
