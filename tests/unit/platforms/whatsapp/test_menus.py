"""How buttons are sent: what WhatsApp takes is checked by the fake, here it is which kind is chosen."""

from __future__ import annotations

from typing import Any

import pytest
from pywa.types import callback as theirs

from hubbub.core.addresses import Room
from hubbub.core.messages import Button, Buttons, Image, Media, Message, Text
from hubbub.platforms.whatsapp.menus import below
from tests.contract.platform_suite import PIXEL, row
from tests.fakes.whatsapp import NUMBER, whatsapp
from tests.unit.platforms.whatsapp.test_sending import ROOM, connected


def interactive(text: str, *buttons: Button) -> dict[str, Any]:
    found = below((Text(text), Buttons((buttons,))), text)
    assert found is not None
    assert found.text == ""
    return found.interactive


def numbered(count: int) -> list[Button]:
    return [Button(f"number {number}", f"/b {number}") for number in range(count)]


def test_three_short_ones_stand_below_and_more_are_a_list() -> None:
    assert interactive("which?", *numbered(3))["type"] == "button"
    assert interactive("which?", *numbered(4))["type"] == "list"
    assert interactive("which?", Button("a label of 21 letters", "/a"))["type"] == "list"
    assert interactive("w" * 1025, *numbered(2))["type"] == "list"


def test_a_list_says_long_labels_whole_and_opens_in_the_language_of_its_words() -> None:
    found = interactive("选哪个？", Button("a label that is longer than a row", "/a"), *numbered(3))
    assert found["action"]["button"] == "选择"
    assert found["action"]["sections"][0]["rows"][0] == {
        "id": "/a",
        "title": "a label that is longer …",
        "description": "a label that is longer than a row",
    }


def test_one_page_is_a_button_and_several_are_lines() -> None:
    page = Button("Open", url="https://example.org")
    assert interactive("here", page)["action"]["parameters"] == {"display_text": "Open", "url": "https://example.org"}
    mixed = interactive("here", page, *numbered(1))
    assert (mixed["type"], mixed["body"]["text"]) == ("button", "here\nOpen: https://example.org")
    two = below((Buttons(((page, page),)),), "here")
    assert two is not None
    assert (two.text, two.interactive) == ("here\nOpen: https://example.org\nOpen: https://example.org", {})


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        ((Text("a dot"), Image(Media(url=PIXEL)), Buttons((tuple(numbered(2)),))), ["image", "interactive"]),
        ((Text("w" * 4096), Buttons(((Button("Open", url="https://e.org"),),))), ["text", "interactive"]),
        ((Text("w" * 4090), Buttons(((Button("Open", url="https://e.org"), *numbered(1)),))), ["text", "interactive"]),
        ((Buttons(((Button("none"),),)), Text("words")), ["text"]),
    ],
)
async def test_what_stands_beside_them_is_sent_too(message: Message, kinds: list[str]) -> None:
    async with whatsapp() as fake, connected(fake) as (adapter, _):
        await adapter.send(row(ROOM, message))
        assert [body["type"] for _, body in fake.sent] == kinds
        assert not fake.refused


async def test_groups_have_none() -> None:
    async with whatsapp() as fake, connected(fake) as (adapter, _):
        assert adapter.capabilities(ROOM).buttons == 10
        assert adapter.capabilities(Room("whatsapp", NUMBER, "group", "G1")).buttons == 0


def test_another_writer_writes_the_same() -> None:
    buttons = [theirs.Button(title=f"number {number}", callback_data=f"/b {number}").to_dict() for number in range(2)]
    assert interactive("which?", *numbered(2))["action"]["buttons"] == buttons
    rows = [theirs.SectionRow(title=f"number {number}", callback_data=f"/b {number}") for number in range(4)]
    theirs_list = theirs.SectionList("Choose", [theirs.Section("", rows)]).to_dict()
    ours = interactive("which?", *numbered(4))["action"]
    assert ours["button"] == theirs_list["button"]
    found = [{key: value for key, value in row.items() if value} for row in theirs_list["sections"][0]["rows"]]
    assert ours["sections"][0]["rows"] == found
    page = theirs.URLButton(title="Open", url="https://e.org").to_dict()
    assert interactive("here", Button("Open", url="https://e.org"))["action"] == page | {"name": str(page["name"])}
