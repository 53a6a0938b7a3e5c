"""There is always an admin's secret, from the first start on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from hubbub.api.auth import Access
from hubbub.core.errors import StoreError
from hubbub.settings import Settings

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 5.0


async def ensure_admin(access: Access, settings: Settings, announce: Callable[[str], None] | None) -> None:
    """Store the secret of the settings, or a random one that is shown once; as often as it takes."""
    configured = settings.server.admin_password

    def show(secret: str) -> None:
        (announce or log.warning)(f"Admin secret for /console (shown this once; user is admin): {secret}")

    while True:
        try:
            await access.ensure_admin(configured.get_secret_value() if configured else "", show)
        except StoreError as error:
            log.error("the admin's secret is not stored, trying again: %s", error)  # noqa: TRY400 - an expected kind
            await asyncio.sleep(_AGAIN_SECONDS)
        else:
            return
