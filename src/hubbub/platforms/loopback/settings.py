"""Settings of the section ``platforms.loopback``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hubbub.core.capabilities import Delivery

FaultKind = Literal["refused", "rejected", "unconfirmed", "vanished"]


class Fault(BaseModel):
    """A sending that goes wrong on purpose.

    ``refused`` and ``rejected`` certainly deliver nothing (the latter for good), ``unconfirmed`` delivers and says
    nothing, ``vanished`` does neither.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: int = Field(ge=1, description="At which sending since the start, counted from 1.")
    kind: FaultKind = Field(description="What goes wrong.")


class LoopbackSettings(BaseModel):
    """A platform inside the process, for tests and as a template."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(False, description="Turn it on.")
    account: str = Field("loop", min_length=1, description="The hub's name on it.")
    delivery: Delivery = Field(Delivery.BLIND, description="What may be done with a message whose sending was cut off.")
    resend_unknown: bool = Field(False, description="Send a message again when nobody can tell whether it arrived.")
    reply_within: float = Field(5.0, gt=0, description="With delivery window: how long an answer is waited for.")
    max_length: int = Field(0, ge=0, description="Longest text of one message, in characters; 0: no limit.")
    streams: bool = Field(False, description="Show answers while they are written, by edits.")
    edit_every: float = Field(1.0, ge=0, description="Seconds between two edits in a room.")
    calls_per_second: float = Field(0.0, ge=0, description="Most messages and edits in a second; 0: no limit.")
    spool: Path | None = Field(None, description="File that events are read from, one JSON object a line.")
    sent: Path | None = Field(None, description="File that everything sent is written to, one JSON object a line.")
    repeats: int = Field(1, ge=1, description="How often each event is delivered.")
    ahead: int = Field(64, ge=1, description="Events that are read ahead of the store.")
    poll_seconds: float = Field(0.02, gt=0, description="How often the file of events is looked at.")
    faults: tuple[Fault, ...] = Field((), description="What goes wrong on purpose.")
