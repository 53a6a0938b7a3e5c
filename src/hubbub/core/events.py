"""What happens on a platform, as the rest of Hubbub sees it.

``id`` names the event within its account: a second event with the same (account, id) is a redelivery.
``time`` is the platform's, in seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hubbub.core.acts import RequestKind
from hubbub.core.addresses import Account, Room
from hubbub.core.identities import Author
from hubbub.core.messages import Message

PRESSED = "pressed"
"""In `Received.options`: it was said by a press of a button of the bot's, which is a sign that it is meant for it."""
QUOTED = "quoted"
"""In `Received.options`: the pictures of the message that this one quotes, each with its ``file_id`` and ``mime``."""
USERNAME = "username"
"""In `Received.options`: the name by which its author is called behind an @, on platforms that have such names."""
TAKES_PART = "takes_part"
"""In `Received.options`: it was said in a thread that the bot was asked in, or wrote in, before."""


@dataclass(frozen=True, slots=True)
class Received:
    """Somebody wrote a message.

    ``addressed``: the platform's own signs say that it is meant for the bot (private chat, mention, reply to
    the bot, a command of the platform). ``owner`` and ``branch`` are set where the sender named them (HTTP); a thread
    names the branch of what is said in it (`hubbub.conversations.threads`).
    """

    id: str
    room: Room
    author: Author
    message: Message
    time: float
    message_id: str
    addressed: bool = False
    locale: str = ""
    owner: str = ""
    branch: str = ""
    options: dict[str, object] = field(default_factory=dict)
    type: Literal["received"] = "received"


@dataclass(frozen=True, slots=True)
class Edited:
    """A message was given new content."""

    id: str
    room: Room
    author: Author
    message: Message
    time: float
    message_id: str
    type: Literal["edited"] = "edited"


@dataclass(frozen=True, slots=True)
class Deleted:
    """A message was taken back, by its author or by ``by``."""

    id: str
    room: Room
    author: Author
    time: float
    message_id: str
    by: str = ""
    type: Literal["deleted"] = "deleted"


@dataclass(frozen=True, slots=True)
class Reacted:
    """A reaction was set on a message, or taken away (``removed``)."""

    id: str
    room: Room
    author: Author
    time: float
    message_id: str
    emoji: str
    removed: bool = False
    type: Literal["reacted"] = "reacted"


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody came into a room; ``invited_by`` is who let them in, where known."""

    id: str
    room: Room
    author: Author
    time: float
    invited_by: str = ""
    type: Literal["joined"] = "joined"


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody left a room or was removed (``by``)."""

    id: str
    room: Room
    author: Author
    time: float
    by: str = ""
    type: Literal["left"] = "left"


@dataclass(frozen=True, slots=True)
class Poked:
    """``author`` nudged ``target``."""

    id: str
    room: Room
    author: Author
    time: float
    target: str
    type: Literal["poked"] = "poked"


@dataclass(frozen=True, slots=True)
class Requested:
    """Somebody asks to become a friend or to join a group; ``ticket`` is what the platform wants back.

    ``answer``: what of the comment they wrote themselves, where the platform puts a question of the group's before it;
    None where it does not.
    """

    id: str
    room: Room
    author: Author
    time: float
    kind: RequestKind
    ticket: str
    comment: str = ""
    answer: str | None = None
    type: Literal["requested"] = "requested"


@dataclass(frozen=True, slots=True)
class Noticed:
    """Anything else that a platform tells, kept as it came."""

    id: str
    room: Room
    author: Author
    time: float
    kind: str
    data: dict[str, object] = field(default_factory=dict)
    type: Literal["noticed"] = "noticed"


@dataclass(frozen=True, slots=True)
class Fired:
    """A timer of ours came due; ``time`` is when it was set to fire."""

    id: str
    room: Room
    author: Author
    time: float
    kind: str
    data: dict[str, object] = field(default_factory=dict)
    type: Literal["fired"] = "fired"


Event = Received | Edited | Deleted | Reacted | Joined | Left | Poked | Requested | Noticed | Fired


def account_of(event: Event) -> Account:
    """The hub's account that saw the event."""
    return Account(event.room.platform, event.room.account)


def event_key(event: Event) -> str:
    """What makes a redelivery known: unique per account and event."""
    return f"{event.room.platform}/{event.room.account}/{event.id}"
