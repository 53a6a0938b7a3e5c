"""Commands about a person's settings, over a real store."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hubbub.chat.settings import ChatSettings
from hubbub.conversations.limits import Limits
from hubbub.core.models import ModelSpec
from hubbub.core.turns import ChatRequest, Delta, Parameters, Usage
from tests.unit.commands.hub import PLATFORMS, Models, Person, Setting, World, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.fakes.scripted import Script

PERSONAS = {"Pirate": "Talk like a pirate.", "Poet": "Answer in verse."}
CHAT = ChatSettings(language="en", system_prompt="Be kind.", personas=PERSONAS)


def echoing(request: ChatRequest) -> Script:
    usage = Usage(prompt_tokens=100, completion_tokens=20)
    return [Delta(f"re: {request.turns[-1].content}", finish="stop", model=request.model, usage=usage)]


def models() -> Models:
    made = Models(echoing)
    made.specs.append(ModelSpec("Big-Model", id="big-1", note="slow"))
    made.specs.append(ModelSpec("think", type="reasoner", id="think"))
    return made


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, Setting(chat=CHAT), models()) as made:
        yield made


async def asks(person: Person) -> ChatRequest:
    """The request that a question becomes."""
    await person.reads("question")
    return person.world.models.requests[-1]


def system(request: ChatRequest) -> str:
    return request.turns[0].content


# --- model


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_models_are_listed_and_chosen(hub: World, platform: str) -> None:
    ann = hub.person(platform=platform)
    assert (await ann.reads("/model")).split("\n") == [
        "You are answered by main. There are:",
        "→ 1. main (m-1) - the default",
        "2. Big-Model (big-1, slow)",
        "3. think",
        "Choose one: /model NUMBER",
    ]
    for wanted in ("2", "big-model", "Big-Model"):
        assert await ann.reads(f"/model {wanted}") == "From now on Big-Model answers you."
        assert (await asks(ann)).model == "Big-Model"
        assert "→ 2. Big-Model" in await ann.reads("/模型")
        assert await ann.reads("/model reset") == "From now on the default model answers you: main."
        assert (await asks(ann)).model == "main"
    assert await ann.reads("/model reasoner") == "From now on think answers you."
    assert (await asks(hub.person("bob", platform))).model == "main"


@pytest.mark.parametrize("wanted", ["4", "0", "nonesuch", "99999"])
async def test_a_model_that_is_not_there(hub: World, wanted: str) -> None:
    assert await hub.person().reads(f"/model {wanted}") == f"There is no model {wanted}."


async def test_no_models_at_all(tmp_path: Path) -> None:
    none = Models(echoing)
    none.specs.clear()
    async with world(tmp_path, models=none) as hub:
        assert await hub.person().reads("/model") == "There is no model (a test says so)."


async def test_a_chosen_model_that_is_gone_counts_as_none(hub: World) -> None:
    ann = hub.person()
    await ann.reads("/model think")
    del hub.models.specs[2]
    assert "answered by main" in await ann.reads("/model")


# --- persona, prompt


async def test_personas_of_the_hub(hub: World) -> None:
    ann = hub.person()
    assert await ann.reads("/persona") == "Personas:\n- Pirate\n- Poet"
    assert await ann.reads("/persona use pirate") == "The model is now Pirate."
    assert system(await asks(ann)) == "Talk like a pirate."
    assert await ann.reads("/persona list") == "Personas:\n→ Pirate\n- Poet"
    assert await ann.reads("/persona Poet") == "The model is now Poet."
    assert await ann.reads("/persona show Poet") == "Poet:\nAnswer in verse."
    assert system(await asks(ann)) == "Answer in verse."
    assert await ann.reads("/人设 使用 无") == "The model plays no role any more."
    assert system(await asks(ann)) == "Be kind."
    assert await ann.reads("/persona delete Poet") == "Poet is the hub's own; only yours can be deleted."


async def test_personas_of_ones_own(hub: World) -> None:
    ann, bob = hub.person(), hub.person("bob")
    assert await ann.reads("/persona new Cook You cook.\nAnd bake.") == "Cook is kept. Take it with /persona use Cook"
    assert await ann.reads("/persona cook") == "The model is now Cook."
    assert system(await asks(ann)) == "You cook.\nAnd bake."
    assert await ann.reads("/persona") == "Personas:\n- Pirate\n- Poet\n→ Cook (yours)"
    await ann.reads("/persona new Cook You fry.")
    assert system(await asks(ann)) == "You fry."
    assert await bob.reads("/persona Cook") == "There is no persona Cook."
    assert await bob.reads("/persona show Cook") == "There is no persona Cook."
    assert await ann.reads("/persona delete Cook") == "Cook is deleted."
    assert system(await asks(ann)) == "Be kind."
    assert await ann.reads("/persona delete Cook") == "There is no persona Cook."


async def test_ones_own_persona_goes_before_the_hubs_of_the_same_name(hub: World) -> None:
    ann = hub.person()
    await ann.reads("/persona new Pirate Whisper.")
    await ann.reads("/persona use Pirate")
    assert system(await asks(ann)) == "Whisper."
    assert await ann.reads("/persona list") == "Personas:\n- Poet\n→ Pirate (yours)"
    await ann.reads("/persona delete Pirate")
    await ann.reads("/persona use Pirate")
    assert system(await asks(ann)) == "Talk like a pirate."


async def test_personas_are_bounded(hub: World) -> None:
    ann = hub.person()
    assert (await ann.reads("/persona new .x y")).startswith("That cannot be a name")
    assert await ann.reads("/persona new off y") == "off has another meaning here; please choose another name."
    assert await ann.reads("/persona new x") == "Something is missing: /persona NAME TEXT"
    assert await ann.reads("/persona new") == "Something is missing: /persona NAME"
    assert await ann.reads(f"/persona new x {'y' * 8001}") == "That is too long: at most 8000 characters."
    for number in range(50):
        await ann.reads(f"/persona new p{number} text")
    assert await ann.reads("/persona new p50 text") == "You have 50 personas already; delete one first."
    assert "is kept" in await ann.reads("/persona new p49 other")


async def test_no_personas(tmp_path: Path) -> None:
    async with world(tmp_path) as hub:
        assert await hub.person().reads("/persona") == "There are no personas yet."


async def test_a_prompt_of_ones_own(hub: World) -> None:
    ann = hub.person()
    assert await ann.reads("/prompt") == "The model is told what the hub tells it for everybody."
    assert await ann.reads("/prompt Be brief.\nBe kind.") == "The model is told this from now on."
    assert system(await asks(ann)) == "Be brief.\nBe kind."
    assert await ann.reads("/提示词") == "The model is told first:\nBe brief.\nBe kind."
    assert await ann.reads("/prompt reset") == "Your prompt is taken back."
    assert system(await asks(ann)) == "Be kind."
    assert await ann.reads(f"/prompt {'y' * 8001}") == "That is too long: at most 8000 characters."
    assert system(await asks(hub.person("bob"))) == "Be kind."


async def test_of_prompt_and_persona_the_last_choice_counts(hub: World) -> None:
    ann = hub.person()
    await ann.reads("/prompt Mine.")
    await ann.reads("/persona Pirate")
    assert system(await asks(ann)) == "Talk like a pirate."
    assert await ann.reads("/prompt") == "The model plays Pirate."
    await ann.reads("/prompt Mine.")
    assert system(await asks(ann)) == "Mine."


# --- set


async def test_parameters_are_listed_set_and_reset(hub: World) -> None:
    ann = hub.person()
    lines = (await ann.reads("/set")).split("\n")
    assert lines[0] == "temperature: as the hub has it"
    assert lines[-1] == "Change one: /set NAME VALUE"
    assert await ann.reads("/set temperature 0.3") == "temperature: 0.3"
    assert await ann.reads("/set topP 0.9") == "top_p: 0.9"
    assert await ann.reads("/设置 max-tokens 77") == "max_tokens: 77"
    assert await ann.reads("/set stop THE END") == "stop: THE END"
    assert (await asks(ann)).parameters == Parameters(temperature=0.3, top_p=0.9, max_tokens=77, stop=("THE END",))
    assert await ann.reads("/set temperature") == "temperature: 0.3"
    assert "stop: THE END" in await ann.reads("/set")
    for key in ("temperature", "top_p", "max_tokens", "stop"):
        assert await ann.reads(f"/set {key} default") == f"{key} is as the hub has it again."
    assert (await asks(ann)).parameters == Parameters()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("temperature 2.1", "Please give a number from 0 to 2."),
        ("temperature hot", "Please give a number from 0 to 2."),
        ("temperature nan", "Please give a number from 0 to 2."),
        ("temperature -0.1", "Please give a number from 0 to 2."),
        ("top_p 1e400", "Please give a number from 0 to 1."),
        ("max_tokens 0", "Please give a whole number from 1 to 1000000."),
        ("max_tokens 1.5", "Please give a whole number from 1 to 1000000."),
        ("presence_penalty 3", "Please give a number from -2 to 2."),
        (f"stop {'x' * 101}", "That is too long: at most 100 characters."),
        ("model x", "model cannot be set. These can: temperature, top_p, max_tokens,"),
    ],
)
async def test_what_cannot_be_set(hub: World, typed: str, said: str) -> None:
    ann = hub.person()
    assert (await ann.reads(f"/set {typed}")).startswith(said)
    assert (await asks(ann)).parameters == Parameters()


# --- language, time zone


@pytest.fixture
async def any_language(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, Setting(chat=ChatSettings()), models()) as made:
        yield made


async def test_the_language_is_chosen(any_language: World) -> None:
    ann = replace(any_language.person(), locale="en-GB")
    assert await ann.reads("/stop") == "Nothing is running."
    assert await ann.reads("/lang zh") == "我会用中文和你说话。"
    assert await ann.reads("/stop") == "当前没有正在生成的回答。"
    assert await ann.reads("/lang") == "我会用中文和你说话。"
    assert await ann.reads("/语言 英文") == "I speak English to you."
    assert await replace(ann, locale="zh").reads("/stop") == "Nothing is running."
    assert await ann.reads("/lang auto") == "I speak to you as you do."
    assert await replace(ann, locale="zh").reads("/stop") == "当前没有正在生成的回答。"
    assert await ann.reads("/lang fr") == "I speak these languages: zh, en"


async def test_a_room_has_a_language_for_those_who_chose_none(any_language: World) -> None:
    boss, ann, ben = any_language.member("boss", role="admin"), any_language.member("ann"), any_language.member("ben")
    thread = replace(ann, room=replace(ann.room, thread="t1"))
    assert await ann.reads("/lang room") == "Nobody chose a language for this room: I speak to everybody as they do."
    assert await ann.reads("/lang room zh") == "You may not use /lang room."
    assert await boss.reads("/lang group zh") == "在这里，没有自选语言的人都会收到中文回复。"
    english = [replace(each, locale="en-GB") for each in (ann, ben, thread)]
    assert [await each.reads("/stop") for each in english] == ["当前没有正在生成的回答。"] * 3
    assert await ben.reads("/lang en") == "I speak English to you."
    assert await ben.reads("/stop") == "Nothing is running."
    elsewhere = any_language.member("ann", group="g2")
    assert await elsewhere.reads("/stop") == "Nothing is running."
    assert await any_language.person("ann").reads("/stop") == "Nothing is running."
    assert await boss.reads("/lang room en") == "Whoever chose no language is spoken to in English here."
    assert await replace(ann, locale="zh").reads("/lang room") == (
        "Whoever chose no language is spoken to in English here."
    )
    assert (
        await boss.reads("/lang room auto") == "Nobody chose a language for this room: I speak to everybody as they do."
    )
    assert await replace(ann, locale="zh").reads("/stop") == "当前没有正在生成的回答。"
    assert await boss.reads("/lang room fr") == "I speak these languages: zh, en"
    assert await any_language.person("boss").reads("/lang room zh") == "/lang works in a group only."


async def test_the_language_of_a_room_is_kept(tmp_path: Path) -> None:
    any_language = Setting(chat=ChatSettings())
    async with world(tmp_path, any_language, Models()) as hub:
        await hub.member("boss", role="owner").reads("/lang room zh")
    async with world(tmp_path, replace(any_language, chat=ChatSettings(language="en")), Models()) as hub:
        await hub.gate.load()
        assert await hub.member("ann").reads("/stop") == "当前没有正在生成的回答。"


async def test_the_time_zone_is_chosen(hub: World) -> None:
    ann = hub.person()
    assert re.fullmatch(r"Your time zone is the hub's; it is \d{4}-\d\d-\d\d \d\d:\d\d\.", await ann.reads("/tz"))
    assert "is Asia/Shanghai;" in await ann.reads("/timezone asia/shanghai")
    await ann.reads("question")
    await ann.reads("/new")
    there = re.search(r"\d\d:\d\d", await ann.reads("/history"))
    assert "is +8;" in await ann.reads("/timezone +8")
    east = re.search(r"\d\d:\d\d", await ann.reads("/history"))
    assert "is the hub's;" in await ann.reads("/时区 reset")
    here = re.search(r"\d\d:\d\d", await ann.reads("/history"))
    assert there
    assert east
    assert here
    assert there[0] == east[0] != here[0]
    assert await ann.reads("/tz Mars/Base") == "There is no time zone Mars/Base. Write it as Asia/Shanghai or +8."


async def test_settings_survive_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path, Setting(chat=CHAT), models()) as hub:
        for command in ("/model think", "/set temperature 0.1", "/persona new Cook You cook.", "/persona Cook"):
            await hub.person().reads(command)
    async with world(tmp_path, Setting(chat=CHAT), models()) as hub:
        request = await asks(hub.person())
        assert (request.model, request.parameters.temperature, system(request)) == ("think", 0.1, "You cook.")


# --- usage and limits


async def test_usage_of_today_and_this_month(hub: World) -> None:
    ann, bob = hub.person(), hub.person("bob")
    assert (await ann.reads("/usage")).startswith("Today: 0 messages, 0 tokens (0 in, 0 out)\nThis month: 0 messages")
    for _ in range(3):
        await ann.reads("question")
    await bob.reads("question")
    assert (await ann.reads("/用量")).split("\n") == [
        "Today: 3 messages, 360 tokens (300 in, 60 out)",
        "This month: 3 messages, 360 tokens (300 in, 60 out)",
        "The last 30 days · tokens a day, at most 360",
        "▁" * 29 + "█",
    ]


async def test_usage_is_estimated_where_no_provider_counts(tmp_path: Path) -> None:
    def silent(request: ChatRequest) -> Script:
        return [Delta("word " * 100, finish="stop")]

    async with world(tmp_path, models=Models(silent)) as hub:
        await hub.person().reads("question " * 50)
        (spent,) = await hub.store.usage.spenders()
        assert 100 < spent.prompt_tokens < 250
        assert 100 < spent.completion_tokens < 250
        assert spent.room == "fake/me/private/ann"


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_days_messages_are_limited(tmp_path: Path, platform: str) -> None:
    setting = Setting(limits=Limits(messages_per_day=2))
    async with world(tmp_path, setting, models()) as hub:
        ann, bob = hub.person(platform=platform), hub.person("bob", platform)
        assert await ann.reads("one") == "re: one"
        assert "Left today: 1 of 2 messages" in await ann.reads("/usage")
        assert await ann.reads("two") == "re: two"
        for refused in ("three", "/retry", "/edit four"):
            assert "You have asked 2 questions today, which is all; more in " in await ann.reads(refused)
        assert await bob.reads("one") == "re: one"
        assert len(hub.models.requests) == 3
        assert "Left today: 0 of 2 messages" in await ann.reads("/usage")
    async with world(tmp_path, setting, models()) as hub:
        assert "more in " in await hub.person(platform=platform).reads("again")
        hub.later = 86_400
        assert await hub.person(platform=platform).reads("tomorrow") == "re: tomorrow"


async def test_a_days_tokens_are_limited(tmp_path: Path) -> None:
    async with world(tmp_path, Setting(limits=Limits(tokens_per_day=200)), models()) as hub:
        ann = hub.person()
        assert await ann.reads("one") == "re: one"
        assert "Left today: 80 of 200 tokens" in await ann.reads("/usage")
        assert await ann.reads("two") == "re: two"
        assert "Your 200 tokens for today are used up; more in " in await ann.reads("three")
        assert "short extract" in await ann.reads("/compact"), "no model is asked for a summary any more"


async def test_questions_are_bounded(tmp_path: Path) -> None:
    async with world(tmp_path, Setting(limits=Limits(message_characters=10)), models()) as hub:
        ann = hub.person()
        assert await ann.reads("x" * 10) == f"re: {'x' * 10}"
        assert await ann.reads("x" * 11) == "That is too long: 11 characters, at most 10 are taken."
        assert await ann.reads(f"/edit {'x' * 11}") == "That is too long: 11 characters, at most 10 are taken."
        assert len(hub.models.requests) == 1


async def test_messages_of_a_minute_are_limited(tmp_path: Path) -> None:
    async with world(tmp_path, Setting(limits=Limits(messages_per_minute=3)), models()) as hub:
        ann, bob = hub.person(), hub.person("bob")
        assert [await ann.reads(text) for text in ("/echo 1", "two", "/echo 3")] == ["1", "re: two", "3"]
        assert (await ann.reads("/echo 4")).startswith("That is too fast: at most 3 messages a minute.")
        assert await ann.sends("five") == []
        assert await ann.reads("/stop") == "Nothing is running.", "what is urgent always goes"
        assert await bob.reads("one") == "re: one"
        hub.later = 21
        assert await ann.reads("six") == "re: six"
