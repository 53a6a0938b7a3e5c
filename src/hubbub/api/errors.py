"""What a request is told when it is refused: a status, a code for programs and a sentence with the remedy."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from hubbub.core.errors import HubbubError, Overloaded, StoreError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One error as it goes out: ``{"error": {"code", "message", "id"?}}``. ``headers`` are lower case."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    id: str = ""

    def body(self) -> bytes:
        """The JSON of it."""
        error = {"code": self.code, "message": self.message}
        if self.id:
            error["id"] = self.id
        return orjson.dumps({"error": error})


STOPPING = Refusal(
    503,
    "stopping",
    "The hub stops. What it accepted is kept: the same request and Idempotency-Key fetch the answer when it is back.",
    {"retry-after": "5"},
)

STARTING = Refusal(
    503, "starting", "The hub starts: it waits for its database and takes nothing yet.", {"retry-after": "5"}
)

FOREIGN = Refusal(
    403,
    "origin_foreign",
    "Browsers may send this only from the hub's own pages; set server.public_url to their address.",
)


class Refused(HubbubError):
    """The request cannot be served; carries what it is told."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        """``message`` says what is wrong and how to mend it; it goes out, so it names nothing secret."""
        super().__init__(message)
        self.refusal = Refusal(status, code, message, headers or {})

    @classmethod
    def of(cls, refusal: Refusal) -> Refused:
        """The exception of a refusal that is the same for everybody."""
        made = cls(refusal.status, refusal.code, refusal.message)
        made.refusal = refusal
        return made


def unforeseen(what: str, error: BaseException) -> Refusal:
    """What is told when the hub's own code broke: an id, under which the log has the cause."""
    error_id = secrets.token_hex(4)
    log.error("%s failed (error %s)", what, error_id, exc_info=error)
    return Refusal(500, "internal", "The hub made a mistake. Its log has the cause under this id.", id=error_id)


def refusal_of(error: HubbubError | TimeoutError) -> Refusal | None:
    """What a request is told about an error of ours; None for one that is a fault of the hub."""
    if isinstance(error, Refused):
        return error.refusal
    if isinstance(error, Overloaded):
        wait = str(max(1, round(error.retry_after)))
        message = f"The hub is busy: {error}. Try again in {wait} s with the same Idempotency-Key."
        return Refusal(503, "overloaded", message, {"retry-after": wait})
    if isinstance(error, StoreError):
        message = "The hub cannot reach its data now. Try again with the same Idempotency-Key; its log has the cause."
        return Refusal(503, "store_unavailable", message, {"retry-after": "5"})
    if isinstance(error, TimeoutError):
        message = "The answer takes long. It is being worked on: the same request and Idempotency-Key fetch it later."
        return Refusal(504, "answer_pending", message)
    return None
