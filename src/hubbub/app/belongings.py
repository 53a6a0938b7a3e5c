"""What platforms may keep in the hub."""

from __future__ import annotations

import base64
import hashlib
import os
from typing import TYPE_CHECKING

from hubbub.core.ports import Facts
from hubbub.core.store import Secrets

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class PlatformFacts:
    """Facts of platforms, apart from the hub's own."""

    def __init__(self, secrets: Secrets) -> None:
        """They are kept among the store's secrets."""
        self._secrets = secrets

    async def get(self, key: str) -> str | None:
        """See `ports.Facts.get`."""
        return await self._secrets.get(f"platform:{key}")

    async def put(self, key: str, value: str) -> None:
        """See `ports.Facts.put`."""
        await self._secrets.put(f"platform:{key}", value)

    async def change(self, key: str, seen: str | None, value: str) -> bool:
        """See `ports.Facts.change`."""
        return await self._secrets.change(f"platform:{key}", seen, value)

    def sealed(self, secret: str) -> Facts:
        """See `ports.Host.sealed`."""
        return SealedFacts(self, secret)


class SealedFacts:
    """Facts encrypted (AES-256-GCM) with a key from a secret that no database holds, each bound to its name.

    Such secrets are long and random, made by the platforms, so that a digest of one is a key.
    """

    def __init__(self, facts: Facts, secret: str) -> None:
        """``secret`` stands in the settings of every node."""
        self._facts = facts
        self._key = hashlib.sha256(b"facts of a platform\n" + secret.encode("utf-8", "surrogatepass")).digest()

    async def get(self, key: str) -> str | None:
        """See `ports.Facts.get`."""
        return self._opened(key, await self._facts.get(key))

    async def put(self, key: str, value: str) -> None:
        """See `ports.Facts.put`."""
        await self._facts.put(key, self._closed(key, value))

    async def change(self, key: str, seen: str | None, value: str) -> bool:
        """See `ports.Facts.change`."""
        kept = await self._facts.get(key)
        return self._opened(key, kept) == seen and await self._facts.change(key, kept, self._closed(key, value))

    def _cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - loaded on first use

        return AESGCM(self._key)

    def _closed(self, key: str, value: str) -> str:
        nonce = os.urandom(_NONCE)
        return base64.b64encode(nonce + self._cipher().encrypt(nonce, value.encode(), key.encode())).decode()

    def _opened(self, key: str, kept: str | None) -> str | None:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - loaded on first use

        if kept is None:
            return None
        try:
            data = base64.b64decode(kept, validate=True)
            return self._cipher().decrypt(data[:_NONCE], data[_NONCE:], key.encode()).decode()
        except (ValueError, InvalidTag):
            return None  # of another secret, or not sealed
