"""The list of an owner's conversations, and the search in it.

A conversation that goes on behind an earlier turn in another way is a version of it: a branch with the same name but
for ``~`` and a number. All versions are one entry of the list, which leads to the newest.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubbub.conversations.branches import listed, time_name
from hubbub.conversations.contexts import turn_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.core.store import Conversations
    from hubbub.core.work import Branch

PAGE = 40
MOST_FOUND = 50
LONGEST_TITLE = 70
_TITLES_KEPT = 5_000
_READS_AT_ONCE = 50
_VERSION = "~"
_AROUND = 30


@dataclass(frozen=True, slots=True)
class Listed:
    """One conversation: the branch to open, what all its versions have in common, its title, what was found in it."""

    name: str
    root: str
    title: str
    found: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A part of the list; ``more`` is how many to skip for the next part, 0 at the end."""

    conversations: tuple[Listed, ...]
    more: int = 0


class Lister:
    """Reads lists. Titles are kept in memory as long as their conversations do not change."""

    def __init__(self, conversations: Conversations) -> None:
        """Reads only."""
        self._conversations = conversations
        self._titles: OrderedDict[tuple[str, str], tuple[int, str]] = OrderedDict()

    async def part(self, owner: str, skip: int = 0) -> Listing:
        """The conversations after the first ``skip``, newest first."""
        every = newest(await self._conversations.branches(owner, "context"))
        part = every[skip : skip + PAGE]
        found = tuple([Listed(branch.name, root_of(branch.name), await self._title(branch)) for branch in part])
        return Listing(found, skip + PAGE if len(every) > skip + PAGE else 0)

    async def search(self, owner: str, text: str) -> Listing:
        """Conversations that hold these words in any letter case, newest first."""
        wanted = text.casefold()
        found: dict[str, Listed] = {}
        for number, branch in enumerate(listed(await self._conversations.branches(owner, "context"))):
            if number % _READS_AT_ONCE == 0:
                await asyncio.sleep(0)
            root = root_of(branch.name)
            if root in found:
                continue
            hit = _hit(await self._conversations.branch(owner, "context", branch.name), wanted)
            if hit is not None:
                found[root] = Listed(branch.name, root, await self._title(branch), hit)
                if len(found) >= MOST_FOUND:
                    break
        return Listing(tuple(found.values()))

    async def family(self, branch: Branch) -> Sequence[Branch]:
        """All versions of a conversation, newest first, with what they hold."""
        root = root_of(branch.name)
        every = await self._conversations.branches(branch.owner, "context")
        names = [each.name for each in listed(every) if root_of(each.name) == root and each.name != branch.name]
        return [await self._conversations.branch(branch.owner, "context", name) for name in names]

    async def next_version(self, owner: str, name: str) -> str:
        """A name for another version of a conversation."""
        root = root_of(name)
        every = await self._conversations.branches(owner, "context")
        number = 1 + sum(root_of(each.name) == root for each in every)
        # Two versions that are begun at the same moment must not become one.
        return f"{root}{_VERSION}{max(2, number)}-{secrets.token_hex(2)}"

    async def _title(self, branch: Branch) -> str:
        key = (branch.owner, branch.name)
        kept = self._titles.get(key)
        if kept is not None and kept[0] == branch.head:
            return kept[1]
        title = title_of(await self._conversations.branch(branch.owner, "context", branch.name))
        self._titles[key] = (branch.head, title)
        self._titles.move_to_end(key)
        while len(self._titles) > _TITLES_KEPT:
            self._titles.popitem(last=False)
        return title


def new_name(now: float) -> str:
    """A name for a new conversation; it begins with the time (seconds since the epoch), so that names sort."""
    return f"{time_name(now)}-{secrets.token_hex(3)}"


def root_of(name: str) -> str:
    """What all versions of a conversation have in common."""
    return name.partition(_VERSION)[0]


def newest(every: Sequence[Branch]) -> list[Branch]:
    """The newest version of each conversation, in the order given (newest first)."""
    found: dict[str, Branch] = {}
    for branch in listed(every):
        found.setdefault(root_of(branch.name), branch)
    return list(found.values())


def title_of(branch: Branch) -> str:
    """The first thing that was said, in one line; "" if nothing was."""
    for node in branch.nodes:
        turn = turn_of(node.body)
        if turn is not None and turn.role == "user" and turn.content.strip():
            line = " ".join(turn.content.split())
            return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"
    return ""


def _hit(branch: Branch, wanted: str) -> str | None:
    """The place where the words are, with some of what is around them."""
    for node in branch.nodes:
        turn = turn_of(node.body)
        if turn is None or turn.role not in ("user", "assistant"):
            continue
        at = turn.content.casefold().find(wanted)
        if at >= 0:
            start = max(0, at - _AROUND)
            piece = " ".join(turn.content[start : at + len(wanted) + _AROUND].split())
            return ("…" if start else "") + piece
    return None
