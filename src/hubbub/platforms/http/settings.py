"""Settings of the section ``platforms.http``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class HttpSettings(BaseModel):
    """How requests wait for their answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wait_seconds: float = Field(
        600.0,
        gt=0,
        description="How long a request waits for its answer; the answer is kept and can be asked for again.",
    )
    max_waiting: int = Field(
        10_000, ge=1, description="Requests that wait at once; beyond it they are told to come later."
    )
