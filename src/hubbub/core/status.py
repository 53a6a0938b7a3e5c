"""How the hub is doing, for people and monitors."""

from __future__ import annotations

from dataclasses import dataclass

from hubbub.core.phrases import Sentence


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """One account of a platform; ``since`` is when it came up or went down, ``detail`` why it is down."""

    platform: str
    account: str
    up: bool
    since: float
    detail: Sentence = ""


@dataclass(frozen=True, slots=True)
class HubStatus:
    """A picture of one moment. ``waiting`` counts accepted entries that are not done, ``running`` lanes at work.

    ``trouble``: why it is not ready, where it is known.
    """

    version: str
    started_at: float
    ready: bool
    accounts: tuple[AccountStatus, ...]
    model: str
    model_reason: Sentence
    waiting: int
    running: int
    undelivered: int
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """A process on a shared store. ``heard_at``: when it last said that it is alive, in seconds since the epoch.

    ``lanes``: conversations that it works on; ``names``: what it alone holds (connections, duties).
    """

    node: str
    address: str
    roles: tuple[str, ...]
    heard_at: float
    lanes: int = 0
    names: tuple[str, ...] = ()
