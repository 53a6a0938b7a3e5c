"""Who may connect to the hub as an OneBot implementation."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

# A request with one of these came through a proxy, so its address says nothing about who sent it.
_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via"})
_SCHEMES = frozenset({"bearer", "token"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not served: an HTTP status and a sentence for its operator."""

    status: int
    reason: str


def headers_of(scope: Mapping[str, Any]) -> dict[bytes, str]:
    """An ASGI scope's headers; of those given twice, the last."""
    return {name: value.decode("latin-1") for name, value in scope["headers"]}


def _given(scope: Mapping[str, Any], headers: Mapping[bytes, str]) -> list[bytes]:
    """Every secret that the request carries."""
    found: list[bytes] = []
    scheme, _, credentials = headers.get(b"authorization", "").partition(" ")
    if scheme.lower() in _SCHEMES:
        found.append(credentials.strip().encode("latin-1"))
    try:
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), max_num_fields=50)
    except ValueError:
        return found
    found.extend(value.encode() for key, value in query if key == "access_token")
    return found


def _from_loopback(scope: Mapping[str, Any]) -> bool:
    client = scope.get("client")
    if not client:
        return False
    try:
        return ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


def refusal(scope: Mapping[str, Any], token: str) -> Refusal | None:
    """Why a connection is refused; None if it is welcome.

    With a token set, whoever gives it is welcome. Without one, programs of this machine are: nothing that came
    through a proxy, and no page in a browser (browsers send ``Origin`` with every WebSocket).
    """
    headers = headers_of(scope)
    if token:
        wanted = token.encode()
        given = _given(scope, headers)
        if any(hmac.compare_digest(wanted, secret) for secret in given):
            return None
        return Refusal(401, "wrong access token" if given else "an access token is needed")
    if not _from_loopback(scope) or _FORWARDED.intersection(headers):
        return Refusal(403, "set platforms.onebot.access_token to let other machines connect")
    if b"origin" in headers:
        return Refusal(403, "set platforms.onebot.access_token to let web pages connect")
    return None
