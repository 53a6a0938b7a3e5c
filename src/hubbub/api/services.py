"""What the composition root gives to the HTTP APIs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from hubbub.api.admission import Admission
from hubbub.api.auth import Access
from hubbub.api.repeater_parts import RepeaterParts
from hubbub.chat.sources import ModelSource
from hubbub.commands.access.gate import Gate
from hubbub.conversations.limits import Meter
from hubbub.core.people import People
from hubbub.core.ports import Clock, Control, Exchange, Renderer
from hubbub.core.store import Store
from hubbub.core.turns import ModelInfo


def _nothing() -> Mapping[str, float]:
    return {}


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What the server is told by the settings. Sizes in bytes, times in seconds.

    ``tls_cert`` and ``tls_key`` are PEM files, both or neither. ``stop_seconds``: how long running requests are
    waited for at the end. ``max_frame_bytes`` bounds one WebSocket message of a platform.
    ``call_log``: every call of a model is kept a record of.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    tls_cert: Path | None = None
    tls_key: Path | None = None
    max_body_bytes: int = 10_000_000
    max_frame_bytes: int = 64 * 1024 * 1024
    stop_seconds: float = 10.0
    call_log: bool = False


class ModelRegistry(ModelSource, Protocol):
    """The models as programs ask them."""

    @property
    def known(self) -> asyncio.Event:
        """Set once models have been looked for; not long after the start."""

    async def embed(self, name: str, body: Mapping[str, object]) -> Mapping[str, object]:
        """Hand an embeddings request of the OpenAI API on. Raises ProviderError."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that the APIs call on.

    ``registry``: what the OpenAI-compatible door asks; without one it is shut. ``meter``: what each owner may use
    there; without one as much as they like. ``gate``: who is let in; without one whoever has a token or is trusted.
    ``people``: who uses the hub; without it nobody is told. ``repeater``: what the Repeater's API needs
    besides; without it that is shut. ``renderer``: makes documents; without one there are none.
    ``system_prompt``: what models are told first where nothing else is said.
    ``counters``: plain numbers that the hub counts as it works, read when metrics are asked for; a name that ends in
    ``_total`` only rises.
    """

    store: Store
    exchange: Exchange
    control: Control
    models: Callable[[], Sequence[ModelInfo]]
    access: Access
    settings: ApiSettings = ApiSettings()
    clock: Clock = time.time
    counters: Callable[[], Mapping[str, float]] = field(default=_nothing)
    registry: ModelRegistry | None = None
    meter: Meter | None = None
    people: People | None = None
    gate: Gate | None = None
    repeater: RepeaterParts | None = None
    renderer: Renderer | None = None
    system_prompt: str = ""

    @property
    def admission(self) -> Admission:
        """Decides by the gate."""
        return Admission(self.gate)
