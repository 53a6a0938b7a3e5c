"""Who runs a server, and silencing members of it ("Guild", "Modify Guild Member")."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError, UserError
from hubbub.core.identities import Author
from hubbub.core.phrases import Phrase
from hubbub.platforms.discord.places import Server
from hubbub.platforms.discord.recent import Recent
from hubbub.platforms.discord.rest import Refused, Rest
from hubbub.platforms.discord.segments import name_of
from hubbub.platforms.discord.sending import channel_path
from hubbub.platforms.discord.servers import Servers

log = logging.getLogger(__name__)

_LONGEST = timedelta(days=28)
_KEPT_SECONDS = 60.0
_MOST = 1000
_PAGE, _PAGES = 1000, 20
_RUNS = ("owner", "admin")


class Members:
    """The members of one bot's servers. ``listed``: Discord lets the bot list them."""

    def __init__(self, rest: Rest, servers: Servers, *, listed: bool) -> None:
        """Nothing is asked yet."""
        self._rest = rest
        self._servers = servers
        self._listed = listed
        self._heard: Recent[str, dict[str, Author]] = Recent(_MOST)
        """By server: who runs it, of those who wrote."""
        self._homes: Recent[str, str] = Recent(_MOST)
        """The servers of channels."""
        self._kept: Recent[str, tuple[float, tuple[Author, ...]]] = Recent(_MOST)

    def heard(self, server: str, author: Author) -> None:
        """Somebody wrote on a server, as what they are there."""
        if author.room_role in _RUNS:
            self._heard.setdefault(server, {})[author.id] = author
        elif server in self._heard:
            self._heard[server].pop(author.id, None)

    async def admins(self, room: Room) -> Sequence[Author]:
        """Who owns, manages or administers the server of a channel; known for a minute.

        Where Discord does not let the bot list members: the owner, and of the others those who wrote lately.
        Raises DeliveryError; UserError for a private chat.
        """
        server = await self._server_of(room)
        known = self._kept.get(server.id)
        if known is None or time.monotonic() - known[0] > _KEPT_SECONDS:
            known = self._kept[server.id] = (time.monotonic(), await self._found(server))
        heard = self._heard.get(server.id, {})
        return (*known[1], *(each for name, each in heard.items() if all(name != one.id for one in known[1])))

    async def _found(self, server: Server) -> tuple[Author, ...]:
        if self._listed:
            try:
                return await self._list(server)
            except Refused as refused:
                log.warning("the members of server %s cannot be listed: %s", server.id, refused)
        if not server.owner.isdecimal():
            return ()
        return (_member(await self._rest.call("GET", f"/guilds/{server.id}/members/{server.owner}"), server),)

    async def _list(self, server: Server) -> tuple[Author, ...]:
        found: list[Author] = []
        last = "0"
        for _ in range(_PAGES):
            page = await self._rest.call("GET", f"/guilds/{server.id}/members?limit={_PAGE}&after={last}")
            found += (each for raw in page if (each := _member(raw, server)).room_role in _RUNS)
            if len(page) < _PAGE:
                return tuple(found)
            last = str(page[-1]["user"]["id"])
        log.warning("server %s has more than %d members; of the others nobody is known", server.id, _PAGE * _PAGES)
        return tuple(found)

    async def _server_of(self, room: Room) -> Server:
        if room.kind == "group":
            path = channel_path(room)
            if path not in self._homes:
                channel = await self._rest.call("GET", path)
                self._homes[path] = str(channel.get("guild_id") or "") if isinstance(channel, dict) else ""
            if (found := await self._servers.server({"guild_id": self._homes[path]})) is not None:
                return found
            if self._homes[path]:
                message = f"the server of {room.key} is not known now"
                raise DeliveryError(message, certain=True)
        raise UserError(Phrase("act.mute.only_groups"))

    async def mute(self, room: Room, user: str, seconds: int) -> None:
        """See `ports.CanMute.mute`."""
        if not user.isdecimal():
            message = f"{user!r} is nobody on Discord"
            raise DeliveryError(message, certain=True, permanent=True)
        server = await self._server_of(room)
        if user == server.owner:
            raise UserError(Phrase("act.mute.admin"))
        until = datetime.now(UTC) + min(timedelta(seconds=seconds), _LONGEST) if seconds > 0 else None
        body = {"communication_disabled_until": until.isoformat() if until is not None else None}
        try:
            await self._rest.call("PATCH", f"/guilds/{server.id}/members/{user}", body)
        except Refused as refused:
            if refused.status == HTTPStatus.FORBIDDEN:  # also for whoever stands above the bot
                raise UserError(Phrase("act.mute.no_right")) from refused
            raise


def _member(raw: Any, server: Server) -> Author:
    user = raw["user"]
    role = server.role(str(user["id"]), map(str, raw.get("roles") or ()))
    return Author(str(user["id"]), name_of(user, raw), role, bool(user.get("bot")))
