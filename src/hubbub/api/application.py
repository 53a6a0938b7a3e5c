"""The HTTP APIs as one FastAPI application. Imported when the first request to them comes, not before."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from hubbub import __version__
from hubbub.api.docs import docs_page
from hubbub.api.errors import Refusal, refusal_of, unforeseen
from hubbub.api.gobot.routes import PATH as GOBOT
from hubbub.api.gobot.routes import gobot_response, gobot_router
from hubbub.api.native.routes import native_router
from hubbub.api.openai.errors import openai_response, told
from hubbub.api.openai.routes import ROOT as OPENAI
from hubbub.api.openai.routes import openai_router
from hubbub.api.repeater.errors import repeater_response
from hubbub.api.repeater.links import Links
from hubbub.api.repeater.paths import is_ours
from hubbub.api.repeater.routes import repeater_router
from hubbub.api.requests import response
from hubbub.api.services import Services
from hubbub.core.errors import HubbubError
from hubbub.core.ports import ASGIApp

DESCRIPTION = (
    "Send messages to the hub and read its answers. On the machine itself no token is needed for messages, models and"
    " the status; from elsewhere, and for what an admin does, send `Authorization: Bearer hub_...`."
)
CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 408: "too_slow", 413: "body_too_large"}
MOST_FAULTS = 5


def build_application(services: Services) -> ASGIApp:
    """All APIs with their documentation."""
    app = FastAPI(
        title="Hubbub",
        version=__version__,
        description=DESCRIPTION,
        # Their pages load scripts from elsewhere; ours needs none and works without a network.
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.access = services.access
    app.state.admission = services.admission
    app.state.max_body_bytes = services.settings.max_body_bytes
    app.include_router(native_router(services))
    if services.registry is not None:
        app.include_router(openai_router(services, services.registry))
        app.include_router(gobot_router(services, services.registry))
    if services.repeater is not None:
        links = Links(services.store.secrets, services.clock)
        app.state.repeater, app.state.repeater_links = services.repeater, links
        app.include_router(repeater_router(services, services.repeater, links))
    for kind in (HTTPException, RequestValidationError, HubbubError, TimeoutError):
        app.add_exception_handler(kind, _refuse)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(
            docs_page(app.openapi()),
            headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"},
        )

    _secure(app)
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(f"{OPENAI}/"):
        return openai_response(told(error, request.url.path))
    if is_ours(request.scope["path"]):
        return repeater_response(error, f"the request {request.scope['path']}")
    if request.url.path == GOBOT:
        return gobot_response(_refusal(request, error))
    return response(_refusal(request, error))


def _refusal(request: Request, error: Exception) -> Refusal:
    if isinstance(error, HTTPException):
        return _http_error(request, error)
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    known = refusal_of(error) if isinstance(error, HubbubError | TimeoutError) else None
    return known or unforeseen(f"the request {request.url.path}", error)


def _http_error(request: Request, error: HTTPException) -> Refusal:
    code = CODES.get(error.status_code, HTTPStatus(error.status_code).phrase.lower().replace(" ", "_"))
    message = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND:
        message = "Nothing is served here; /docs lists what is."
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        message = f"{request.method} is not served here; /docs lists what is."
    return Refusal(error.status_code, code, message, error.headers or {})


def _invalid(error: RequestValidationError) -> Refusal:
    faults = error.errors()
    said = [_fault(each) for each in faults[:MOST_FAULTS]]
    if len(faults) > MOST_FAULTS:
        said.append(f"and {len(faults) - MOST_FAULTS} more")
    return Refusal(422, "invalid_request", "; ".join(said))


def _fault(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "json_invalid":
        return f"The body is not JSON: {fault.get('ctx', {}).get('error', 'it cannot be read')}"
    place = ".".join(str(part)[:80] for part in fault["loc"])
    return f"{place}: {fault['msg'].removeprefix('Value error, ')}"


def _secure(app: FastAPI) -> None:
    """Tell in the OpenAPI document how to show who one is."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        document = make()
        document["components"]["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "description": "hubbub token create"},
            "admin": {"type": "http", "scheme": "basic", "description": "User admin and the admin's secret"},
        }
        document["security"] = [{"token": []}, {"admin": []}, {}]
        return document

    app.openapi = openapi  # type: ignore[method-assign]
