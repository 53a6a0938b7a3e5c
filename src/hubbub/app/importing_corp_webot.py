"""What corp-webot kept, as what the hub keeps: prompts of people, and their conversations as kept ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hubbub.conversations import prompts
from hubbub.conversations.branches import time_name
from hubbub.conversations.contexts import body_of
from hubbub.conversations.zones import day
from hubbub.core.addresses import Room
from hubbub.core.identities import owner_of
from hubbub.core.turns import Turn, TurnRole
from hubbub.core.work import Append, Branch, Spend, Write
from hubbub.settings.corp_webot import PLATFORM
from hubbub.storage.corp_webot import OldContext, OldData, OldUser, read

if TYPE_CHECKING:
    from hubbub.core.store import Conversations, Store
    from hubbub.settings import Settings

_ROLES: dict[str, TurnRole] = {"user": "user", "assistant": "assistant", "system": "system"}


@dataclass(frozen=True, slots=True)
class Imported:
    """How many were taken. ``known``: conversations that were here already; ``broken``: such that nobody can read."""

    users: int
    prompts: int
    contexts: int
    known: int
    broken: int


def read_corp_webot(file: Path) -> OldData:
    """Everything in a file of corp-webot's, which stays as it is. Raises StoreError where it cannot be read."""
    return read(file)


async def import_corp_webot(settings: Settings, store: Store, old: OldData) -> Imported:
    """Take everything; a second time nothing is there twice, and prompts set since stay. Raises StoreError."""
    account = _account(settings)
    users = {user.name: user for user in old.users}
    for context in old.contexts:
        users.setdefault(context.name, OldUser(context.name, "", context.time))
    set_prompts = contexts = known = 0
    for user in users.values():
        room = Room(PLATFORM, account, "private", user.name)
        theirs = [context for context in old.contexts if context.name == user.name]
        prompt, fresh = await _take(store.conversations, (user, room), theirs)
        set_prompts += prompt
        contexts += fresh
        known += len(theirs) - fresh
    return Imported(len(users), set_prompts, contexts, known, old.broken)


async def _take(
    conversations: Conversations, whose: tuple[OldUser, Room], theirs: list[OldContext]
) -> tuple[bool, int]:
    """Take what is one person's; whether there was a prompt, and how many conversations were new."""
    user, room = whose
    owner = owner_of(room, user.name)
    own = await conversations.branch(owner, "prompt", limit=1)
    writes: list[Write] = []
    prompt = bool(user.prompt.strip()) and not own.head
    if prompt:
        writes += prompts.put(own, user.prompt)
    there = {branch.name for branch in await conversations.branches(owner, "context")}
    fresh = [context for context in theirs if _name(context) not in there]
    writes += _kept(owner, fresh)
    if writes or not there:
        # So the person is known, and can be written to, before they say something again.
        writes.append(Spend(owner, day(user.time, None), room=room.key))
        await conversations.change(writes)
    return prompt, len(fresh)


def _kept(owner: str, contexts: list[OldContext]) -> Iterator[Append]:
    for context in contexts:
        turns = [Turn(_role(role, place), text, time=context.time) for place, (role, text) in enumerate(context.turns)]
        bodies = tuple(body_of(turn) for turn in turns)
        branch = Branch(owner, "context", _name(context))
        yield Append(branch.owner, branch.kind, branch.name, bodies, onto=0)


def _role(role: str, place: int) -> TurnRole:
    """Its prompt stood first, as if the person had said it."""
    if place == 0 and role == "user":
        return "system"
    return _ROLES.get(role, "user")


def _name(context: OldContext) -> str:
    """The same at every import, and unlike every name that the hub makes."""
    return f"{time_name(context.time)}-corp-webot-{context.number}"


def _account(settings: Settings) -> str:
    """The application that people talk to from now on; "0" while none is set."""
    applications = settings.platform(PLATFORM).applications()  # type: ignore[attr-defined]  # its own settings
    return str(applications[0].account) if applications else "0"
