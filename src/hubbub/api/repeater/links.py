"""Links that stand for a token: to one path, for a while. For files that are fetched by programs without a header.

``?expires=SECONDS&signature=HEX``; the signature is over method, path and time, by a key that the store keeps.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import quote

from starlette.requests import Request

from hubbub.core.errors import StoreError
from hubbub.core.ports import Clock
from hubbub.core.store import Secrets

KEY = "repeater.links"
LONGEST_SECONDS = 7 * 86_400
_LONGEST_NUMBER = 12


class Links:
    """Signs and checks them."""

    def __init__(self, store: Secrets, clock: Clock) -> None:
        """The key is made when it is first needed."""
        self._store = store
        self._clock = clock
        self._key = b""

    async def query(self, path: str, seconds: float) -> str:
        """What is to stand behind a path."""
        expires = int(self._clock() + min(seconds, LONGEST_SECONDS)) + 1
        return f"expires={expires}&signature={await self._signature(path, expires)}"

    async def url(self, request: Request, path: str, seconds: float) -> str:
        """A whole link by the address that a request called; ``path`` is as it is served, not yet escaped."""
        base = str(request.base_url).rstrip("/")
        return f"{base}{quote(path)}?{await self.query(path, seconds)}"

    async def good(self, request: Request) -> bool:
        """Whether a request comes by such a link, in time."""
        expires, signature = request.query_params.get("expires", ""), request.query_params.get("signature", "")
        if request.method != "GET" or not signature or not expires.isdecimal() or len(expires) > _LONGEST_NUMBER:
            return False
        right = await self._signature(request.scope["path"], int(expires))
        return hmac.compare_digest(right.encode(), signature.encode()) and int(expires) > self._clock()

    async def _signature(self, path: str, expires: int) -> str:
        key = self._key or await self._made()
        return hmac.new(key, f"GET {path} {expires}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    async def _made(self) -> bytes:
        """The key that is stored; of several that are made at once the first one counts. Raises StoreError."""
        stored = await self._store.get(KEY)
        if stored is None:
            await self._store.change(KEY, None, secrets.token_hex(32))
            stored = await self._store.get(KEY)
        if not stored:
            msg = "the key of links is not stored"
            raise StoreError(msg)
        self._key = stored.encode()
        return self._key
