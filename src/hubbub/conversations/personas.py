"""Personas that an owner wrote: each the newest node of a hidden branch of kind "prompt"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.conversations.branches import HIDDEN, append, clear, valid_name
from hubbub.conversations.prompts import prompt_of

if TYPE_CHECKING:
    from hubbub.core.store import Conversations
    from hubbub.core.work import Branch, Write

BEFORE = f"{HIDDEN}persona."
"""How the names of their branches begin."""


async def names(conversations: Conversations, owner: str) -> tuple[str, ...]:
    """Those that an owner has, in the order of their names."""
    found = await conversations.branches(owner, "prompt")
    return tuple(sorted(each.name.removeprefix(BEFORE) for each in found if each.name.startswith(BEFORE)))


async def read(conversations: Conversations, owner: str, name: str) -> str:
    """What a persona of the owner's own says; "" if there is none."""
    return prompt_of(await branch(conversations, owner, name))


async def branch(conversations: Conversations, owner: str, name: str) -> Branch:
    """The branch that holds a persona, to be written to."""
    return await conversations.branch(owner, "prompt", f"{BEFORE}{name}", limit=1)


def put(kept: Branch, text: str) -> tuple[Write, ...]:
    """Write a persona.

    Raises:
        UserError: its name cannot be one.
    """
    valid_name(kept.name.removeprefix(BEFORE))
    return (append(kept, text),)


def delete(kept: Branch) -> tuple[Write, ...]:
    """Take a persona away."""
    return clear(kept)
