"""The command tools."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hubbub.bridge.triggers import RoomRules, Triggers
from hubbub.conversations import preferences
from hubbub.conversations.limits import NO_LIMITS, Meter
from hubbub.core.identities import Role
from hubbub.core.skills import Needs
from hubbub.core.work import Append
from hubbub.skills.calling import SkillRules, Skills, Surroundings
from tests.fakes.memory import MemoryConversations, MemoryUsage
from tests.fakes.platform_host import MemoryFiles
from tests.fakes.skills import FakeSkill
from tests.unit.commands.hub import Setting, World, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SKILLS = (FakeSkill("look"), FakeSkill("paint", needs=Needs(deed="spends")), FakeSkill("rule", needs=Needs(Role.ADMIN)))


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, Setting()) as made:
        given_skills(made)
        yield made


def given_skills(hub: World) -> None:
    files = MemoryFiles()
    around = Surroundings(hub.gate.role, lambda _: True, lambda _, media: files.fetch(media), files, None)
    meter = Meter(MemoryUsage(MemoryConversations()), NO_LIMITS, hub.clock)
    skills = Skills(SKILLS, SkillRules(), around, meter)
    hub.road.use(replace(hub.ways, means=replace(hub.ways.means, skills=skills)))


async def stored(hub: World, owner: str) -> dict[str, object]:
    return dict((await preferences.read(hub.store.conversations, owner)).stored)


async def test_tools_are_listed_with_what_they_do(hub: World) -> None:
    lines = (await hub.person().reads("/tools")).split("\n")
    assert lines[1:4] == [
        "- look: look for people (on)",
        "- paint: paint for people (waits for /tools allow paint)",
        "- rule: rule for people (off)",
    ]


async def test_they_are_switched(hub: World) -> None:
    ann = hub.person()
    assert "look for people (off)" in await ann.reads("/tools off look")
    assert await stored(hub, ann.owner) == {"tools_off": ["look"]}
    assert "look for people (on)" in await ann.reads("/tools on LOOK")
    assert "(on)" not in await ann.reads("/tools off")
    assert await stored(hub, ann.owner) == {"tools": False}
    assert "look for people (on)" in await ann.reads("/tools on")
    assert "paint for people (on)" in await ann.reads("/工具 允许 paint")
    assert await stored(hub, ann.owner) == {"tools_allowed": ["paint"]}
    assert "waits for" in await ann.reads("/tools ask paint")
    assert await stored(hub, ann.owner) == {}


@pytest.mark.parametrize("text", ["/tools dance", "/tools allow", "/tools off nothing"])
async def test_what_is_not_understood_changes_nothing(hub: World, text: str) -> None:
    ann = hub.person()
    told = await ann.reads(text)
    assert "To change it" in told or "There is no tool" in told
    assert await stored(hub, ann.owner) == {}


async def test_a_hub_without_tools_says_so(tmp_path: Path) -> None:
    async with world(tmp_path) as hub:
        assert await hub.person().reads("/tools") == "This hub has no tools switched on."


async def test_what_a_group_shares_is_changed_by_who_runs_it(tmp_path: Path) -> None:
    setting = Setting(triggers=Triggers([("fake/*", RoomRules(shared=True))]))
    async with world(tmp_path, setting) as hub:
        given_skills(hub)
        assert "paint for people" not in await hub.member("dan").reads("/tools allow paint")
        assert await stored(hub, "fake:group:g1") == {}
        assert "paint for people (on)" in await hub.member("eve", role="admin").reads("/tools allow paint")
        assert await stored(hub, "fake:group:g1") == {"tools_allowed": ["paint"]}
        assert "paint for people (on)" in await hub.member("dan").reads("/tools")


async def test_undo_takes_a_question_with_all_that_was_used_for_it(hub: World) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    rounds = tuple(
        {"role": role, "content": f"{role} {number}", **more}
        for number in range(2)
        for role, more in (
            ("user", {}),
            ("assistant", {"tool_calls": [call]}),
            ("tool", {"tool_call_id": "c1"}),
            ("assistant", {}),
        )
    )
    ann = hub.person()
    await hub.store.conversations.change([Append(ann.owner, "context", "default", rounds)])
    assert "user 1" in await ann.reads("/undo")
    left = await hub.store.conversations.branch(ann.owner, "context")
    assert [node.body for node in left.nodes] == list(rounds[:4])
    assert "user 0" in await ann.reads("/undo")
    assert not (await hub.store.conversations.branch(ann.owner, "context")).nodes
