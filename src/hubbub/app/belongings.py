"""What platforms may keep in the hub."""

from __future__ import annotations

from hubbub.core.ports import Secrets


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
