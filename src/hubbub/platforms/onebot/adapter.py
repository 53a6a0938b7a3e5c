"""OneBot v11 as a platform of the hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from hubbub.core.acts import Decision
from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities
from hubbub.core.complaints import Complaints
from hubbub.core.errors import DeliveryError, LeaseLost, MediaError
from hubbub.core.messages import Forward, Node
from hubbub.core.ports import Host, Route
from hubbub.core.work import Row
from hubbub.platforms.onebot import acts
from hubbub.platforms.onebot.accounts import Accounts, Line
from hubbub.platforms.onebot.actions import number, send_call
from hubbub.platforms.onebot.bounds import scalar
from hubbub.platforms.onebot.media import brought, has_kept
from hubbub.platforms.onebot.notices import reaction_code
from hubbub.platforms.onebot.posts import EventPosts
from hubbub.platforms.onebot.reverse import ReverseWebSockets
from hubbub.platforms.onebot.session import Hub
from hubbub.platforms.onebot.settings import OneBotSettings
from hubbub.platforms.onebot.uploads import has_files, send_with_files
from hubbub.platforms.onebot.wire import CallError, message_id

log = logging.getLogger(__name__)

_TYPING = "set_input_status"
# Implementations that are known to have it; the others would answer each time that they have not.
_SHOW_TYPING = ("napcat", "llonebot", "llbot", "luckylillia", "lltwobot")
_SOCKET_PATHS = ("/onebot/v11/ws", "/onebot/v11", "/ws")
_POST_PATHS = ("/onebot/v11/http", "/onebot/v11/http/", "/onebot/v11/", "/onebot/v11")


class OneBotAdapter:
    """All OneBot accounts: those that connect to the hub and those that it connects to."""

    name = "onebot"

    def __init__(self, settings: OneBotSettings, host: Host) -> None:
        """Connections are accepted from now on; the hub's own are opened by `run`."""
        self._settings = settings
        self._host = host
        self._files = host.files
        complaints = Complaints(log)
        self._accounts = Accounts(host, settings.accounts)
        self._hub = Hub(host, self._accounts, settings, complaints)
        self._reverse = ReverseWebSockets(self._hub)
        self._posts = EventPosts(self._hub)
        self._capabilities = Capabilities(
            max_length=settings.max_length,
            mentions=True,
            quotes=True,
            images=True,
            files=settings.uploads,
            audio=True,
            video=True,
            links=settings.cards,
            locations=settings.cards,
            forwards=True,
            bundle_over=settings.bundle_over,
            resend_unknown=settings.resend_unknown,
        )

    @property
    def routes(self) -> Sequence[Route]:
        """Every path also ends in ``/``, ``/api`` and ``/event``, which name the role of the connection."""
        ends = ("", "/", "/api", "/api/", "/event", "/event/")
        sockets = [Route(path + end, self._reverse, "websocket") for path in _SOCKET_PATHS for end in ends]
        return (*sockets, *(Route(path, self._posts, "http", ("POST",)) for path in _POST_PATHS))

    def capabilities(self, room: Room) -> Capabilities:  # noqa: ARG002 - every room is the same here
        """The same for every room."""
        return self._capabilities

    async def run(self) -> None:
        """Hold the connections until cancelled."""
        self._reverse.start()
        try:
            if self._settings.forward_urls or self._settings.http_api_url:
                await self._run_outgoing()
            else:
                await asyncio.Event().wait()
        finally:
            await self._reverse.stop()

    async def _run_outgoing(self) -> None:
        import aiohttp  # noqa: PLC0415 - loaded on first use

        from hubbub.platforms.onebot.forward import ForwardWebSocket  # noqa: PLC0415 - loaded on first use
        from hubbub.platforms.onebot.http_api import HttpLine  # noqa: PLC0415 - loaded on first use

        async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as group:
            for url in self._settings.forward_urls:
                group.create_task(self._alone(url, partial(ForwardWebSocket(self._hub, url).run, client)))
            if self._settings.http_api_url:
                group.create_task(self._alone(self._settings.http_api_url, HttpLine(self._hub, client).run))

    async def _alone(self, url: str, run: Callable[[], Awaitable[None]]) -> None:
        """Hold a connection that the hub opens, on one of its nodes at a time."""
        place = urlsplit(url)
        name = f"{self.name}:{place.hostname}:{place.port}{place.path}"
        while True:
            try:
                async with self._host.hold(name):
                    await run()
            except LeaseLost as error:
                log.warning("%s", error)

    async def send(self, row: Row) -> str:
        """Send one message and return its id. Raises DeliveryError."""
        line = self._line(row.out.room)
        out = row.out
        if has_kept(out.message):
            out = replace(out, message=await brought(out.message, self._files))
        if has_files(out.message):
            return await send_with_files(line, out, self._settings)
        action, params = send_call(out, self._settings)
        return message_id(await line.call(action, params))

    async def delete(self, room: Room, message_id: str) -> None:
        """Take a message back. Raises DeliveryError."""
        await self._line(room).call("delete_msg", {"message_id": number(message_id)})

    async def react(self, room: Room, message_id: str, emoji: str, *, removed: bool = False) -> None:
        """Set or take away the bot's reaction. Raises DeliveryError."""
        line = self._line(room)
        message, code = number(message_id), reaction_code(emoji)
        try:
            await line.call("set_msg_emoji_like", {"message_id": message, "emoji_id": code, "set": not removed})
        except CallError as error:
            if not error.unsupported or room.kind != "group":
                raise
            params = {"group_id": number(room.id), "message_id": message, "code": code, "is_add": not removed}
            await line.call("set_group_reaction", params)

    async def mute(self, room: Room, user: str, seconds: int) -> None:
        """Let a member of a group write nothing for a while. Raises DeliveryError, UserError."""
        await acts.mute(self._line(room), room, user, seconds)

    async def poke(self, room: Room, user: str) -> None:
        """Nudge somebody. Raises DeliveryError."""
        await acts.poke(self._line(room), room, user)

    async def decide(self, room: Room, decision: Decision) -> None:
        """Let in, or turn away, who asks to become a friend or to join a group. Raises DeliveryError."""
        await acts.decide(self._line(room), decision)

    async def unfold(self, room: Room, bundle: Forward) -> Forward:
        """Ask for the messages of a bundle. Raises MediaError."""
        return await acts.unfold(self._reader(room), bundle)

    async def reread(self, room: Room, message_id: str) -> Node:
        """Ask for a message by its id. Raises MediaError."""
        return await acts.reread(self._reader(room), message_id)

    def _reader(self, room: Room) -> Line:
        line = self._accounts.line(room.account)
        if line is None:
            message = f"account {room.account} is not connected"
            raise MediaError(message)
        return line

    async def typing(self, room: Room) -> None:
        """Show in a private chat that an answer is being written, where the implementation can."""
        line = self._accounts.line(room.account)
        if line is None or room.kind != "private" or not self._settings.typing or _TYPING in line.unsupported:
            return
        try:
            if await self._can_type(line):
                await line.call(_TYPING, {"user_id": room.id, "event_type": 1})
        except DeliveryError as error:
            if isinstance(error, CallError) and error.unsupported:
                line.unsupported.add(_TYPING)
            log.debug("typing in %s: %s", room.key, error)

    async def _can_type(self, line: Line) -> bool:
        if "typing is known" in line.unsupported:
            return True
        version = await line.call("get_version_info", {})
        program = scalar(version.get("app_name")).lower() if isinstance(version, dict) else ""
        known = any(name in program for name in _SHOW_TYPING)
        line.unsupported.add("typing is known" if known else _TYPING)
        return known

    def _line(self, room: Room) -> Line:
        line = self._accounts.line(room.account)
        if line is None:
            message = f"account {room.account} is not connected"
            raise DeliveryError(message, certain=True)
        return line
