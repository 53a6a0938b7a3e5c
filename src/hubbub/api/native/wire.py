"""Bodies of the API's requests and answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from hubbub.api.callers import ScopeName
from hubbub.api.native.segments import MOST_SEGMENTS, SegmentJSON, Wire
from hubbub.core.reports import Told
from hubbub.core.work import State


def _printable(value: str) -> str:
    if not value.isprintable() or value != value.strip():
        msg = "use printable characters, without spaces at the ends"
        raise ValueError(msg)
    return value


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]

# What is stored with 64 bits.
Id = Annotated[int, Field(ge=0, le=2**63 - 1)]


class ErrorJSON(Wire):
    """What went wrong and how to mend it; ``id`` finds the cause in the hub's log."""

    code: str
    message: str
    id: str | None = None


class ErrorBody(Wire):
    """Every answer that is not a success."""

    error: ErrorJSON


class OptionsJSON(Wire):
    """What this one message asks of the model."""

    model: Name | None = None
    temperature: float | None = Field(None, ge=0, le=2)


class MessageIn(Wire):
    """A message to the hub: words as ``text``, or ``segments`` for more than words."""

    owner: Name | None = Field(
        None, description="Whose conversation it is; a token that is bound to an owner may leave it out."
    )
    conversation: Name | None = Field(
        None, description="Which of the owner's conversations; left out, the owner's current one."
    )
    text: str | None = Field(None, examples=["Say hello"])
    segments: list[SegmentJSON] | None = Field(None, max_length=MOST_SEGMENTS)
    options: OptionsJSON | None = None
    stream: bool = Field(False, description="Answer with server-sent events as the model writes.")

    @model_validator(mode="after")
    def _something(self) -> MessageIn:
        if (self.text is None) == (self.segments is None):
            msg = "give either text or segments"
            raise ValueError(msg)
        if self.segments is not None and not self.segments:
            msg = "segments should hold at least one"
            raise ValueError(msg)
        if self.text is not None and not self.text.strip():
            msg = "text should hold more than spaces"
            raise ValueError(msg)
        return self


class ReplyJSON(Wire):
    """One message of the answer. ``text`` is what its segments say in words."""

    id: int
    segments: list[SegmentJSON]
    text: str


class MessageOut(Wire):
    """The whole answer. ``id`` is the Idempotency-Key, given or made; ``entry`` the hub's number of the message."""

    id: str
    entry: int
    replies: list[ReplyJSON]
    duplicate: bool


class DeliveryJSON(Wire):
    """A message on its way out. Times in seconds since the epoch.

    ``told``: what the platform said of it after it was sent, at ``told_at``; null where it said nothing.
    """

    id: int
    platform: str
    account: str
    room: str
    state: State
    text: str
    segments: list[SegmentJSON]
    attempts: int
    error: str
    entry: int
    message_id: str
    created_at: float
    next_at: float
    told: Told | None
    told_at: float


class Deliveries(Wire):
    """A page of deliveries, oldest first; ``next`` goes into ``after`` for more, null when there are none."""

    deliveries: list[DeliveryJSON]
    next: int | None


class GivenUpJSON(Wire):
    """A message that came in and was given up: it could not be handled. Empty: not known any more."""

    id: int
    platform: str
    account: str
    room: str
    author: str
    kind: str
    text: str
    error: str
    accepted_at: float


class GivenUpList(Wire):
    """A page of them, oldest first; ``next`` goes into ``after`` for more, null when there are none."""

    given_up: list[GivenUpJSON]
    next: int | None


class AccountJSON(Wire):
    """An account of a platform."""

    platform: str
    account: str
    up: bool
    since: float
    detail: str


class StatusJSON(Wire):
    """How the hub is doing. Times in seconds since the epoch. ``trouble``: why it is not ready, where it is known."""

    version: str
    started_at: float
    ready: bool
    accounts: list[AccountJSON]
    model: str
    model_reason: str
    waiting: int
    running: int
    undelivered: int
    trouble: str


class NodeJSON(Wire):
    """A live process on the hub's database. ``names``: what it alone holds; ``heard_at`` in seconds since the epoch."""

    node: str
    roles: list[str]
    address: str
    heard_at: float
    conversations: int
    names: list[str]


class Nodes(Wire):
    """All of them; none where the data belong to one process."""

    nodes: list[NodeJSON]


class ModelJSON(Wire):
    """A model that can be asked; ``id`` is its name at the provider."""

    name: str
    provider: str
    id: str
    vision: bool | None
    context_tokens: int
    note: str


class Models(Wire):
    """All models."""

    models: list[ModelJSON]


class TokenIn(Wire):
    """A token to make."""

    name: Name
    scopes: list[ScopeName] = Field(min_length=1, max_length=10)
    owner: Name | None = Field(None, description="Bind the token to this owner: it can speak as nobody else.")
    expires_at: float | None = Field(None, ge=0, le=2**40, description="Seconds since the epoch; left out: never.")
    per_minute: int | None = Field(None, ge=1, le=1_000_000, description="Requests it may send; left out: any number.")


class TokenJSON(Wire):
    """A token without its secret. ``per_minute``: requests that it may send, 0 for any number."""

    id: str
    name: str
    scopes: list[str]
    owner: str
    created_at: float
    expires_at: float | None
    per_minute: int


class TokenMade(Wire):
    """A new token. ``secret`` is shown this once."""

    token: TokenJSON
    secret: str


class Tokens(Wire):
    """All tokens, oldest first."""

    tokens: list[TokenJSON]


Outcome = Literal["queued", "dropped"]
RoleName = Literal["blocked", "guest", "user", "admin", "owner"]


class DeliveryChanged(Wire):
    """What became of a delivery."""

    id: int
    state: Outcome
