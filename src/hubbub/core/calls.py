"""Calls of models, as the hub keeps a record of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call. ``record`` is all that is known of it, a plain JSON object whose fields keep their order.

    ``owner``, ``model`` (its id at the provider) and ``at`` (when the task began, in seconds since the epoch) are what
    calls are looked for by.
    """

    owner: str
    model: str
    at: float
    record: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A call as it was stored."""

    id: int
    call: ModelCall

    @property
    def place(self) -> tuple[float, int]:
        """Where it stands in the order of all calls."""
        return (self.call.at, self.id)


@dataclass(frozen=True, slots=True)
class CallQuery:
    """Which calls; "" is anybody's and any model. ``since`` is included, ``until`` is not.

    ``after`` is the place (`LoggedCall.place`) of the last call that is known already.
    """

    owner: str = ""
    model: str = ""
    since: float = -math.inf
    until: float = math.inf
    after: tuple[float, int] | None = None
    limit: int = 1000
