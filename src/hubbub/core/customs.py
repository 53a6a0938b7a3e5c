"""What holds on one platform instead of what the hub's settings say for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Customs:
    """Declared by a platform's settings. None and "" leave what the hub's settings say.

    ``messages_per_day``: questions of one person a day, which begins in ``timezone``. ``session_minutes``: silence
    after which a conversation starts afresh, and is ended even if nobody writes. ``admins`` and ``unlimited``: people
    by their ids there; those have no limits, and neither have admins.

    ``sentences``: other words for the hub's own, by their keys; marks are filled as usual, and ``{user}`` with the
    person's id. ``old_forms``: administration by messages of three lines is understood, with ``admin_token``.

    ``defaults``: names of fields that nobody set; they yield to the hub's settings where those are set.
    """

    messages_per_day: int | None = None
    session_minutes: float | None = None
    timezone: str = ""
    admins: tuple[str, ...] = ()
    unlimited: tuple[str, ...] = ()
    sentences: Mapping[str, str] = field(default_factory=dict)
    old_forms: bool = False
    admin_token: str = ""
    defaults: frozenset[str] = frozenset()
