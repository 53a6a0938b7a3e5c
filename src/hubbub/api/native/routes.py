"""The table of the native API's routes: path, method, handler, scope, bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from hubbub.api.native.audit import Acts, AuditRoutes
from hubbub.api.native.deliveries import DeliveryRoutes
from hubbub.api.native.exports import ExportRoutes
from hubbub.api.native.hub import HubRoutes
from hubbub.api.native.messages import Messages
from hubbub.api.native.personas import PersonaRoutes, Personas, TakenOver
from hubbub.api.native.tokens import TokenRoutes
from hubbub.api.native.users import Strangers, UserJSON, UserRoutes, Users, UserShown
from hubbub.api.native.wire import (
    Deliveries,
    DeliveryChanged,
    DeliveryJSON,
    ErrorBody,
    GivenUpList,
    MessageOut,
    Models,
    Nodes,
    StatusJSON,
    TokenMade,
    Tokens,
)
from hubbub.api.requests import GuardedRoute
from hubbub.api.services import Services

ROOT = "/api/v1"

_ERRORS = {
    400: "The request cannot be read",
    401: "No (right) credentials",
    403: "Not allowed to this caller",
    404: "There is none",
    408: "The body came too slowly",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The request does not fit the description",
    429: "Too many wrong credentials",
    503: "Busy, or the data cannot be reached: try again after Retry-After seconds",
    504: "The answer takes long: ask again with the same Idempotency-Key",
}
_EVENT = {
    "type": "object",
    "description": "One event; its data is JSON.",
    "properties": {
        "event": {"enum": ["accepted", "piece", "reply", "done", "error"]},
        "data": {"type": "string"},
    },
    "required": ["event", "data"],
}
_FILES: dict[str, dict[str, Any]] = {
    **{
        mime: {"schema": {"type": "string", "format": "binary"}}
        for mime in ("text/markdown", "text/html", "application/pdf")
    },
    "application/json": {"schema": {"type": "object"}},
}
_STREAM = {"text/event-stream": {"schema": _EVENT}}


def native_router(services: Services) -> APIRouter:
    """All routes of the native API."""
    router = APIRouter(route_class=GuardedRoute)
    messages, hub = Messages(services), HubRoutes(services)
    deliveries, tokens = DeliveryRoutes(services), TokenRoutes(services)
    one = "/deliveries/{delivery}"
    _add(router, "POST /messages", messages.post, "messages", MessageOut)
    _add(router, "GET /models", hub.models, "messages", Models)
    _add(router, "GET /owners/{owner:path}/export", ExportRoutes(services).export, "messages", None)
    _add(router, "GET /status", hub.status, "status", StatusJSON)
    _add(router, "GET /nodes", hub.nodes, "admin", Nodes)
    _add(router, "GET /deliveries", deliveries.listed, "admin", Deliveries)
    _add(router, "GET /given-up", deliveries.given_up, "admin", GivenUpList)
    _add(router, f"GET {one}", deliveries.shown, "admin", DeliveryJSON)
    _add(router, f"POST {one}/retry", deliveries.retry, "admin", DeliveryChanged)
    _add(router, f"POST {one}/drop", deliveries.drop, "admin", DeliveryChanged)
    _add(router, "GET /tokens", tokens.listed, "admin", Tokens)
    _add(router, "POST /tokens", tokens.make, "admin", TokenMade)
    _add(router, "DELETE /tokens/{token}", tokens.drop, "admin", None)
    _add(router, "GET /audit", AuditRoutes(services).listed, "admin", Acts)
    kept = PersonaRoutes(services)
    _add(router, "GET /personas", kept.listed, "admin", Personas)
    _add(router, "POST /personas", kept.take, "admin", TakenOver)
    _add(router, "DELETE /personas/{name}", kept.drop, "admin", None)
    if services.people is not None:
        _add_users(router, UserRoutes(services.people))
    return router


def _add_users(router: APIRouter, users: UserRoutes) -> None:
    one = "/users/{user:path}"  # ids of some platforms have slashes
    _add(router, "GET /users", users.listed, "admin", Users)
    _add(router, f"GET {one}", users.shown, "admin", UserShown)
    _add(router, f"PUT {one}", users.change, "admin", UserJSON)
    _add(router, f"DELETE {one}", users.forget, "admin", None)
    _add(router, "PUT /limits/{user:path}", users.limit, "admin", UserJSON)
    _add(router, "GET /pairing", users.strangers, "admin", Strangers)
    _add(router, "POST /pairing/{code}", users.let_in, "admin", UserJSON)


def _add(router: APIRouter, what: str, handler: Callable[..., Any], scope: str, model: type[BaseModel] | None) -> None:
    method, path = what.split()
    status = 204 if model is None and method != "GET" else 201 if (method, path) == ("POST", "/tokens") else 200
    success: dict[str, Any] = {"description": "Done"}
    if model is not None:
        success["model"] = model
    if path == "/messages":
        success["content"] = _STREAM
    if path.endswith("/export"):
        success["content"] = _FILES
    responses: dict[int | str, dict[str, Any]] = {
        code: {"model": ErrorBody, "description": text} for code, text in _ERRORS.items()
    }
    responses[status] = success
    router.add_api_route(
        ROOT + path,
        handler,
        methods=[method],
        status_code=status,
        response_model=None,
        responses=responses,
        openapi_extra={"x-scope": scope},
        summary=(handler.__doc__ or "").partition("\n")[0].rstrip("."),
    )
