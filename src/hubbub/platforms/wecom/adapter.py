"""WeCom as a platform of the hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import aiohttp

from hubbub.core.addresses import Account, Room
from hubbub.core.capabilities import Capabilities
from hubbub.core.complaints import Complaints
from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import Blob, Media
from hubbub.core.ports import Host, Route
from hubbub.core.work import Row
from hubbub.platforms.wecom.callback import Callbacks, pong
from hubbub.platforms.wecom.calls import Calls
from hubbub.platforms.wecom.convert import PLATFORM, parted
from hubbub.platforms.wecom.placeholders import Placeholders
from hubbub.platforms.wecom.sending import Post
from hubbub.platforms.wecom.sending import parted as message_ids
from hubbub.platforms.wecom.settings import Application, WeComSettings

log = logging.getLogger(__name__)

_LOOK_SECONDS = 300.0
_AGAIN_SECONDS = 15.0


class WeComAdapter:
    """All self-built applications of the settings."""

    name = PLATFORM

    def __init__(self, settings: WeComSettings, host: Host) -> None:
        """Callbacks are taken from now on; nothing is sent before `run`."""
        self._settings = settings
        self._host = host
        self._applications = settings.applications()
        self._complaints = Complaints(log)
        self._posts: dict[str, Post] = {}
        self._placeholders = Placeholders(settings.placeholder)
        self._capabilities = Capabilities(
            max_length=settings.max_bytes,
            length_unit="bytes",
            markdown="none" if settings.format == "text" else "wecom",
            images=True,
            files=True,
            audio=True,
            video=True,
            resend_unknown=settings.resend_unknown,
        )

    @property
    def routes(self) -> Sequence[Route]:
        """A callback for each application, and the page that shows that the hub is reached."""
        callbacks = [
            Route(each.path, Callbacks(each, self._settings, self._host, self._complaints), "http", ("GET", "POST"))
            for each in self._applications
        ]
        test = self._settings.test_path
        return (*callbacks, Route(test, pong, "http", ("GET",))) if test else callbacks

    def capabilities(self, room: Room) -> Capabilities:  # noqa: ARG002 - every room is the same here
        """The same for every room."""
        return self._capabilities

    async def run(self) -> None:
        """See that every application has an access token, until cancelled."""
        async with aiohttp.ClientSession() as client:
            try:
                async with asyncio.TaskGroup() as group:
                    for each in self._applications:
                        calls = Calls(each, self._settings, self._host, client)
                        self._posts[each.account] = Post(calls, self._host.files, self._settings)
                        group.create_task(self._watch(each, calls))
            finally:
                self._posts.clear()
                await self._placeholders.end()
                for each in self._applications:
                    self._host.disconnected(Account(PLATFORM, each.account), "stopped")

    async def _watch(self, application: Application, calls: Calls) -> None:
        account = Account(PLATFORM, application.account)
        up: bool | None = None
        while True:
            try:
                await calls.token()
            except DeliveryError as error:
                up = False
                self._host.disconnected(account, str(error))
                self._complaints("no access token", account.key, error)
            else:
                if not up:
                    self._host.connected(account)
                up = True
            await asyncio.sleep(_LOOK_SECONDS if up else _AGAIN_SECONDS)

    async def send(self, row: Row) -> str:
        """Send one message and return its id. Raises DeliveryError."""
        post = self._post(row.out.room.account)
        message_id = await post.send(row)
        await self._placeholders.take_back(row.out.room, post.calls)
        return message_id

    async def delete(self, room: Room, message_id: str) -> None:
        """Take a message back, within a day. Raises DeliveryError."""
        calls = self._post(room.account).calls
        for each in message_ids(message_id):
            await calls.post("message/recall", {"msgid": each})

    async def fetch(self, media: Media) -> Blob:
        """A file that came in; WeCom keeps it for three days. Raises MediaError."""
        account, media_id = parted(media.file_id)
        try:
            blob = await self._post(account).calls.download(media_id)
        except DeliveryError as error:
            raise MediaError(str(error)) from error
        return Blob(blob.data, blob.mime, blob.name or media.name)

    async def typing(self, room: Room) -> None:
        """Show the placeholder, once until the next message."""
        post = self._posts.get(room.account)
        if post is not None and room.direct:
            await self._placeholders.show(room, post.calls)

    def _post(self, account: str) -> Post:
        post = self._posts.get(account)
        if post is None:
            known = any(each.account == account for each in self._applications)
            message = f"account {account} is not connected" if known else f"there is no account {account}"
            raise DeliveryError(message, certain=True)
        return post
