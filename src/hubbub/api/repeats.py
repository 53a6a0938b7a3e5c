"""Requests that come again under their Idempotency-Key."""

from __future__ import annotations

from hubbub.api.errors import Refusal
from hubbub.core.events import Received

KEY_PATTERN = r"^[!-~]([ -~]{0,253}[!-~])?$"

KEY_REUSED = Refusal(
    422, "key_reused", "This Idempotency-Key came before with another message. Use a new key for a new message."
)


def same_question(event: Received, first: object) -> bool:
    """Whether a repeated key came with what it came with first."""
    return isinstance(first, Received) and (event.message, event.branch, event.options) == (
        first.message,
        first.branch,
        first.options,
    )
