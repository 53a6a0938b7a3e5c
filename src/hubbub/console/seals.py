"""Numbers of answers that a page may ask for: sealed for one owner, good through restarts of the hub."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubbub.core.store import Secrets

KEY = "web.seal"
_LENGTH = 32


class Seals:
    """Seals with a random key of the hub's own, made on first use."""

    def __init__(self, store: Secrets) -> None:
        """``store`` keeps the key."""
        self._store = store
        self._key = b""

    async def seal(self, owner: str, entry: int) -> str:
        """The number of an entry with what shows that it is this owner's."""
        return f"{entry}.{_mark(await self._secret(), owner, entry)}"

    async def opened(self, owner: str, sealed: str) -> int | None:
        """The number in it; None if it was not sealed for this owner."""
        number, _, mark = sealed.partition(".")
        if not number.isdecimal() or len(number) > 18:
            return None
        entry = int(number)
        expected = _mark(await self._secret(), owner, entry)
        return entry if hmac.compare_digest(expected.encode(), mark.encode("utf-8", "surrogateescape")) else None

    async def _secret(self) -> bytes:
        if not self._key:
            stored = await self._store.get(KEY)
            if stored is None:
                stored = secrets.token_hex(32)
                await self._store.put(KEY, stored)
            self._key = bytes.fromhex(stored)
        return self._key


def _mark(key: bytes, owner: str, entry: int) -> str:
    return hmac.new(key, f"{entry}/{owner}".encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:_LENGTH]
