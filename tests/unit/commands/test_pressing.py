"""Buttons below what commands answer: what they say does what they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hubbub.commands.pressing import MOST, with_buttons
from hubbub.core.capabilities import Capabilities
from hubbub.core.messages import Button, Buttons, Text
from hubbub.core.ports import Answer
from tests.unit.commands.hub import ENGLISH, Models, Person, Setting, World, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, Setting(ENGLISH, capabilities=Capabilities(buttons=100)), Models()) as made:
        yield made


async def pressable(person: Person, words: str) -> dict[str, str]:
    """What the buttons below an answer say, by what stands on them."""
    rows = [each.rows for each in await person.segments(words) if isinstance(each, Buttons)]
    return {button.label: button.says for row in (each for found in rows for each in found) for button in row}


async def test_a_confirmation_is_a_press(hub: World) -> None:
    ann = hub.person()
    buttons = await pressable(ann, "/forget")
    assert list(buttons) == ["Go on"]
    assert "deleted" in (await ann.reads(buttons["Go on"])).lower()


async def test_models_languages_and_personas_are_presses(hub: World) -> None:
    ann = hub.person()
    models = await pressable(ann, "/model")
    for name, says in models.items():
        assert name in await ann.reads(says)
    await ann.sends("/persona new pirate Talk like one")
    assert (await pressable(ann, "/persona"))["pirate"] == "/persona use pirate"
    assert "pirate" in await ann.reads("/persona use pirate")
    assert "pirate" not in await pressable(ann, "/persona")
    assert await ann.reads((await pressable(ann, "/lang"))["中文"]) == "我会用中文和你说话。"


def test_short_buttons_stand_side_by_side_and_long_lists_end() -> None:
    answer = with_buttons(Answer((Text("which?"),)), [Button(f"b{number}", f"/b {number}") for number in range(99)])
    buttons = answer.message[-1]
    assert isinstance(buttons, Buttons)
    assert buttons.told
    assert sum(map(len, buttons.rows)) == MOST
    assert {len(row) for row in buttons.rows} == {3}
    long = with_buttons(Answer(), [Button("a name that is quite long", "/x"), Button("b", "/y")]).message[-1]
    assert isinstance(long, Buttons)
    assert [len(row) for row in long.rows] == [1, 1]
    assert with_buttons(answer, []) is answer
