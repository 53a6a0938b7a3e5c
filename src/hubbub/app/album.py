"""Pictures by tags, as the settings say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.app.proxies import proxy_to

if TYPE_CHECKING:
    from hubbub.core.ports import Album
    from hubbub.settings import Settings


def build_album(settings: Settings) -> Album | None:
    """What knows pictures by tags; None where that is switched off. Raises ConfigError."""
    chosen = settings.album
    if not chosen.enabled:
        return None
    from hubbub.providers.openai_compatible.address import proxy_for  # noqa: PLC0415 - loaded on first use
    from hubbub.providers.tagged_pictures.client import (  # noqa: PLC0415 - loaded on first use: brings aiohttp
        TaggedPictures,
    )

    proxy = proxy_for(chosen.url, proxy_to(chosen.url, settings.server))
    return TaggedPictures(chosen.url, chosen.proxy, chosen.seconds, proxy)
