"""How the hub is doing, for people and monitors."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """One account of a platform; ``since`` is when it came up or went down, ``detail`` why it is down."""

    platform: str
    account: str
    up: bool
    since: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HubStatus:
    """A picture of one moment. ``waiting`` counts accepted entries that are not done, ``running`` lanes at work."""

    version: str
    started_at: float
    ready: bool
    accounts: tuple[AccountStatus, ...]
    model: str
    model_reason: str
    waiting: int
    running: int
    undelivered: int
