"""What libraries read from the environment by themselves counts from `.env` too."""

from __future__ import annotations

import os

from hubbub.settings import Settings

HANDED_ON = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "HF_ENDPOINT")


def hand_on(settings: Settings) -> None:
    """Put these variables of `.env` into the environment, unless they are there. Called before anything reads them."""
    for name, value in settings.environ.items():
        if name.upper() in HANDED_ON:
            os.environ.setdefault(name, value)
