"""The way to other machines, as the settings say it."""

from __future__ import annotations

import ipaddress
import urllib.request
from urllib.parse import urlsplit

from hubbub.settings import Server

NO_PROXY = "none"


def proxy_to(url: str, server: Server) -> str:
    """How to reach an address: a proxy, "none", or "" where the settings leave it to the environment."""
    host = urlsplit(url).hostname or ""
    if _is_loopback(host) or _listed(host, server.no_proxy):
        return NO_PROXY
    return server.proxy


def _listed(host: str, hosts: tuple[str, ...]) -> bool:
    return bool(hosts) and bool(urllib.request.proxy_bypass_environment(host, {"no": ",".join(hosts)}))  # type: ignore[attr-defined]  # as NO_PROXY is read


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
