"""What libraries read from the environment by themselves, as the settings say it."""

from __future__ import annotations

import os
import time

from hubbub.settings import Server, Settings

HANDED_ON = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "HF_ENDPOINT")
PROXIES = HANDED_ON[:3]


def hand_on(settings: Settings) -> None:
    """Let proxies and certificates count, of the settings and of `.env`, and the time zone.

    Called before anything reads them. Packages and weights are fetched by programs that know only these variables.
    """
    for name, value in settings.environ.items():
        if name.upper() in HANDED_ON:
            os.environ.setdefault(name, value)
    _proxies(settings.server)
    if settings.server.timezone:
        os.environ["TZ"] = settings.server.timezone
        if hasattr(time, "tzset"):
            time.tzset()


def _proxies(server: Server) -> None:
    """Both spellings: which one is read differs, and a lower-case one mostly wins."""
    if server.proxy:
        for name in (*PROXIES, *map(str.lower, PROXIES)):
            os.environ.pop(name, None)
    if server.proxy not in ("", "none"):
        for name in PROXIES[:2]:
            os.environ[name] = os.environ[name.lower()] = server.proxy
    if server.no_proxy:
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(server.no_proxy)
