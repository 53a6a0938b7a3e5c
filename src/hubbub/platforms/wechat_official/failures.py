"""What the platform's error codes mean for a message (Official Accounts, "Global Return Codes")."""

from __future__ import annotations

from typing import Any

from hubbub.core.errors import DeliveryError

STALE_TOKEN = frozenset((40001, 40014, 42001))
"""The access token is not, or no more, valid."""

# The person has to write first, the account lacks the right, or the message can never be taken.
_PERMANENT = frozenset(
    (
        *(40003, 40004, 40007, 40008, 40009, 40032, 40033, 40035, 40037, 41030, 43004, 43019, 44002, 44004, 45001),
        *(45002, 45007, 45015, 45047, 46004, 47001, 47003, 48001, 48004, 48006, 50001, 50002),
    )
)
_LATER = {-1: 5.0, 45009: 3600.0, 45011: 60.0, 40164: 60.0, 61004: 60.0, 89503: 60.0}
"""Codes that pass: seconds until it is worth trying again."""

_REMEDIES = {
    40013: "check app_id",
    40125: "check app_secret",
    40164: "add the hub's address to the account's IP allow-list",
    45015: "the person has not written within 48 hours",
    45047: "too many messages since the person wrote last",
    48001: "the account has no right to this API; verified accounts have it",
    45009: "the day's quota of the API is used up",
}


class ApiError(DeliveryError):
    """The platform refused a call; ``code`` is its errcode."""

    def __init__(self, what: str, code: int, text: str) -> None:
        """Nothing was done, so it is certain."""
        remedy = f" ({_REMEDIES[code]})" if code in _REMEDIES else ""
        super().__init__(
            f"{what}: {code} {text}{remedy}",
            certain=True,
            permanent=code in _PERMANENT,
            retry_after=_LATER.get(code),
        )
        self.code = code


def outcome(what: str, answer: Any) -> dict[str, Any]:
    """An answer that is one. Raises ApiError where it is a refusal, DeliveryError where it is nothing known."""
    if not isinstance(answer, dict):
        message = f"{what}: the answer is no object"
        raise DeliveryError(message, certain=False)
    code = answer.get("errcode", 0)
    if code:
        raise ApiError(what, code if isinstance(code, int) else 0, str(answer.get("errmsg", ""))[:200])
    return answer
