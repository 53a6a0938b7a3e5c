"""One bot: its connections, what it takes in and what it sends."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from functools import partial
from urllib.parse import quote

import aiohttp

from hubbub.core.addresses import Account
from hubbub.core.errors import DeliveryError, LeaseLost, MediaError, Overloaded, StoreError, Unstorable
from hubbub.core.events import PRESSED, Event, Received
from hubbub.core.messages import Blob, Media, Message, Quote, Text, text_of
from hubbub.core.ports import Host
from hubbub.core.presses import LongWords, Presses
from hubbub.core.work import Row
from hubbub.platforms.discord.calls import CARRIED, Draft, answered, drafts, nonce
from hubbub.platforms.discord.convert import PLATFORM, events, snowflake_time, typed
from hubbub.platforms.discord.gateway import Gateway, RefusedForGoodError, Shard, Stored
from hubbub.platforms.discord.rest import Rest
from hubbub.platforms.discord.settings import DiscordSettings, bot_id
from hubbub.platforms.discord.slash import slash_commands
from hubbub.platforms.discord.wire import BadFrameError, Frame, Intent

log = logging.getLogger(__name__)

_LONGEST_WAIT = 60.0
_FOR_GOOD_WAIT = 300.0
_BUSY_SECONDS = 0.05
_OLD_SECONDS = 120.0
"""A message may be older than this when the nonce of an earlier attempt at it counts no more."""
_EPHEMERAL = 64
_SHOWN, _NOTHING_NEW = 4, 6
_PRESS = 3


class BotAccount:
    """One bot of the settings."""

    def __init__(self, token: str, settings: DiscordSettings, host: Host) -> None:
        """Nothing is called before `run`."""
        self.id = bot_id(token)
        self._token = token
        self._settings = settings
        self._host = host
        self._rest: Rest | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._application = ""
        self._up: set[int] = set()
        self._words = LongWords(PLATFORM, host.facts, CARRIED)
        self._presses = Presses()

    @property
    def rest(self) -> Rest:
        """The API. Raises DeliveryError while the bot is not connected."""
        if self._rest is None:
            message = f"bot {self.id} is not connected"
            raise DeliveryError(message, certain=True)
        return self._rest

    async def run(self) -> None:
        """Hold the connections until cancelled."""
        connector = aiohttp.TCPConnector(limit=64)
        async with aiohttp.ClientSession(connector=connector) as client:
            rest = Rest(client, self._settings.api_base, self._token, self._settings.api_timeout_seconds)
            try:
                url, count = await self._found(rest)
                async with asyncio.TaskGroup() as group:
                    self._tasks = group
                    for place in range(count):
                        group.create_task(self._hold(client, url, (place, count)))
                    self._rest = rest
                    if self._settings.commands:
                        group.create_task(self._offer_commands(rest))
            finally:
                self._rest = self._tasks = None
                self._host.disconnected(Account(PLATFORM, self.id), "stopped")

    async def _found(self, rest: Rest) -> tuple[str, int]:
        """Where the gateway is and how many connections it wants, however long it takes to find out."""
        wait = self._settings.reconnect_seconds
        while True:
            try:
                about = await rest.call("GET", "/gateway/bot")
                self._application = str((await rest.call("GET", "/applications/@me"))["id"])
                return str(about["url"]), self._settings.shards or int(about.get("shards", 1))
            except (DeliveryError, KeyError, TypeError, ValueError) as error:
                log.warning("Discord, bot %s: %s", self.id, error)
                self._host.disconnected(Account(PLATFORM, self.id), str(error))
                await asyncio.sleep(wait)
                wait = min(_LONGEST_WAIT, wait * 2)

    async def _offer_commands(self, rest: Rest) -> None:
        body = slash_commands({language: self._host.menu(language) for language in ("en", "zh")})
        try:
            await rest.call("PUT", f"/applications/{self._application}/commands", body)
        except DeliveryError as error:
            log.warning("Discord, bot %s does not take the commands: %s", self.id, error)

    # --- a connection ----------------------------------------------------------------------------------------

    async def _hold(self, client: aiohttp.ClientSession, url: str, place: tuple[int, int]) -> None:
        """One connection, made again whenever it ends; by one node at a time."""
        name = f"{PLATFORM}:{self.id}:{place[0]}/{place[1]}"
        wait = self._settings.reconnect_seconds
        while True:
            gateway = Gateway(self._shard(name, place), self._take, self._host.facts, self._settings.max_pending)
            try:
                async with self._host.hold(name):
                    await gateway.restore()
                    while True:
                        wait = await self._connected(client, gateway, url, (place[0], wait))
            except LeaseLost:
                self._down(place[0], "another node holds the connection")

    async def _connected(
        self, client: aiohttp.ClientSession, gateway: Gateway, url: str, place: tuple[int, float]
    ) -> float:
        """One connection from its beginning to its end; how long to wait when the next one fails too."""
        shard, wait = place
        why, up = "the connection ended", False

        def ready() -> None:
            nonlocal up
            up = True
            self._ready(shard)

        gateway.ready = ready
        try:
            await gateway.run(client, url)
        except RefusedForGoodError as error:
            why, wait = str(error), max(wait, _FOR_GOOD_WAIT)
        except StoreError as error:
            why = f"an event was not stored and comes again: {error}"
        except (OSError, TimeoutError, BadFrameError, KeyError, TypeError, ValueError) as error:
            why = f"the connection failed: {error!r}"
        finally:
            self._down(shard, why)
        log.info("Discord, bot %s, connection %d: %s", self.id, shard, why)
        await asyncio.sleep(self._settings.reconnect_seconds if up else wait)
        return self._settings.reconnect_seconds if up else min(max(_LONGEST_WAIT, wait), wait * 2)

    def _shard(self, name: str, place: tuple[int, int]) -> Shard:
        return Shard(self._token, self._intents(), *place, key=name.replace(":", "/"))

    def _intents(self) -> int:
        asked = Intent.GUILDS | Intent.GUILD_MESSAGES | Intent.GUILD_REACTIONS
        asked |= Intent.DIRECT_MESSAGES | Intent.DIRECT_REACTIONS
        return asked | Intent.MESSAGE_CONTENT if self._settings.message_content else asked

    def _ready(self, place: int) -> None:
        if not self._up:
            self._host.connected(Account(PLATFORM, self.id))
        self._up.add(place)

    def _down(self, place: int, why: str) -> None:
        self._up.discard(place)
        if not self._up:
            self._host.disconnected(Account(PLATFORM, self.id), why)

    # --- what comes in ---------------------------------------------------------------------------------------

    async def _take(self, frame: Frame, session: str) -> Stored | None:
        try:
            found = events(frame, self.id, session)
        except BadFrameError as error:
            log.warning("Discord, bot %s: %s", self.id, error)
            return None
        interaction = frame.data if frame.name == "INTERACTION_CREATE" and found else None
        receipts = [await self._accepted(event) for each in found if (event := await self._meant(each)) is not None]
        if not receipts and interaction is None:
            return None
        return partial(self._stored, receipts, interaction)

    async def _meant(self, event: Event) -> Event | None:
        """A press in the words that its button stands for; None for one too many. Raises StoreError."""
        if not isinstance(event, Received) or not event.options.get(PRESSED):
            return event
        quote, carries = event.message[0], text_of(event.message)
        button = (event.author.id, quote.message_id if isinstance(quote, Quote) else "", carries)
        words = await self._words.of(carries)
        if not words or self._presses.repeated(event.id, button, time.monotonic()):
            return None
        return replace(event, message=(quote, Text(words)))

    async def _accepted(self, event: Event) -> asyncio.Future[object]:
        while True:
            try:
                return asyncio.ensure_future(self._host.accept(event))
            except Overloaded as busy:
                await asyncio.sleep(min(busy.retry_after, _BUSY_SECONDS))

    async def _stored(self, receipts: list[asyncio.Future[object]], interaction: dict[str, object] | None) -> None:
        for receipt in receipts:
            await asyncio.wait((receipt,))
            try:
                receipt.result()
            except Unstorable as error:  # it never can be, so the session must not stop before it for ever
                log.warning("Discord, bot %s: an event is left out: %s", self.id, error)
        if interaction is not None and self._tasks is not None:
            # Beside the events behind it: they must not wait for an answer of Discord's.
            self._tasks.create_task(self._acknowledge(interaction))

    async def _acknowledge(self, raw: dict[str, object]) -> None:
        """Show whoever gave a slash command, or pressed, that it was heard: Discord waits three seconds for that."""
        data, kind = raw.get("data"), raw.get("type")
        text = typed(kind, data if isinstance(data, dict) else {})
        body: dict[str, object] = {"type": _SHOWN, "data": {"content": f"`{text[:1900]}`", "flags": _EPHEMERAL}}
        if kind == _PRESS:
            body = {"type": _NOTHING_NEW}
        path = f"/interactions/{raw['id']}/{raw['token']}/callback"
        try:
            await self.rest.call("POST", path, body, bucket="interactions")
        except DeliveryError as error:
            log.debug("an interaction was not acknowledged: %s", error)

    # --- what goes out ---------------------------------------------------------------------------------------

    async def send(self, row: Row) -> str:
        """Send a message; the id of its first part. Raises DeliveryError."""
        rest, out = self.rest, row.out
        await self.keep(out.message)
        reply_to, first = answered(out.message, out.reply_to), ""
        for place, draft in enumerate(drafts(out.message)):
            body = draft.body(nonce(row.key, place), "" if place else reply_to)
            sent = await self._sent_before(rest, row, draft)
            if not sent:
                path = f"/channels/{quote(out.room.id, safe='')}/messages"
                found = await rest.call("POST", path, body, await self._contents(draft))
                sent = str(found["id"]) if isinstance(found, dict) else ""
            first = first or sent
        return first

    async def keep(self, message: Message) -> None:
        """Keep what buttons of a message cannot carry. Raises DeliveryError."""
        try:
            await self._words.keep(message)
        except StoreError as error:
            text = "the words of the buttons could not be kept"
            raise DeliveryError(text, certain=True) from error

    async def _sent_before(self, rest: Rest, row: Row, draft: Draft) -> str:
        """The id of an earlier attempt that got through, for a message so old that its nonce may not tell any more."""
        if time.time() - row.created_at < _OLD_SECONDS or not row.created_at:
            return ""
        path = f"/channels/{quote(row.out.room.id, safe='')}/messages"
        found = await rest.call("GET", f"{path}?limit=50", bucket=path)
        for each in found if isinstance(found, list) else ():
            mine = str(each.get("author", {}).get("id")) == self.id and each.get("content") == draft.content
            if mine and snowflake_time(str(each["id"])) >= row.created_at - 1:
                return str(each["id"])
        return ""

    async def _contents(self, draft: Draft) -> tuple[Blob, ...]:
        return tuple([await self._content(media) for media in draft.files])

    async def _content(self, media: Media) -> Blob:
        try:
            blob = await self._host.files.fetch(media)
        except MediaError as error:
            raise DeliveryError(str(error), certain=True, permanent=True) from error
        return Blob(blob.data, blob.mime, media.name or blob.name or f"file.{blob.mime.partition('/')[2] or 'bin'}")
