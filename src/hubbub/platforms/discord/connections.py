"""A bot's connections to the gateway: each held by one node at a time, and made again whenever it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hubbub.core.addresses import Account
from hubbub.core.errors import DeliveryError, LeaseLost, StoreError
from hubbub.core.ports import Host
from hubbub.platforms.discord.convert import PLATFORM
from hubbub.platforms.discord.gateway import Gateway, RefusedForGoodError, Shard, Take
from hubbub.platforms.discord.settings import DiscordSettings
from hubbub.platforms.discord.starts import Starts
from hubbub.platforms.discord.wire import MORE_SHARDS, BadFrameError

if TYPE_CHECKING:
    import aiohttp

log = logging.getLogger(__name__)

LONGEST_WAIT = 60.0


class MoreShardsError(Exception):
    """Discord wants more connections than there are: all have to be made anew."""


@dataclass(frozen=True, slots=True)
class Bot:
    """Whose connections they are. ``id`` is the bot's, ``intents`` what it may ask for."""

    id: str
    token: str
    intents: int
    client: aiohttp.ClientSession
    starts: Starts


@dataclass(slots=True)
class Line:
    """One connection of ``count``; ``wait`` is how long the next attempt waits when this one fails, too."""

    place: int
    count: int
    wait: float
    gateway: Gateway = field(init=False)


class Connections:
    """Of one bot."""

    def __init__(self, bot: Bot, settings: DiscordSettings, host: Host, take: Take) -> None:
        """``take`` is given what comes in."""
        self._bot = bot
        self._settings = settings
        self._host = host
        self._take = take
        self._account = Account(PLATFORM, bot.id)
        self._up: set[int] = set()

    async def hold(self, place: int, count: int) -> None:
        """Hold one connection for ever, or until it is useless: then nothing is tried any more.

        Raises:
            MoreShardsError: there have to be more, and the settings leave it to Discord how many.
        """
        name = f"{PLATFORM}:{self._bot.id}:{place}/{count}"
        line = Line(place, count, self._settings.reconnect_seconds)
        shard = Shard(self._bot.token, self._bot.intents, place, count, key=name.replace(":", "/"))
        while True:
            line.gateway = Gateway(shard, self._take, self._host.facts, self._settings.max_pending)
            line.gateway.ready = self._ready_of(line)
            try:
                async with self._host.hold(name):
                    await line.gateway.restore()
                    while True:
                        await self._connected(line)
            except LeaseLost:
                self._down(place, "another node holds the connection")
            except StoreError as error:
                self._down(place, f"where to resume cannot be read: {error}")
                await asyncio.sleep(self._settings.reconnect_seconds)
            except RefusedForGoodError as error:
                if error.code == MORE_SHARDS and not self._settings.shards:
                    raise MoreShardsError from error
                self._down(place, str(error))
                log.error("Discord, bot %s, connection %d is given up: %s", self._bot.id, place, error)  # noqa: TRY400
                return

    async def _connected(self, line: Line) -> None:
        """One connection from its beginning to its end, and the wait behind it. Raises RefusedForGoodError."""
        why, wait = "the connection ended", line.wait
        line.wait = min(max(LONGEST_WAIT, wait), wait * 2)  # unless it comes to stand, see `_ready_of`
        try:
            gateway, starts = line.gateway, self._bot.starts
            url = await starts.begin(line.place, line.count) if gateway.fresh else starts.url
            await gateway.run(self._bot.client, url)
        except DeliveryError as error:
            why, wait = str(error), max(wait, error.retry_after or 0.0)
        except StoreError as error:
            why = f"an event was not stored and comes again: {error}"
        except (OSError, TimeoutError, BadFrameError, KeyError, TypeError, ValueError) as error:
            why = f"the connection failed: {error!r}"
        finally:
            stood = line.place in self._up
            self._down(line.place, why)
        log.info("Discord, bot %s, connection %d: %s", self._bot.id, line.place, why)
        await asyncio.sleep(self._settings.reconnect_seconds if stood else wait)

    def _ready_of(self, line: Line) -> Callable[[], None]:
        def ready() -> None:
            line.wait = self._settings.reconnect_seconds
            if not self._up:
                self._host.connected(self._account)
            self._up.add(line.place)

        return ready

    def _down(self, place: int, why: str) -> None:
        self._up.discard(place)
        if not self._up:
            self._host.disconnected(self._account, why)
