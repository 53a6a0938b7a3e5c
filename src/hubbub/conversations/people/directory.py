"""Who is one person, known in memory on every node: asked for every message, so without waiting."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from hubbub.conversations.people.guesses import Guesses
from hubbub.conversations.people.ties import OWNER, TIES, Ties
from hubbub.core.errors import StoreError
from hubbub.core.identities import owner_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubbub.core.addresses import Room
    from hubbub.core.store import Conversations, Words
    from hubbub.core.work import Branch

log = logging.getLogger(__name__)

_TOPIC = "people"


class Directory:
    """`load` reads what is stored; a change that another node made counts once that node's word is heard."""

    def __init__(self, conversations: Conversations, words: Words | None = None) -> None:
        """``words``: to and from other nodes, where there are any."""
        self._conversations = conversations
        self._words = words
        self._head = 0
        self._heard = asyncio.Event()
        self.ties = Ties()
        self.guesses = Guesses()
        self.changed: Callable[[], None] = _nothing
        """Called when other identities are one person than before."""
        if words is not None:
            words.hear(_TOPIC, lambda _: self._heard.set())

    def owner(self, owner: str) -> str:
        """Whose contexts an owner has: their own, unless they were joined to somebody."""
        main = self.ties.main
        return main.get(owner, owner) if main else owner

    def in_room(self, room: Room, author_id: str, *, shared: bool = False) -> str:
        """As `core.identities.owner_of`, with what was joined."""
        owner = owner_of(room, author_id, shared=shared)
        main = self.ties.main
        if not main:
            return owner
        if room.direct:
            return main.get(owner, owner)
        identity = f"{room.platform}:private:{author_id}"
        return main.get(identity, identity) if not shared and identity in self.ties.in_groups else owner

    def owners_in_groups(self, platform: str) -> tuple[str, ...]:
        """Whose contexts are used in groups of a platform instead of the groups' own."""
        prefix = f"{platform}:"
        return tuple({self.owner(each) for each in self.ties.in_groups if each.startswith(prefix)})

    async def read(self) -> tuple[Branch, Ties]:
        """The log as it is stored, and what it says. Raises StoreError."""
        found = await self._conversations.branch(OWNER, "config", TIES)
        return found, Ties().take(node.body for node in found.nodes)

    async def load(self) -> None:
        """Take up what is stored, if it changed since. Raises StoreError."""
        found, ties = await self.read()
        if found.head == self._head:
            return
        self._head, self.ties = found.head, ties
        self.changed()

    async def tell(self) -> None:
        """Take up what was just stored here, and let the other nodes know. Raises StoreError."""
        await self.load()
        if self._words is not None:
            self._words.tell(_TOPIC, "")

    async def run(self) -> None:
        """For ever: take up at once what other nodes changed."""
        while True:
            await self._heard.wait()
            self._heard.clear()
            try:
                await self.load()
            except StoreError as error:
                log.error("who is one person is not read: %s", error)  # noqa: TRY400 - an expected kind


def _nothing() -> None:
    """Nobody wants to know."""
