"""The commands of the Repeater's client, on every platform, over a real store: the same data as its API."""

from __future__ import annotations

import io
import json
import zipfile
from base64 import b64decode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hubbub.chat.settings import ChatSettings
from hubbub.chat.wording import Bot
from hubbub.commands.command import REPEATER, Command
from hubbub.commands.names import table
from hubbub.commands.registry import Commands
from hubbub.conversations.units import units_of
from hubbub.conversations.userdata import UserData
from hubbub.core.identities import Role, owner_of
from hubbub.core.messages import File, Image
from hubbub.core.models import ModelSpec
from hubbub.core.pictures import Card, Look
from hubbub.core.turns import ChatRequest, Delta
from hubbub.dispatch.drawing import Drawing, DrawingRules
from tests.unit.commands.given import received
from tests.unit.commands.hub import PLATFORMS, Models, Person, Setting, World, world
from tests.unit.dispatch.test_drawing import Files, Renderer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from hubbub.core.ports import Answer
    from tests.fakes.scripted import Script

CHAT = ChatSettings(
    language="en", system_prompt="Be kind.", personas={"Pirate": "Arr."}, bot=Bot("Echo", "1", (2024, 6, 28))
)


def echoing(request: ChatRequest) -> Script:
    words = request.turns[-1].content if request.turns else "nothing"
    return [Delta(f"re: {words}", finish="stop", model=request.model)]


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[World]:
    models = Models(echoing)
    models.specs.append(ModelSpec("think", type="reasoner", id="t"))
    models.specs.append(ModelSpec("prove", type="prover", id="p"))
    async with world(tmp_path, Setting(chat=CHAT), models) as made:
        yield made


def asked(hub: World) -> ChatRequest:
    return hub.models.requests[-1]


def turns(request: ChatRequest) -> list[tuple[str, str]]:
    return [(turn.role, turn.content) for turn in request.turns]


async def context(person: Person, owner: str = "") -> list[object]:
    branch = await person.world.store.conversations.branch(owner or person.owner, "context")
    return [unit["content"] for unit in units_of(branch)]


async def config(person: Person) -> dict[str, Any]:
    return await data(person).config(person.owner)


def data(person: Person) -> UserData:
    return UserData(person.world.store.conversations, person.world.clock)


# --- asking


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("name", ["chat", "c", "Chat", "CHAT"])
async def test_chat_asks(hub: World, platform: str, name: str) -> None:
    ann = hub.person(platform=platform)
    assert await ann.reads(f"/{name} hello") == "re: hello"
    assert turns(asked(hub)) == [("system", "Be kind."), ("user", "hello")]
    assert await context(ann) == ["hello", "re: hello"]
    assert await ann.reads(f"/{name}") == f"Something is missing: /{name} TEXT"


async def test_wishes_of_single_questions(hub: World) -> None:
    ann = hub.person()
    await ann.reads("first")
    assert await ann.reads("/npChat x") == "re: x"
    assert turns(asked(hub))[0] == ("user", "first")
    await ann.reads("/p theorem")
    assert asked(hub).model == "prove"
    await ann.reads("/reason why")
    assert (asked(hub).model, turns(asked(hub))[0][0]) == ("think", "system")
    before = await context(ann)
    await ann.reads("/noSaveChat secret")
    assert await context(ann) == before
    await ann.reads("/temperatureChat 50% warm")
    assert (asked(hub).parameters.temperature, turns(asked(hub))[-1]) == (1.5, ("user", "warm"))
    await ann.reads("next")
    assert asked(hub).parameters.temperature is None


async def test_the_model_goes_on_without_a_question(hub: World) -> None:
    ann = hub.person()
    await ann.reads("first")
    assert await ann.reads("/keep_answering") == "re: re: first"
    assert await context(ann) == ["first", "re: first", "re: re: first"]
    await ann.reads("/kr")
    assert asked(hub).model == "think"
    await ann.reads("/recomplete")
    assert turns(asked(hub))[-1] == ("user", "first")


async def test_the_public_space_is_the_whole_groups(hub: World) -> None:
    ann, bob = hub.member("ann"), hub.member("bob")
    everybody = owner_of(ann.room, "ann", shared=True)
    await ann.reads("/publicSpaceChat one")
    await bob.reads("/psc two")
    assert await context(ann, everybody) == ["one", "re: Ann: one", "two", "re: Bob: two"]
    assert await context(ann) == []
    await bob.reads("/dpsc")
    assert len(await context(ann, everybody)) == 4
    await hub.member("boss", role="owner").reads("/deletePublicSpaceContext")
    assert await context(ann, everybody) == []
    assert "group" in await hub.person().reads("/psc one")


