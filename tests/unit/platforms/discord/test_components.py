"""Buttons as rows of components: what Discord takes is checked by the fake, here it is how they are laid out."""

from __future__ import annotations

from typing import Any

import hikari
import pytest
from hikari.impl import EntityFactoryImpl

from hubbub.core.events import Received
from hubbub.core.messages import Button, Buttons, Image, Media, Quote, Text, text_of
from hubbub.platforms.discord.calls import components, drafts
from hubbub.platforms.discord.convert import Around, events
from hubbub.platforms.discord.wire import Frame
from tests.fakes.discord_payloads import ME, message, press, snowflake

CHANNEL = {"id": "30001", "type": 1, "last_message_id": None, "recipients": []}


class App:
    """What another reader asks of its program."""

    rest = cache = None


@pytest.fixture
def theirs() -> Any:
    return EntityFactoryImpl(App())  # type: ignore[arg-type]


def numbered(count: int, first: int = 0) -> tuple[Button, ...]:
    return tuple(Button(f"number {number}", f"/b {number}") for number in range(first, first + count))


def laid(*rows: tuple[Button, ...]) -> list[int]:
    return [len(row["components"]) for row in components((Text("which?"), Buttons(rows)))]


@pytest.mark.parametrize(
    ("rows", "widths"),
    [
        ((numbered(2), numbered(1, 2)), [2, 1]),
        ((numbered(7),), [5, 2]),
        (tuple(numbered(1, each) for each in range(7)), [5, 2]),
        (tuple(numbered(4, each * 4) for each in range(7)), [5, 5, 5, 5, 5]),
        ((numbered(2), numbered(2)), [2]),
        ((), []),
    ],
)
def test_rows_are_kept_where_they_fit(rows: tuple[tuple[Button, ...], ...], widths: list[int]) -> None:
    assert laid(*rows) == widths


def test_another_reader_understands_them_alike(theirs: Any) -> None:
    buttons = Buttons(((Button("Yes", "/yes"), Button("Page", url="https://example.org/")),))
    rows = [row | {"id": 1} for row in components((buttons,))]
    for number, each in enumerate(rows[0]["components"], 2):  # Discord numbers what it shows
        each["id"] = number
    read = theirs.deserialize_message(message(1, "which?", components=rows))
    yes, page = read.components[0].components
    assert (yes.style, yes.label, yes.custom_id) == (hikari.ButtonStyle.SECONDARY, "Yes", "/yes")
    assert (page.style, page.label, page.url) == (hikari.ButtonStyle.LINK, "Page", "https://example.org/")


def test_another_reader_understands_a_press_alike(theirs: Any) -> None:
    given = press(1, snowflake(1), "/yes")
    read = theirs.deserialize_component_interaction(given | {"channel": CHANNEL})
    (ours,) = events(Frame(0, given, 1, "INTERACTION_CREATE"), Around(ME))
    assert isinstance(ours, Received)
    assert (str(read.id), str(read.user.id), read.custom_id) == (ours.id, ours.author.id, text_of(ours.message))
    assert ours.message[0] == Quote(str(read.message.id), ME)


def test_buttons_stand_below_the_last_of_several_messages() -> None:
    pictures = tuple(Image(Media(url=f"https://example.org/{number}.png")) for number in range(11))
    found = drafts((Text("look"), *pictures, Buttons((numbered(1),))))
    assert [len(each.components) for each in found] == [0, 1]
