"""What a command is, and what it gets to work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hubbub.core.identities import Role
from hubbub.core.messages import Text
from hubbub.core.ports import Answer
from hubbub.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.core.addresses import RoomKind
    from hubbub.core.events import Received
    from hubbub.core.phrases import Phrase
    from hubbub.core.ports import Clock, Control, Conversations
    from hubbub.core.work import Entry


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Who gave the command where, and the parts of the hub that commands may use.

    ``language`` tells the person's language, ``retry`` asks the last question again (`chat.answer.Chat`); both are
    awaited only by commands that need them.
    """

    entry: Entry
    event: Received
    owner: str
    role: Role
    conversations: Conversations
    control: Control
    clock: Clock
    language: Callable[[], Awaitable[str]]
    retry: Callable[[], Awaitable[Answer]]

    async def tell(self, *phrases: Phrase) -> Answer:
        """Sentences in the person's language, a line each, as the answer."""
        language = await self.language()
        return plainly("\n".join(say(phrase, language) for phrase in phrases))


class Listing(Protocol):
    """The commands of the hub, as their help lists them."""

    def allowed(self, role: Role, kind: RoomKind) -> Sequence[Command]:
        """Those that a person may give in such a room, in the order of their declaration."""

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


Handler = Callable[[Call, CommandContext], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Command:
    """The declaration of a command.

    ``help`` is the key of a sentence that says what it does. ``rooms``: kinds of rooms where it works (none: all).
    ``urgent``: it is handled at once, beside what is at work in its lane. ``role``: the least that may give it.
    """

    name: str
    handler: Handler
    help: str
    aliases: tuple[str, ...] = ()
    role: Role = Role.GUEST
    rooms: tuple[RoomKind, ...] = ()
    urgent: bool = False


def plainly(text: str) -> Answer:
    """A text as the answer, shown as it is."""
    return Answer((Text(text, verbatim=True),))
