"""What libraries read from the environment by themselves, as the settings say it."""

from __future__ import annotations

import os
import time

from hubbub.settings import Settings

HANDED_ON = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "HF_ENDPOINT")


def hand_on(settings: Settings) -> None:
    """Let proxies and certificates of `.env` count, and the time zone. Called before anything reads them."""
    for name, value in settings.environ.items():
        if name.upper() in HANDED_ON:
            os.environ.setdefault(name, value)
    if settings.server.timezone:
        os.environ["TZ"] = settings.server.timezone
        if hasattr(time, "tzset"):
            time.tzset()
