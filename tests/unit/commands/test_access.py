"""Who is let in, as what, and where: over a real store."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hubbub.bridge.triggers import RoomRules, Triggers
from hubbub.chat.settings import ChatSettings
from hubbub.commands.access import log, pairing
from hubbub.commands.access.log import Changes, OwnLimit
from hubbub.commands.access.rules import AccessRules
from hubbub.conversations.limits import Limits
from hubbub.core.capabilities import Capabilities
from hubbub.core.errors import DeliveryError
from hubbub.core.events import Noticed
from hubbub.core.identities import Author, Role
from hubbub.core.messages import Buttons, Mention, Quote, Text
from hubbub.core.turns import ChatRequest, Delta
from hubbub.core.work import Unit
from tests.unit.commands.hub import PLATFORMS, Models, Person, Setting, World, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from hubbub.core.addresses import Room
    from tests.fakes.scripted import Script

BOSS, CHIEF = "fake:boss", "fake:chief"
PRIVATE = AccessRules(
    mode="pairing",
    owners=frozenset({CHIEF}),
    admins=frozenset({BOSS}),
    allowed=frozenset({"fake:guest"}),
    blocked=frozenset({"fake:bad"}),
)
OPEN = replace(PRIVATE, mode="open")
LIST = replace(PRIVATE, mode="list")


def echoing(request: ChatRequest) -> Script:
    return [Delta(f"re: {request.turns[-1].content}", finish="stop", model="m-1")]


def setting(rules: AccessRules, **more: object) -> Setting:
    return Setting(access=rules, **more)  # type: ignore[arg-type]


@pytest.fixture
async def private(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, setting(PRIVATE), Models(echoing)) as made:
        yield made


@pytest.fixture
async def everybodys(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, setting(OPEN), Models(echoing)) as made:
        yield made


async def code_of(stranger: Person) -> str:
    said = await stranger.reads("hello?")
    found = re.fullmatch(r"I do not know you yet\. .*: (\w{6}) \(it holds for 60 minutes\)\.", said)
    assert found, said
    return found[1]


async def role(person: Person) -> str:
    found = re.search(r"\((\w+)\)", await person.reads("/sid"))
    return found[1] if found else "nobody"


# --- roles


async def test_roles_in_an_open_hub(everybodys: World) -> None:
    people = {name: await role(everybodys.person(name)) for name in ("chief", "boss", "guest", "ann", "bad")}
    assert people == {"chief": "owner", "boss": "admin", "guest": "user", "ann": "user", "bad": "nobody"}
    assert await role(everybodys.person("boss", "other")) == "user", "somebody else on another platform"


async def test_guests_may_not_ask_models(tmp_path: Path) -> None:
    async with world(tmp_path, setting(AccessRules(others=Role.GUEST)), Models(echoing)) as hub:
        ann, member = hub.person(), hub.member()
        assert await ann.reads("hello") == "You are a guest here: /help shows what you can do."
        assert await ann.reads("/new") == "You may not use /new."
        assert await ann.reads("/echo hi") == "hi"
        assert await member.sends("hello") == []
        assert not hub.models.requests


async def test_nobody_who_is_blocked_is_answered(everybodys: World) -> None:
    bad = everybodys.person("bad")
    for text in ("hello", "/help", "/sid", "/pair ABCDEF", "/stop"):
        assert await bad.sends(text) == []
    assert await everybodys.member("bad").sends("/sid") == []


# --- pairing


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_stranger_gets_a_code_and_nothing_else(private: World, platform: str) -> None:
    ann = private.person(platform=platform)
    code = await code_of(ann)
    for text in ("hello", "/help", "/sid", "/echo x", f"/pair {code}", "/stop"):
        assert await ann.sends(text) == [], text
    private.later = 61
    assert await code_of(ann) == code, "told again after a while, the same one"
    assert not private.models.requests


@pytest.mark.parametrize("admin", ["boss", "chief"])
async def test_an_admin_lets_a_stranger_in(private: World, admin: str) -> None:
    ann, boss = private.person(platform="other"), private.person(admin)
    code = await code_of(ann)
    assert await boss.reads("/pair") == f"{code}: other:ann Ann"
    assert await boss.reads("/pair XXXXXX") == "There is no code XXXXXX, or it has lapsed."
    before = len(private.platforms["other"].shown)
    assert await boss.reads(f"/pair {code.lower()}") == "other:ann Ann is let in."
    (welcome,) = private.platforms["other"].shown[before:]
    assert welcome.out.room == ann.room
    assert welcome.out.message == (Text("You are let in. Send /help to see what I can do.", verbatim=True),)
    assert await ann.reads("hello") == "re: hello"
    assert await role(ann) == "user"
    assert await boss.reads("/pair") == "Nobody waits to be let in."
    assert (await boss.reads(f"/pair {code}")).startswith("There is no code")


async def test_pairing_survives_restarts(tmp_path: Path) -> None:
    async with world(tmp_path, setting(PRIVATE), Models(echoing)) as hub:
        code = await code_of(hub.person())
    async with world(tmp_path, setting(PRIVATE), Models(echoing)) as hub:
        assert "is let in" in await hub.person("boss").reads(f"/pair {code}")
    async with world(tmp_path, setting(PRIVATE), Models(echoing)) as hub:
        assert await hub.person().reads("hello") == "re: hello"
        assert await hub.person("boss").reads("/pair") == "Nobody waits to be let in."


async def test_a_code_lapses(private: World) -> None:
    code = await code_of(private.person())
    private.later = 3601
    assert (await private.person("boss").reads(f"/pair {code}")).startswith("There is no code")
    assert await code_of(private.person()) != code


async def test_strangers_are_bounded(private: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "MOST", 2)
    await code_of(private.person("a"))
    await code_of(private.person("b"))
    assert await private.person("c").sends("hello") == []
    private.later = 3601
    await code_of(private.person("c"))


async def test_a_code_is_told_in_the_strangers_language(tmp_path: Path) -> None:
    async with world(tmp_path, setting(PRIVATE, chat=ChatSettings()), Models(echoing)) as hub:
        ann = replace(hub.person(), locale="zh-CN")
        code = re.search(r"[A-Z0-9]{6}", await ann.reads("hello"))
        assert code
        before = len(hub.platforms["fake"].shown)
        await hub.person("boss").reads(f"/pair {code[0]}")
        assert "你已被允许使用" in str(hub.platforms["fake"].shown[before:])


async def test_no_code_is_shown_in_groups_or_to_bots_or_to_the_blocked(private: World) -> None:
    assert await private.member().sends("hello") == []
    bot = private.person("robot")
    assert await replace(bot, author=replace(bot.author, is_bot=True)).sends("hello") == []
    assert await private.person("bad").sends("hello") == []
    await private.person("boss").reads("/block fake:ann")
    assert await private.person().sends("hello") == []
    assert await private.person("boss").reads("/pair") == "Nobody waits to be let in."


async def test_with_a_list_strangers_get_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, setting(LIST), Models(echoing)) as hub:
        assert await hub.person().sends("hello") == []
        assert await hub.person("guest").reads("hello") == "re: hello"
        assert await hub.person("boss").reads("/allow fake:ann") == "fake:ann is now: user."
        assert await hub.person().reads("hello") == "re: hello"


# --- the hub's own doors


async def test_whom_a_door_let_in_is_a_user(private: World) -> None:
    ann = replace(private.person("token-1"), owner_named="ann")
    assert await role(ann) == "user"
    assert await ann.reads("hello") == "re: hello"


async def test_a_door_says_who_is_an_admin_and_a_name_does_not(private: World) -> None:
    named = replace(private.person("boss"), owner_named="whoever")
    assert await role(named) == "user"
    vouched = replace(named, author=replace(named.author, room_role="owner"))
    assert await role(vouched) == "owner"
    code = await code_of(private.person())
    assert await vouched.reads(f"/pair {code}") == "fake:ann Ann is let in."


async def test_nobody_speaks_as_the_hub_itself(everybodys: World) -> None:
    for owner in ("hub:access", "hub:"):
        thief = replace(everybodys.person(), owner_named=owner)
        for text in ("/forget", "/set temperature 1", "hello"):
            assert await thief.sends(text) == []


async def test_whom_an_admin_blocked_no_door_lets_in(everybodys: World) -> None:
    await everybodys.person("boss").reads("/block fake:ann")
    assert await replace(everybodys.person(), owner_named="x").sends("hello") == []


# --- allow, block


async def test_allow_and_block(everybodys: World) -> None:
    boss, ann = everybodys.person("boss"), everybodys.person()
    assert await boss.reads("/block fake:ann") == "fake:ann is now: blocked."
    assert await ann.sends("hello") == []
    assert await boss.reads("/allow fake:ann guest") == "fake:ann is now: guest."
    assert await role(ann) == "guest"
    assert await boss.reads("/unblock fake:ann") == "fake:ann is now: user."
    assert await ann.reads("hello") == "re: hello"
    assert await boss.reads("/allow fake:ann nobody") == "fake:ann is now: nobody special."
    assert await role(ann) == "user"


async def test_a_person_is_named_by_a_mention(everybodys: World) -> None:
    boss = everybodys.member("boss")
    message = (Mention("me"), Text(" /block "), Mention("ann", "Ann"))
    assert await boss.reads(message) == "fake:ann is now: blocked."
    assert await boss.reads((Mention("me"), Text("/allow "), Mention("ann", "Ann"), Text(" guest"))) == (
        "fake:ann is now: guest."
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/block", "Something is missing: /block PLATFORM:ID"),
        ("/block ann", "ann is nobody: write PLATFORM:ID, as /sid shows it, or mention the person."),
        ("/block fake:chief", "The settings say who fake:chief is; change it there."),
        ("/allow fake:bad", "The settings say who fake:bad is; change it there."),
        ("/block fake:boss", "The settings say who fake:boss is; change it there."),
        ("/allow fake:ann king", "/allow needs one of these words: user, guest, admin, nobody."),
        ("/allow fake:ann admin", "Only an owner of the hub can say who is an admin."),
    ],
)
async def test_what_an_admin_cannot_change(everybodys: World, typed: str, said: str) -> None:
    assert await everybodys.person("boss").reads(typed) == said


async def test_owners_make_admins(everybodys: World) -> None:
    chief, ann = everybodys.person("chief"), everybodys.person()
    assert await chief.reads("/allow fake:ann admin") == "fake:ann is now: admin."
    assert await role(ann) == "admin"
    assert await ann.reads("/block fake:ann") == "You cannot change that for yourself."
    assert await everybodys.person("boss").reads("/block fake:ann") == (
        "Only an owner of the hub can say who is an admin."
    )
    assert await chief.reads("/block fake:ann") == "fake:ann is now: blocked."


async def test_only_admins_may(everybodys: World) -> None:
    ann = everybodys.person()
    for command in ("/users", "/pair", "/allow fake:x", "/block fake:x", "/limit o 1", "/broadcast x", "/reload"):
        assert await ann.reads(command) == f"You may not use {command.split()[0]}."
    assert "/users" not in await ann.reads("/help") + await ann.reads("/help more")
    assert "/users" in await everybodys.person("boss").reads("/help more")


async def test_changes_survive_a_restart_and_are_seen_by_other_processes(tmp_path: Path) -> None:
    async with world(tmp_path, setting(OPEN), Models(echoing)) as hub:
        await hub.person("boss").reads("/block fake:ann")
        await hub.person("boss").reads("/block fake:bob")
        await hub.person("boss").reads("/allow fake:bob nobody")
    async with world(tmp_path, setting(OPEN), Models(echoing)) as hub:
        assert await hub.person().sends("hello") == []
        assert await hub.person("bob").reads("hello") == "re: hello"
        # As another process on the same data would:
        claim = (await hub.store.inbox.accept(_event(hub), "elsewhere", "b")).claim
        assert claim is not None
        unit = Unit(
            (claim.entries[0].id,), writes=(log.write(log.CHANGES, log.person_body("fake:bob", Role.BLOCKED, "x")),)
        )
        await hub.store.inbox.commit("elsewhere", claim.fence, unit, release=True)
        assert await hub.person("bob").reads("hello") == "re: hello"
        await hub.gate.load()
        assert await hub.person("bob").sends("hello") == []


def _event(hub: World) -> Noticed:
    person = hub.person("x")
    return Noticed(hub.number(), person.room, person.author, 1.0, "test")


async def test_two_changes_at_once_both_count(tmp_path: Path) -> None:
    async with world(tmp_path, setting(OPEN), Models(echoing)) as hub:
        boss, chief = hub.person("boss"), hub.person("chief")
        await asyncio.gather(boss.sends("/block fake:a"), chief.sends("/block fake:b"))
    async with world(tmp_path, setting(OPEN), Models(echoing)) as hub:
        assert await hub.person("a").sends("hello") == []
        assert await hub.person("b").sends("hello") == []


# --- rooms


async def test_a_room_is_switched_by_its_admins(everybodys: World) -> None:
    ann, admin = everybodys.member(), everybodys.member("carl", role="admin")
    assert await ann.reads("/room off") == "You may not use /room."
    assert await admin.reads("/room") == (
        "Here I answer as the settings say.\n"
        "Change it: /room on, off, mention, reply, thread, always, prefix, inherit, or keyword and a word"
    )
    assert await admin.reads("/room off") == "Here I say nothing, until I am switched on again."
    for text in ("hello", "/echo hi", "/help"):
        assert await ann.sends(text) == []
        assert await admin.sends(text) == []
    assert await everybodys.member(group="g2").reads("hello") == "re: hello"
    assert await everybodys.person().reads("hello") == "re: hello", "private chats are no room of it"
    assert await admin.reads("/room on", addressed=False) == "Here I answer as the settings say."
    assert await ann.reads("hello") == "re: hello"


async def test_switches_of_a_room(everybodys: World) -> None:
    ann, boss = everybodys.member(), everybodys.member("boss")
    assert await ann.sends("hello", addressed=False) == []
    assert await boss.reads("/room always") == "Here I answer every message."
    assert await ann.reads("hello", addressed=False) == "re: hello"
    assert await boss.reads("/room prefix") == "Here I answer commands only."
    assert await ann.sends("hello") == []
    assert await ann.reads("/echo hi", addressed=False) == "hi"
    assert await boss.reads("/room 提及") == "Here I answer when I am mentioned or replied to."
    assert await ann.sends("hello", addressed=False) == []
    assert await ann.reads("hello") == "re: hello"
    assert (
        await boss.reads("/room loud")
        == "/room needs one of these words: on, off, mention, reply, thread, always, prefix, keyword, inherit."
    )
    assert await everybodys.person("boss").reads("/room off") == "/room works in a group only."


async def test_a_room_can_have_a_word_of_its_own(everybodys: World) -> None:
    ann, boss = everybodys.member(), everybodys.member("boss")
    assert await boss.reads("/mode keyword 小助手") == (
        "Here I answer what begins with “小助手”, and when I am mentioned or replied to."
    )
    assert await ann.reads("小助手，你好", addressed=False) == "re: 你好"
    assert await ann.sends("你好", addressed=False) == []
    assert await boss.reads("/mode keyword") == "Something is missing: /mode keyword WORD"
    assert await boss.reads(f"/mode keyword {'x' * 41}") == "That is too long: at most 40 characters."


async def test_a_room_can_be_answered_by_replies_alone(everybodys: World) -> None:
    ann, boss = everybodys.member(), everybodys.member("boss")
    await boss.reads("/mode reply")
    assert await ann.sends("hello") == []
    assert await ann.reads((Quote("m1"), Text("why?"))) == "re: why?"


async def test_buttons_say_the_modes(tmp_path: Path) -> None:
    async with world(tmp_path, setting(OPEN, capabilities=Capabilities(buttons=30)), Models(echoing)) as hub:
        (row,) = await hub.member("boss").sends("/mode")
    buttons = row.out.message[-1]
    assert isinstance(buttons, Buttons)
    assert [each.says for line in buttons.rows for each in line][:2] == ["/mode on", "/mode off"]


async def test_whoever_runs_a_room_is_looked_up(everybodys: World) -> None:
    asked: list[str] = []

    async def admins(room: Room) -> list[Author]:
        asked.append(room.id)
        if room.id == "g2":
            raise DeliveryError("silence", certain=False)
        return [Author("carl")]

    everybodys.platforms["fake"].admins = admins  # type: ignore[attr-defined]
    assert await everybodys.member("carl").reads("/mode always") == "Here I answer every message."
    assert await everybodys.member("ann").reads("/mode off") == "You may not use /mode."
    assert await everybodys.member("carl", group="g2").reads("/mode off") == "You may not use /mode."
    assert asked == ["g1", "g1", "g2"]


async def test_a_switch_holds_in_threads_unless_set_there_and_after_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path, setting(OPEN), Models(echoing)) as hub:
        await hub.member("boss").reads("/room off")
    async with world(tmp_path, setting(OPEN), Models(echoing)) as hub:
        ann = hub.member()
        thread = replace(ann, room=replace(ann.room, thread="t1"))
        assert await ann.sends("hello") == []
        assert await thread.sends("hello") == []
        boss = hub.member("boss")
        in_thread = replace(boss, room=thread.room)
        await in_thread.reads("/room on")
        assert await ann.sends("hello") == []
        assert await thread.reads("hello") == "re: hello"
        await in_thread.reads("/room inherit")
        assert await thread.sends("hello") == []
        await boss.reads("/room on")
        assert await ann.reads("hello") == await thread.reads("hello") == "re: hello"


async def test_other_bots_of_a_group_are_not_answered(tmp_path: Path) -> None:
    everything = Triggers((), RoomRules(always=True))
    async with world(tmp_path, setting(OPEN, triggers=everything), Models(echoing)) as hub:
        ann = hub.member()
        bot = replace(ann, author=replace(ann.author, is_bot=True))
        for words in ("hello", "/help"):
            assert await bot.sends(words) == []
        assert await ann.reads("hello") == "re: hello"
        assert await replace(hub.person(), author=bot.author).reads("hello") == "re: hello"


async def test_a_room_without_prefixes_is_switched_on_again(tmp_path: Path) -> None:
    quiet = Triggers((), RoomRules(prefix=False))
    async with world(tmp_path, setting(OPEN, triggers=quiet), Models(echoing)) as hub:
        boss = hub.member("boss")
        assert await boss.sends("/room off", addressed=False) == []
        assert "nothing" in await boss.reads("/room off")
        assert await boss.reads("/room on") == "Here I answer as the settings say."


async def test_a_private_bot_answers_in_no_group_until_a_hub_admin_says_so(private: World) -> None:
    ann, owner, boss = private.member(), private.member("carl", role="owner"), private.member("boss")
    assert await ann.sends("hello") == []
    assert await owner.sends("/room on") == []
    assert await boss.reads("hello") == "re: hello"
    assert await boss.reads("/room on") == "Here I answer as the settings say."
    assert await ann.reads("hello") == "re: hello"
    assert await owner.reads("/room mention") == "Here I answer when I am mentioned or replied to."
    assert await private.member("bad").sends("hello") == []
    assert await private.member(group="g2").sends("hello") == []
    private.later = 0
    assert "I do not know you yet" in await private.person().reads("hello"), "a group lets nobody into private chats"


# --- limits of single owners


async def test_an_owner_gets_limits_of_their_own(tmp_path: Path) -> None:
    async with world(tmp_path, setting(OPEN, limits=Limits(messages_per_day=1)), Models(echoing)) as hub:
        ann, boss = hub.person(), hub.person("boss")
        assert await ann.reads("one") == "re: one"
        assert "more in" in await ann.reads("two")
        assert await boss.reads("/limit fake:ann 2") == "fake:private:ann, by the day: 2 messages, any number of tokens"
        assert await ann.reads("two") == "re: two"
        assert "more in" in await ann.reads("three")
        said = "fake:private:ann, by the day: any number of messages, any number of tokens"
        assert await boss.reads(f"/limit {ann.owner} off") == said
        assert await ann.reads("three") == "re: three"
        assert await boss.reads("/limit fake:ann 50 tokens") == ("fake:private:ann, by the day: 1 messages, 50 tokens")
    async with world(tmp_path, setting(OPEN, limits=Limits(messages_per_day=1)), Models(echoing)) as hub:
        boss = hub.person("boss")
        assert await boss.reads("/limit fake:ann") == "fake:private:ann, by the day: 1 messages, 50 tokens"
        assert "more in" in await hub.person().reads("four")
        assert await boss.reads("/limit fake:ann default") == (
            "fake:private:ann, by the day: 1 messages, any number of tokens"
        )
        assert await boss.reads("/limit fake:ann many") == "Please give a whole number from 0 to 1000000000."
        usage = "/limit OWNER|group N|off|default [minute|tokens|money]"
        assert await boss.reads("/limit") == f"Something is missing: {usage}"


# --- what is stored


def test_changes_that_are_not_understood_are_passed_over() -> None:
    changes = Changes()
    changes.take(
        [
            None,
            "x",
            {"person": 1, "role": "user"},
            {"person": "a:b", "role": "king"},
            {"room": "r", "switch": "loud"},
            {"room": 5, "switch": "on"},
            {"limit": "o", "messages": -1},
            {"limit": "o", "messages": True},
            {"limit": "p", "tokens": 7},
            {"person": "a:c", "role": "admin"},
            {"person": "a:c", "role": None},
            {"person": "a:d", "role": "guest"},
        ]
    )
    assert changes == Changes({"a:d": Role.GUEST}, {}, {}, {"p": OwnLimit(tokens=7)})


# --- speed


async def test_nothing_is_read_for_a_message_that_needs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes in, how fast, where: all that is asked for every message is known in memory."""
    async with world(tmp_path, setting(AccessRules()), Models(echoing)) as hub:

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError

        for part, name in ((hub.store.conversations, "branch"), (hub.store.usage, "spent"), (hub.store.secrets, "get")):
            monkeypatch.setattr(part, name, refuse)
        assert await hub.person().reads("/echo hi") == "hi"
        assert await hub.member().reads("/echo hi", addressed=False) == "hi"
        assert await hub.member().sends("hello", addressed=False) == []
        monkeypatch.undo()
