"""What one answer may use of the hub's tools."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hubbub.chat.budget import PER_TURN, estimate
from hubbub.core.turns import Tool, ToolCall
from hubbub.skills.schema import LONGEST

if TYPE_CHECKING:
    from hubbub.core.skills import SkillCard
    from hubbub.skills.calling import Person, SkillRules

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME = 64


@dataclass(slots=True)
class Kit:
    """``rounds`` and ``calls``: how many are left."""

    person: Person
    tools: tuple[Tool, ...]
    signs: Mapping[str, str]
    rounds: int
    calls: int

    @classmethod
    def of(cls, person: Person, cards: Sequence[SkillCard], rules: SkillRules) -> Kit:
        """A kit that nothing was used of yet."""
        signs = {card.name: card.sign for card in cards}
        return cls(person, tuple(card.tool for card in cards), signs, rules.rounds, rules.calls)

    def take(self, wished: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
        """The calls of a round that are done: as many as are left, in a form that every API takes back."""
        if self.rounds <= 0 or self.calls <= 0:
            return ()
        taken = wished[: self.calls]
        self.rounds -= 1
        self.calls -= len(taken)
        ids = [call.id for call in taken]
        doubled = len(set(ids)) < len(ids) or "" in ids
        return tuple(_sound(call, f"call_{place}" if doubled else call.id) for place, call in enumerate(taken))

    def lay_aside(self) -> None:
        """Offer nothing more."""
        self.tools, self.rounds = (), 0

    @property
    def used_up(self) -> bool:
        """No more calls are done in this answer."""
        return self.rounds <= 0 or self.calls <= 0


def tokens_of(tools: Sequence[Tool]) -> int:
    """About what tools cost in a request."""
    return sum(PER_TURN + estimate(f"{each.name} {each.description} {json.dumps(each.parameters)}") for each in tools)


def _sound(call: ToolCall, call_id: str) -> ToolCall:
    """A call as it is said back to models: its name one that can be, its arguments a JSON object."""
    name = _NOT_IN_NAMES.sub("_", call.name)[:_LONGEST_NAME] or "_"
    return replace(call, id=call_id, name=name, arguments=call.arguments if _is_object(call.arguments) else "{}")


def _is_object(text: str) -> bool:
    try:
        return len(text) <= LONGEST and isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
