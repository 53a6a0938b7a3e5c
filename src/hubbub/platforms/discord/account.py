"""One bot: what it may do, its connections, what it takes in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from hubbub.core.addresses import Account
from hubbub.core.errors import DeliveryError
from hubbub.core.ports import Host
from hubbub.core.presses import LongWords
from hubbub.platforms.discord.calls import CARRIED
from hubbub.platforms.discord.connections import LONGEST_WAIT, Bot, Connections, MoreShardsError
from hubbub.platforms.discord.convert import PLATFORM
from hubbub.platforms.discord.intake import Intake, Known
from hubbub.platforms.discord.intents import intents, missing
from hubbub.platforms.discord.interactions import Interactions
from hubbub.platforms.discord.members import Members
from hubbub.platforms.discord.rest import Refused, Rest
from hubbub.platforms.discord.sending import Courier
from hubbub.platforms.discord.servers import Servers
from hubbub.platforms.discord.settings import DiscordSettings, bot_id
from hubbub.platforms.discord.slash import slash_commands
from hubbub.platforms.discord.starts import Starts
from hubbub.platforms.discord.wire import FATAL, Intent

log = logging.getLogger(__name__)

_UNKNOWN_TOKEN = 4004
_ALL = -1
"""Flags of an application that does not tell them."""


@dataclass(frozen=True, slots=True)
class Application:
    """What Discord says of a bot: its id as an application, its flags, how many connections it is to have."""

    id: str
    flags: int
    count: int


@dataclass(frozen=True, slots=True)
class Running:
    """The parts of a bot that Discord knows."""

    known: Application
    rest: Rest
    members: Members
    courier: Courier
    connections: Connections


class BotAccount:
    """One bot of the settings."""

    def __init__(self, token: str, settings: DiscordSettings, host: Host) -> None:
        """Nothing is called before `run`."""
        self.id = bot_id(token)
        self._token = token
        self._settings = settings
        self._host = host
        self._running: Running | None = None
        self._tasks: asyncio.TaskGroup | None = None

    @property
    def running(self) -> Running:
        """The bot's parts. Raises DeliveryError while it is not connected."""
        if self._running is None:
            message = f"bot {self.id} is not connected"
            raise DeliveryError(message, certain=True)
        return self._running

    async def run(self) -> None:
        """Hold the connections until cancelled."""
        connector = aiohttp.TCPConnector(limit=64)
        async with aiohttp.ClientSession(connector=connector) as client:
            try:
                while True:
                    rest = Rest(client, self._settings.api_base, self._token, self._settings.api_timeout_seconds)
                    await self._connected(await self._found(client, rest))
            finally:
                self._host.disconnected(Account(PLATFORM, self.id), "stopped")

    async def _connected(self, running: Running) -> None:
        """All connections, for ever, or until there have to be more of them."""
        try:
            async with asyncio.TaskGroup() as group:
                self._tasks = group
                group.create_task(_for_ever())
                for place in range(running.known.count):
                    group.create_task(running.connections.hold(place, running.known.count))
                self._running = running
                if self._settings.commands:
                    group.create_task(self._offer_commands(running))
        except* MoreShardsError:
            log.warning(
                "Discord, bot %s: more than %d connections are wanted; all are made anew", self.id, running.known.count
            )
        finally:
            self._running = self._tasks = None

    async def _found(self, client: aiohttp.ClientSession, rest: Rest) -> Running:
        """What Discord says of the bot, however long it takes to find out."""
        starts = Starts(rest, self._host.hold, f"{PLATFORM}:{self.id}")
        wait = self._settings.reconnect_seconds
        while True:
            try:
                about = await rest.call("GET", "/applications/@me")
                count = self._settings.shards or (await starts.about()).shards
                known = Application(str(about["id"]), int(about.get("flags", _ALL)), count)
                return self._made(client, rest, starts, known)
            except (DeliveryError, KeyError, TypeError, ValueError) as error:
                unknown = isinstance(error, Refused) and error.status == HTTPStatus.UNAUTHORIZED
                why = f"{FATAL[_UNKNOWN_TOKEN]} ({error})" if unknown else str(error)
                log.warning("Discord, bot %s: %s", self.id, why)
                self._host.disconnected(Account(PLATFORM, self.id), why)
                if unknown:  # every call with a wrong token counts, and too many shut this address out
                    await _for_ever()
                await asyncio.sleep(wait)
                wait = min(LONGEST_WAIT, wait * 2)

    def _made(self, client: aiohttp.ClientSession, rest: Rest, starts: Starts, known: Application) -> Running:
        for each in missing(self._settings, known.flags):
            log.warning("Discord, bot %s: %s; %s", self.id, each.without, each.remedy)
        asked = intents(self._settings, known.flags)
        listed = bool(asked & Intent.GUILD_MEMBERS)
        servers = Servers(self.id, rest.call)
        members = Members(rest, servers, listed=listed)
        interactions = Interactions(known.id, rest, self._host.replies, self._beside)
        words = LongWords(PLATFORM, self._host.facts, CARRIED)
        intake = Intake(self.id, self._host, Known(servers, members, interactions, words), members=listed)
        bot = Bot(self.id, self._token, asked, client, starts)
        return Running(
            known=known,
            rest=rest,
            members=members,
            courier=Courier(self.id, rest, self._host.files, words, interactions),
            connections=Connections(bot, self._settings, self._host, intake.take),
        )

    def _beside(self, work: Coroutine[object, object, object]) -> None:
        """Do something beside the events, unless the bot is being stopped."""
        try:
            if self._tasks is not None:
                self._tasks.create_task(work)
                return
        except RuntimeError:
            log.debug("the bot is being stopped")
        work.close()

    async def _offer_commands(self, running: Running) -> None:
        body = slash_commands({language: self._host.menu(language) for language in ("en", "zh")})
        try:
            await running.rest.call("PUT", f"/applications/{running.known.id}/commands", body)
        except DeliveryError as error:
            log.warning("Discord, bot %s does not take the commands: %s", self.id, error)


async def _for_ever() -> None:
    await asyncio.Event().wait()
