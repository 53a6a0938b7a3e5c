"""An owner's conversations as people name them: the current one, and those that were put aside, by number or name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubbub.conversations.branches import listed
from hubbub.conversations.contexts import turn_of
from hubbub.core.errors import UserError
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.core.store import Conversations
    from hubbub.core.turns import Turn
    from hubbub.core.work import Branch

_NUMBER = 6


@dataclass(frozen=True, slots=True)
class Shelf:
    """``current`` is the conversation that goes on, ``aside`` the others, newest first; their nodes are not read."""

    current: Branch
    aside: tuple[Branch, ...]

    def find(self, wanted: str) -> Branch:
        """One that is aside by its number in the list (from 1) or its name, the current one by its name.

        Raises:
            UserError: there is none.
        """
        wanted = wanted.strip()
        named = {branch.name: branch for branch in (self.current, *self.aside)}
        if wanted in named:
            return named[wanted]
        if wanted.isdecimal() and len(wanted) < _NUMBER and 0 < int(wanted) <= len(self.aside):
            return self.aside[int(wanted) - 1]
        raise UserError(Phrase("branch.none", {"name": wanted}))


async def read(conversations: Conversations, owner: str, name: str = "") -> Shelf:
    """The shelf of an owner; ``name`` is the conversation that the message named itself, "" for the current one."""
    current = await conversations.branch(owner, "context", name, limit=1)
    found = listed(await conversations.branches(owner, "context"))
    return Shelf(current, tuple(branch for branch in found if branch.name != current.name))


def turns_of(branch: Branch) -> tuple[Turn, ...]:
    """All that was said on a branch that was read whole, also what a summary stands for since."""
    return tuple(turn for node in branch.nodes if (turn := turn_of(node.body)) is not None)


def first_words(branch: Branch, longest: int = 40) -> str:
    """How a conversation begins, on one line; "" where nobody asked anything."""
    for turn in turns_of(branch):
        words = " ".join(turn.content.split())
        if turn.role == "user" and words:
            return excerpt(words, longest)
    return ""


def excerpt(text: str, longest: int = 40) -> str:
    """The beginning of a text on one line."""
    words = " ".join(text.split())
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"
