"""The commands as users of corp-webot know them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubbub.commands.registry import Commands
from tests.unit.commands.given import Person, received
from tests.unit.commands.hub import world

COMMANDS = Commands()


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("@help", "help|"),
        ("@clear", "new|"),
        ("@export", "export|"),
        ("@prompt-set 你是一个资深的程序员", "prompt_set|你是一个资深的程序员"),
        ("@prompt-set你是一个资深的程序员", "prompt_set|你是一个资深的程序员"),
        ("@prompt-set：你是 一个", "prompt_set|你是 一个"),
        ("＠prompt-set你是" + "一" * 500, "prompt_set|你是" + "一" * 500),
        ("/prompt_set x", "prompt_set|x"),
    ],
)
def test_they_are_found(text: str, command: str) -> None:
    call = COMMANDS.find(received(text), text)
    assert call is not None
    assert f"{call.command.name}|{call.argument}" == command


@pytest.mark.parametrize("text", ["@help一下", "@clear的意思", "@Ann你好", "#topic话题", "@", "@你好"])
def test_only_commands_that_take_words_may_stand_before_them(text: str) -> None:
    assert COMMANDS.find(received(text), text) is None


async def test_a_role_is_set_and_cleared() -> None:
    person = Person(language="zh")
    assert await person.reads("@prompt-set 你是一个资深的程序员") == "遵命，主人"
    assert "资深的程序员" in await person.reads("/prompt")
    assert "prompt-set" not in await person.reads("/clear")
    assert "资深的程序员" in await person.reads("/prompt")
    assert await person.reads("@clear") == '主人已经开启新的对话啦，你可以使用"@prompt-set 新的角色（提示）"给我啦~'
    assert "资深的程序员" not in await person.reads("/prompt")


async def test_a_role_needs_words() -> None:
    assert "@prompt-set" in await Person().reads("@prompt-set")


async def test_the_menu_of_old(tmp_path: Path) -> None:
    async with world(tmp_path) as hub:
        ann = hub.person()
        menu = await ann.reads("@help")
        names = [row.partition(":")[0].partition("：")[0] for row in menu.split("\n")]
        assert names[1:6] == ["@help", "@clear", "@image", "@prompt-set", "@export"]
        assert "/status" in await ann.reads("/help")
        assert "@clear" not in await ann.reads("@help new")
        for listed in ("@clear", "@prompt-set a cat", "@export md"):
            assert "@help" not in await ann.reads(listed)
