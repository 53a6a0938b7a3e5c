"""Speech, as the settings say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.app.proxies import proxy_to

if TYPE_CHECKING:
    from hubbub.core.ports import Speech
    from hubbub.settings import Settings

_OPENAI = "https://api.openai.com/v1"


def build_speech(settings: Settings) -> Speech | None:
    """What hears and speaks; None where no model is named for it. Raises ConfigError."""
    chosen, main = settings.speech, settings.model
    if not (chosen.hears or chosen.speaks):
        return None
    from hubbub.providers.openai_compatible.audio import (  # noqa: PLC0415 - loaded on first use: brings aiohttp
        AudioEndpoints,
        AudioRules,
    )

    base = chosen.base_url or main.base_url or _OPENAI
    # The key of one service is nothing for another.
    key = chosen.api_key.get_secret_value() or ("" if chosen.base_url else next(iter(main.api_keys), ""))
    return AudioEndpoints(
        AudioRules(
            base_url=base,
            key=key,
            hears=chosen.hears,
            speaks=chosen.speaks,
            voice=chosen.voice,
            form=chosen.form,
            language=chosen.language,
            seconds=chosen.seconds,
            proxy=proxy_to(base, settings.server),
        )
    )
