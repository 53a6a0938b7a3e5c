"""What a bot knows of its servers: who runs them, which channels are threads, where newcomers are greeted.

Discord tells it when a session begins, and every change from then on. What a session did not tell, because an earlier
process heard it, is asked for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from hubbub.core.errors import DeliveryError
from hubbub.platforms.discord.places import THREADS, Server, Thread
from hubbub.platforms.discord.recent import Recent
from hubbub.platforms.discord.rest import Refused
from hubbub.platforms.discord.wire import BadFrameError, Frame, Wire

log = logging.getLogger(__name__)

_MOST = 50_000
_LOOK_SECONDS = 5.0
_PAUSE_SECONDS = 30.0
"""Behind a question that got no answer; what comes in must not wait for more of them."""

Ask = Callable[[str, str], Awaitable[Any]]
"""Calls a path of the API by a method; raises DeliveryError."""


class Servers:
    """All of one bot. ``me`` is the bot's id, ``ask`` its way to the API."""

    def __init__(self, me: str, ask: Ask) -> None:
        """Nothing is known yet."""
        self._me = me
        self._ask = ask
        self._servers: dict[str, Server] = {}
        self._channels: Recent[str, Thread | None] = Recent(_MOST)
        self._not_before = 0.0
        self._learned: Mapping[str, Callable[[Any], None]] = {
            "GUILD_CREATE": self._server,
            "GUILD_UPDATE": self._server,
            "GUILD_DELETE": self._server_gone,
            "GUILD_ROLE_CREATE": self._role,
            "GUILD_ROLE_UPDATE": self._role,
            "GUILD_ROLE_DELETE": self._role_gone,
            "CHANNEL_CREATE": self._channel,
            "CHANNEL_UPDATE": self._channel,
            "CHANNEL_DELETE": self._channel_gone,
            "THREAD_CREATE": self._channel,
            "THREAD_UPDATE": self._channel,
            "THREAD_DELETE": self._channel_gone,
            "THREAD_LIST_SYNC": self._threads,
            "THREAD_MEMBER_UPDATE": self._member,
            "THREAD_MEMBERS_UPDATE": self._members,
            "MESSAGE_CREATE": self._said,
            "INTERACTION_CREATE": self._interaction,
        }

    def learn(self, frame: Frame) -> None:
        """Take up what an event says of servers and channels. Raises BadFrameError."""
        how = self._learned.get(frame.name)
        if how is not None:
            try:
                how(frame.data)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                message = f"{frame.name} {frame.number} cannot be read: {error!r}"
                raise BadFrameError(message) from error

    async def thread(self, raw: Wire) -> Thread | None:
        """The thread in which an event of a server happened; None for one in a channel, or of no server."""
        channel = str(raw.get("channel_id") or "")
        if not raw.get("guild_id") or not channel.isdecimal():
            return None
        if channel not in self._channels and (found := await self._asked(f"/channels/{channel}")) is not None:
            self._take_up("CHANNEL_CREATE", found or {"id": channel})
        return self._channels.get(channel)

    async def server(self, raw: Wire) -> Server | None:
        """The server in which an event happened; None where there is none, or nobody knows."""
        name = str(raw.get("guild_id") or "")
        if name.isdecimal() and name not in self._servers and (found := await self._asked(f"/guilds/{name}")):
            self._take_up("GUILD_CREATE", found)
        return self._servers.get(name)

    def _take_up(self, name: str, found: Wire) -> None:
        """What the API said, as if an event had told it; what cannot be read is not known."""
        try:
            self.learn(Frame(0, found, None, name))
        except BadFrameError as error:
            log.warning("Discord, bot %s: %s", self._me, error)

    async def _asked(self, path: str) -> Wire | None:
        """What the API says; empty where it refuses for good, None where it says nothing now."""
        if time.monotonic() < self._not_before:
            return None
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                found = await self._ask("GET", path)
        except (DeliveryError, TimeoutError) as error:
            if isinstance(error, Refused) and error.permanent:
                return {}
            log.warning("Discord, bot %s: %s is not known: %s", self._me, path, error)
            self._not_before = time.monotonic() + _PAUSE_SECONDS
            return None
        return found if isinstance(found, dict) and "id" in found else {}

    # --- what is told ----------------------------------------------------------------------------------------

    def _server(self, raw: Wire) -> None:
        if raw.get("unavailable"):
            return
        name = str(raw["id"])
        found = Server(name, str(raw.get("owner_id") or ""), greets=str(raw.get("system_channel_id") or ""))
        for role in raw.get("roles") or ():
            found = found.with_role(role, self._me)
        self._servers[name] = found
        for channel in (*(raw.get("channels") or ()), *(raw.get("threads") or ())):
            self._channel(channel)

    def _server_gone(self, raw: Wire) -> None:
        if not raw.get("unavailable"):
            self._servers.pop(str(raw["id"]), None)

    def _role(self, raw: Wire) -> None:
        server = self._servers.get(str(raw["guild_id"]))
        if server is not None:
            self._servers[server.id] = server.with_role(raw["role"], self._me)

    def _role_gone(self, raw: Wire) -> None:
        server = self._servers.get(str(raw["guild_id"]))
        if server is not None:
            self._servers[server.id] = server.without_role(str(raw["role_id"]))

    def _channel(self, raw: Wire) -> None:
        name = str(raw["id"])
        known = self._channels.get(name)
        if raw.get("type") in THREADS:
            joined = bool(raw.get("member")) or str(raw.get("owner_id")) == self._me
            joined = joined or (known is not None and known.joined)
            self._channels[name] = Thread(str(raw["parent_id"]), str(raw.get("name") or ""), joined)
        else:
            self._channels[name] = None

    def _channel_gone(self, raw: Wire) -> None:
        self._channels.pop(str(raw["id"]), None)

    def _threads(self, raw: Wire) -> None:
        for each in raw["threads"]:
            self._channel(each)
        for member in raw.get("members") or ():
            self._joined(str(member.get("id")))

    def _member(self, raw: Wire) -> None:
        self._joined(str(raw["id"]))

    def _members(self, raw: Wire) -> None:
        if any(str(each.get("user_id")) == self._me for each in raw.get("added_members") or ()):
            self._joined(str(raw["id"]))
        if self._me in map(str, raw.get("removed_member_ids") or ()):
            self._joined(str(raw["id"]), joined=False)

    def _said(self, raw: Wire) -> None:
        """Whoever is mentioned in a thread, or writes there, joins it."""
        channel = str(raw["channel_id"])
        people: list[Mapping[str, Any]] = [raw["author"], *(raw.get("mentions") or ())]
        if self._channels.get(channel) is not None and any(str(each.get("id")) == self._me for each in people):
            self._joined(channel)

    def _interaction(self, raw: Wire) -> None:
        """It comes with its channel, also from where the bot sees nothing else."""
        if isinstance(channel := raw.get("channel"), Mapping) and "type" in channel:
            self._channel(channel)

    def _joined(self, channel: str, *, joined: bool = True) -> None:
        thread = self._channels.get(channel)
        if thread is not None:
            self._channels[channel] = replace(thread, joined=joined)
