"""Logging in and out, and the choice of language."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from hubbub.console.forms import form_of
from hubbub.console.looks import LANGUAGE_COOKIE
from hubbub.console.visitors import client_of, cookie_name, cookies_of, set_cookie
from hubbub.core.errors import HubbubError
from hubbub.words import languages

if TYPE_CHECKING:
    from starlette.requests import Request

    from hubbub.console.desk import Desk
    from hubbub.console.services import Caller

TOKEN_BEGIN = "hub_"  # noqa: S105 - how every token begins
LONGEST_SECRET = 512
_YEAR = 365 * 86_400
_TARGETS = ("/", "/console")


class Entrance:
    """One form for the admin's password and for tokens."""

    def __init__(self, desk: Desk) -> None:
        """Sessions are the desk's."""
        self._desk = desk

    async def show(self, request: Request) -> Response:
        """The form."""
        return self._form(request, 200)

    async def enter(self, request: Request) -> Response:
        """Take a secret and give a session for it. Wrong ones are counted by address, by whoever checks them."""
        desk = self._desk
        desk.visitors.check_origin(request)
        form = await form_of(request)
        secret, target = form.get("secret", LONGEST_SECRET).strip(), _target(form.get("next"))
        try:
            cookie = await self._session(request, secret)
        except HubbubError as error:
            status = int(getattr(getattr(error, "refusal", None), "status", 500))
            return self._form(request, status, _reason(status), target)
        await self._end(request)
        response = RedirectResponse(target, 303, {"cache-control": "no-store"})
        set_cookie(request, response, "session", cookie)
        return response

    async def leave(self, request: Request) -> Response:
        """End the session."""
        form = await form_of(request)
        _, visitor = await self._desk.visit(request)
        self._desk.visitors.check_write(request, visitor, form.get("csrf"))
        await self._end(request)
        response = RedirectResponse("/", 303, {"cache-control": "no-store"})
        set_cookie(request, response, "session", "")
        return response

    async def language(self, request: Request) -> Response:
        """Remember the language that was chosen."""
        self._desk.visitors.check_origin(request)
        form = await form_of(request)
        chosen = form.get("language")
        response = RedirectResponse(_back(form.get("next")), 303, {"cache-control": "no-store"})
        if chosen in languages():
            response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_YEAR, path="/", samesite="strict")
        return response

    async def _session(self, request: Request, secret: str) -> str:
        desk = self._desk
        if secret.startswith(TOKEN_BEGIN):
            caller = await self._checked(request, f"Bearer {secret}", "messages")
            return await desk.sessions.open_token(caller.id, caller.owner)
        pair = base64.b64encode(f"admin:{secret}".encode("utf-8", "surrogateescape")).decode("ascii")
        await self._checked(request, f"Basic {pair}", "admin")
        return await desk.sessions.open_admin()

    async def _checked(self, request: Request, credentials: str, scope: str) -> Caller:
        headers = [(b"authorization", credentials.encode("latin-1", "replace"))]
        return await self._desk.services.access.require(client_of(request), headers, scope)

    async def _end(self, request: Request) -> None:
        held = cookies_of(request).get(cookie_name(request, "session"), "")
        if held:
            await self._desk.sessions.close(held)

    def _form(self, request: Request, status: int, problem: str = "", target: str = "") -> Response:
        look = self._desk.bare(request)
        target = target or _target(request.query_params.get("next", ""))
        return self._desk.page(request, "login.html", look, status, problem=problem, target=target)


def _reason(status: int) -> str:
    """The key of what to say to a failed login."""
    if status == 429:
        return "page.login_wait"
    return "page.login_busy" if status >= 500 else "page.login_wrong"


def _target(path: str) -> str:
    """Where to go after the login: a page of the hub's own, never another address."""
    return path if path in _TARGETS or (path.startswith("/console/") and "//" not in path) else "/"


def _back(path: str) -> str:
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"
