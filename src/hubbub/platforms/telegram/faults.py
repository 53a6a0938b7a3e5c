"""Telegram's errors as the hub's: what is certain, and what is worth another try."""

from __future__ import annotations

import httpx
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from hubbub.core.errors import DeliveryError

_TOO_LARGE = "request entity too large"
# Of these httpx says that the request was not sent.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def fault(error: TelegramError) -> DeliveryError:
    """What a failed call means for the message.

    A refusal of Telegram's (400, 403, 413) is certain and stays one; 429 says when to come again; a request that did
    not go out is certain; everything else (a server error, silence) tells nothing about the message.
    """
    text = error.message or repr(error)
    if isinstance(error, RetryAfter):
        return DeliveryError(text, certain=True, retry_after=seconds(error))
    if isinstance(error, (BadRequest, Forbidden, ChatMigrated)) or _TOO_LARGE in text.lower():
        return DeliveryError(text, certain=True, permanent=True)
    if isinstance(error, InvalidToken):
        return DeliveryError("Telegram does not know the bot's token", certain=True)
    return DeliveryError(text, certain=isinstance(error.__cause__, _NOT_SENT))


def seconds(error: RetryAfter) -> float:
    """How long Telegram asks to wait."""
    wait = error.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()


def unreachable(error: TelegramError) -> bool:
    """The network failed, not the call: trying again is worth while."""
    return isinstance(error, (NetworkError, RetryAfter)) and not isinstance(error, BadRequest)
