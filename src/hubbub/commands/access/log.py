"""Changes of access as they are stored: nodes of a branch, one change each, read from the first to the last."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, get_args

from hubbub.commands.access.rules import RESERVED, Switch
from hubbub.conversations.branches import HIDDEN
from hubbub.conversations.limits import Limits
from hubbub.core.identities import Role
from hubbub.core.switches import INHERIT, KEYWORD
from hubbub.core.work import Append

if TYPE_CHECKING:
    from collections.abc import Iterable

OWNER = f"{RESERVED}access"
CHANGES = f"{HIDDEN}access"
PAIRING = f"{HIDDEN}pairing"
AUDIT = f"{HIDDEN}audit"

_SWITCHES: frozenset[str] = frozenset(get_args(Switch))
_MOST = 1 << 53


@dataclass(frozen=True, slots=True)
class OwnLimit:
    """What an admin set for one owner, or one group, in place of the hub's limits; None leaves the hub's.

    ``off``: no limits at all, or, with False, limits even where the settings have none for the owner.
    """

    messages: int | None = None
    tokens: int | None = None
    off: bool | None = None
    cost: int | None = None
    """In billionths of what prices are in."""
    minute: int | None = None
    """Messages."""

    def over(self, limits: Limits) -> Limits:
        """The limits of the owner."""
        if self.off:
            return Limits()
        return replace(
            limits,
            messages_per_minute=limits.messages_per_minute if self.minute is None else self.minute,
            messages_per_day=limits.messages_per_day if self.messages is None else self.messages,
            tokens_per_day=limits.tokens_per_day if self.tokens is None else self.tokens,
            cost_per_day=limits.cost_per_day if self.cost is None else self.cost,
        )


@dataclass(slots=True)
class Changes:
    """All that was changed, as it stands: roles by person, switches and languages by room, limits by owner."""

    people: dict[str, Role] = field(default_factory=dict)
    rooms: dict[str, str] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    limits: dict[str, OwnLimit] = field(default_factory=dict)
    admin_token: str = ""
    """A digest of the token of old messages that an admin set last."""

    def take(self, bodies: Iterable[object]) -> None:
        """Apply changes; what is not understood is passed over."""
        for body in bodies:
            if isinstance(body, dict):
                self._take_person(body)
                self._take_room(body)
                self._take_language(body)
                self._take_limit(body)
                if isinstance(token := body.get("admin_token"), str):
                    self.admin_token = token

    def _take_person(self, body: dict[str, object]) -> None:
        person, role = body.get("person"), body.get("role")
        if isinstance(person, str) and isinstance(role, str) and role.upper() in Role.__members__:
            self.people[person] = Role[role.upper()]
        elif isinstance(person, str) and role is None:
            self.people.pop(person, None)

    def _take_room(self, body: dict[str, object]) -> None:
        room, switch = body.get("room"), body.get("switch")
        if isinstance(room, str) and isinstance(switch, str) and (switch in _SWITCHES or switch.startswith(KEYWORD)):
            self.rooms[room] = switch
            if switch == INHERIT:
                del self.rooms[room]

    def _take_language(self, body: dict[str, object]) -> None:
        room, language = body.get("room"), body.get("language")
        if isinstance(room, str) and isinstance(language, str):
            self.languages[room] = language
            if not language:
                del self.languages[room]

    def _take_limit(self, body: dict[str, object]) -> None:
        owner = body.get("limit")
        if isinstance(owner, str):
            off = body.get("off")
            messages, tokens, cost, minute = (_count(body.get(key)) for key in ("messages", "tokens", "cost", "minute"))
            found = OwnLimit(messages, tokens, off if isinstance(off, bool) else None, cost, minute)
            self.limits[owner] = found
            if found == OwnLimit():
                del self.limits[owner]


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST else None


def person_body(person: str, role: Role | None, by: str) -> dict[str, object]:
    """A person got a role, or (None) is nobody special any more; ``by`` is who said so."""
    return {"person": person, "role": role.name.lower() if role is not None else None, "by": by}


def room_body(room: str, switch: str, by: str) -> dict[str, object]:
    """A room was switched."""
    return {"room": room, "switch": switch, "by": by}


def language_body(room: str, language: str, by: str) -> dict[str, object]:
    """A room got a language, or ("") has none of its own any more."""
    return {"room": room, "language": language, "by": by}


def limit_body(owner: str, limit: OwnLimit, by: str) -> dict[str, object]:
    """An owner got limits of their own."""
    return {
        "limit": owner,
        "messages": limit.messages,
        "tokens": limit.tokens,
        "off": limit.off,
        "cost": limit.cost,
        "minute": limit.minute,
        "by": by,
    }


def token_body(digest: str, by: str) -> dict[str, object]:
    """The token of old messages is another from now on."""
    return {"admin_token": digest, "by": by}


def write(branch: str, body: dict[str, object]) -> Append:
    """Store a change, behind all others, also those that somebody else stores meanwhile."""
    return Append(OWNER, "config", branch, (body,))
