"""Pictures, as a tool: painted of a description, or made of one that is in the conversation."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Any

from hubbub.core.errors import ConfigError, MediaError, StoreError
from hubbub.core.messages import Image
from hubbub.core.phrases import Phrase
from hubbub.core.ports import SkillPlugin
from hubbub.core.skills import Needs, SkillCard, SkillContext, SkillResult
from hubbub.core.turns import Tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubbub.core.ports import Painter, Skill, SkillHost

log = logging.getLogger(__name__)

_LONGEST_WISH = 4000
_LONGEST_NAME = 100
# What a picture holds of the day's tokens while it is painted.
_TOKENS = 1000
# Beyond the time of painting itself: fetching the picture that is changed, keeping the new one.
_MORE_SECONDS = 30.0
_TOOL = Tool(
    "image",
    "Paints a picture for the person, or changes the newest picture of the conversation. Use it only when the person"
    " asks for a picture. The picture is shown to the person by itself, together with your answer.",
    {
        "type": "object",
        "properties": {
            "wish": {
                "type": "string",
                "minLength": 1,
                "maxLength": _LONGEST_WISH,
                "description": "What is to be seen, or what is to be changed: subject, style, colours, background.",
            },
            "change": {
                "type": "boolean",
                "description": "true: change the newest picture, sent or painted; left out or false: paint a new one.",
            },
        },
        "required": ["wish"],
        "additionalProperties": False,
    },
)
_DONE = "The picture is done and is shown to the person with your answer; do not write a link or a file name for it."


class Painting:
    """`ports.Skill`."""

    def __init__(self, painter: Painter, seconds: float) -> None:
        self._painter = painter
        longest = seconds + _MORE_SECONDS
        needs = Needs(deed="spends", tokens=_TOKENS, cost=painter.price, shows=True, seconds=longest)
        self._card = SkillCard(_TOOL, Phrase("skill.image"), needs, sign="🎨")

    @property
    def card(self) -> SkillCard:
        """See `Skill.card`."""
        return self._card

    async def call(self, arguments: Mapping[str, Any], context: SkillContext) -> SkillResult:
        """See `Skill.call`."""
        wish: str = arguments["wish"]
        if arguments.get("change"):
            if not context.pictures:
                return SkillResult("There is no picture in the conversation that could be changed.")
            try:
                found = await context.fetch(context.pictures[0])
            except MediaError:
                return SkillResult("The picture is not there any more. Ask the person to send it again.")
            blob = await self._painter.repaint(wish, found)
        else:
            blob = await self._painter.paint(wish)
        try:
            media = await context.keep(blob)
        except StoreError as error:  # it was painted at a price, so it is no failure that another try would mend
            number = secrets.token_hex(4)
            log.warning("error %s: a picture for %s is not kept: %s", number, context.owner, error)
            return SkillResult(f"The picture was painted but cannot be kept for sending (error {number}); say so.")
        return SkillResult(_DONE, (Image(media, alt=wish[:_LONGEST_NAME]),))


def _build(host: SkillHost) -> Skill:
    if host.painter is None:
        message = "skills.on names image, but no model paints; set painting.model, or take image away"
        raise ConfigError(message)
    return Painting(host.painter, host.painting_seconds)


PLUGIN = SkillPlugin("image", _build)
