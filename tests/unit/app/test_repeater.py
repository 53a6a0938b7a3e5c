"""What the Repeater's API is given by the hub: names of people, variables of an owner."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from hubbub.app.repeater import Expander, Nicknames, repeater_zone
from hubbub.core.work import Append
from hubbub.settings import load
from hubbub.settings.repeater import Repeater
from tests.fakes.memory import MemoryConversations


def test_people_are_called_by_their_name_first_and_then_by_their_id(tmp_path: Path) -> None:
    file = tmp_path / "names.json"
    file.write_text('{"Robert": "Bob", "u9": "九", "x": 5, "y": ""}', encoding="utf-8-sig")
    called = Nicknames(file)
    assert called("Robert", "u9") == "Bob"
    assert called("Anna", "u9") == "九"
    assert called("x", "y") == "x"
    file.write_text('{"Anna": "A"}')
    assert called("Anna", "u9") == "九"
    called.reload()
    assert called("Anna", "u9") == "A"


@pytest.mark.parametrize("text", [None, "", "{", "[]", "\x00"])
def test_a_file_that_cannot_be_read_names_nobody(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "names.json"
    if text is not None:
        file.write_text(text)
    assert Nicknames(file)("Anna", "u9") == "Anna"
    assert Nicknames(None)("Anna", "u9") == "Anna"


async def test_variables_are_the_owners_and_the_bots() -> None:
    conversations = MemoryConversations()
    expand = Expander(conversations, Repeater(bot_name="复读机", version="4"), UTC, lambda: 1_700_000_000.0)
    text = "{user_id}|{user_name}|{botname}|{version}|{birthday}|{model_type}|{time}"
    told = await expand("u1", "Group:1:2", "Bob", text)
    assert told == "Group:1:2|Bob|复读机|4|2024.6.28|nomodel|2023-11-14 22:13:20 UTC"
    assert await expand("u1", "u1", "Bob", "{user_name}" + " " * 30_000) == "Bob" + " " * 30_000
    conversations.apply(Append("u1", "config", "default", ({"time_zone": 8.0},)))
    assert await expand("u1", "u1", "", "{time}") == "2023-11-15 06:13:20 UTC+08:00"


def test_the_zone_of_whoever_chose_none(tmp_path: Path) -> None:
    def zone(**variables: str) -> str:
        return str(repeater_zone(load(environ=variables, folder=tmp_path)))

    assert zone(TIMEZONE_OFFSET="8", TZ="Europe/Paris") == "UTC+08:00"
    assert zone(TZ="Europe/Paris") == "Europe/Paris"
    assert zone() == "None"
