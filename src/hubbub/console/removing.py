"""Conversations that are deleted on the page: put aside under a name that no list shows, so that it can be undone.

What the hub keeps of them is gone with all else that is the owner's (`/forget`).
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, NamedTuple

from hubbub.console.errors import Missing, PageError
from hubbub.console.listing import Listed, root_of, title_of
from hubbub.conversations.branches import HIDDEN, listed
from hubbub.core.phrases import Phrase
from hubbub.core.work import Archive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.console.asks import Asks
    from hubbub.core.store import Conversations
    from hubbub.core.work import Branch

_DELETED = f"{HIDDEN}deleted-"
_MARK = re.compile(r"[0-9a-f]{12}")
_TRIES = 3


class Gone(NamedTuple):
    """A deleted conversation: by ``mark`` it can be brought back."""

    mark: str
    title: str


class Removing:
    """Puts aside and brings back, by the owner's own names only."""

    def __init__(self, conversations: Conversations, asks: Asks) -> None:
        """``asks`` knows what is being answered."""
        self._conversations = conversations
        self._asks = asks

    async def delete(self, owner: str, name: str) -> Gone:
        """Put all versions of a conversation aside.

        Raises:
            Missing: there is none of this name.
            PageError: an answer in it is being written, or it changes all the time.
        """
        root = root_of(name)
        if self._asks.running(owner, name):
            raise PageError(Phrase("page.delete_running"))
        for _ in range(_TRIES):
            versions = [each for each in await self._every(owner) if root_of(each.name) == root]
            if not versions:
                raise Missing(Phrase("page.conversation_missing"))
            if any(self._asks.running(owner, each.name) for each in versions):
                raise PageError(Phrase("page.delete_running"))
            title = title_of(await self._conversations.branch(owner, "context", versions[0].name))
            mark = secrets.token_hex(6)
            aside = [Archive(owner, "context", each.name, f"{_DELETED}{mark}-{each.name}") for each in versions]
            if await self._conversations.change(aside, versions):
                return Gone(mark, title)
        raise PageError(Phrase("page.delete_running"))

    async def restore(self, owner: str, mark: str) -> Listed:
        """Bring a deleted conversation back. Raises Missing."""
        versions = await self._aside(owner, mark)
        if not versions:
            raise Missing(Phrase("page.conversation_missing"))
        start = len(_DELETED) + len(mark) + 1
        names = [each.name[start:] for each in versions]
        back = [Archive(owner, "context", each.name, name) for each, name in zip(versions, names, strict=True)]
        await self._conversations.change(back)
        title = title_of(await self._conversations.branch(owner, "context", names[0]))
        return Listed(names[0], root_of(names[0]), title)

    async def gone(self, owner: str, mark: str) -> Gone | None:
        """A deleted conversation; None if there is none."""
        versions = await self._aside(owner, mark)
        if not versions:
            return None
        return Gone(mark, title_of(await self._conversations.branch(owner, "context", versions[0].name)))

    async def _every(self, owner: str) -> Sequence[Branch]:
        return listed(await self._conversations.branches(owner, "context"))

    async def _aside(self, owner: str, mark: str) -> Sequence[Branch]:
        """The last version first: all were put aside at the same moment, so their names tell."""
        if not _MARK.fullmatch(mark):
            return ()
        every = await self._conversations.branches(owner, "context")
        found = [each for each in every if each.name.startswith(f"{_DELETED}{mark}-")]
        return sorted(found, key=lambda each: each.name, reverse=True)
