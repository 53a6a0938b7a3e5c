"""What a refusal of WhatsApp's means, and what its operator can do about it ("Error codes"). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from hubbub.core.errors import DeliveryError

SILENT_TOO_LONG = 131047
TOKEN = 190
BAD_PARAMETER = 100

_LATER = {4: 60.0, 80007: 60.0, 130429: 5.0, 131048: 60.0, 131056: 6.0, 131057: 60.0}
"""Nothing was sent; in so many seconds it may be."""
_OPERATORS = frozenset({0, 3, 10, TOKEN, 368, 131005, 131031, 131042, 131045, 133010, *range(200, 300)})
"""Nothing is sent until the operator has done something: it is tried again, so that nothing is lost meanwhile."""
_OPERATORS_SECONDS = 60.0
_REMEDIES = {
    3: "the token may not send messages: give it whatsapp_business_messaging",
    10: "the token may not send messages: give it whatsapp_business_messaging",
    TOKEN: "the token does not hold (any more): make one of a system user, which does not end",
    131026: "who it is for does not use WhatsApp, or not a version that can show it",
    131030: "a test number writes only to the people that its app's page lists",
    131031: "the business account is locked: see WhatsApp Manager",
    131042: "the business account has no means of payment that holds: see WhatsApp Manager",
    SILENT_TOO_LONG: "the person has been silent for 24 hours, so WhatsApp takes only a template: name one in"
    " platforms.whatsapp.template",
    132000: "the template has another number of variables than template_variables",
    132001: "there is no approved template of that name in template_language",
    132015: "the template is paused: see WhatsApp Manager",
    132016: "the template is switched off: see WhatsApp Manager",
    133010: "the number is not registered with the Cloud API: see its app's page",
}


class GraphError(DeliveryError):
    """A refusal, with the API's own ``code``."""

    def __init__(self, message: str, code: int, *, permanent: bool, retry_after: float | None = None) -> None:
        """A refusal is certain: nothing was sent."""
        super().__init__(message, certain=True, permanent=permanent, retry_after=retry_after)
        self.code = code


def refusal(status: int, answer: Mapping[str, Any]) -> DeliveryError:
    """What to raise for an answer that is no success."""
    error = answer.get("error")
    about = error if isinstance(error, dict) else {}
    code = code_of(about)
    message = f"WhatsApp: {told(about)}"
    if code in _LATER or status == HTTPStatus.TOO_MANY_REQUESTS:
        return GraphError(message, code, permanent=False, retry_after=_LATER.get(code, 5.0))
    if code in _OPERATORS and about:
        return GraphError(message, code, permanent=False, retry_after=_OPERATORS_SECONDS)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return DeliveryError(f"{message} (status {status})", certain=False)
    return GraphError(message, code, permanent=True)


def code_of(error: Mapping[str, Any]) -> int:
    """The code of an error; -1 if it has none."""
    code = error.get("code")
    return code if isinstance(code, int) else -1


def told(error: Mapping[str, Any]) -> str:
    """An error in words: WhatsApp's own, its code, and what can be done."""
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    words = str(details or error.get("message") or error.get("title") or "no reason given")
    code = code_of(error)
    remedy = f": {_REMEDIES[code]}" if code in _REMEDIES else ""
    return f"{words} (code {code}){remedy}"
