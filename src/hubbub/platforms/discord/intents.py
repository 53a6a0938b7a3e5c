"""What a bot asks the gateway for, and what of it the developer portal must allow ("Privileged Intents")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hubbub.platforms.discord.settings import DiscordSettings
from hubbub.platforms.discord.wire import Intent

_ALWAYS: Final = (
    Intent.GUILDS
    | Intent.GUILD_MESSAGES
    | Intent.GUILD_REACTIONS
    | Intent.DIRECT_MESSAGES
    | Intent.DIRECT_REACTIONS
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Privileged:
    """An intent that the portal must allow: by the ``flags`` of an application one sees that it does.

    ``title`` is the portal's name of it, ``setting`` ours, ``without`` what the bot does where it is missing.
    """

    intent: Intent
    flags: int
    title: str
    setting: str
    without: str

    @property
    def remedy(self) -> str:
        """What to do where it is missing."""
        return f"turn on {self.title} in the developer portal (page Bot), or set {self.setting} to false"


PRIVILEGED: Final = (
    Privileged(
        Intent.MESSAGE_CONTENT,
        1 << 18 | 1 << 19,
        "Message Content Intent",
        "message_content",
        "on servers the bot reads only what mentions it, replies to it or is a slash command",
    ),
    Privileged(
        Intent.GUILD_MEMBERS,
        1 << 14 | 1 << 15,
        "Server Members Intent",
        "members",
        "the bot does not hear who comes and goes",
    ),
)


def missing(settings: DiscordSettings, flags: int) -> Iterator[Privileged]:
    """What the settings want and the application of these flags is not allowed."""
    return (each for each in PRIVILEGED if getattr(settings, each.setting) and not flags & each.flags)


def intents(settings: DiscordSettings, flags: int) -> int:
    """What to ask for: all that is wanted and allowed, because for more Discord would refuse everything."""
    wanted = (each for each in PRIVILEGED if getattr(settings, each.setting) and flags & each.flags)
    return _ALWAYS | sum(each.intent for each in wanted)
