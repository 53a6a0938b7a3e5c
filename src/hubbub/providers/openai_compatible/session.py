"""The connections that all models share."""

from __future__ import annotations

import aiohttp

MOST_CONNECTIONS = 4096


def new_session() -> aiohttp.ClientSession:
    """A session for any number of clients. Needs a running loop; whoever makes it closes it.

    No cookies are kept, nothing is read from the environment, and what clients do not set is not sent.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS, ttl_dns_cache=60, keepalive_timeout=30),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=10),
        skip_auto_headers=("User-Agent", "Accept-Encoding"),
    )
