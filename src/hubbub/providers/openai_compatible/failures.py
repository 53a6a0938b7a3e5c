"""What can go wrong with a model, as `ProviderError`: a sentence for the person, the cause for the log."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson

from hubbub.core.errors import ProviderError
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_MESSAGE = 500
LONGEST_WAIT = 3600.0

_SECRETS = re.compile(r"(?i)\b(?:sk|pk|gsk|xai|or|r8|hf|AIza)[-_]?[\w.-]{12,}|(?<=bearer )[\w.=+/-]{6,}")
_CONTEXT_CODES = {"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"}
_CONTEXT = re.compile(
    r"(?i)maximum context|context (?:length|window|size)|prompt is too long|too many (?:input )?tokens"
    r"|input (?:is too long|length|token count)|reduce the length"
)
_TIMEOUTS = {408, 504, 522, 524}
_BUSY = {429, 503, 529}


class Cause(StrEnum):
    """The kinds of failures, each with the key of its sentence."""

    FAILED = "error.model_failed"
    TIMEOUT = "error.model_timeout"
    BUSY = "error.model_busy"
    AUTH = "error.model_auth"
    CONTEXT = "error.model_context"
    EMPTY = "error.model_empty"
    REFUSED = "error.model_refused"


class ModelError(ProviderError):
    """A `ProviderError` that also says whether the same model may be asked again at once.

    ``again``: the same request may succeed. ``at_once``: something was changed, so ask again without waiting.
    """

    again: bool = False
    at_once: bool = False


def failure(cause: Cause, message: str, *, retryable: bool = True, again: bool = False, status: int = 0) -> ModelError:
    """A failure of a kind; the message is for the log."""
    error = ModelError(message[:LONGEST_MESSAGE], user_text=Phrase(cause.value), retryable=retryable, status=status)
    error.again = again
    return error


def of_status(status: int, headers: Mapping[str, str], body: bytes, now: float, secrets: tuple[str, ...]) -> ModelError:
    """The failure that an answer with an HTTP status other than 200 tells of. ``now``: seconds since the epoch."""
    detail = _detail(body)
    error = _sort(status, detail, secrets)
    error.retry_after = retry_after(headers, now)
    error.param = detail["param"]
    return error


def of_event(error: object, secrets: tuple[str, ...]) -> ModelError:
    """The failure that an ``error`` object inside an answer of status 200 tells of."""
    detail = _detail(orjson.dumps({"error": error}))
    code = detail["code"]
    found = _sort(int(code) if code.isdecimal() and len(code) == 3 else 500, detail, secrets)
    found.status = 200
    return found


def redacted(text: str, secrets: tuple[str, ...]) -> str:
    """``text`` on one line, without keys, bounded."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    return _SECRETS.sub("***", " ".join(text.split()))[:LONGEST_MESSAGE]


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the answer asks to wait, by ``Retry-After-Ms``, or ``Retry-After`` in seconds or as a date."""
    try:
        milliseconds = headers.get("Retry-After-Ms", "")
        if milliseconds.isdecimal():
            return _bounded(float(milliseconds) / 1000)
        value = headers.get("Retry-After", "").strip()
        if not value:
            return None
        if value.replace(".", "", 1).isdecimal():
            return _bounded(float(value))
        return _bounded(parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _sort(status: int, detail: dict[str, str], secrets: tuple[str, ...]) -> ModelError:
    message = redacted(f"HTTP {status}: {detail['message']}", secrets)
    if status in (401, 402, 403):
        return failure(Cause.AUTH, message, status=status)
    if status in _BUSY:
        again = detail["code"] != "insufficient_quota"
        return failure(Cause.BUSY, message, again=again, status=status)
    if status in _TIMEOUTS:
        return failure(Cause.TIMEOUT, message, again=True, status=status)
    if status in (400, 413, 422):
        if detail["code"] in _CONTEXT_CODES or status == 413 or _CONTEXT.search(detail["message"]):
            return failure(Cause.CONTEXT, message, retryable=False, status=status)
        return failure(Cause.REFUSED, message, retryable=False, status=status)
    return failure(Cause.FAILED, message, again=(status >= 500 and status != 501) or status == 409, status=status)


def _detail(body: bytes) -> dict[str, str]:
    """Message, code and param of an error's body, whatever its shape."""
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = body.decode("utf-8", "replace")
    if isinstance(found, list) and found:  # one service wraps its error in a list
        found = found[0]
    if isinstance(found, dict):
        found = found.get("error") or found.get("detail") or found.get("message") or found
    if not isinstance(found, dict):
        return {"message": str(found), "code": "", "param": ""}
    code = found.get("code") or found.get("type")
    return {
        "message": str(found.get("message") or found),
        "code": str(code or ""),
        "param": str(found.get("param") or ""),
    }
