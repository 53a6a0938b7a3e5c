"""Long answers are made plain beside the event loop, and come out as they would otherwise."""

from __future__ import annotations

from typing import cast

import pytest

from hubbub.bridge.translate import fit
from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities
from hubbub.core.messages import Mention, Text
from hubbub.core.ports import Answer, Platform
from hubbub.dispatch.long_texts import LONG, unmarked
from tests.fakes.loop_turns import turns

ROOM = Room("fake", "me", "private", "ann")
LONG_TEXT = (
    "**Bold** and `code`, [a link](https://example.com).\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n" * 300
)


class Fake:
    def __init__(self, markdown: str) -> None:
        self.caps = Capabilities(markdown=markdown, max_length=4500)

    def capabilities(self, room: Room) -> Capabilities:
        return self.caps


def platform(markdown: str = "none") -> Platform:
    return cast("Platform", Fake(markdown))


async def test_it_says_the_same() -> None:
    message = (Mention("7"), Text(LONG_TEXT), Text("*as it is* " * LONG, verbatim=True))
    found = await unmarked(Answer(message, quote=True), platform(), ROOM)
    caps = platform().capabilities(ROOM)
    assert fit(found.message, caps) == fit(message, caps)
    assert found.quote
    assert "**" not in str(found.message[1])


@pytest.mark.parametrize(
    ("text", "markdown"), [("*short*", "none"), (LONG_TEXT, "commonmark"), ("x" * LONG, "none")], ids=range(3)
)
async def test_others_stay_as_they_are(text: str, markdown: str) -> None:
    answer = Answer((Text(text),))
    assert await unmarked(answer, platform(markdown), ROOM) is answer
    assert await unmarked(answer, None, ROOM) is answer


async def test_nobody_waits_for_it() -> None:
    fit((Text("*x*"),), platform().capabilities(ROOM))  # what is loaded on first use is there
    with turns() as seen:
        found = await unmarked(Answer((Text(LONG_TEXT),)), platform(), ROOM)
        fit(found.message, platform().capabilities(ROOM))
    assert seen.longest < 0.005, seen
