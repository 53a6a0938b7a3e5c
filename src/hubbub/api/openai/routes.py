"""The table of this API's routes: path, method, handler, bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from hubbub.api.openai.account import Accounts
from hubbub.api.openai.answers import Gate
from hubbub.api.openai.chat import Asking, Chat
from hubbub.api.openai.completions import Completions
from hubbub.api.openai.embeddings import Embeddings
from hubbub.api.openai.guard import OpenAIRoute
from hubbub.api.openai.memory import Memory
from hubbub.api.openai.models import ModelRoutes, Names
from hubbub.api.openai.wire import CompletionOut, EmbeddingsOut, ErrorOut, ModelOut, ModelsOut
from hubbub.api.services import ModelRegistry, Services
from hubbub.conversations.limits import NO_LIMITS, Meter

ROOT = "/v1"
SCOPE = "openai"

_ERRORS = {
    400: "The request does not fit the description, or the model does not take it",
    401: "No (right) credentials",
    403: "Not allowed to this caller",
    404: "There is no such model",
    408: "The body came too slowly",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The Idempotency-Key came before with another message",
    429: "More requests than the token may send, or the model is busy: wait for Retry-After seconds",
    502: "The model failed; the message has an id that finds the cause in the hub's log",
    503: "Busy, starting, or without a model: try again after Retry-After seconds",
    504: "The model took too long",
}
_PIECES = {
    "text/event-stream": {
        "schema": {
            "type": "object",
            "description": "One event; its data is a piece of the answer as JSON, at last `[DONE]`.",
            "properties": {"data": {"type": "string"}},
            "required": ["data"],
        }
    }
}


def openai_router(services: Services, registry: ModelRegistry) -> APIRouter:
    """All routes of the OpenAI-compatible API."""
    router = APIRouter(route_class=OpenAIRoute)
    names = Names(services, registry)
    usage = services.store.usage
    calls = services.store.calls if services.settings.call_log else None
    accounts = Accounts(usage, services.meter or Meter(usage, NO_LIMITS, services.clock), calls)
    asking = Asking(registry, Gate(), accounts, services.clock)
    models = ModelRoutes(services, names)
    _add(router, "GET /models", models.listed, ModelsOut)
    _add(router, "GET /models/{model:path}", models.shown, ModelOut)
    _add(router, "POST /chat/completions", Chat(asking, names, Memory(services, names)).post, CompletionOut)
    _add(router, "POST /completions", Completions(asking, names).post, CompletionOut)
    _add(router, "POST /embeddings", Embeddings(asking, names, registry).post, EmbeddingsOut)
    return router


def _add(router: APIRouter, what: str, handler: Callable[..., Any], model: type[BaseModel]) -> None:
    method, path = what.split()
    success: dict[str, Any] = {"description": "Done", "model": model}
    if model is CompletionOut:
        success["content"] = _PIECES
    responses: dict[int | str, dict[str, Any]] = {
        code: {"model": ErrorOut, "description": text} for code, text in _ERRORS.items()
    }
    responses[200] = success
    router.add_api_route(
        ROOT + path,
        handler,
        methods=[method],
        response_model=None,
        responses=responses,
        openapi_extra={"x-scope": SCOPE},
        summary=(handler.__doc__ or "").partition("\n")[0].rstrip("."),
    )
