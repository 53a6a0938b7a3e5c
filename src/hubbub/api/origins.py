"""Where a request comes from: its network, the proxies on its way, the name it called and the page that sent it.

Browsers are the danger on trusted networks: any page may make them send requests to a hub on loopback, and a page's
own name may be made to resolve to it (DNS rebinding). So a request that is trusted for its address alone must call
the hub by an address or a name that is known, and what a browser sends from another page's origin is refused.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

FORWARDING = frozenset(
    (
        b"forwarded",
        b"via",
        b"x-real-ip",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"x-original-forwarded-for",
        b"x-original-host",
        b"x-proxyuser-ip",
        b"cf-connecting-ip",
        b"cf-connecting-ipv6",
        b"cf-ray",
        b"cdn-loop",
        b"true-client-ip",
        b"fastly-client-ip",
        b"fly-client-ip",
        b"client-ip",
        b"x-azure-clientip",
        b"x-envoy-external-address",
    )
)

RawHeaders = Sequence[tuple[bytes, bytes]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

REMEMBERED = 1024


def header(headers: RawHeaders, name: bytes) -> bytes | None:
    """The first value of a header; names arrive in lower case."""
    for key, value in headers:
        if key == name:
            return value
    return None


def forwarded(headers: RawHeaders) -> bool:
    """The request came through a proxy, so its address is the proxy's."""
    return any(key in FORWARDING or key.startswith(b"x-forwarded-") for key, _ in headers)


def address_of(text: str) -> Address | None:
    """An address as it is meant: without the zone, and IPv4 where it came wrapped in IPv6."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def host_name(value: str) -> str:
    """The name in a Host header, without port and brackets, in lower case; "" for what is none."""
    try:
        name = urlsplit(f"//{value}").hostname or ""
    except ValueError:
        return ""
    return name.rstrip(".")


class Networks:
    """The networks whose callers need no token for what is not an admin's."""

    def __init__(self, networks: Iterable[str]) -> None:
        """Raises ValueError for what is no network."""
        self._networks: tuple[Network, ...] = tuple(ipaddress.ip_network(each, strict=False) for each in networks)
        self._known: dict[str, bool] = {}

    def __contains__(self, client: object) -> bool:
        if not isinstance(client, str):
            return False
        known = self._known.get(client)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            address = address_of(client)
            known = self._known[client] = address is not None and any(address in each for each in self._networks)
        return known


class Names:
    """The names under which the hub may be called: addresses, localhost and its public ones."""

    def __init__(self, public: Iterable[str] = ()) -> None:
        """``public``: names or whole addresses (``https://hub.example``), with or without a port."""
        found = (host_name(each.rpartition("://")[2]) for each in public)
        self._public = frozenset(filter(None, found))

    def known(self, host: str) -> bool:
        """Whether a Host header names the hub itself."""
        name = host_name(host)
        return name == "localhost" or name in self._public or address_of(name) is not None

    def foreign(self, headers: RawHeaders) -> bool:
        """A browser sends this from a page that is not the hub's own.

        Programs send no Origin. A bearer token cannot be added by another page's browser, so it speaks for itself.
        """
        origin = header(headers, b"origin")
        if origin is None or _bearer(headers):
            return False
        source = _split(origin.decode("latin-1"))
        if source is None:
            return True
        name, authority = source
        host = (header(headers, b"host") or b"").decode("latin-1")
        return name not in self._public and (authority != host.lower() or not self.known(host))


def _bearer(headers: RawHeaders) -> bool:
    # Basic is what browsers do add by themselves.
    return (header(headers, b"authorization") or b"basic")[:5].lower() != b"basic"


def _split(origin: str) -> tuple[str, str] | None:
    """Name and authority of an Origin header; None for "null" and whatever is no address."""
    try:
        parts = urlsplit(origin)
        name = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https", "ws", "wss") or not name:
        return None
    return name.rstrip("."), parts.netloc.lower()
