"""Everything that can go wrong, in the shape that FastAPI gave it in the original: ``{"detail": ...}``."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hubbub.api.errors import Refusal, refusal_of, unforeseen
from hubbub.core.errors import HubbubError, ProviderError, RenderError, Unstorable, UserError
from hubbub.words import say

log = logging.getLogger(__name__)

LONGEST_SHOWN = 200

# What the original said to these, word for word: clients show it.
_TOLD = {
    "context.index": "Index out of range",
    "context.reasoning": "Only assistant can have reasoning_content",
    "config.type": "Invalid value type",
    "config.key": "Key not found",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """What goes out. ``headers`` are lower case."""

    status: int
    detail: str | Sequence[Mapping[str, object]]
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The JSON of it."""
        return orjson.dumps({"detail": self.detail})


class Told(HubbubError):
    """The request cannot be served; carries what it is told."""

    def __init__(self, status: int, detail: str) -> None:
        """``detail`` goes out as it is."""
        super().__init__(detail)
        self.failure = Failure(status, detail)


def repeater_response(error: Exception, what: str) -> Response:
    """An error as an answer; ``what`` was going on, for the log."""
    found = failure_of(error, what)
    return Response(found.body(), found.status, dict(found.headers), "application/json")


def failure_of(error: Exception, what: str) -> Failure:
    """What a client is told about an error."""
    if isinstance(error, Told):
        return error.failure
    if isinstance(error, RequestValidationError):
        return Failure(422, [_fault(each) for each in error.errors()])
    if isinstance(error, HTTPException):
        return Failure(error.status_code, error.detail, error.headers or {})
    if isinstance(error, UserError):
        return of_phrase(error)
    if isinstance(error, ProviderError):
        return _of_model(error, what)
    if isinstance(error, RenderError):
        return Failure(400, f"No picture can be made of this text: {error}")
    if isinstance(error, Unstorable):
        return Failure(422, "Something in this request cannot be kept: half a character, or a sign that is none.")
    refusal = refusal_of(error) if isinstance(error, HubbubError | TimeoutError) else None
    return of_refusal(refusal or unforeseen(what, error))


def of_refusal(refusal: Refusal) -> Failure:
    """A refusal of the hub in this shape."""
    message = f"{refusal.message} (error {refusal.id})" if refusal.id else refusal.message
    return Failure(refusal.status, message, refusal.headers)


def of_phrase(error: UserError) -> Failure:
    """What a person is told in a chat; limits are a matter of time, everything else is the request's."""
    key = error.user_text.key
    limit = key.startswith("limit.") and key != "limit.characters"
    return Failure(429 if limit else 400, _TOLD.get(key) or say(error.user_text, "en"))


def _of_model(error: ProviderError, what: str) -> Failure:
    number = secrets.token_hex(4)
    log.error("error %s: %s got no answer: %s (status %d)", number, what, error, error.status)
    return Failure(502, f"The model could not answer; try again later. (error {number})")


def _fault(fault: Mapping[str, Any]) -> dict[str, object]:
    """One mistake, without what is long, and without what JSON cannot say."""
    return {
        "type": fault["type"],
        "loc": [part if isinstance(part, int) else str(part)[:LONGEST_SHOWN] for part in fault["loc"]],
        "msg": fault["msg"],
        "input": _shown(fault["input"]) if fault["type"] != "missing" else None,
    }


def _shown(value: object) -> object:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 53 else str(value)[:LONGEST_SHOWN]
    return str(value)[:LONGEST_SHOWN]
