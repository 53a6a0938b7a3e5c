"""Skills that tests steer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hubbub.core.messages import Blob, Image
from hubbub.core.skills import Needs, SkillCard, SkillContext, SkillResult
from hubbub.core.turns import Tool

ANYTHING = {"type": "object", "properties": {}, "additionalProperties": True}


@dataclass
class FakeSkill:
    """Says ``text``; ``wait`` takes its time first, ``fault`` is raised, ``shows`` makes a picture."""

    name: str = "look"
    text: str = "it rains"
    needs: Needs = field(default_factory=Needs)
    schema: dict[str, object] = field(default_factory=lambda: dict(ANYTHING))
    fault: Exception | None = None
    wait: float = 0.0
    picture: bytes = b""
    called: list[dict[str, Any]] = field(default_factory=list)
    contexts: list[SkillContext] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def card(self) -> SkillCard:
        return SkillCard(Tool(self.name, "looks outside", self.schema), f"{self.name} for people", self.needs, "👀")

    async def call(self, arguments: Mapping[str, Any], context: SkillContext) -> SkillResult:
        self.called.append(dict(arguments))
        self.contexts.append(context)
        self.begun.set()
        if self.wait:
            await asyncio.sleep(self.wait)
        if self.fault is not None:
            raise self.fault
        if not self.picture:
            return SkillResult(self.text)
        media = await context.keep(Blob(self.picture, "image/png", "picture.png"))
        return SkillResult(self.text, (Image(media, alt="a picture"),))
