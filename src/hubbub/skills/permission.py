"""Who may use which skill: decided here, before every call, and nowhere else. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from hubbub.conversations import toolwishes

if TYPE_CHECKING:
    from hubbub.core.identities import Role
    from hubbub.core.skills import SkillCard


class Verdict(Enum):
    """What becomes of a call. ``ASK``: it waits for the person's consent, which no model can give."""

    YES = "yes"
    ASK = "ask"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Standing:
    """What counts for a permission: the person's role, what the owner has set, whether the room shows pictures."""

    role: Role
    stored: Mapping[str, object]
    shows: bool


def verdict(card: SkillCard, standing: Standing, unasked: frozenset[str]) -> Verdict:
    """``unasked``: skills that the hub's settings let write or spend without the person's consent."""
    needs, stored = card.needs, standing.stored
    if standing.role < needs.role or (needs.shows and not standing.shows):
        return Verdict.NO
    if not toolwishes.uses(stored) or card.name in toolwishes.off(stored):
        return Verdict.NO
    if needs.deed == "reads" or card.name in unasked or card.name in toolwishes.allowed(stored):
        return Verdict.YES
    return Verdict.ASK
