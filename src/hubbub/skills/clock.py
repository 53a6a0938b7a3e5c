"""The time, as a tool: models do not know it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from hubbub.conversations.zones import zone_of
from hubbub.core.phrases import Phrase
from hubbub.core.ports import SkillPlugin
from hubbub.core.skills import SkillCard, SkillContext, SkillResult
from hubbub.core.turns import Tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubbub.core.ports import Skill, SkillHost

_CARD = SkillCard(
    Tool(
        "clock",
        "Tells the date, weekday and time now: where the person is, or in another time zone.",
        {
            "type": "object",
            "properties": {
                "timezone": {
                    "type": "string",
                    "maxLength": 64,
                    "description": "IANA name such as Asia/Tokyo, or hours such as UTC+9; left out: the person's own.",
                }
            },
            "additionalProperties": False,
        },
    ),
    Phrase("skill.clock"),
    sign="🕒",
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Clock:
    """`ports.Skill`."""

    @property
    def card(self) -> SkillCard:
        """See `Skill.card`."""
        return _CARD

    async def call(self, arguments: Mapping[str, Any], context: SkillContext) -> SkillResult:
        """See `Skill.call`."""
        wanted = str(arguments.get("timezone", "")).strip()
        zone = zone_of(wanted) if wanted else context.zone
        if wanted and zone is None:
            return SkillResult(f"There is no time zone {wanted!r}.")
        now = datetime.fromtimestamp(context.now, zone).astimezone(zone)
        name = f" ({wanted})" if wanted else ""
        return SkillResult(f"{_WEEKDAYS[now.weekday()]}, {now.isoformat(sep=' ', timespec='seconds')}{name}")


def _build(_: SkillHost) -> Skill:
    return Clock()


PLUGIN = SkillPlugin("clock", _build)
