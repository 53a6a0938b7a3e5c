"""Long answers for rooms without markup: read in a thread, for that takes longer than others should wait."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.bridge.translate import PLAIN
from hubbub.core.messages import Text
from hubbub.markup.plain import plain

if TYPE_CHECKING:
    from hubbub.core.addresses import Room
    from hubbub.core.messages import Message
    from hubbub.core.ports import Answer, Platform

LONG: Final = 2000
"""Characters that are read quickly enough where they are."""


async def unmarked(answer: Answer, platform: Platform | None, room: Room) -> Answer:
    """The answer as the room shows it, where it is long and the room has no markup; else as it is."""
    if platform is None or not any(map(_is_long, answer.message)) or platform.capabilities(room).markdown != PLAIN:
        return answer
    return replace(answer, message=await asyncio.to_thread(_plain, answer.message))


def _is_long(segment: object) -> bool:
    return type(segment) is Text and not segment.verbatim and len(segment.text) > LONG


def _plain(message: Message) -> Message:
    return tuple(
        Text(plain(each.text), verbatim=True) if type(each) is Text and not each.verbatim else each for each in message
    )
