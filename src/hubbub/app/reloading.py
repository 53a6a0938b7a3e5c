"""Reading the settings again while the hub runs: what can change at once does, of the rest a person is told."""

from __future__ import annotations

import asyncio

from hubbub.core.errors import ConfigError, UserError
from hubbub.core.phrases import Phrase
from hubbub.settings import Settings

AT_ONCE = ("model", "models", "chat", "limits", "access", "commands", "rooms")
"""Sections that `Parts.reload` goes by; the others need a new start."""


async def reread(settings: Settings) -> Settings:
    """The settings as they are now.

    Raises:
        UserError: they are wrong, and how.
    """
    try:
        return await asyncio.to_thread(settings.reread)
    except ConfigError as error:
        raise UserError(Phrase("command.reload.wrong", {"mistakes": str(error)})) from error


def told(old: Settings, new: Settings) -> list[Phrase]:
    """What changed, for whoever asked."""
    # Dumped: the class of a section that plugins fill is made anew at every reading.
    before, after = old.model_dump(), new.model_dump()
    changed = [name for name in after if before[name] != after[name]]
    now = [name for name in changed if name in AT_ONCE]
    later = [name for name in changed if name not in AT_ONCE]
    lines = [Phrase("command.reload.done", {"sections": ", ".join(now)}) if now else Phrase("command.reload.same")]
    if later:
        lines.append(Phrase("command.reload.restart", {"sections": ", ".join(later)}))
    return lines
