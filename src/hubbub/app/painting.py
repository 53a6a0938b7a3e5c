"""Pictures that a model paints, as the settings say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.app.proxies import proxy_to
from hubbub.core.quotas import BILLION

if TYPE_CHECKING:
    from hubbub.core.ports import Files, Painter
    from hubbub.settings import Settings

_OPENAI = "https://api.openai.com/v1"


def build_painter(settings: Settings, files: Files) -> Painter | None:
    """What paints; None where no model is named for it. Raises ConfigError."""
    chosen, main = settings.painting, settings.model
    if not chosen.model:
        return None
    from hubbub.providers.openai_compatible.pictures import (  # noqa: PLC0415 - loaded on first use: brings aiohttp
        PictureEndpoints,
        PictureRules,
    )

    base = chosen.base_url or main.base_url or _OPENAI
    # The key of one service is nothing for another.
    key = chosen.api_key.get_secret_value() or ("" if chosen.base_url else next(iter(main.api_keys), ""))
    proxy, price = proxy_to(base, settings.server), round(chosen.price * BILLION)
    rules = PictureRules(base, chosen.model, key, chosen.size, chosen.seconds, proxy, price)
    return PictureEndpoints(rules, files.fetch)