async def test_anothers_context_is_for_admins(hub: World) -> None:
    ann = hub.person()
    await ann.reads("mine")
    assert await context(ann) == ["mine", "re: mine"]
    told = await hub.person("eve").reads(f"/reference {ann.owner} tell")
    assert "re:" not in told


# --- settings


@pytest.mark.parametrize(
    ("command", "key", "value"),
    [
        ("/setTemperature 0.5", "temperature", 0.5),
        ("/st 50%", "temperature", 1.5),
        ("/set_temperature -100%", "temperature", 0.0),
        ("/SetTopP 90%", "top_p", 0.9),
        ("/stp 0", "top_p", 0.0),
        ("/sfp -150%", "frequency_penalty", -1.5),
        ("/setPresencePenalty 2", "presence_penalty", 2.0),
        ("/stm 8192", "max_tokens", 8192),
        ("/smt 1", "max_tokens", 1),
        ("/setTimeZone -12", "timezone", -12.0),
        ("/srs dark", "render_style", "dark"),
        ("/srt A title", "render_title", "A title"),
        ("/sht plain", "html_template", "plain"),
        ("/sasl 10", "auto_shrink_length", 10),
        ("/salp false", "auto_load_prompt", False),
        ("/sasc off", "auto_save_context", False),
        ("/enableMemory", "load_memory", True),
        ("/dim", "load_memory", False),
        ("/wup I like tea.", "user_profile", "I like tea."),
        ("/snmu Annie", "nickname", "Annie"),
        ("/snms Annie", "nickname", "Annie"),
        ("/sdm reasoner", "model_type", "reasoner"),
        ("/cdp Pirate", "parset_prompt_name", "Pirate"),
    ],
)
async def test_settings_are_set(hub: World, command: str, key: str, value: object) -> None:
    ann = hub.person()
    await ann.reads(command)
    assert await config(ann) == {key: value}


REFUSED = "/st 2.1|/st 101%|/st x|/st nan|/stp 101%|/sfp -2.1|/spp 201%|/smt 0|/smt 8193|/stz 13|/stz 5%|/salp maybe"
REFUSED += "|/sdm nobody|/cdp nobody|/st|/sasl 0"


@pytest.mark.parametrize("command", REFUSED.split("|"))
async def test_what_is_out_of_bounds_changes_nothing(hub: World, command: str) -> None:
    ann = hub.person()
    assert await ann.reads(command)
    assert await config(ann) == {}


async def test_settings_take_effect(hub: World) -> None:
    ann = hub.person()
    for command in ("/st 0.5", "/sdm reasoner", "/cdp Pirate", "/wup I like tea."):
        await ann.reads(command)
    await ann.reads("hi")
    assert (asked(hub).model, asked(hub).parameters.temperature) == ("think", 0.5)
    assert turns(asked(hub))[0] == ("system", "Arr.\n\nI like tea.")
    await ann.reads("/delConfig temperature")
    assert "temperature" not in await config(ann)
    await ann.reads("/dcfg")
    assert await config(ann) == {}
    assert "is not set" in await ann.reads("/dcfg nothing")


async def test_the_prompt(hub: World) -> None:
    ann = hub.person()
    await ann.reads("/setPrompt You are {botname} for {user_name}.")
    await ann.reads("hi")
    assert turns(asked(hub))[0] == ("system", "You are Echo for Ann.")
    assert await data(ann).prompt(ann.owner) == "You are {botname} for {user_name}."
    await ann.reads("/dp")
    await ann.reads("hi")
    assert turns(asked(hub))[0] == ("system", "Be kind.")


# --- what is kept


async def test_branches_of_contexts(hub: World) -> None:
    ann = hub.person()
    await ann.reads("one")
    await ann.reads("/changeSession work: 1")
    assert await context(ann) == []
    await ann.reads("two")
    assert (await ann.reads("/css")).split("\n") == ["- default", "→ work_ 1"]
    await ann.reads("/cloneSession copy")
    assert "already" in await ann.reads("/cloneSession copy")
    await ann.reads("/cloneSession begin 1")
    assert "has 2" in await ann.reads("/cloneSession more 3")
    await ann.reads("/ccb default")
    assert await context(ann) == ["one", "re: one"]
    await ann.reads("/ccb begin")
    assert await context(ann) == ["two"]
    await ann.reads("/dss")
    await ann.reads("/ccb default")
    await ann.reads("/dss copy")
    assert await data(ann).branches(ann.owner, "context") == ["default", "work_ 1"]
    await ann.reads("/deleteContext")
    assert await context(ann) == []
    await ann.reads("/takeback")
    assert await context(ann) == ["one", "re: one"]


