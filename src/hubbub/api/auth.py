"""Who may come in: trusted networks, bearer tokens and the admin's secret.

A request without credentials is let in only from a trusted network, without a proxy on its way, and when it calls the
hub by a name that is the hub's (see `hubbub.api.origins`). What an admin does always needs credentials.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
import math
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hubbub.api.callers import ADMIN, LOCAL, SCOPES, Caller
from hubbub.api.errors import FOREIGN, Refused
from hubbub.api.failures import Failures
from hubbub.api.limits import Buckets
from hubbub.api.origins import Names, Networks, RawHeaders, forwarded, header
from hubbub.api.passwords import check_password, hash_password
from hubbub.core.ports import Clock
from hubbub.core.store import Secrets, Token

log = logging.getLogger(__name__)

ADMIN_KEY = "admin.hash"
SHORTEST_SECRET = 8
CHECKS_WAITING = 8
REMEMBERED_SECONDS = 2.0
REMEMBERED = 1024

NEED_TOKEN = "Send the header 'Authorization: Bearer hub_...'; 'hubbub token create' makes a token."  # noqa: S105 - a hint
CHALLENGE = {"www-authenticate": 'Bearer realm="hubbub"'}


@dataclass(frozen=True, slots=True)
class Found:
    """What a digest was found to be, until it is asked for again (``until``, monotonic seconds)."""

    token: Token
    caller: Caller
    until: float


class Access:
    """Lets callers in or refuses them, and keeps what that rests on: tokens and the admin's secret."""

    def __init__(
        self,
        store: Secrets,
        clock: Clock = time.time,
        *,
        trusted_networks: Iterable[str] = ("127.0.0.0/8", "::1/128"),
        public_names: Iterable[str] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ValueError for what is no network."""
        self._store = store
        self._clock = clock
        self._monotonic = monotonic
        self._trusted = Networks(trusted_networks)
        self.names = Names(public_names)
        self._failures = Failures(clock=monotonic)
        self._buckets = Buckets(monotonic)
        self._found: dict[str, Found] = {}
        self._changes = 0
        self._local = b""
        self._checking = asyncio.Lock()
        self._checks = 0

    # --- letting in ------------------------------------------------------------------------------------------

    async def require(self, client: str, headers: RawHeaders, scope: str) -> Caller:
        """The caller of a request that needs a scope.

        Raises:
            Refused: 401 without (right) credentials, 403 without the scope, 429 after too many wrong ones or more
                requests than the token may send.
        """
        caller = await self.caller(client, headers)
        if caller.may(scope):
            if caller.per_minute and (wait := self._buckets.take(caller.id, caller.per_minute)):
                raise _too_many(caller.per_minute, wait)
            return caller
        if caller is LOCAL:
            raise Refused(
                401, "credentials_required", f"This needs a token with the scope '{scope}'. {NEED_TOKEN}", CHALLENGE
            )
        message = f"This token lacks the scope '{scope}'. Make one that has it: 'hubbub token create --scope {scope}'."
        raise Refused(403, "scope_missing", message)

    async def caller(self, client: str, headers: RawHeaders) -> Caller:
        """Who sends this. Raises Refused as `require` does."""
        given = header(headers, b"authorization")
        if given is None:
            return self._by_network(client, headers)
        kind, _, value = given.decode("latin-1").strip().partition(" ")
        if kind.lower() == "bearer":
            return await self._by_token(client, value.strip())
        if kind.lower() == "basic":
            return await self._by_password(client, value.strip())
        raise Refused(
            401, "credentials_unknown", f"This kind of credentials is not known here. {NEED_TOKEN}", CHALLENGE
        )

    def _by_network(self, client: str, headers: RawHeaders) -> Caller:
        if client not in self._trusted:
            message = f"The address {client or 'of this request'} is not on a trusted network. {NEED_TOKEN}"
            raise Refused(401, "credentials_required", message, CHALLENGE)
        if forwarded(headers):
            message = f"Requests through a proxy are never trusted for their address. {NEED_TOKEN}"
            raise Refused(401, "credentials_required", message, CHALLENGE)
        host = header(headers, b"host")
        if host is None or not self.names.known(host.decode("latin-1")):
            message = (
                "The hub is not known by the name in the Host header. Call it by its address or as localhost, set"
                f" server.public_url to this name, or use a token. {NEED_TOKEN}"
            )
            raise Refused(403, "host_unknown", message)
        if self.names.foreign(headers):
            raise Refused.of(FOREIGN)
        return LOCAL

    async def _by_token(self, client: str, secret: str) -> Caller:
        digest = digest_of(secret)
        if self._local and hmac.compare_digest(digest.encode(), self._local):
            return ADMIN
        found = await self._find(digest)
        if found is None:
            raise self._wrong(client, "token_wrong", f"This token is not known. {NEED_TOKEN}")
        expires = found.token.expires_at
        if expires is not None and expires <= self._clock():
            raise self._wrong(client, "token_expired", f"This token has expired. {NEED_TOKEN}")
        return found.caller

    async def _find(self, digest: str) -> Found | None:
        now = self._monotonic()
        found = self._found.get(digest)
        if found is not None and found.until > now:
            return found
        changes = self._changes
        token = await self._store.token_find(digest)
        if token is None:
            self._found.pop(digest, None)
            return None
        if len(self._found) >= REMEMBERED:
            self._found.clear()
        caller = Caller(token.id, frozenset(token.scopes), token.owner, token.per_minute)
        found = Found(token, caller, now + REMEMBERED_SECONDS)
        if changes == self._changes:  # else it may have been revoked while the store looked
            self._found[digest] = found
        return found

    async def _by_password(self, client: str, value: str) -> Caller:
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = password = ""
        # Before the check, not after it: a password can be guessed, and each check is costly.
        if wait := self._failures.wait(client):
            raise _too_often(wait)
        if user == "admin" and await self.verify_admin(password):
            return ADMIN
        raise self._wrong(client, "password_wrong", "The user is 'admin', with the secret that 'hubbub run' printed.")

    def _wrong(self, client: str, code: str, message: str) -> Refused:
        if wait := self._failures.wait(client):
            return _too_often(wait)
        self._failures.count(client)
        # At most as often as failures are counted, so nobody can fill the log with it.
        log.warning("wrong credentials (%s) from %s", code, client or "a socket without address")
        return Refused(401, code, message, CHALLENGE)

    # --- the admin's secret ----------------------------------------------------------------------------------

    async def verify_admin(self, password: str) -> bool:
        """Whether this is the admin's secret as it is stored now.

        Raises:
            Refused: 503, when too many such checks wait already: each takes a processor for a while.
        """
        stored = await self._store.get(ADMIN_KEY)
        if stored is None or not password:
            return False
        if self._checks >= CHECKS_WAITING:
            raise Refused(
                503, "overloaded", "Too many passwords are being checked. Try again in 1 s.", {"retry-after": "1"}
            )
        self._checks += 1
        try:
            async with self._checking:
                return await asyncio.to_thread(check_password, stored, password)
        finally:
            self._checks -= 1

    async def set_admin(self, password: str) -> None:
        """Make this the admin's secret; the old one is worth nothing from now on.

        Raises:
            ValueError: it is too short.
        """
        if len(password) < SHORTEST_SECRET:
            msg = f"the admin's secret needs at least {SHORTEST_SECRET} characters"
            raise ValueError(msg)
        await self._store.put(ADMIN_KEY, await asyncio.to_thread(hash_password, password))

    async def ensure_admin(self, configured: str = "", show: Callable[[str], None] | None = None) -> str:
        """See at the start that there is an admin's secret.

        One from the settings replaces the stored one. Without any a random one is made and returned; ``show`` is told
        it before it is stored, so that there is never one that nobody has seen. Else the answer is "".
        """
        if configured:
            if not await self.verify_admin(configured):
                await self.set_admin(configured)
            return ""
        if await self._store.get(ADMIN_KEY) is not None:
            return ""
        secret = secrets.token_urlsafe(18)
        if show is not None:
            show(secret)
        await self.set_admin(secret)
        return secret

    # --- tokens ----------------------------------------------------------------------------------------------

    def allow_local(self, secret: str) -> None:
        """Let in whoever can read the admin token file of this run (`hubbub.api.local`)."""
        self._local = digest_of(secret).encode()

    async def issue(
        self,
        name: str,
        scopes: Sequence[str],
        *,
        owner: str = "",
        expires_at: float | None = None,
        per_minute: int = 0,
    ) -> tuple[Token, str]:
        """A new token and its secret, which nobody can look up later.

        Raises:
            ValueError: an unknown scope, or an admin's one for a token that is bound to one owner.
        """
        unknown = [each for each in scopes if each not in SCOPES]
        if unknown or not scopes:
            msg = f"scopes are {', '.join(SCOPES)}; not {', '.join(unknown) or 'none'}"
            raise ValueError(msg)
        if owner and not {"admin", "*"}.isdisjoint(scopes):
            msg = "a token that is bound to an owner cannot have the scopes 'admin' and '*'"
            raise ValueError(msg)
        secret = "hub_" + secrets.token_urlsafe(32)
        granted = tuple(dict.fromkeys(scopes))
        token = Token(secrets.token_hex(6), name, granted, owner, self._clock(), expires_at, per_minute)
        await self._store.token_add(token, digest_of(secret))
        return token, secret

    async def tokens(self) -> Sequence[Token]:
        """All tokens, without their secrets."""
        return await self._store.tokens()

    async def revoke(self, token_id: str) -> bool:
        """Make a token worthless at once; False if there is none of this id."""
        dropped = await self._store.token_drop(token_id)
        self._found.clear()
        self._changes += 1
        return dropped


def digest_of(secret: str) -> str:
    """What is stored of a token. A plain hash is enough: the secret is random, nobody can guess at it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _too_many(per_minute: int, wait: float) -> Refused:
    seconds = str(max(1, math.ceil(wait)))
    message = f"This token may send {per_minute} requests a minute. Wait {seconds} s."
    return Refused(429, "rate_limited", message, {"retry-after": seconds})


def _too_often(wait: float) -> Refused:
    seconds = str(max(1, round(wait)))
    message = f"Too many wrong credentials came from this address. Wait {seconds} s."
    return Refused(429, "too_many_failures", message, {"retry-after": seconds})
