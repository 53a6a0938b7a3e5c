"""How a platform that comes for its answers, within seconds, wants them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WindowTerms:
    """What holds for one account of such a platform.

    ``within``: seconds in which a delivery is to be answered; ``deliveries``: how often the platform brings a message
    that it got no answer to. ``fetch``: words, in lower case, by which a person asks for an answer that was not ready.

    What is said: ``thinking`` where the answer is not ready at the last delivery, ``too_fast`` to another question
    meanwhile, ``next_part`` behind a part that others follow.
    """

    thinking: str
    too_fast: str
    next_part: str
    fetch: frozenset[str]
    within: float = 4.5
    deliveries: int = 3
