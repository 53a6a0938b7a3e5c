"""Commands about conversations, as people on a platform use them, over a real store."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hubbub.bridge.triggers import RoomRules, Triggers
from hubbub.chat.settings import ChatSettings
from hubbub.core.capabilities import Capabilities
from hubbub.core.messages import File, Text
from hubbub.core.turns import ChatRequest, Delta
from hubbub.storage.sqlite.connection import DATABASE
from tests.contract.store_harness import ALL_STATES
from tests.fakes.scripted import failing, whole
from tests.unit.commands.hub import PLATFORMS, Models, Person, Setting, World, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.fakes.scripted import Script


def echoing(request: ChatRequest) -> Script:
    """A model that says what it was asked, so that tests see what it saw."""
    return [Delta(f"re: {request.turns[-1].content}", finish="stop", model="m-1")]


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, models=Models(echoing)) as made:
        yield made


def asked(hub: World) -> list[str]:
    """What the last request said, the system prompt left out."""
    return [turn.content for turn in hub.models.requests[-1].turns if turn.role != "system"]


async def talk(person: Person, *texts: str) -> None:
    for text in texts:
        assert await person.reads(text) == f"re: {text}"


async def archived(person: Person, *texts: str) -> str:
    """Have a conversation and put it aside; its name."""
    await talk(person, *texts)
    name = re.search(r"kept as (\S+)\.$", await person.reads("/new"))
    assert name
    return name[1]


# --- undo


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_undo_takes_back_the_last_question_and_says_which(hub: World, platform: str) -> None:
    ann = hub.person(platform=platform)
    await talk(ann, "one", "two", "three")
    assert await ann.reads("/undo") == "Taken back: three"
    await talk(ann, "four")
    assert asked(hub) == ["one", "re: one", "two", "re: two", "four"]


async def test_undo_takes_back_several(hub: World) -> None:
    ann = hub.person()
    await talk(ann, "one", "two", "three")
    assert await ann.reads("/undo 2") == "Taken back: two\nTaken back: three"
    assert await ann.reads("/undo 100") == "Taken back: one"
    assert await ann.reads("/撤回") == "There is nothing to take back."


@pytest.mark.parametrize("junk", ["0", "-1", "101", "two", "1.5", "9" * 40, "²"])
async def test_undo_of_junk_says_what_would_be_right(hub: World, junk: str) -> None:
    ann = hub.person()
    await talk(ann, "one")
    assert await ann.reads(f"/undo {junk}") == "Please give a whole number from 1 to 100."
    assert await ann.reads("/undo") == "Taken back: one"


async def test_undo_takes_back_a_question_that_got_no_answer(tmp_path: Path) -> None:
    async with world(tmp_path, models=Models(whole("fine"), failing(), whole("again"))) as hub:
        ann = hub.person()
        await ann.reads("one")
        assert "could not answer" in await ann.reads("two")
        assert await ann.reads("/undo") == "Taken back: two"
        assert await ann.reads("/retry") == "again"
        assert asked(hub) == ["one"]


async def test_undo_of_both_kinds(tmp_path: Path) -> None:
    async with world(tmp_path, models=Models(whole("fine"), failing())) as hub:
        ann = hub.person()
        await ann.reads("one")
        await ann.reads("two")
        assert await ann.reads("/undo 2") == "Taken back: one\nTaken back: two"
        assert await ann.reads("/undo") == "There is nothing to take back."


async def test_undo_survives_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path, models=Models(echoing)) as hub:
        await talk(hub.person(), "one", "two")
        await hub.person().reads("/undo")
    async with world(tmp_path, models=Models(echoing)) as hub:
        await talk(hub.person(), "three")
        assert asked(hub) == ["one", "re: one", "three"]


# --- edit


async def test_edit_asks_something_else_in_place_of_the_last_question(hub: World) -> None:
    ann = hub.person()
    await talk(ann, "one", "tow")
    assert await ann.reads("/edit two  and more") == "re: two  and more"
    await talk(ann, "three")
    assert asked(hub) == ["one", "re: one", "two  and more", "re: two  and more", "three"]


async def test_edit_of_a_question_that_got_no_answer(tmp_path: Path) -> None:
    async with world(tmp_path, models=Models(whole("fine"), failing(), whole("now"))) as hub:
        ann = hub.person()
        await ann.reads("one")
        await ann.reads("tow")
        assert await ann.reads("/edit two") == "now"
        assert asked(hub) == ["one", "fine", "two"]


async def test_edit_of_nothing(hub: World) -> None:
    ann = hub.person()
    assert await ann.reads("/edit") == "Something is missing: /edit TEXT"
    assert await ann.reads("/edit two") == "There is nothing to ask again yet."
    assert not hub.models.requests


# --- history, resume


async def test_history_lists_what_was_put_aside(hub: World) -> None:
    ann = hub.person()
    assert await ann.reads("/history") == "There are no earlier conversations here."
    first = await archived(ann, "the weather in Paris and a very long story about it", "more")
    second = await archived(ann, "a\nrecipe")
    await talk(ann, "now")
    lines = (await ann.reads("/history")).split("\n")
    assert lines[0] == "Your earlier conversations:"
    assert re.fullmatch(rf"1\. \d{{4}}-\d\d-\d\d \d\d:\d\d a recipe \({second}\)", lines[1])
    assert re.fullmatch(rf"2\. .* the weather in Paris and a very long st… \({first}\)", lines[2])
    assert lines[3:] == ["Go on with one: /resume NUMBER"]


async def test_history_in_pages(hub: World) -> None:
    ann = hub.person()
    for number in range(12):
        await talk(ann, f"talk {number}")
        await ann.reads("/new")
    lines = (await ann.reads("/history")).split("\n")
    assert [line.partition(". ")[0] for line in lines[1:11]] == [str(number) for number in range(1, 11)]
    assert lines[11] == "More: /history 2"
    assert [line.partition(". ")[0] for line in (await ann.reads("/history 2")).split("\n")[1:3]] == ["11", "12"]
    assert await ann.reads("/history 3") == "There are no earlier conversations here."
    assert await ann.reads("/history x") == "Please give a whole number from 1 to 10000."


@pytest.mark.parametrize("by", ["number", "name"])
async def test_resume_goes_on_with_it(hub: World, by: str) -> None:
    ann = hub.person()
    name = await archived(ann, "old")
    await talk(ann, "new")
    assert await ann.reads(f"/resume {1 if by == 'number' else name}") == f"You go on with {name}. old"
    await talk(ann, "more")
    assert asked(hub) == ["old", "re: old", "more"]
    assert "new (default)" in await ann.reads("/history")
    assert await ann.reads("/resume default") == "You go on with default. new"
    await talk(ann, "again")
    assert asked(hub) == ["new", "re: new", "again"]


async def test_resume_of_what_is_not_there(hub: World) -> None:
    ann, bob = hub.person(), hub.person("bob")
    await talk(ann, "secret of Ann")
    await ann.reads("/branch rename trip")
    await ann.reads("/branch new other")
    await archived(bob, "of Bob")
    for wanted in ("0", "2", "99999999", "trip", ".unanswered", ""):
        said = await bob.reads(f"/resume {wanted}")
        assert said == (f"There is no conversation {wanted}." if wanted else "Something is missing: /resume N")
    assert "Ann" not in await bob.reads("/history")


async def test_an_old_conversation_is_not_idle_when_it_is_resumed(tmp_path: Path) -> None:
    setting = Setting(chat=ChatSettings(language="en", session_minutes=10))
    async with world(tmp_path, setting, Models(echoing)) as hub:
        ann = hub.person()
        await archived(ann, "old")
        await ann.reads("/resume 1")
        await talk(ann, "more")
        assert asked(hub) == ["old", "re: old", "more"]


async def test_a_program_that_names_its_conversation_chooses_itself(hub: World) -> None:
    ann = hub.person()
    await archived(ann, "old")
    program = ann.within("mine")
    await talk(program, "hello")
    for command in ("/resume 1", "/branch new x", "/branch use default", "/branch fork x", "/branch rename x"):
        assert "has a conversation of its own (mine)" in await program.reads(command)
    assert "1." in await program.reads("/history")
    assert await program.reads("/undo") == "Taken back: hello"


async def test_the_repeaters_commands_concern_the_conversation_that_is_named(hub: World) -> None:
    ann = hub.person()
    await talk(ann, "old")
    program = ann.within("mine")
    await talk(program, "hello")
    assert "has a conversation of its own (mine)" in await program.reads("/changeSession other")
    await program.reads("/cloneSession copy")
    await program.reads("/deleteContext")
    await talk(program, "afresh")
    assert asked(hub) == ["afresh"]
    await program.reads("/takeback")
    await talk(program, "more")
    assert asked(hub) == ["hello", "re: hello", "more"]
    await talk(ann, "more")
    assert asked(hub) == ["old", "re: old", "more"]
    await talk(ann.within("copy"), "more")
    assert asked(hub) == ["hello", "re: hello", "more"]


# --- branch


async def test_branches_are_made_listed_renamed_and_deleted(hub: World) -> None:
    ann = hub.person()
    assert await ann.reads("/branch") == "Now: default"
    await talk(ann, "one")
    assert await ann.reads("/branch new My trip") == "A new conversation My trip begins."
    await talk(ann, "two")
    assert asked(hub) == ["two"]
    lines = (await ann.reads("/branch list")).split("\n")
    assert lines[0] == "Now: My trip two"
    assert lines[1].endswith("one (default)")
    assert await ann.reads("/branch rename Paris") == "My trip is now called Paris."
    await talk(ann, "three")
    assert asked(hub) == ["two", "re: two", "three"]
    assert await ann.reads("/branch delete Paris") == (
        "Paris is the conversation that you are in; go on with another one first."
    )
    assert await ann.reads("/branch use 1") == "You go on with default. one"
    assert await ann.reads("/branch delete Paris") == "Paris is deleted."
    assert await ann.reads("/branch") == "Now: default one"


async def test_a_fork_goes_on_while_the_first_stays(hub: World) -> None:
    ann = hub.person()
    await talk(ann, "one")
    assert (await ann.reads("/分支 分叉 b")).startswith("b goes on from here")
    await talk(ann, "two")
    assert asked(hub) == ["one", "re: one", "two"]
    await ann.reads("/branch use default")
    await talk(ann, "three")
    assert asked(hub) == ["one", "re: one", "three"]


async def test_names_of_branches_are_checked(hub: World) -> None:
    ann = hub.person()
    await talk(ann, "one")
    assert await ann.reads("/branch new default") == "There is a conversation default already."
    assert (await ann.reads("/branch new .hidden")).startswith("That cannot be a name")
    assert (await ann.reads("/branch rename 12")).startswith("A name cannot be a number only")
    assert await ann.reads("/branch new") == "Something is missing: /branch NAME"
    assert await ann.reads("/branch frob x") == (
        "/branch needs one of these words: list, new, use, rename, delete, fork."
    )
    assert await ann.reads("/branch delete nonesuch") == "There is no conversation nonesuch."
    assert await ann.reads("/branch rename fresh") == "default is now called fresh."
    await talk(ann, "two")
    assert asked(hub) == ["one", "re: one", "two"]


# --- compact


async def test_compact_lets_a_summary_stand_for_all_but_the_last_round(tmp_path: Path) -> None:
    def model(request: ChatRequest) -> Script:
        summing = request.turns[0].content.startswith("Summarize")
        return whole("a summary") if summing else echoing(request)

    setting = Setting(chat=ChatSettings(language="en", system_prompt="Be kind.", summary_input=300))
    async with world(tmp_path, setting, Models(model)) as hub:
        ann = hub.person()
        for text in ("one", "x" * 40_000, "three"):
            await ann.reads(text)
        assert await ann.reads("/compact") == "4 earlier messages are now remembered as a summary."
        assert sum(len(turn.content) for turn in hub.models.requests[-1].turns) < 3000
        await talk(ann, "four")
        assert asked(hub) == ["three", "re: three", "four"]
        assert "a summary" in hub.models.requests[-1].turns[0].content
        assert await ann.reads("/undo 2") == "Taken back: three\nTaken back: four"
        await talk(ann, "five")
        assert asked(hub) == ["five"]
        assert "a summary" in hub.models.requests[-1].turns[0].content
        assert "one" in await ann.reads("/branch"), "what was said is still there to be read"


async def test_compact_without_a_model_takes_an_extract(tmp_path: Path) -> None:
    def model(request: ChatRequest) -> Script:
        return failing() if request.turns[0].content.startswith("Summarize") else echoing(request)

    async with world(tmp_path, models=Models(model)) as hub:
        ann = hub.person()
        await talk(ann, "my name is Ann", "two", "three")
        assert await ann.reads("/compact") == "4 earlier messages are now remembered as a short extract of them."
        await talk(ann, "four")
        assert asked(hub) == ["three", "re: three", "four"]
        assert "my name is Ann" in hub.models.requests[-1].turns[0].content
        assert await ann.reads("/retry") == "re: four"
        assert asked(hub) == ["three", "re: three", "four"]


async def test_compact_of_a_short_conversation(hub: World) -> None:
    ann = hub.person()
    assert await ann.reads("/compact") == "The conversation is short already."
    await talk(ann, "one")
    assert await ann.reads("/compact") == "The conversation is short already."


async def test_compact_twice_summarizes_the_summary_too(tmp_path: Path) -> None:
    seen: list[str] = []

    def model(request: ChatRequest) -> Script:
        if request.turns[0].content.startswith("Summarize"):
            seen.append(request.turns[-1].content)
            return whole(f"summary {len(seen)}")
        return echoing(request)

    async with world(tmp_path, models=Models(model)) as hub:
        ann = hub.person()
        await talk(ann, "one", "two")
        await ann.reads("/compact")
        await talk(ann, "three")
        assert await ann.reads("/compact") == "2 earlier messages are now remembered as a summary."
        assert "summary 1" in seen[1]
        assert "one" not in seen[1]
        await talk(ann, "four")
        assert asked(hub) == ["three", "re: three", "four"]
        assert "summary 2" in hub.models.requests[-1].turns[0].content


# --- export


def content(segments: list[object]) -> tuple[str, str]:
    """Name and text of the one file."""
    (file,) = [each for each in segments if isinstance(each, File)]
    head, _, data = file.media.url.partition(",")
    assert head == f"data:{file.media.mime};charset=utf-8;base64"
    raw = base64.b64decode(data)
    assert file.media.size == len(raw)
    return file.media.name, raw.decode()


async def test_export_as_markdown(hub: World) -> None:
    ann = hub.person()
    await talk(ann, "what is **bold**?")
    segments = await ann.segments("/export")
    assert segments[0] == Text("Conversations: 1, messages: 2.", verbatim=True)
    name, text = content(list(segments))
    assert re.fullmatch(r"hubbub-default-\d{4}-\d\d-\d\d\.md", name)
    assert re.fullmatch(
        r"Exported on .*\n\n# default: what is \*\*bold\*\*\?\n\n## You, [\d :-]+\n\nwhat is \*\*bold\*\*\?\n\n"
        r"## Assistant \(m-1\), [\d :-]+\n\nre: what is \*\*bold\*\*\?\n",
        text,
    )


async def test_export_as_json(hub: World) -> None:
    ann = hub.person()
    await talk(ann, "你好")
    name, text = content(list(await ann.segments("/导出 json")))
    found = json.loads(text)
    assert name.endswith(".json")
    assert found["owner"] == ann.owner
    (conversation,) = found["conversations"]
    assert conversation["name"] == "default"
    turns = [(turn["role"], turn["content"]) for turn in conversation["turns"]]
    assert turns == [("user", "你好"), ("assistant", "re: 你好")]
    assert all(turn["time"] > 1_700_000_000 for turn in conversation["turns"])


async def test_export_of_a_chosen_one_and_of_all(hub: World) -> None:
    ann = hub.person()
    await archived(ann, "old")
    await talk(ann, "new")
    await hub.person("bob").reads("secret of Bob")
    _, chosen = content(list(await ann.segments("/export 1")))
    assert "re: old" in chosen
    assert "re: new" not in chosen
    for command in ("/export all json", "/export json ALL"):
        name, text = content(list(await ann.segments(command)))
        assert name.startswith("hubbub-all-")
        said = [turn["content"] for each in json.loads(text)["conversations"] for turn in each["turns"]]
        assert said == ["old", "re: old", "new", "re: new"]
    assert await ann.reads("/export nonesuch") == "There is no conversation nonesuch."


async def test_export_of_nothing(hub: World) -> None:
    assert await hub.person().reads("/export") == "There is nothing to export yet."
    assert await hub.person().reads("/export all") == "There is nothing to export yet."


async def test_export_without_files_is_text_in_pieces(tmp_path: Path) -> None:
    setting = Setting(capabilities=Capabilities(max_length=500))
    async with world(tmp_path, setting, Models(echoing)) as hub:
        ann = hub.person()
        await ann.reads("word " * 300)
        rows = await ann.sends("/export")
        assert len(rows) > 4
        texts = [row.out.message[0].text for row in rows if isinstance(row.out.message[0], Text)]
        assert all(len(text) <= 500 for text in texts)
        assert "".join(texts).count("word") >= 600
        assert texts[0].startswith("Conversations: 1, messages: 2.")


async def test_export_without_files_is_bounded(tmp_path: Path) -> None:
    setting = Setting(capabilities=Capabilities(max_length=5000))
    async with world(tmp_path, setting, Models(echoing)) as hub:
        ann = hub.person()
        for _ in range(5):
            await ann.reads("word " * 2000)
        rows = await ann.sends("/export")
        assert len(rows) < 12
        assert "this is the last part, 40000 characters" in str(rows[0].out.message)


async def test_export_after_compact_has_everything(hub: World) -> None:
    ann = hub.person()
    await talk(ann, "one", "two", "three")
    await ann.reads("/compact")
    _, text = content(list(await ann.segments("/export json")))
    said = [turn["content"] for turn in json.loads(text)["conversations"][0]["turns"]]
    assert said == ["one", "re: one", "two", "re: two", "three", "re: three"]


# --- forget


async def confirmed(person: Person, command: str) -> str:
    """Give a command that asks once more, and what it asks to be sent."""
    said = await person.reads(command)
    found = re.search(r"send (\S+ \w+) within 5 minutes", said)
    assert found, said
    return found[1]


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_forget_asks_once_more_and_then_forgets(hub: World, platform: str) -> None:
    ann, bob = hub.person(platform=platform), hub.person("bob", platform)
    for person in (ann, bob):
        await archived(person, f"secret of {person.author.id}")
        await talk(person, "more")
    command = await confirmed(ann, "/forget")
    assert await ann.reads("/history") != "There are no earlier conversations here."
    assert await ann.reads(command) == "Everything that was kept of you is deleted."
    assert await ann.reads("/history") == "There are no earlier conversations here."
    await talk(ann, "hello")
    assert asked(hub) == ["hello"]
    assert await bob.reads("/undo") == "Taken back: more"
    await ann.reads("/forget")


async def test_what_was_forgotten_is_in_no_row(tmp_path: Path) -> None:
    async with world(tmp_path, models=Models(echoing)) as hub:
        ann = hub.person()
        await talk(ann, "xyzzy secret")
        assert "xyzzy" in str(await hub.store.outbox.deliveries(ALL_STATES))
        await ann.reads(await confirmed(ann, "/forget"))
        assert "xyzzy" not in str(await hub.store.outbox.deliveries(ALL_STATES))
    with closing(sqlite3.connect(tmp_path / DATABASE)) as db:
        kept = db.execute("SELECT event FROM inbox UNION ALL SELECT body FROM node").fetchall()
        assert kept
        assert not [row for row in kept if "xyzzy" in str(row[0])]


async def test_a_confirmation_is_for_one_person_for_one_command_and_some_minutes(hub: World) -> None:
    ann = hub.person()
    await talk(ann, "one")
    assert (await ann.reads("/forget yes")).startswith("This deletes all")
    command = await confirmed(ann, "/forget")
    hub.later = 301
    assert (await ann.reads(command)).startswith("This deletes all")
    hub.later = 0
    old = await confirmed(ann, "/forget")
    new = await confirmed(ann, "/forget")
    assert (await ann.reads(old)).startswith("This deletes all"), "only the last word counts"
    assert (await ann.reads(new)).startswith("This deletes all"), "a wrong word asks for another one"
    assert await ann.reads("/undo") == "Taken back: one"


async def test_a_confirmation_holds_across_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path, models=Models(echoing)) as hub:
        await talk(hub.person(), "one")
        command = await confirmed(hub.person(), "/forget")
    async with world(tmp_path, models=Models(echoing)) as hub:
        assert "deleted" in await hub.person().reads(command.upper().replace("/FORGET", "/forget"))


async def test_what_a_group_shares_is_not_one_members_to_forget(tmp_path: Path) -> None:
    shared = Triggers((), RoomRules(shared=True))
    async with world(tmp_path, Setting(triggers=shared), Models(echoing)) as hub:
        ann, boss, other = hub.member(), hub.member("boss", role="owner"), hub.member("carl", role="admin")
        await ann.reads("one")
        assert "only an admin of the group" in await ann.reads("/forget")
        command = await confirmed(boss, "/forget")
        assert "only an admin of the group" in await ann.reads(command)
        assert (await other.reads(command)).startswith("This deletes all")
        assert "deleted" in await boss.reads(await confirmed(boss, "/forget"))


async def test_everything_is_said_in_the_persons_language(tmp_path: Path) -> None:
    async with world(tmp_path, Setting(chat=ChatSettings()), Models(echoing)) as hub:
        ann = replace(hub.person(), locale="zh-CN")
        assert await ann.reads("/undo") == "没有可以撤回的内容。"
        await talk(ann, "one")
        assert (await ann.reads("/branch fork b")).startswith("b 将从这里继续")
        assert "以前的对话：\n1. " in await ann.reads("/历史")
        _, text = content(list(await ann.segments("/export")))
        assert "## 你, " in text
        assert "如要继续，请在 5 分钟内发送 /forget " in await ann.reads("/forget")