@pytest.mark.parametrize(
    ("kind", "change", "clone", "delete"), [("prompt", "csp", "cp", "dsp"), ("config", "csc", "cloneConfig", "dsc")]
)
async def test_branches_of_prompts_and_settings(hub: World, kind: Any, change: str, clone: str, delete: str) -> None:
    ann = hub.person()
    await ann.reads("/sp One")
    await ann.reads("/st 1")
    await ann.reads(f"/{clone} b")
    await ann.reads(f"/{change} b")
    assert await data(ann).branches(ann.owner, kind) == ["b", "default"]
    assert await data(ann).current(ann.owner, kind) == "b"
    await ann.reads(f"/{delete}")
    assert await data(ann).branches(ann.owner, kind) == ["default"]
    await ann.reads(f"/takeback {kind}")
    assert await data(ann).branches(ann.owner, kind) == ["b", "default"]
    assert "one of these words" in await ann.reads("/takeback nothing")


async def test_units_of_a_context(hub: World) -> None:
    ann = hub.person()
    assert "user:TEXT" in await ann.reads("/ic nothing")
    await ann.reads("/injectContext assistant：I know.")
    assert "is no role" in await ann.reads("/ic robot:x")
    await ann.reads("hi")
    assert await context(ann) == ["I know.", "hi", "re: hi"]
    assert await ann.reads("/gctl") == "3 units, 15 characters"
    await ann.reads("/withdraw")
    assert await context(ann) == ["I know."]
    await ann.reads("/takeback")
    assert await context(ann) == ["I know.", "hi", "re: hi"]
    assert "Nothing was" in await hub.person("bob").reads("/takeback")


async def test_the_tree(hub: World) -> None:
    ann = hub.person()
    assert "one" not in await ann.reads("/tree")
    await ann.reads("one")
    await ann.reads("/branch fork other")
    await ann.reads("two")
    assert (await ann.reads("/tree")).split("\n") == ["- one (2) [default]", "  - two (2) [other]"]


async def test_the_same_data_at_the_api(hub: World) -> None:
    """What a program edits, the chat goes by."""
    ann = hub.person()
    await ann.reads("one")
    await data(ann).rewrite(ann.owner, 1, content="edited")
    await data(ann).set_value(ann.owner, "temperature", 0.3)
    await ann.reads("two")
    assert turns(asked(hub))[1:] == [("user", "one"), ("assistant", "edited"), ("user", "two")]
    assert asked(hub).parameters.temperature == 0.3


# --- telling


async def test_variables(hub: World) -> None:
    ann = hub.person()
    assert await ann.reads("/varExpand {user_name} {nope}{model_type}") == "Ann chat"
    assert await ann.reads("/ve {nope}") == "-"


async def test_variables_as_a_picture(hub: World) -> None:
    ann, renderer, files = hub.person(), Renderer(), Files()
    assert await ann.reads("/varExpandImage {user_name}") == "Ann"
    assert "render_title" in await ann.reads("/setRenderTitle My  notes")
    means = replace(hub.ways.means, renderer=renderer, files=files)
    drawing = Drawing(renderer, files, DrawingRules(), hub.clock)
    hub.road.use(replace(hub.ways, means=means, drawing=drawing))
    (image,) = await ann.segments("/vei # {user_name}")
    assert isinstance(image, Image)
    assert image.alt == "# Ann"
    assert renderer.looks == [Look(card=Card("My notes"))]
    assert await ann.reads("/vet {user_name}") == "Ann"


async def test_data_as_a_file(hub: World) -> None:
    ann = hub.person()
    await ann.reads("one")
    await ann.reads("/sp Prompt")
    (file,) = [each for each in await ann.segments("/sudf") if isinstance(each, File)]
    with zipfile.ZipFile(io.BytesIO(b64decode(file.media.url.partition(",")[2]))) as archive:
        assert archive.namelist() == ["user_context.json", "user_config.json", "user_prompt.json"]
        assert json.loads(archive.read("user_prompt.json")) == "Prompt"
        assert json.loads(archive.read("user_context.json"))[0] == {"role": "user", "content": "one"}
    (whole,) = [each for each in await ann.segments("/sudf all") if isinstance(each, File)]
    with zipfile.ZipFile(io.BytesIO(b64decode(whole.media.url.partition(",")[2]))) as archive:
        assert len(archive.namelist()) == 4
    (readme,) = [each for each in await ann.segments("/sendReadmeFile") if isinstance(each, File)]
    assert b"setTemperature" in b64decode(readme.media.url.partition(",")[2])


