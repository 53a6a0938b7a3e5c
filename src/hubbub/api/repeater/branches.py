"""What contexts, prompts and settings have in common: users, branches, the current one, changing and deleting."""

from __future__ import annotations

from typing import Final

import orjson
from starlette.responses import PlainTextResponse, Response

from hubbub.api.repeater.forms import read
from hubbub.api.repeater.guard import RepeaterRequest
from hubbub.api.repeater.wire import ChangeIn, ForkIn
from hubbub.conversations.userdata import UserData
from hubbub.conversations.users import branch_of_user
from hubbub.core.work import BranchKind

WORDS: Final[dict[BranchKind, str]] = {"context": "Context", "prompt": "Prompt", "config": "Config"}
# Where the original looked for the name, and so where a client is told that it is missing.
_PLACES: Final[dict[BranchKind, str]] = {"context": "query", "prompt": "query", "config": "body"}
# Whoever ever talked has settings, if only those of everybody.
_USERS: Final[dict[BranchKind, tuple[BranchKind, ...]]] = {
    "context": ("context",),
    "prompt": ("prompt",),
    "config": ("config", "context"),
}


class BranchRoutes:
    """The handlers of one kind."""

    def __init__(self, kind: BranchKind, data: UserData) -> None:
        """``kind`` is the second part of the paths."""
        self._kind = kind
        self._data = data

    async def userlist(self) -> Response:
        """List the users who have any."""
        users = [user for kind in _USERS[self._kind] for user in await self._data.users(kind)]
        return _json(list(dict.fromkeys(users)))

    async def branch(self, request: RepeaterRequest) -> Response:
        """List the names of a user's branches that hold something."""
        return _json(await self._data.branches(request.owner, self._kind))

    async def now_branch(self, request: RepeaterRequest) -> Response:
        """Tell the name of a user's current branch."""
        return PlainTextResponse(await self._data.current(request.owner, self._kind))

    async def change(self, request: RepeaterRequest) -> Response:
        """Go on with another branch; one that is not there is made by what comes to it first."""
        given = await read(request, ChangeIn, _PLACES[self._kind])
        await self._data.switch(request.owner, self._kind, branch_of_user(given.new_branch_id))
        return PlainTextResponse(f"{WORDS[self._kind]} changed successfully")

    async def delete(self, request: RepeaterRequest) -> Response:
        """Delete what is on the current branch."""
        await self._data.delete(request.owner, self._kind)
        return PlainTextResponse(f"{WORDS[self._kind]} deleted successfully")

    async def fork(self, request: RepeaterRequest) -> Response:
        """Begin another branch as the current one begins, and go on with it."""
        given = await read(request, ForkIn)
        index = given.index if self._kind == "context" else None
        await self._data.fork(request.owner, self._kind, branch_of_user(given.new_branch_id), index)
        return PlainTextResponse(f"{WORDS[self._kind]} forked successfully")

    async def rename(self, request: RepeaterRequest) -> Response:
        """Give the current branch another name."""
        given = await read(request, ChangeIn)
        current = await self._data.current(request.owner, self._kind)
        await self._data.rename(request.owner, self._kind, current, branch_of_user(given.new_branch_id))
        return PlainTextResponse(f"{WORDS[self._kind]} renamed successfully")

    async def undo(self, request: RepeaterRequest) -> Response:
        """Take back the newest withdrawing, rewriting or deleting on the current branch."""
        await self._data.undo(request.owner, self._kind)
        return PlainTextResponse(f"{WORDS[self._kind]} change undone successfully")


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")
