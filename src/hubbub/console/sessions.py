"""Who is logged in: random secrets in cookies, known to the store by their digests.

A session ends by itself after a week, at once when its holder logs out, when the admin's secret changes, and when the
token that it was opened with is revoked or expires.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from hubbub.core.ports import Clock
    from hubbub.core.store import Secrets, Token

log = logging.getLogger(__name__)

KEY = "web.sessions"
SECONDS = 7 * 86_400.0
MOST = 200

Kind = Literal["admin", "token"]


@dataclass(frozen=True, slots=True)
class Session:
    """One login. ``proof``: the digest of the admin's hash, or the token's id, which have to be as they were."""

    digest: str
    kind: Kind
    proof: str
    expires_at: float
    account: str = "local"
    owner: str = "local"


def digest_of(secret: str) -> str:
    """What is stored of a random secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


class Sessions:
    """All sessions of the hub, kept in its store so that they outlive a restart."""

    def __init__(
        self,
        store: Secrets,
        admin_hash: Callable[[], Awaitable[str | None]],
        tokens: Callable[[], Awaitable[Sequence[Token]]],
        clock: Clock,
    ) -> None:
        """``admin_hash`` and ``tokens`` are asked at every request, so that changes count at once."""
        self._store = store
        self._admin_hash = admin_hash
        self._tokens = tokens
        self._clock = clock
        self._writing = asyncio.Lock()

    async def open_admin(self) -> str:
        """A session for whoever just showed the admin's secret; returns the cookie's secret."""
        return await self._open("admin", digest_of(await self._admin_hash() or ""), "local", "local")

    async def open_token(self, token_id: str, owner: str) -> str:
        """A session for whoever just showed a token; returns the cookie's secret."""
        return await self._open("token", token_id, token_id, owner or token_id)

    async def find(self, secret: str) -> Session | None:
        """The session of a cookie, if it holds at this moment."""
        wanted = digest_of(secret)
        found = next((each for each in await self._read() if each.digest == wanted), None)
        if found is None or found.expires_at <= self._clock():
            return None
        return found if await self._proven(found) else None

    async def close(self, secret: str) -> None:
        """Make a cookie worthless; an unknown one is no fault."""
        gone = digest_of(secret)
        async with self._writing:
            await self._write([each for each in await self._read() if each.digest != gone])

    async def _open(self, kind: Kind, proof: str, account: str, owner: str) -> str:
        secret = secrets.token_urlsafe(32)
        made = Session(digest_of(secret), kind, proof, self._clock() + SECONDS, account, owner)
        async with self._writing:
            held = [each for each in await self._read() if each.expires_at > self._clock()]
            await self._write([*held, made][-MOST:])
        return secret

    async def _proven(self, session: Session) -> bool:
        if session.kind == "admin":
            stored = await self._admin_hash()
            return stored is not None and digest_of(stored) == session.proof
        now = self._clock()
        return any(
            each.id == session.proof and (each.expires_at is None or each.expires_at > now)
            for each in await self._tokens()
        )

    async def _read(self) -> list[Session]:
        stored = await self._store.get(KEY)
        try:
            return [Session(**each) for each in json.loads(stored)] if stored else []
        except (TypeError, ValueError) as error:  # another version's: everybody logs in again
            log.warning("stored sessions cannot be read and are forgotten: %s", error)
            return []

    async def _write(self, held: Sequence[Session]) -> None:
        await self._store.put(KEY, json.dumps([asdict(each) for each in held]))
