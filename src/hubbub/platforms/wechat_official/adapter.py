"""WeChat Official Accounts as a platform of the hub."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from hubbub.core.addresses import Account, Room
from hubbub.core.capabilities import Capabilities, Delivery
from hubbub.core.errors import DeliveryError, MediaError, StoreError
from hubbub.core.messages import Blob, Media
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Host, Route
from hubbub.core.windows import WindowTerms
from hubbub.core.work import Row
from hubbub.platforms.wechat_official.admission import Admission
from hubbub.platforms.wechat_official.api import OfficialApi
from hubbub.platforms.wechat_official.callback import Callback, Desk
from hubbub.platforms.wechat_official.convert import LONGEST_TEXT, NAME, handle_of
from hubbub.platforms.wechat_official.media import Uploads
from hubbub.platforms.wechat_official.menu import set_menu
from hubbub.platforms.wechat_official.replies import PassiveReplies
from hubbub.platforms.wechat_official.sending import CustomerService
from hubbub.platforms.wechat_official.settings import AccountSettings, WeChatOfficialSettings
from hubbub.words import say

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 60.0
_LAST_RESORT = "zh"


@dataclass(frozen=True, slots=True)
class Official:
    """One account at work."""

    settings: AccountSettings
    path: str
    callback: Callback
    capabilities: Capabilities
    api: OfficialApi | None
    service: CustomerService | None
    uploads: Uploads | None


class WeChatOfficialAdapter:
    """All accounts."""

    name = NAME

    def __init__(self, settings: WeChatOfficialSettings, host: Host) -> None:
        """Callbacks are taken from now on; the API is used while `run` runs."""
        self._settings = settings
        self._host = host
        self._client: aiohttp.ClientSession | None = None
        self._terms = terms_of(settings)
        self._accounts = {account.name: self._official(account) for account in settings.named}

    def _official(self, account: AccountSettings) -> Official:
        settings = self._settings
        api = OfficialApi(account, settings, self._host, self._session) if account.has_api else None
        uploads = Uploads(self._host, api) if api else None
        replies = PassiveReplies(uploads, settings.media_seconds)
        admission = Admission(account, settings.window_seconds, time.time)
        desk = Desk(account, settings, self._host, admission, replies, self._terms)
        path = settings.path if account is settings else f"{settings.path}/{account.name}"
        service = CustomerService(api, uploads) if api and uploads else None
        return Official(account, path, Callback(desk), self._ability(account), api, service, uploads)

    def _ability(self, account: AccountSettings) -> Capabilities:
        files = account.has_api
        if account.push:
            return Capabilities(
                delivery=Delivery.BLIND,
                max_length=LONGEST_TEXT,
                length_unit="bytes",
                images=files,
                audio=files,
                video=files,
            )
        return Capabilities(
            delivery=Delivery.WINDOW,
            apart=True,
            max_length=LONGEST_TEXT - len(self._terms.next_part.encode()),
            length_unit="bytes",
            images=files,
            audio=files,
            video=files,
            reply_within=self._settings.reply_seconds,
        )

    @property
    def routes(self) -> Sequence[Route]:
        """One path an account, with and without a slash behind it."""
        paths = [(official.path, official.callback) for official in self._accounts.values()]
        return [Route(path + end, app, "http", ("GET", "POST")) for path, app in paths for end in ("", "/")]

    def capabilities(self, room: Room) -> Capabilities:
        """Those of the room's account."""
        official = self._accounts.get(room.account)
        return official.capabilities if official else Capabilities(max_length=LONGEST_TEXT, length_unit="bytes")

    async def run(self) -> None:
        """Hold the client of the API until cancelled, and see that the accounts that use it can."""
        async with aiohttp.ClientSession() as self._client:
            try:
                async with asyncio.TaskGroup() as tasks:
                    for official in self._accounts.values():
                        self._host.connected(Account(NAME, official.settings.name))
                        if official.api is None and official.settings.menu:
                            log.error("account %s: its menu is not set without app_id and app_secret", official.path)
                        if official.api is not None and (official.settings.push or official.settings.menu):
                            tasks.create_task(self._prepare(official, official.api))
                    await asyncio.Event().wait()
            finally:
                for each in self._accounts.values():
                    if each.uploads is not None:
                        await each.uploads.end()
                self._client = None
                for name in self._accounts:
                    self._host.disconnected(Account(NAME, name), "the hub is stopping")

    async def _prepare(self, official: Official, api: OfficialApi) -> None:
        """Get the token and set the menu; an account that cannot is told as disconnected until it can."""
        account, was_down = Account(NAME, official.settings.name), False
        while True:
            try:
                await api.check()
                if official.settings.menu:
                    await set_menu(official.settings.name, official.settings.menu, api, self._host)
            except (DeliveryError, StoreError) as error:
                log.error("account %s: %s", account.id, error)  # noqa: TRY400 - an expected kind
                self._host.disconnected(account, str(error))
                was_down = True
            else:
                if was_down:
                    self._host.connected(account)
                return
            await asyncio.sleep(_AGAIN_SECONDS)

    async def send(self, row: Row) -> str:
        """Send by the customer-service API; see `Platform.send`."""
        return await self._service(row.out.room).send(row)

    async def typing(self, room: Room) -> None:
        """Show that an answer is being written, where answers are pushed."""
        official = self._accounts.get(room.account)
        if official is None or official.service is None or not official.settings.push:
            return
        try:
            await official.service.typing(room.id)
        except DeliveryError as error:
            log.debug("typing in %s: %s", room.key, error)

    async def fetch(self, media: Media) -> Blob:
        """See `CanFetch.fetch`."""
        name, media_id = handle_of(media)
        official = self._accounts.get(name)
        if official is None or official.api is None or not media_id:
            message = "files of people can be fetched by accounts with app_id and app_secret only"
            raise MediaError(message)
        return await official.api.download(media_id)

    def _service(self, room: Room) -> CustomerService:
        official = self._accounts.get(room.account)
        if official is None or official.service is None:
            message = f"account {room.account} has no API to send by: it needs app_id and app_secret"
            raise DeliveryError(message, certain=True, permanent=True)
        return official.service

    def _session(self) -> aiohttp.ClientSession:
        if self._client is None:
            message = "the platform is not running"
            raise DeliveryError(message, certain=True)
        return self._client


def terms_of(settings: WeChatOfficialSettings) -> WindowTerms:
    """What is said when, with the usual texts where the settings have none."""
    language = settings.language or _LAST_RESORT
    return WindowTerms(
        thinking=settings.thinking_text or say(Phrase("chat.thinking"), language),
        too_fast=settings.too_fast_text or say(Phrase("chat.too_fast"), language),
        next_part="\n\n" + (settings.next_part_text or say(Phrase("chat.next_part"), language)),
        fetch=frozenset(word.lower() for word in settings.fetch_words),
        within=settings.reply_seconds,
        deliveries=settings.deliveries,
    )
