"""Who looks at a page: the owner of the conversations they see, and whether they may see the owner's pages.

A session speaks first, then the network: whoever is trusted by the HTTP APIs without a token is trusted here. People on
this machine are one owner; on another trusted network every browser is one, by a random cookie.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hubbub.commands.access.rules import PAGE
from hubbub.console.errors import Forbidden
from hubbub.console.sessions import SECONDS, Session, Sessions
from hubbub.core.errors import HubbubError
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from hubbub.console.services import Access

VISITOR_SECONDS = 365 * 86_400
LONGEST_COOKIE = 200
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
_OWN_SITES = (None, "same-origin", "none")


@dataclass(frozen=True, slots=True)
class Visitor:
    """``owner`` owns the conversations, ``account`` is how the hub calls them on the platform of requests.

    ``csrf`` has to come with everything that they change. ``new_cookie`` is to be set, if it is not empty.
    """

    owner: str
    account: str
    admin: bool
    session: bool
    csrf: str
    new_cookie: str = ""


class Visitors:
    """Looks at requests. Holds nothing but the way to the sessions."""

    def __init__(self, access: Access, sessions: Sessions) -> None:
        """``access`` decides for requests without a session."""
        self._access = access
        self._sessions = sessions

    async def of(self, request: Request) -> Visitor | None:
        """Who sends this; None if they have to log in first.

        Raises:
            Forbidden: the hub is called by a name that is not its own.
        """
        self._check_host(request)
        cookies = cookies_of(request)
        known = cookies.get(cookie_name(request, "visitor"), "")
        mark = known or secrets.token_urlsafe(24)
        session = await self._session(request, cookies)
        if session is not None:
            csrf = _derived("csrf", mark + session.digest)
            admin = session.kind == "admin"
            new = "" if known else mark
            return Visitor(PAGE + session.owner, session.account, admin, session=True, csrf=csrf, new_cookie=new)
        try:
            caller = await self._access.require(client_of(request), request.scope["headers"], "messages")
        except HubbubError:
            return None
        owner = caller.owner or self._neighbour(request, caller.id, mark)
        csrf = _derived("csrf", mark)
        return Visitor(PAGE + owner, caller.id, admin=False, session=False, csrf=csrf, new_cookie="" if known else mark)

    def check_write(self, request: Request, visitor: Visitor, field: str = "") -> None:
        """That a request which changes something comes from a page that this visitor was given.

        ``field`` is the form's own copy of the token, where a page without script sends one.

        Raises:
            Forbidden: it does not.
        """
        self.check_origin(request)
        given = request.headers.get(CSRF_HEADER) or field
        if visitor.new_cookie or not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
            raise Forbidden(Phrase("page.error_csrf"))

    def check_origin(self, request: Request) -> None:
        """That a browser sends this from one of the hub's own pages.

        Raises:
            Forbidden: it does not, or does not say from where.
        """
        self._check_host(request)
        site = request.headers.get("sec-fetch-site")
        foreign = "origin" not in request.headers or self._access.names.foreign(request.scope["headers"])
        if foreign or site not in _OWN_SITES:
            raise Forbidden(Phrase("page.error_origin"))

    def _check_host(self, request: Request) -> None:
        if not self._access.names.known(request.headers.get("host", "")):
            raise Forbidden(Phrase("page.error_host"))

    async def _session(self, request: Request, cookies: dict[str, str]) -> Session | None:
        secret = cookies.get(cookie_name(request, "session"), "")
        return await self._sessions.find(secret) if secret else None

    def _neighbour(self, request: Request, caller: str, mark: str) -> str:
        """The owner of a trusted caller without a token."""
        if caller != "local" or _on_this_machine(client_of(request)):
            return caller
        return "guest-" + _derived("owner", mark)[:20]


def cookies_of(request: Request) -> dict[str, str]:
    """The cookies of a request; none where the header makes no sense."""
    try:
        parsed = SimpleCookie(request.headers.get("cookie", "")[:8_192])
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in parsed.items() if len(morsel.value) <= LONGEST_COOKIE}


def cookie_name(request: Request, what: str) -> str:
    """Cookies do not know ports, so that two hubs on one machine need names of their own."""
    try:
        port = urlsplit(f"//{request.headers.get('host', '')}").port
    except ValueError:
        port = None
    return f"hubbub-{what}-{port}" if port else f"hubbub-{what}"


def set_cookie(request: Request, response: Response, what: str, value: str, seconds: float | None = None) -> None:
    """Give the browser a cookie that only the hub's own pages send back, and no script reads. Empty takes it away."""
    age = 0 if not value else int(seconds if seconds is not None else SECONDS)
    response.set_cookie(
        cookie_name(request, what),
        value,
        max_age=age,
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="strict",
    )


def is_secure(request: Request) -> bool:
    """Whether the browser speaks HTTPS, to the hub or to a proxy before it. Whoever lies about it harms only itself."""
    told = request.headers.get("x-forwarded-proto", request.url.scheme)
    return told.strip().lower() == "https" or request.headers.get("origin", "").startswith("https://")


def client_of(request: Request) -> str:
    """The address that the request came from."""
    return request.client.host if request.client else ""


def _derived(purpose: str, secret: str) -> str:
    return hashlib.sha256(f"{purpose}:{secret}".encode("utf-8", "surrogateescape")).hexdigest()[:40]


def _on_this_machine(client: str) -> bool:
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return True  # a socket of this machine has no address
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
