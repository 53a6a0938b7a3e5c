"""Everything that can go wrong, in the shape that clients of the OpenAI API read."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hubbub.api.errors import Refusal, refusal_of, unforeseen
from hubbub.core.errors import HubbubError, ProviderError, UserError
from hubbub.core.phrases import Phrase
from hubbub.words import say

log = logging.getLogger(__name__)

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_CODES = {"rate_limited": "rate_limit_exceeded", "body_too_large": "request_too_large"}
_BAD_FIELDS = (400, 415, 422)


@dataclass(frozen=True, slots=True)
class Told:
    """One error as it goes out: ``{"error": {"message", "type", "param", "code"}}``. ``headers`` are lower case."""

    status: int
    code: str
    message: str
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The JSON of it."""
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return orjson.dumps({"error": error})


@dataclass(frozen=True, slots=True)
class _Failure:
    """What a client is told about one kind of a model's failure."""

    status: int
    code: str
    message: str


# The provider's own words may hold what is none of the client's business: they are in the log, under the id.
_FAILED = _Failure(502, "model_failed", "The model could not answer; try again later.")
_FAILURES = {
    "error.model_timeout": _Failure(504, "model_timeout", "The model took too long to answer; try again later."),
    "error.model_busy": _Failure(429, "rate_limit_exceeded", "The model is busy or its quota is used up; wait."),
    "error.model_auth": _Failure(502, "model_auth", "The model refused the hub's own key; tell whoever runs the hub."),
    "error.model_context": _Failure(400, "context_length_exceeded", "The request is too long for the model."),
    "error.model_empty": _Failure(502, "model_empty", "The model answered with nothing; try again."),
    "error.model_refused": _Failure(400, "model_refused", "The model does not take this request as it is."),
    "error.no_model": _Failure(503, "no_model", "The hub has no model yet; whoever runs it has to add one."),
}


class BadField(HubbubError):
    """A field of the request asks for what is not there; nobody's fault but the request's."""

    def __init__(self, status: int, param: str, message: str, code: str = "unsupported_value") -> None:
        """``message`` says what to write instead."""
        super().__init__(message)
        self.told = Told(status, code, message, param)


def no_such_model(name: str) -> BadField:
    """What is told about a model that there is not."""
    message = f"The model {name[:200]!r} does not exist here. GET /v1/models lists the ones that do."
    return BadField(404, "model", message, "model_not_found")


def told(error: Exception, what: str) -> Told:
    """What a client is told about an error; ``what`` was going on, for the log."""
    if isinstance(error, BadField):
        return error.told
    if isinstance(error, ProviderError):
        return _of_model(error, what)
    if isinstance(error, UserError):
        return _of_limit(error.user_text)
    if isinstance(error, RequestValidationError):
        return _of_fields(error)
    if isinstance(error, HTTPException):
        return _of_http(error, what)
    refusal = refusal_of(error) if isinstance(error, HubbubError | TimeoutError) else None
    return of_refusal(refusal or unforeseen(what, error))


def of_refusal(refusal: Refusal) -> Told:
    """A refusal of the hub in this shape."""
    code = "invalid_api_key" if refusal.status == 401 else _CODES.get(refusal.code, refusal.code)
    message = f"{refusal.message} (error {refusal.id})" if refusal.id else refusal.message
    return Told(refusal.status, code, message, headers=refusal.headers)


def openai_response(found: Told) -> Response:
    """An error as an answer."""
    return Response(found.body(), found.status, dict(found.headers), "application/json")


def _of_model(error: ProviderError, what: str) -> Told:
    error_id = secrets.token_hex(4)
    log.error("error %s: %s got no answer: %s (status %d)", error_id, what, error, error.status)
    known = _FAILURES.get(error.user_text.key if error.user_text else "", _FAILED)
    wait = f"{max(1, round(error.retry_after))}" if error.retry_after is not None else "5"
    headers = {"retry-after": wait} if known.status in (429, 503) else {}
    param = error.param or None if error.status in _BAD_FIELDS else None
    return Told(known.status, known.code, f"{known.message} (error {error_id})", param, headers)


def _of_limit(phrase: Phrase) -> Told:
    """What an owner may not do now is a matter of time, but for a message that is too long."""
    message = say(phrase, "en")
    if phrase.key == "limit.minute":
        headers = {"retry-after": str(phrase.values.get("seconds", 60))}
        return Told(429, "rate_limit_exceeded", message, headers=headers)
    if phrase.key.startswith("limit.") and phrase.key != "limit.characters":
        return Told(429, "insufficient_quota", message, headers={"x-should-retry": "false"})
    return Told(400, "invalid_request", message)


def _of_fields(error: RequestValidationError) -> Told:
    fault = error.errors()[0]
    if fault["type"] == "json_invalid":
        return Told(400, "invalid_json", f"The body is not JSON: {fault.get('ctx', {}).get('error', 'unreadable')}")
    # The first part says where it stands (body, path, header), which clients do not call so.
    place = ".".join(str(part)[:80] for part in fault["loc"][1:])
    code = "missing_required_parameter" if fault["type"] == "missing" else "invalid_value"
    return Told(400, code, f"{place or 'body'}: {fault['msg'].removeprefix('Value error, ')}", place or None)


def _of_http(error: HTTPException, path: str) -> Told:
    headers = error.headers or {}
    if error.status_code == 404:
        message = f"Nothing is served at {quote(path[:200])}; /docs lists what is."
        return Told(404, "unknown_url", message, headers=headers)
    if error.status_code == 405:
        return Told(
            405, "method_not_supported", "This method is not served here; /docs lists what is.", headers=headers
        )
    code = {408: "too_slow", 413: "request_too_large"}.get(error.status_code, "invalid_request")
    return Told(error.status_code, code, error.detail, headers=headers)
