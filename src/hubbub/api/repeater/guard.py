"""How a request comes in: who asks, about whom, and then what.

On a trusted network nobody needs a token, as with the original. Elsewhere a token is needed, or a signed link where the
route takes one; and what is a user's own is for that user and for whoever may act for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from typing_extensions import override

from hubbub.api.admission import Admission
from hubbub.api.auth import Access
from hubbub.api.callers import Caller
from hubbub.api.errors import Refused, unforeseen
from hubbub.api.repeater.errors import Told
from hubbub.api.repeater.links import Links
from hubbub.api.repeater_parts import RepeaterParts
from hubbub.api.requests import BoundedRequest, caller_of
from hubbub.conversations.users import is_user
from hubbub.core.errors import HubbubError

SCOPE = "repeater"
OWN = "messages"
"""With this scope a token that is bound to an owner reaches that owner's data."""
BY_LINK = Caller("link", frozenset((SCOPE,)))
OPEN = "none"


class RepeaterRequest(BoundedRequest):
    """A request of this API."""

    @property
    def owner(self) -> str:
        """Whom the path names."""
        owner = self.scope["hubbub.owner"]
        assert isinstance(owner, str)  # noqa: S101 - only asked by routes with a user in their path
        return owner

    @property
    def user_id(self) -> str:
        """The same as the path writes it."""
        return str(self.path_params["user_id"])


class RepeaterRoute(APIRoute):
    """Every route of this API. Its ``x-scope`` is "none" where another secret lets in, or nobody has to be asked."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See `fastapi.routing.APIRoute`."""
        handle = super().get_route_handler()
        extra = self.openapi_extra or {}
        scope, linked, everybody = extra["x-scope"], extra.get("x-link", False), extra.get("x-everybody", False)

        async def handler(request: Request) -> Response:
            try:
                request = RepeaterRequest(request.scope, request.receive)
                if scope != OPEN:
                    caller = await _caller(request, linked=linked)
                    _check_owner(request, caller, everybody=everybody)
                return await handle(request)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody reads it
            except (HubbubError, HTTPException, RequestValidationError, TimeoutError):
                raise
            except Exception as error:
                raise Refused.of(unforeseen(f"the request {request.scope['path']}", error)) from error

        return handler


async def _caller(request: Request, *, linked: bool) -> Caller:
    links: Links = request.app.state.repeater_links
    if linked and await links.good(request):
        caller = BY_LINK
    else:
        access: Access = request.app.state.access
        client, headers = (request.scope.get("client") or ("",))[0], request.scope["headers"]
        found = await access.caller(client, headers)
        own = found.owner and not found.may(SCOPE)
        caller = await access.require(client, headers, OWN if own else SCOPE)
    request.scope["hubbub.caller"] = caller
    return caller


def _check_owner(request: Request, caller: Caller, *, everybody: bool) -> None:
    """See that who asks may ask about whom the path names, or about everybody where it names nobody."""
    user_id = request.path_params.get("user_id")
    if user_id is not None:
        request.scope["hubbub.owner"] = _owner(request, caller, user_id)
    elif everybody and caller.owner:
        message = f"This token is {caller.owner!r}'s own; what is about everybody needs one that is nobody's."
        raise Refused(403, "owner_forbidden", message)


def _owner(request: Request, caller: Caller, user_id: str) -> str:
    """Whom an id means, if the caller may ask about them."""
    if not user_id or not is_user(user_id):
        raise Told(404 if not user_id else 403, "This is nobody's id.")
    parts: RepeaterParts = request.app.state.repeater
    owner = parts.owner_of(user_id)
    admission: Admission = request.app.state.admission
    # A token's owner may be written in another way than the path writes it.
    named = caller.owner if caller.owner and parts.owner_of(caller.owner) == owner else owner
    admission.owner(caller, named)
    admission.check(caller, owner)
    return owner


__all__ = ["OPEN", "SCOPE", "RepeaterRequest", "RepeaterRoute", "caller_of"]
