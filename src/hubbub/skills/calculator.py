"""Arithmetic, as a tool: models guess at large numbers. Nothing but numbers is worked on, and all of it is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hubbub.core.phrases import Phrase
from hubbub.core.ports import SkillPlugin
from hubbub.core.skills import SkillCard, SkillContext, SkillResult
from hubbub.core.turns import Tool
from hubbub.skills.arithmetic import LONGEST, Unreckonable, evaluate, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubbub.core.ports import Skill, SkillHost

_CARD = SkillCard(
    Tool(
        "calculator",
        "Works out an arithmetic expression exactly. Operators: + - * / // % ** and brackets; functions: sqrt abs round"
        " floor ceil exp ln log10 log2 sin cos tan asin acos atan (radians) min max factorial gcd; constants: pi e.",
        {
            "type": "object",
            "properties": {
                "expression": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": LONGEST,
                    "description": "Such as (1234.5 * 1.19) / 3",
                }
            },
            "required": ["expression"],
            "additionalProperties": False,
        },
    ),
    Phrase("skill.calculator"),
    sign="🧮",
)


class Calculator:
    """`ports.Skill`."""

    @property
    def card(self) -> SkillCard:
        """See `Skill.card`."""
        return _CARD

    async def call(self, arguments: Mapping[str, Any], context: SkillContext) -> SkillResult:  # noqa: ARG002 - same for all
        """See `Skill.call`."""
        try:
            return SkillResult(written(evaluate(arguments["expression"])))
        except Unreckonable as error:
            return SkillResult(f"This cannot be worked out: {error}.")


def _build(_: SkillHost) -> Skill:
    return Calculator()


PLUGIN = SkillPlugin("calculator", _build)
