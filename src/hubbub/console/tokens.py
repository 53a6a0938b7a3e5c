"""The bearer tokens of the HTTP APIs: made, listed without their secrets, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from hubbub.console.errors import Missing, PageError
from hubbub.console.forms import Form, form_of
from hubbub.console.templates import HEADERS
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from starlette.requests import Request

    from hubbub.console.desk import Desk
    from hubbub.console.looks import Look

LONGEST_NAME = 100
MOST_DAYS = 3650
MOST_PER_MINUTE = 100_000
_DAY = 86_400.0
_FOR_ADMINS = frozenset(("admin", "*"))


class TokenPages:
    """The page about tokens."""

    def __init__(self, desk: Desk) -> None:
        """Tokens are kept by the desk's access."""
        self._desk = desk
        self._access = desk.services.access

    async def show(self, request: Request) -> Response:
        """All tokens, and the form for another."""
        look, _ = await self._desk.owner_visits(request)
        scopes = self._desk.services.scopes
        return self._desk.page(request, "tokens.html", look, here="tokens", scopes=scopes, **await self._held())

    async def make(self, request: Request) -> Response:
        """Make one; its secret is in this answer and nowhere else."""
        look, _ = await self._desk.owner_writes(request)
        form = await form_of(request)
        name, owner, scopes = form.get("name", LONGEST_NAME).strip(), form.get("owner").strip(), form.all("scope")
        if not name:
            raise PageError(Phrase("console.token_unnamed"))
        if not scopes or not set(scopes) <= set(self._desk.services.scopes):
            raise PageError(Phrase("console.token_scopeless"))
        if owner and not _FOR_ADMINS.isdisjoint(scopes):
            raise PageError(Phrase("console.token_owned_admin"))
        days, per_minute = _number(form, "days", MOST_DAYS), _number(form, "per_minute", MOST_PER_MINUTE)
        expires_at = self._desk.services.clock() + days * _DAY if days else None
        _, secret = await self._access.issue(name, scopes, owner=owner, expires_at=expires_at, per_minute=per_minute)
        return await self._list(look, secret)

    async def revoke(self, request: Request) -> Response:
        """Make one worthless."""
        look, _ = await self._desk.owner_writes(request)
        if not await self._access.revoke(request.path_params["token"]):
            raise Missing(Phrase("page.error_missing"))
        return await self._list(look)

    async def _list(self, look: Look, secret: str = "") -> Response:
        html = self._desk.templates.part("token_list.html", look, secret=secret, **await self._held())
        return HTMLResponse(html, headers=dict(HEADERS))

    async def _held(self) -> dict[str, object]:
        return {"tokens": await self._access.tokens(), "now": self._desk.services.clock()}


def _number(form: Form, name: str, most: int) -> int:
    """A number from 1 on, 0 for an empty field. Raises PageError for anything else."""
    given = form.get(name).strip()
    if not given:
        return 0
    if not given.isdecimal() or not 0 < int(given[:9]) <= most:
        raise PageError(Phrase("console.token_number", {"most": most}))
    return int(given)
