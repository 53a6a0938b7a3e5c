"""One bot: its connection, by polling or by webhook, and what it takes in."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from urllib.parse import urlencode

import telegram
from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter, TelegramError

from hubbub.core.addresses import Account
from hubbub.core.errors import ConfigError, LeaseLost
from hubbub.core.ports import Host, MenuItem
from hubbub.platforms.telegram.albums import QUIET_SECONDS
from hubbub.platforms.telegram.connection import connection
from hubbub.platforms.telegram.convert import PLATFORM, UPDATES
from hubbub.platforms.telegram.faults import seconds
from hubbub.platforms.telegram.intake import Intake
from hubbub.platforms.telegram.members import Members
from hubbub.platforms.telegram.segments import Me
from hubbub.platforms.telegram.sending import Courier
from hubbub.platforms.telegram.settings import TelegramBot, TelegramSettings

log = logging.getLogger(__name__)

_BATCH = 100
_LONGEST_WAIT = 60.0
_TAKEN_WAIT = 15.0
_ALBUM_ROUNDS = 6
_LANGUAGES = {"": "en", "zh": "zh"}
_CONNECTIONS = 64
_LAST_CALL = 3.0

Update = dict[str, object]


class BotAccount:
    """One bot of the settings."""

    def __init__(self, given: TelegramBot, settings: TelegramSettings, host: Host) -> None:
        """Nothing is called before `run`.

        Raises:
            ConfigError: the certificate of the webhook cannot be read, or no proxy of this kind can be used.
        """
        self.token = given.token.get_secret_value()
        self.id = self.token.partition(":")[0]
        self.running = False
        self._settings = settings
        self._webhook_url = settings.webhook_of(given)
        self._host = host
        base = settings.api_base.rstrip("/")
        self._calls = f"{base}/bot{self.token}"
        wait = settings.api_timeout_seconds
        self._polling = connection(base, wait)
        self.bot = telegram.Bot(
            self.token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=connection(base, wait, _CONNECTIONS),
            get_updates_request=self._polling,
        )
        self.intake = Intake(self.bot, Me(self.id), host, edits=settings.answer_edits)
        self.members = Members(self.bot)
        self.courier = Courier(self.bot, host.files.fetch, host.facts, self.intake.words)
        self._offset = self._told = 0
        """Of the first update that is not stored, and what Telegram knows of it."""
        self._certificate = _certificate(settings.webhook_certificate) if self.by_webhook else None

    @property
    def by_webhook(self) -> bool:
        """Messages are brought, not fetched."""
        return bool(self._webhook_url)

    @property
    def secret(self) -> str:
        """What Telegram has to send with every update."""
        given = self._settings.webhook_secret.get_secret_value()
        return given or hmac.new(self.token.encode(), b"webhook", hashlib.sha256).hexdigest()

    # --- the connection --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Hold the connection until cancelled; connects again after a fault."""
        account, wait = Account(PLATFORM, self.id), self._settings.reconnect_seconds
        try:
            while True:
                try:
                    # Any node takes what a webhook brings; messages may be fetched by one alone.
                    async with self._host.hold(f"{PLATFORM}:{self.id}") if not self.by_webhook else nullcontext():
                        await self._connect()
                        self._host.connected(account)
                        wait = self._settings.reconnect_seconds
                        await self._serve()
                except LeaseLost:
                    self._down(account, "another node holds the connection")
                except TelegramError as error:
                    self._down(account, _why(error))
                    wait = await self._pause(error, wait)
        finally:
            self._down(account, "stopped")
            await self.intake.close()
            await self.members.close()
            await self.bot.shutdown()

    def _down(self, account: Account, why: str) -> None:
        self.running = False
        self._host.disconnected(account, why)

    async def _pause(self, error: TelegramError, wait: float) -> float:
        """Wait before the next attempt; how long to wait after that."""
        log.warning("Telegram, bot %s: %s", self.id, _why(error))
        if isinstance(error, RetryAfter):
            await asyncio.sleep(seconds(error))
        elif isinstance(error, (Conflict, InvalidToken)):
            await asyncio.sleep(max(wait, min(_TAKEN_WAIT, self._settings.reconnect_seconds * _TAKEN_WAIT)))
        else:
            await asyncio.sleep(wait)
        return min(_LONGEST_WAIT, wait * 2)

    async def _connect(self) -> None:
        await self.bot.initialize()
        self.intake.me = Me(self.id, self.bot.username)
        await self.intake.said.load()
        if self._settings.commands:
            try:
                await self._list_commands()
            except BadRequest as error:  # a list that Telegram does not like keeps nobody from writing
                log.warning("Telegram, bot %s does not take the commands: %s", self.id, error)
        if self.by_webhook:
            await self.bot.set_webhook(
                webhook_address(self._webhook_url, self.token),
                certificate=self._certificate,
                allowed_updates=UPDATES,
                secret_token=self.secret,
            )
        else:
            await self.bot.delete_webhook()
        self.running = True

    async def _list_commands(self) -> None:
        """What everybody may give, what there is besides in groups, and what those who run one may give there."""
        for code, language in _LANGUAGES.items():
            menu = self._host.menu(language)
            everywhere = [item for item in menu if not item.rooms]
            in_groups = [item for item in menu if not item.rooms or "group" in item.rooms]
            await self._list(everywhere, code)
            members = [item for item in in_groups if not item.admins]
            await self._list(members, code, telegram.BotCommandScopeAllGroupChats())
            await self._list(in_groups, code, telegram.BotCommandScopeAllChatAdministrators())

    async def _list(self, menu: Sequence[MenuItem], code: str, scope: telegram.BotCommandScope | None = None) -> None:
        items = [
            telegram.BotCommand(item.name, item.summary[:256])
            for item in menu
            if item.name.isascii() and item.name.replace("_", "").isalnum() and item.name.islower()
        ]
        await self.bot.set_my_commands(items[:100], scope=scope, language_code=code or None)

    async def _serve(self) -> None:
        if self.by_webhook:
            await asyncio.Event().wait()
        try:
            while True:
                await self._poll()
        finally:
            await self._confirm()

    async def _poll(self) -> None:
        """Fetch once and take in what came."""
        updates = await self._fetch(self._settings.poll_seconds)
        for _ in range(_ALBUM_ROUNDS):
            if not updates or not _last_is_of_an_album(updates):
                break
            # Its other pictures may still be on their way.
            known = len(updates)
            await asyncio.sleep(QUIET_SECONDS)
            updates = await self._fetch(0)
            if len(updates) == known:
                break
        read = [(int(str(each["update_id"])), self.intake.read(each)) for each in updates]
        await self.intake.take(read, self._stored)

    def _stored(self, number: int) -> None:
        self._offset = number + 1

    async def _confirm(self) -> None:
        """Tell at the end what is stored, so that it does not come again; if that fails, it comes and is known."""
        if self._offset != self._told:
            with suppress(TelegramError, TimeoutError):
                async with asyncio.timeout(_LAST_CALL):
                    await self._fetch(0, 1)

    async def _fetch(self, wait: int, limit: int = _BATCH) -> list[Update]:
        offset = self._offset
        asked = {"offset": offset, "limit": limit, "timeout": wait, "allowed_updates": json.dumps(UPDATES)}
        found = await self._polling.post(
            f"{self._calls}/getUpdates?{urlencode(asked)}", read_timeout=self._settings.api_timeout_seconds + wait
        )
        self._told = offset
        updates = found if isinstance(found, list) else []
        return [each for each in updates if isinstance(each, dict) and isinstance(each.get("update_id"), int)]


def _certificate(path: Path | None) -> bytes | None:
    try:
        return path.read_bytes() if path else None
    except OSError as error:
        message = f"platforms.telegram.webhook_certificate: {path} cannot be read ({error.strerror})"
        raise ConfigError(message) from error


def webhook_address(url: str, token: str) -> str:
    """Where Telegram is to bring updates: the hub's public address, the route, the bot's token."""
    base = url.rstrip("/")
    return f"{base if base.endswith('/tgbot') else base + '/tgbot'}/{token}"


def _last_is_of_an_album(updates: Sequence[Update]) -> bool:
    message = updates[-1].get("message") or updates[-1].get("channel_post")
    return isinstance(message, dict) and "media_group_id" in message


def _why(error: TelegramError) -> str:
    if isinstance(error, Conflict):
        return "another program fetches this bot's messages; stop it, or revoke the token at @BotFather"
    if isinstance(error, InvalidToken):
        return "the token is not known to Telegram; compare it with what @BotFather shows"
    return f"{type(error).__name__}: {error.message}"
