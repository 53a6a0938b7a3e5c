"""Weights from a hub of models (Hugging Face, or a mirror of the same interface): resumable, checked."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import aiohttp

from hubbub.providers.embedded.failures import EmbeddedError, of_disk
from hubbub.providers.embedded.files import Percent, require_space, sha256_of, silent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from hubbub.providers.embedded.catalogue import Pullable
    from hubbub.providers.embedded.files import Report

HUB = "https://huggingface.co"
MOST_REDIRECTS = 6
ATTEMPTS = 5
CHUNK = 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class _Known:
    """What the hub says of a file before it comes; ``url`` is where it lies."""

    url: str
    sha256: str
    size: int


class Hub:
    """One hub, reached with the session that is given."""

    def __init__(
        self, session: aiohttp.ClientSession, address: str = HUB, *, proxy: str | None = None, pause: float = 2.0
    ) -> None:
        """``address``: the hub's, or a mirror's (the variable HF_ENDPOINT); ``pause``: seconds between attempts."""
        self._session = session
        self._address = address.rstrip("/")
        self._proxy = proxy
        self._pause = pause
        self._timeout = aiohttp.ClientTimeout(total=None, connect=20, sock_read=60)

    async def pull(self, wanted: Pullable, models: Path, report: Report = silent) -> Path:
        """The file in ``models``; what an earlier pull left half is gone on with.

        Raises:
            EmbeddedError: it cannot be had, or is not the file that the hub describes; says what to do.
        """
        target = models / wanted.file
        try:
            known = await self._look_up(wanted)
            if await asyncio.to_thread(_is, target, known):
                report(f"{wanted.name} is in {target} already")
                return target
            part = await asyncio.to_thread(_prepare, target, known)
            percent = Percent(report, f"fetching {wanted.name}", known.size)
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    if await self._load(known, part, percent):
                        break
                except (aiohttp.ClientError, TimeoutError) as error:
                    report(f"the connection broke ({type(error).__name__}); going on, attempt {attempt} of {ATTEMPTS}")
                    await asyncio.sleep(self._pause)
            else:
                msg = f"{wanted.file} could not be fetched whole; the same command goes on where it stopped"
                raise EmbeddedError(msg)
            await asyncio.to_thread(_accept, part, target, known)
        except OSError as error:
            raise of_disk(error, f"write {target}") from error
        report(f"{wanted.name} is in {target}")
        return target

    async def _look_up(self, wanted: Pullable) -> _Known:
        url = f"{self._address}/{wanted.repository}/resolve/main/{wanted.file}"
        sha256, size = "", 0
        try:
            for _ in range(MOST_REDIRECTS):
                async with self._get(url, {}) as response:
                    sha256 = sha256 or _checksum(response.headers)
                    size = size or _number(response.headers.get("X-Linked-Size", ""))
                    if response.status == 200:
                        return _described(url, sha256, size or response.content_length or 0)
                    if not 300 <= response.status < 400:
                        raise self._refused(response.status, url)
                    url = _redirected(url, response.headers.get("Location", ""))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._unreachable(error) from error
        msg = f"{self._address} redirects too often"
        raise EmbeddedError(msg)

    async def _load(self, known: _Known, part: Path, percent: Percent) -> bool:
        """Get what is missing; True when nothing is."""
        have = await asyncio.to_thread(_size, part)
        if have >= known.size > 0:
            return True
        async with self._get(known.url, {"Range": f"bytes={have}-"} if have else {}) as response:
            if response.status == 416:  # nothing is left to send; the checksum decides
                return True
            if response.status not in (200, 206):
                raise self._refused(response.status, known.url)
            if response.status == 200:  # the server cannot go on in the middle
                await asyncio.to_thread(part.unlink, missing_ok=True)
                have = 0
            async for chunk in response.content.iter_chunked(CHUNK):
                await asyncio.to_thread(_append, part, chunk)
                have += len(chunk)
                percent.at(have)
                if known.size and have > known.size:
                    break
        return not known.size or have >= known.size

    def _get(self, url: str, headers: dict[str, str]) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        return self._session.get(
            url,
            headers=headers | {"Accept-Encoding": "identity"},
            timeout=self._timeout,
            proxy=self._proxy,
            allow_redirects=False,
        )

    def _refused(self, status: int, url: str) -> EmbeddedError:
        advice = "; is the name right?" if status in (401, 404) else ""
        return EmbeddedError(f"{urlsplit(url).hostname} answers {status}{advice}")

    def _unreachable(self, error: Exception) -> EmbeddedError:
        return EmbeddedError(
            f"the hub {self._address} cannot be reached ({type(error).__name__}: {error}); check the network and the "
            "proxy, or set HF_ENDPOINT to a mirror"
        )


def _checksum(headers: Mapping[str, str]) -> str:
    """The file's SHA-256 where the hub tells it: the linked entity's tag, or the entity's own on a mirror."""
    for name in ("X-Linked-Etag", "ETag"):
        value = headers.get(name, "").removeprefix("W/").strip('"').lower()
        if _SHA256.fullmatch(value):
            return value
    return ""


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _described(url: str, sha256: str, size: int) -> _Known:
    if not sha256:
        msg = f"{urlsplit(url).hostname} tells no checksum of the file, so it is not taken"
        raise EmbeddedError(msg)
    return _Known(url, sha256, size)


def _redirected(url: str, location: str) -> str:
    target = urljoin(url, location)
    if not location or urlsplit(target).scheme not in ("https", urlsplit(url).scheme):
        msg = f"{urlsplit(url).hostname} redirects to {target!r}, which is not followed"
        raise EmbeddedError(msg)
    return target


def _prepare(target: Path, known: _Known) -> Path:
    """The place for the unfinished file; its name holds the checksum, so that it is never gone on with another."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{known.sha256[:16]}.part")
    require_space(target.parent, max(known.size - _size(part), 0) + 50_000_000)
    return part


def _is(target: Path, known: _Known) -> bool:
    return target.is_file() and sha256_of(target) == known.sha256


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _append(part: Path, chunk: bytes) -> None:
    with part.open("ab") as file:
        file.write(chunk)


def _accept(part: Path, target: Path, known: _Known) -> None:
    found = sha256_of(part)
    if found != known.sha256:
        part.unlink()
        msg = f"{target.name} came with the checksum {found}, the hub says {known.sha256}; it was deleted, try again"
        raise EmbeddedError(msg)
    part.replace(target)
