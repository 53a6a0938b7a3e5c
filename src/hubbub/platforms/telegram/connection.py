"""The way to a Bot API server: with time limits, and through the environment's proxy where there is one."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from telegram.request import HTTPXRequest

from hubbub.core.errors import ConfigError


def connection(base: str, seconds: float, most: int = 2) -> HTTPXRequest:
    """At most so many requests at once to a server, each step of which may take so long.

    Raises:
        ConfigError: the proxy of the environment is of a kind that cannot be used.
    """
    try:
        return HTTPXRequest(
            most,
            read_timeout=seconds,
            connect_timeout=seconds,
            write_timeout=seconds,
            pool_timeout=seconds,
            httpx_kwargs={"trust_env": not _is_here(base)},
        )
    except (RuntimeError, ValueError) as error:
        message = f"the environment's proxy cannot lead to Telegram; set HUBBUB_PROXY to an HTTP proxy ({error})"
        raise ConfigError(message) from error


def _is_here(base: str) -> bool:
    """The server is on this machine, where no proxy leads."""
    host = urlsplit(base).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
