"""Files of messages: kept in the store, known by names that nobody guesses, fetched from where they are."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import secrets
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from hubbub.core.errors import MediaError, StoreError, Unstorable
from hubbub.core.messages import Blob, Media

if TYPE_CHECKING:
    from hubbub.app.fetching import FetchRules
    from hubbub.core.ports import Clock
    from hubbub.core.store import StoredFiles

log = logging.getLogger(__name__)

SCHEME = "hub:"
_SWEEP_EVERY = 60.0
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class FileRules:
    """Bounds: of all kept files, of one file, of fetching one; see the section ``files`` of the settings."""

    kept_bytes: int = 500_000_000
    file_bytes: int = 20_000_000
    fetch_seconds: float = 30.0
    fetch_networks: tuple[str, ...] = ()


_RULES = FileRules()


class HubFiles:
    """`ports.Files` over the store."""

    def __init__(self, stored: StoredFiles, clock: Clock, rules: FileRules = _RULES) -> None:
        """Nothing is read before it is asked for."""
        self._stored = stored
        self._clock = clock
        self._rules = rules

    async def keep(self, blob: Blob, seconds: float, owner: str = "") -> str:
        """See `ports.Files.keep`."""
        if len(blob.data) > self._rules.file_bytes:
            msg = f"a file of {len(blob.data)} bytes is too large to be kept ({self._rules.file_bytes} at most)"
            raise Unstorable(msg)
        name = secrets.token_urlsafe(24)
        await self._stored.put(name, blob, self._clock() + seconds, owner, self._rules.kept_bytes)
        return SCHEME + name

    async def fetch(self, media: Media) -> Blob:
        """See `ports.Files.fetch`."""
        scheme = media.url.partition(":")[0].lower()
        match scheme:
            case "data":
                return decoded(media, self._rules.file_bytes)
            case "hub":
                return await self._own(media)
            case "http" | "https":
                from hubbub.app.fetching import fetch  # noqa: PLC0415 - loaded on first use: brings aiohttp

                found = await fetch(media.url, self._fetch_rules())
                return Blob(found.data, found.mime, media.name or found.name)
            case _:
                msg = f"{scheme or 'no'} URLs cannot be fetched"
                raise MediaError(msg)

    async def _own(self, media: Media) -> Blob:
        try:
            found = await self._stored.get(media.url.removeprefix(SCHEME), self._clock())
        except StoreError as error:
            msg = f"a kept file cannot be read: {error}"
            raise MediaError(msg) from error
        if found is None:
            msg = "this file is not kept any more"
            raise MediaError(msg)
        return found

    def _fetch_rules(self) -> FetchRules:
        from hubbub.app.fetching import FetchRules  # noqa: PLC0415 - loaded on first use: brings aiohttp

        rules = self._rules
        networks = tuple(ip_network(each) for each in rules.fetch_networks)
        return FetchRules(rules.file_bytes, rules.fetch_seconds, networks)

    async def _sweep(self) -> None:
        gone = _AT_ONCE
        while gone == _AT_ONCE:
            gone = await self._stored.sweep(self._clock(), _AT_ONCE)
            await asyncio.sleep(0)

    async def run(self) -> None:
        """For ever: remove what has expired."""
        while True:
            await asyncio.sleep(_SWEEP_EVERY)
            try:
                await self._sweep()
            except StoreError as error:
                log.error("expired files are not removed: %s", error)  # noqa: TRY400 - an expected kind


def decoded(media: Media, most_bytes: int) -> Blob:
    """The content of a ``data:`` URL. Raises MediaError."""
    head, comma, body = media.url[len("data:") :].partition(",")
    if not comma:
        msg = "a data URL has no data"
        raise MediaError(msg)
    if len(body) > most_bytes * 4:
        msg = f"a data URL has more than {most_bytes} bytes"
        raise MediaError(msg)
    try:
        data = base64.b64decode(body, validate=True) if head.lower().endswith(";base64") else unquote_to_bytes(body)
    except (binascii.Error, ValueError) as error:
        msg = "the data of a file is no base64"
        raise MediaError(msg) from error
    if len(data) > most_bytes:
        msg = f"a data URL has more than {most_bytes} bytes"
        raise MediaError(msg)
    return Blob(data, head.partition(";")[0] or "text/plain", media.name)
