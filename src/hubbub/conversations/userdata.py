"""What one user keeps, edited from outside a conversation: contexts, prompts and settings, each in branches.

An edit does not wait for answers that are being written: it reads the branch, decides, and is stored only if the
branch still ends where it was read, else it is decided anew. So edits of one owner take effect one after the other on
all processes, in one process in the order in which they came, and an answer that is stored meanwhile is not lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from hubbub.conversations import archives, branches, preferences, prompts, undoing, units
from hubbub.conversations.branches import HIDDEN
from hubbub.conversations.users import branch_of_user, is_user
from hubbub.core.errors import Overloaded, UserError
from hubbub.core.phrases import Phrase
from hubbub.core.work import Append, Branch, MoveHead, Switch, Write

if TYPE_CHECKING:
    from hubbub.core.ports import Clock
    from hubbub.core.store import Conversations
    from hubbub.core.work import BranchKind

Decide = Callable[[Branch], Sequence[Write]]
_MOST_TRIES = 50
_MOST_WAITING = 100


class UserData:
    """Edits of what owners keep; an owner is what `users.owner_of_user` says, a branch `users.branch_of_user`.

    Everything raises StoreError where the store fails, edits Overloaded where too many of one owner wait. They raise
    UserError where they cannot be, and its phrase's key says why: `context.index`, `context.reasoning`,
    `context.role`, `context.empty`, `config.key`, `branch.exists`, `branch.none`, `branch.nothing_to_undo`,
    `branch.bad_name`.
    """

    def __init__(self, conversations: Conversations, clock: Clock) -> None:
        """``conversations`` is the store's; the caller keeps one of these for a process."""
        self._conversations = conversations
        self._clock = clock
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}

    async def edit(self, owner: str, kind: BranchKind, decide: Decide, name: str = "") -> Branch:
        """Do what ``decide`` makes of a branch ("": the current one), and return the branch as it is then."""
        async with self._turn(owner):
            for _ in range(_MOST_TRIES):
                found = await self._conversations.branch(owner, kind, name)
                writes = decide(found)
                if not writes:
                    return found
                if await self._conversations.change(writes, [found]):
                    return await self._conversations.branch(owner, kind, found.name)
        msg = f"somebody else changes the {kind} of {owner} all the time"
        raise Overloaded(msg)

    @asynccontextmanager
    async def _turn(self, owner: str) -> AsyncIterator[None]:
        """Be the only one in this process who edits something of an owner."""
        lock, waiting = self._turns.get(owner, (None, 0))
        if waiting >= _MOST_WAITING:
            msg = f"{_MOST_WAITING} edits of {owner} wait"
            raise Overloaded(msg)
        lock = lock or asyncio.Lock()
        self._turns[owner] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            left = self._turns[owner][1] - 1
            if left:
                self._turns[owner] = (lock, left)
            else:
                del self._turns[owner]

    # --- branches of every kind ----------------------------------------------------------------------------------

    async def users(self, kind: BranchKind) -> list[str]:
        """The owners who keep anything of a kind, but the hub itself."""
        return [owner for owner in await self._conversations.owners(kind, HIDDEN) if is_user(owner)]

    async def branch(self, owner: str, kind: BranchKind, name: str = "") -> Branch:
        """A branch with all its nodes."""
        return await self._conversations.branch(owner, kind, name)

    async def branches(self, owner: str, kind: BranchKind) -> list[str]:
        """The names of branches that hold something, by name."""
        found = branches.listed(await self._conversations.branches(owner, kind))
        return sorted(each.name for each in found)

    async def current(self, owner: str, kind: BranchKind) -> str:
        """The name of the current branch."""
        return (await self._conversations.branch(owner, kind, limit=1)).name

    async def switch(self, owner: str, kind: BranchKind, name: str) -> None:
        """Make a branch the current one; it comes to be by its first content. What is elsewhere stays."""
        await self._conversations.change([Switch(owner, kind, name)])

    async def delete(self, owner: str, kind: BranchKind, name: str = "") -> None:
        """Empty a branch ("": the current one) and take it out of the list. None of that name is no fault."""
        await self.edit(owner, kind, branches.delete, name)

    async def rename(self, owner: str, kind: BranchKind, old: str, new: str) -> None:
        """Give a branch another name, and stay on it where it is the current one."""
        await self._is_free(owner, kind, new)
        current = await self.current(owner, kind)

        def decide(found: Branch) -> Sequence[Write]:
            if not found.head:
                raise UserError(Phrase("branch.none", {"name": found.name}))
            return (*branches.rename(found, new), *((Switch(owner, kind, new),) if current == found.name else ()))

        await self.edit(owner, kind, decide, old)

    async def fork(
        self, owner: str, kind: BranchKind, name: str, position: int | None = None, source: str = ""
    ) -> None:
        """Let a branch ``name`` begin with the first ``position`` units of another (default: all of it).

        It becomes the current one.
        """
        await self._is_free(owner, kind, name)
        await self.edit(owner, kind, lambda found: branches.fork(found, name, _place(found, position)), source)

    async def clone(self, owner: str, kind: BranchKind, source: Branch, name: str = "") -> Branch:
        """Put what a branch, mostly another owner's, holds on a branch of this owner instead of what is there."""
        bodies = units.copied(source) if kind == "context" else tuple(node.body for node in source.nodes[-1:])

        def decide(found: Branch) -> Sequence[Write]:
            return instead(found, bodies)

        return await self.edit(owner, kind, decide, name)

    async def undo(self, owner: str, kind: BranchKind, name: str = "") -> Branch:
        """Take back the newest withdrawing, rewriting or deleting on a branch; see `undoing`."""
        steps = await self._conversations.trail(owner, kind, self._clock() - undoing.KEPT_SECONDS)
        return await self.edit(owner, kind, lambda found: undoing.undo(found, steps, self._clock()), name)

    async def _is_free(self, owner: str, kind: BranchKind, name: str) -> None:
        if (await self._conversations.branch(owner, kind, branches.valid_name(name), limit=1)).head:
            raise UserError(Phrase("branch.exists", {"name": name}))

    # --- whole users ---------------------------------------------------------------------------------------------

    async def archive(self, owner: str) -> bytes:
        """All branches of all kinds as a zip file; see `archives`."""
        return await archives.whole(self._conversations, owner)

    async def restore(self, owner: str, data: bytes) -> int:
        """Take the branches of an archive in place of those of the same name, whose past stays; how many were new.

        Raises UserError also where it is no archive (``userdata.archive.broken``) or too large.
        """
        taken = 0
        for each in await asyncio.to_thread(archives.read, data):
            name, bodies = branch_of_user(each.name) if each.name else "", archives.bodies_of(each)
            found = await self._conversations.branch(owner, each.kind, name)
            if bodies and _differs(found, bodies):
                await self.edit(owner, each.kind, partial(_put_instead, bodies), found.name)
                taken += 1
            if each.current and name:
                await self.switch(owner, each.kind, name)
        return taken

    # --- contexts ------------------------------------------------------------------------------------------------

    async def withdraw(self, owner: str, index: int) -> Branch:
        """Take one unit out of the current context."""
        return await self.edit(owner, "context", lambda found: units.withdraw_at(found, index))

    async def rewrite(self, owner: str, index: int, content: str = "", reasoning: str = "") -> Branch:
        """Give one unit other words."""
        return await self.edit(owner, "context", lambda found: units.rewrite_at(found, index, content, reasoning))

    async def inject(self, owner: str, role: str, content: str, name: str = "") -> Branch:
        """Put a unit at the end of the current context."""
        now = self._clock()
        return await self.edit(owner, "context", lambda found: units.inject(found, role, content, name, now))

    # --- prompts and settings ------------------------------------------------------------------------------------

    async def prompt(self, owner: str) -> str:
        """The prompt that the owner wrote, as it was written; "" if there is none."""
        return await prompts.read(self._conversations, owner)

    async def set_prompt(self, owner: str, text: str) -> None:
        """Write the prompt; an empty one takes it away."""
        await self.edit(owner, "prompt", lambda found: prompts.put(found, text))

    async def config(self, owner: str) -> dict[str, object]:
        """The settings as they are stored."""
        return dict((await preferences.read(self._conversations, owner)).stored)

    async def set_value(self, owner: str, key: str, value: object) -> dict[str, object]:
        """Set one key; all settings as they are then. `values.typed` reads the value of a type."""
        return _stored(await self.edit(owner, "config", lambda found: (preferences.put_value(found, key, value),)))

    async def delete_key(self, owner: str, key: str) -> dict[str, object]:
        """Take one key away; all settings as they are then."""
        return _stored(await self.edit(owner, "config", lambda found: (preferences.drop(found, key),)))


def _differs(found: Branch, bodies: Sequence[object]) -> bool:
    """A branch does not hold just these nodes already."""
    return [node.body for node in found.nodes[-len(bodies) :]] != list(bodies) or (
        found.kind == "context" and len(found.nodes) != len(bodies)
    )


def instead(found: Branch, bodies: Sequence[object]) -> Sequence[Write]:
    """Let a branch hold other nodes than now; what it held stays in its past."""
    left = (MoveHead(found.owner, found.kind, found.name, 0, "clear"),) if found.head else ()
    return (*left, Append(found.owner, found.kind, found.name, tuple(bodies), onto=0)) if bodies else left


def _put_instead(bodies: Sequence[object], found: Branch) -> Sequence[Write]:
    return instead(found, bodies)


def _place(found: Branch, position: int | None) -> int | None:
    """The node at which the first ``position`` units end."""
    if position is None or found.kind != "context":
        return position
    places = units.places(found)
    if not 0 <= position <= len(places):
        raise UserError(Phrase("context.index", {"index": position, "count": len(places)}))
    return places[position] if position < len(places) else None


def _stored(branch: Branch) -> dict[str, object]:
    return dict(preferences.preferences_of(replace(branch, nodes=branch.nodes[-1:])).stored)
