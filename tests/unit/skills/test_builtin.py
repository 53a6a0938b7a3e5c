"""The skills that every hub can have: clock, calculator, image."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta, timezone, tzinfo
from typing import Any

import pytest
from openai.types.chat import ChatCompletionToolParam
from pydantic import TypeAdapter
from typing_extensions import override

from hubbub.core.addresses import Room
from hubbub.core.errors import ConfigError, ProviderError, StoreError
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Blob, Media, Text
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Skill, SkillHost
from hubbub.core.skills import SkillContext, SkillResult
from hubbub.core.turns import Tool
from hubbub.settings.plugins import find_skills
from hubbub.skills.schema import arguments_of
from hubbub.words import say
from tests.fakes.platform_host import MemoryFiles

NOW = 1_769_860_800.0  # Saturday, 2026-01-31 12:00 UTC
EVENT = Received("1", Room("test", "bot", "private", "u"), Author("u"), (Text("x"),), NOW, "m1")


class FakePainter:
    price = 40_000_000

    def __init__(self) -> None:
        self.wishes: list[tuple[str, bytes]] = []
        self.fault: Exception | None = None

    async def paint(self, wish: str) -> Blob:
        return await self.repaint(wish, Blob(b""))

    async def repaint(self, wish: str, picture: Blob) -> Blob:
        if self.fault is not None:
            raise self.fault
        self.wishes.append((wish, picture.data))
        return Blob(b"\x89PNG", "image/png", "picture.png")


PAINTER = FakePainter()
HOST = SkillHost(PAINTER, 180.0, {})


def context(zone: tzinfo | None = None, *pictures: Media, files: MemoryFiles | None = None) -> SkillContext:
    kept = files or MemoryFiles()

    async def keep(blob: Blob) -> Media:
        return Media(await kept.keep(blob, 60.0), name=blob.name, mime=blob.mime, size=len(blob.data))

    return SkillContext("owner", EVENT, "en", zone, NOW, pictures, kept.fetch, keep)


def skill(name: str) -> Skill:
    return find_skills()[name].builder(HOST)


async def used(name: str, arguments: Mapping[str, Any], given: SkillContext | None = None) -> SkillResult:
    made = skill(name)
    arguments_of(json.dumps(arguments), made.card.tool.parameters)
    return await made.call(arguments, given or context())


def test_those_that_there_are_say_what_they_are() -> None:
    assert list(find_skills()) == ["calculator", "clock", "image"]
    for name in find_skills():
        card = skill(name).card
        assert card.name == name
        for language in ("en", "zh"):
            assert say(card.title, language) != f"skill.{name}"
        tool: Tool = card.tool
        function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
        TypeAdapter(ChatCompletionToolParam).validate_python({"type": "function", "function": function})


async def test_the_clock_goes_by_the_persons_zone_or_another() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert (await used("clock", {}, context(shanghai))).text == "Saturday, 2026-01-31 20:00:00+08:00"
    elsewhere = await used("clock", {"timezone": "America/New_York"}, context(shanghai))
    assert elsewhere.text == "Saturday, 2026-01-31 07:00:00-05:00 (America/New_York)"
    assert "+09:00" in (await used("clock", {"timezone": "UTC+9"})).text
    assert "no time zone" in (await used("clock", {"timezone": "../etc/passwd"})).text
    assert (await used("clock", {})).text.startswith("Sat")


async def test_the_calculator() -> None:
    assert (await used("calculator", {"expression": "(1234.5 * 1.19) / 3"})).text == "489.685"
    assert (await used("calculator", {"expression": "1/0"})).text == "This cannot be worked out: division by zero."


async def test_a_picture_is_painted() -> None:
    files = MemoryFiles()
    result = await used("image", {"wish": "a black cat"}, context(files=files))
    (image,) = result.media
    assert files.kept[image.media.url].data == b"\x89PNG"
    assert image.alt == "a black cat"
    assert PAINTER.wishes[-1] == ("a black cat", b"")


async def test_the_newest_picture_is_changed() -> None:
    files = MemoryFiles()
    files.kept["hub:new"] = Blob(b"new")
    given = context(None, Media("hub:new"), Media("hub:old"), files=files)
    await used("image", {"wish": "white", "change": True}, given)
    assert PAINTER.wishes[-1] == ("white", b"new")
    gone = await used("image", {"wish": "white", "change": True}, context(None, Media("hub:gone")))
    assert "not there any more" in gone.text
    none = await used("image", {"wish": "white", "change": True})
    assert "no picture" in none.text
    assert not none.media


async def test_what_fails_is_raised_but_what_was_paid_for_is_not_asked_again() -> None:
    class Full(MemoryFiles):
        @override
        async def keep(self, blob: Blob, seconds: float, owner: str = "") -> str:
            raise StoreError("secret")

    result = await used("image", {"wish": "x"}, context(files=Full()))
    assert "cannot be kept" in result.text
    assert "secret" not in result.text
    PAINTER.fault = ProviderError("no", user_text=Phrase("error.model_refused"))
    try:
        with pytest.raises(ProviderError):
            await used("image", {"wish": "x"})
    finally:
        PAINTER.fault = None


def test_nothing_paints_without_a_model_for_it() -> None:
    with pytest.raises(ConfigError, match=r"painting\.model"):
        find_skills()["image"].builder(SkillHost(None, 1.0, {}))
