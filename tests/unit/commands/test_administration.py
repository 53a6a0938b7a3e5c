"""White list, policy, statistics, models of others, and the record of what admins did; on any platform."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hubbub.app.house import House
from hubbub.app.people import Desk, HubPeople
from hubbub.commands.access import tokens
from hubbub.commands.access.rules import AccessRules
from hubbub.commands.audit import acts
from hubbub.commands.old_forms import call_of
from hubbub.commands.registry import Commands
from hubbub.conversations.limits import Limits, PlatformLimits
from hubbub.core.customs import Customs
from hubbub.core.identities import Role
from tests.unit.commands.hub import ENGLISH, Setting, World, world

OWN = Customs(sentences={"limit.messages": "No more than {limit}, {user}!"})
SETTING = Setting(
    access=AccessRules(
        owners=frozenset(("fake:boss",)),
        unlimited=frozenset(("fake:friend",)),
        platforms={"other": PlatformLimits(Limits(messages_per_day=2))},
        admin_token="settings-token",
    ),
    limits=Limits(messages_per_day=1),
    chat=replace(ENGLISH, customs={"fake": OWN}),
)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, SETTING) as found:
        found.road._ways.means.meter.use(SETTING.limits, SETTING.access.platforms)
        yield found


async def test_who_has_no_limits(hub: World) -> None:
    boss, ann, friend = hub.person("boss"), hub.person("ann"), hub.person("friend")
    for person in (boss, friend):
        assert [await person.reads("hi") for _ in range(3)] == ["hello"] * 3
    assert await ann.reads("hi") == "hello"
    assert await ann.reads("hi") == "No more than 1, ann!"
    assert await boss.reads("/whitelist") == "Without limits: fake:private:friend"
    assert await boss.reads("/whitelist add ann, other:bob") == "From now on without limits: ann, other:bob."
    assert await ann.reads("hi") == "hello"
    assert await boss.reads("/whitelist remove ann fake:friend") == "From now on within the limits: ann, fake:friend."
    assert await ann.reads("hi") == "No more than 1, ann!"
    assert await friend.reads("hi") == "No more than 1, friend!"
    assert await boss.reads("/whitelist list") == "Without limits: other:private:bob"
    assert "PLATFORM:ID" in await boss.reads("/whitelist add")
    assert "/whitelist" in await ann.reads("/whitelist")  # not hers to give


async def test_it_lasts(tmp_path: Path) -> None:
    async with world(tmp_path, SETTING) as hub:
        await hub.person("boss").reads("/whitelist remove friend")
        await hub.person("boss").reads("/admintoken a-new-token")
    async with world(tmp_path, SETTING) as hub:
        assert hub.gate.unlimited == []
        assert hub.gate.is_admin_token("a-new-token")
        assert not hub.gate.is_admin_token("settings-token")


async def test_what_holds_and_how_much_is_used(hub: World) -> None:
    boss, ann = hub.person("boss"), hub.person("ann")
    await ann.reads("hi")
    await hub.person("bob", "other").reads("hi")
    await boss.reads("/limit fake:ann 7")
    assert json.loads(await boss.reads("/policy fake")) == {
        "admin_users": ["boss"],
        "user_white_list": ["friend"],
        "user_chat_count_per_day": {"ann": 7},
        "default_user_chat_count_per_day": 1,
    }
    assert json.loads(await boss.reads("/policy other"))["default_user_chat_count_per_day"] == 2
    assert json.loads(await boss.reads("/policy"))["user_white_list"] == ["fake:private:friend"]
    assert json.loads(await boss.reads("/stats"))["total_user_count"] == 2
    assert json.loads(await boss.reads("/stats other"))["today_chat_count"] == 1
    assert json.loads(await boss.reads("/stats none"))["avg_user_chat_count"] == 0


async def test_the_model_of_somebody_else(hub: World) -> None:
    boss, ann = hub.person("boss"), hub.person("ann")
    assert "no model" in (await boss.reads("/usermodel fake:ann nothing")).lower()
    assert await boss.reads("/usermodel fake:ann main") == "fake:private:ann uses the model main from now on."
    assert "main" in await ann.reads("/model")
    assert await boss.reads("/usermodel ann default") == "fake:private:ann uses the default model from now on."
    assert "PLATFORM:ID MODEL" in await boss.reads("/usermodel fake:ann")


async def test_acts_are_written_down(hub: World) -> None:
    boss = hub.person("boss")
    assert await boss.reads("/audit") == "Nothing was done yet."
    await boss.reads("/block fake:troll")
    await boss.reads("/admintoken a-new-token")
    await boss.reads("/help")
    await hub.person("ann").reads("/block fake:boss")
    means = hub.road._ways.means
    house = House(means.gate, means.people, means.board, means.meter)
    people = HubPeople(Desk(hub.store, house, "node", lambda *_: (), lambda _: None))
    await people.set_role("fake:carl", Role.GUEST)
    found = await acts(hub.store.conversations, 10)
    assert [(each["by"], each["act"], each["detail"]) for each in found] == [
        ("operator", "role", "person=fake:carl role=guest"),
        ("fake:boss", "admintoken", "***"),
        ("fake:boss", "block", "fake:troll"),
        ("fake:boss", "audit", ""),
    ]
    shown = (await boss.reads("/audit 2")).split("\n")
    assert len(shown) == 2
    assert shown[0].endswith("operator: role person=fake:carl role=guest")


@pytest.mark.parametrize(
    "lines",
    [
        "set_token\na-new-token\nmore",
        "Set_Token\na-new-token",
        "a-new-token",
        "a-new-token\nset_token",
        "set_token a-new-token",
    ],
)
async def test_no_token_is_written_down_however_it_is_written(hub: World, lines: str) -> None:
    hub.road.use(replace(hub.ways, commands=Commands(old_forms=["fake"])))
    await hub.person("boss").reads(f"admin-command:settings-token\n{lines}")
    (found,) = await acts(hub.store.conversations, 10)
    assert "a-new-token" not in json.dumps(found)
    assert found["detail"] == "***"


async def test_short_tokens_are_none(hub: World) -> None:
    boss = hub.person("boss")
    assert await boss.reads("/admintoken short") == "A token has at least 8 characters and no spaces."
    assert await boss.reads("/admintoken two words here") == "A token has at least 8 characters and no spaces."
    assert "private" in await replace(boss, room=hub.member("boss").room).reads("/admintoken another-token")


def test_tokens_are_kept_as_digests() -> None:
    kept = tokens.digest("a-secret")
    assert "a-secret" not in kept
    assert tokens.matches("a-secret", kept)
    assert not tokens.matches("a-secre", kept)
    assert tokens.digest("a-secret") != kept


def test_old_forms_are_those_and_no_others() -> None:
    listing = Commands()
    for text in ("admin-command:x", " ADMIN-COMMAND：x\ny", "user_command:get_msg_count", "MyID", "my id", "微信ID"):
        assert call_of(text, listing) is not None, text
    for text in ("", "hello", "admin command:x", "about admin-command:x", "mystery", "我的", "u", "微信号是多少"):
        assert call_of(text, listing) is None, text
