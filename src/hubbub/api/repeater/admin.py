"""``/admin/...``: two acts of whoever has the key in ``X-Admin-API-Key``."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
from typing import Annotated

import orjson
from fastapi import Header
from starlette.responses import Response

from hubbub.api.auth import Access
from hubbub.api.failures import Failures
from hubbub.api.repeater.errors import Told
from hubbub.api.repeater.guard import RepeaterRequest
from hubbub.api.repeater_parts import RepeaterParts
from hubbub.core.errors import ConfigError
from hubbub.core.store import Secrets

log = logging.getLogger(__name__)

STORED = "repeater.admin"

Key = Annotated[str, Header(alias="X-Admin-API-Key", max_length=1000, description="The admin's key")]


class AdminKey:
    """The key of the settings, until another one is made; that one counts until the settings have a new one."""

    def __init__(self, store: Secrets, configured: str) -> None:
        """Without a configured one, only a made one counts."""
        self._store = store
        self._configured = _digest(configured) if configured else ""

    async def right(self, key: str) -> bool:
        """Whether this is the key as it is now."""
        stored = await self._store.get(STORED)
        made = json.loads(stored) if stored else {}
        valid = made["digest"] if made.get("instead_of") == self._configured else self._configured
        return bool(valid) and hmac.compare_digest(_digest(key), valid)

    async def make(self) -> str:
        """A new key; the old one is worth nothing from now on."""
        key = secrets.token_urlsafe(32)
        await self._store.put(STORED, json.dumps({"digest": _digest(key), "instead_of": self._configured}))
        return key


class AdminRoutes:
    """The handlers; one for the whole application."""

    def __init__(self, parts: RepeaterParts, store: Secrets, access: Access) -> None:
        """The hub's own admin secret is a key, too."""
        self._parts = parts
        self._key = AdminKey(store, parts.settings.admin_api_key)
        self._access = access
        self._failures = Failures()

    async def reload(self, request: RepeaterRequest, key: Key) -> Response:
        """Read the models anew."""
        await self._check(request, key)
        try:
            await self._parts.reload()
        except ConfigError as error:
            raise Told(400, str(error)) from error
        return _json({"detail": "Apiinfo reloaded"})

    async def regenerate(self, request: RepeaterRequest, key: Key) -> Response:
        """Make a new admin key and show it, this once."""
        await self._check(request, key)
        made = await self._key.make()
        log.warning("the admin key of the Repeater API was made anew")
        return _json({"message": "Admin key regenerated", "admin_key": made})

    async def _check(self, request: RepeaterRequest, key: str) -> None:
        client = (request.scope.get("client") or ("",))[0]
        if wait := self._failures.wait(client):
            raise Told(429, f"Too many wrong keys came from this address. Wait {max(1, round(wait))} s.")
        if await self._key.right(key) or await self._access.verify_admin(key):
            return
        self._failures.count(client)
        log.warning("wrong admin key of the Repeater API from %s", client or "a socket without address")
        raise Told(401, "Invalid API key")


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json", headers={"cache-control": "no-store"})
