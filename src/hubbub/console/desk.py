"""What every page needs: who asks, how it shall look, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hubbub.console.assets import Assets
from hubbub.console.errors import Forbidden, LoginNeeded
from hubbub.console.looks import Look, look_of
from hubbub.console.seals import Seals
from hubbub.console.sessions import Sessions
from hubbub.console.templates import Templates
from hubbub.console.visitors import VISITOR_SECONDS, Visitor, Visitors, set_cookie
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from hubbub.console.services import ConsoleServices

# Said when a field that is not needed is not there.
HTMX = "hx-request"


class Desk:
    """Built once, shared by all pages."""

    def __init__(self, services: ConsoleServices) -> None:
        """Reads templates and assets; called in a thread."""
        access = services.access
        self.services = services
        self.assets = Assets()
        self.templates = Templates(self.assets, has_people=services.people is not None)
        self.sessions = Sessions(services.store.secrets, services.admin_hash, access.tokens, services.clock)
        self.visitors = Visitors(access, self.sessions)
        self.seals = Seals(services.store.secrets)

    def bare(self, request: Request) -> Look:
        """The look of a page for whoever asks, whoever they are."""
        return look_of(request, None, self.services.settings.language)

    async def visit(self, request: Request) -> tuple[Look, Visitor]:
        """The look of a page for a visitor who may chat.

        Raises:
            LoginNeeded: they have to log in first.
            Forbidden: the hub is called by a name that is not its own, or the lists shut the visitor out.
        """
        visitor = await self.visitors.of(request)
        if visitor is None:
            raise LoginNeeded
        gate = self.services.gate
        if gate is not None and not visitor.admin and gate.let_in(visitor.owner) is Role.BLOCKED:
            raise Forbidden(Phrase("page.error_blocked"))
        return look_of(request, visitor, self.services.settings.language), visitor

    async def write(self, request: Request) -> tuple[Look, Visitor]:
        """As `visit`, for a request that changes something. Raises Forbidden if it does not come from a page."""
        look, visitor = await self.visit(request)
        self.visitors.check_write(request, visitor)
        return look, visitor

    async def owner_visits(self, request: Request) -> tuple[Look, Visitor]:
        """As `visit`, for the owner's pages."""
        look, visitor = await self.visit(request)
        if not visitor.admin:
            raise LoginNeeded
        return look, visitor

    async def owner_writes(self, request: Request) -> tuple[Look, Visitor]:
        """As `write`, for the owner's pages."""
        look, visitor = await self.owner_visits(request)
        self.visitors.check_write(request, visitor)
        return look, visitor

    def page(self, request: Request, name: str, look: Look, status: int = 200, /, **values: Any) -> Response:
        """A whole page, with the cookie that its visitor does not have yet."""
        response = self.templates.page(name, look, status, **values)
        if look.visitor is not None and look.visitor.new_cookie:
            set_cookie(request, response, "visitor", look.visitor.new_cookie, VISITOR_SECONDS)
        return response
