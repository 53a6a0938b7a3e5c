"""Who uses the hub: what they used, what they may do, strangers who wait to be let in, and forgetting people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from hubbub.console.errors import Missing, PageError
from hubbub.console.forms import Form, form_of
from hubbub.console.templates import HEADERS
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from starlette.requests import Request

    from hubbub.console.desk import Desk
    from hubbub.console.looks import Look
    from hubbub.core.people import People

SHOWN = 200
LONGEST_NAME = 300
LONGEST_COUNT = 12
# What can be given on the page; who is an owner of the hub, the settings say.
ROLES = (Role.BLOCKED, Role.GUEST, Role.USER, Role.ADMIN)
_NONE = "none"
_AMOUNT = re.compile(r"\d{1,6}(?:\.\d{0,9})?", re.ASCII)


class PeoplePages:
    """The page about people."""

    def __init__(self, desk: Desk) -> None:
        """People are the desk's services'."""
        self._desk = desk

    async def show(self, request: Request) -> Response:
        """Everybody, the last first."""
        look, _ = await self._desk.owner_visits(request)
        return self._desk.page(request, "people.html", look, here="people", **await self._state())

    async def role(self, request: Request) -> Response:
        """Give somebody a role, or take it away."""
        look, _ = await self._desk.owner_writes(request)
        form = await form_of(request)
        await self._people().set_role(_name(form), _role(form.get("role")))
        return await self._list(look)

    async def limits(self, request: Request) -> Response:
        """Set what somebody may use a day."""
        look, _ = await self._desk.owner_writes(request)
        form = await form_of(request)
        counts = (_count(form, "messages"), _count(form, "tokens"))
        await self._people().set_limits(_name(form), *counts, _money(form))
        return await self._list(look)

    async def let_in(self, request: Request) -> Response:
        """Let in who was given a pairing code."""
        look, _ = await self._desk.owner_writes(request)
        await self._people().let_in((await form_of(request)).get("code", LONGEST_NAME))
        return await self._list(look)

    async def forget(self, request: Request) -> Response:
        """Remove what somebody keeps."""
        look, _ = await self._desk.owner_writes(request)
        await self._people().forget(_name(await form_of(request)))
        return await self._list(look)

    async def _list(self, look: Look) -> Response:
        html = self._desk.templates.part("people_list.html", look, **await self._state())
        return HTMLResponse(html, headers=dict(HEADERS))

    async def _state(self) -> dict[str, object]:
        now = self._desk.services.clock()
        people = self._people()
        return {"users": await people.users(SHOWN), "strangers": await people.waiting(), "roles": ROLES, "now": now}

    def _people(self) -> People:
        people = self._desk.services.people
        if people is None:
            raise Missing(Phrase("page.error_missing"))
        return people


def _name(form: Form) -> str:
    return form.get("name", LONGEST_NAME).strip()


def _count(form: Form, name: str) -> int | None:
    """None for an empty field, where the hub's own limit holds. Raises PageError."""
    given = form.get(name).strip()
    if not given:
        return None
    if not given.isascii() or not given.isdecimal() or len(given) > LONGEST_COUNT:
        raise PageError(Phrase("page.error_form"))
    return int(given)


def _money(form: Form) -> float | None:
    """None for an empty field, as with `_count`. Raises PageError."""
    given = form.get("money").strip()
    if not given:
        return None
    if not _AMOUNT.fullmatch(given):
        raise PageError(Phrase("page.error_form"))
    return float(given)


def _role(name: str) -> Role | None:
    """Raises PageError for what is none that can be given."""
    if name == _NONE:
        return None
    found = next((role for role in ROLES if role.name.lower() == name), None)
    if found is None:
        raise PageError(Phrase("page.error_form"))
    return found