async def test_who_one_is_and_what_one_used(hub: World) -> None:
    ann = hub.person()
    assert ann.owner in await ann.reads("/gs")
    assert await ann.reads("/getBalance")


# --- names


TABLE = """
chat c, keepAnswering ka, keepReasoning kr, renderChat rc, setRenderStyle srs, npChat np, prover p, reason r,
recomplete rcm, temperatureChat tc, setFrequencyPenalty sfp, setPresencePenalty spp, setTemperature st,
setPrompt sp, changeDefaultPersonality cdp, deletePrompt dp, deleteContext dc, varExpand ve,
setDefaultModel sdm, setTopP stp, setMaxTokens stm, getContextTotalLength gctl, publicSpaceChat psc,
deletePublicSpaceContext dpsc, sendUserDataFile sudf, sendReadmeFile srf, getSessionId gs, getBalance gb,
injectContext ic, withdraw w, setTimeZone stz, delConfig dcfg, enableMemory enm, disableMemory dim,
changeSubSession css, changeSubPrompt csp, changeSubConfig csc, delSubSession dss, delSubPrompt dsp,
clonePrompt cp, setNicknameMappingFromUsername snmu, setNicknameMappingFromSessionID snms,
changeContextBranch ccb, changePromptBranch cppb, changeConfigBranch ccfgb, reference ref,
setAutoShrinkLength sasl, deleteSession ds, noSaveChat nsc, varExpandText vet, varExpandImage vei,
setAutoLoadPrompt salp, setAutoSaveContext sasc, setRenderTitle srt, writeUserProfile wup,
setHtmlTemplate sht, chooseGroupMember cgm, recentSpeakingRanking rsr, summaryChatRecord scr
"""
NAMES = [tuple(pair.split()) for pair in TABLE.replace("\n", " ").split(",")]


@pytest.mark.parametrize(("name", "alias"), NAMES)
def test_every_name_in_every_spelling(name: str, alias: str) -> None:
    commands = Commands()
    snake = "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name)
    for spelled in (name, alias, snake, snake.title(), name[0].upper() + name[1:], alias.upper()):
        call = commands.find(received(f"/{spelled} x"), f"/{spelled} x")
        assert call is not None
        assert call.command.name == name, spelled


async def test_a_short_name_of_several_asks_which(hub: World) -> None:
    ann = hub.person()
    await ann.reads("one")
    told = await ann.reads("/cs other")
    for name in ("changeSession", "cloneSession", "cloneConfig"):
        assert f"/{name}" in told
    assert await data(ann).current(ann.owner, "context") == "default"


async def test_help_for_all_and_for_each(hub: World) -> None:
    ann = hub.person()
    listed = await ann.reads("/help repeater")
    assert "/setTemperature" in listed
    assert "/setTemperature" not in await ann.reads("/help")
    assert "st" in await ann.reads("/help set_temperature")


async def test_letters_behind_other_signs_are_words(hub: World) -> None:
    ann = hub.member()
    assert await ann.reads("#c is a language", addressed=False) == ""
    assert await ann.reads("@w come here", addressed=False) == ""


async def nothing(call: object, context: object) -> Answer:
    raise NotImplementedError


def test_names_outside_of_families_are_not_shared() -> None:
    def made(name: str, *aliases: str, family: str = "") -> Command:
        return Command(name, nothing, "command.chat.help", aliases, Role.USER, family=family)

    with pytest.raises(ValueError, match="names both"):
        table([made("a"), made("A")])
    with pytest.raises(ValueError, match="names both"):
        table([made("a", "x"), made("b", "x")])
    with pytest.raises(ValueError, match="names both"):
        table([made("a"), made("b", "a")])
    found = table([made("a", "x"), made("b", "x", "a", family=REPEATER)])
    assert (found["a"].name, found["x"].name) == ("a", "")


def test_what_platforms_list_has_names_that_they_take() -> None:
    """Telegram and Discord take lower case only."""
    for item in Commands().menu("en"):
        assert item.name.islower(), item.name
