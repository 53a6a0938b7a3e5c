"""Where a provider listens: its base URL as people write it, and the way there through a proxy."""

from __future__ import annotations

import urllib.request
from urllib.parse import urlsplit

from hubbub.core.errors import ConfigError

OPENAI = "https://api.openai.com/v1"

_ENDINGS = ("/chat/completions", "/completions", "/models")
_PROXIES = ("http", "https")


def bases(base_url: str) -> tuple[str, ...]:
    """The base URLs to try, in order: as given, or with and without ``/v1`` when only a host is given.

    Raises:
        ConfigError: it is not an ``http`` or ``https`` URL.
    """
    url = base_url.strip().rstrip("/")
    for ending in _ENDINGS:  # the whole address of a call, pasted from a manual
        url = url.removesuffix(ending).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        msg = f"base_url of a model must look like http://127.0.0.1:11434/v1 or https://api.example.com/v1, not {url!r}"
        raise ConfigError(msg)
    return (url,) if parts.path else (f"{url}/v1", url)


def proxy_for(url: str, setting: str) -> str | None:
    """The proxy to reach ``url``: the setting, or what HTTP_PROXY, HTTPS_PROXY and NO_PROXY say ("none": no proxy).

    Raises:
        ConfigError: the proxy is of a kind that cannot be used.
    """
    proxy = setting.strip() or _of_environment(url)
    if not proxy or proxy == "none":
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    if urlsplit(proxy).scheme not in _PROXIES:
        msg = f"the proxy of a model must be an http:// or https:// one, not {urlsplit(proxy).scheme}://"
        raise ConfigError(msg)
    return proxy


def _of_environment(url: str) -> str:
    """A proxy of a kind that can be used; none for this machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in ("localhost", "::1") or host.startswith("127.") or urllib.request.proxy_bypass(parts.netloc):
        return ""
    found = urllib.request.getproxies()
    usable = (found.get(kind, "") for kind in (parts.scheme, "all"))
    return next((proxy for proxy in usable if proxy and (urlsplit(proxy).scheme or "http") in _PROXIES), "")
