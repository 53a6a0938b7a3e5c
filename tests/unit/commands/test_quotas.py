"""Limits of owners, groups and the whole hub: messages, tokens and money, on a real store."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from hubbub.chat.answer import Chat
from hubbub.commands.access.rules import AccessRules
from hubbub.conversations.limits import NO_LIMITS, CommonLimits, Limits
from hubbub.conversations.shortages import EVERYBODY
from hubbub.core.errors import ProviderError, RenderError
from hubbub.core.messages import Blob, Image, text_of
from hubbub.core.models import ModelSpec
from hubbub.core.phrases import Phrase
from hubbub.core.pictures import Look
from hubbub.core.quotas import BILLION
from hubbub.core.skills import Needs
from hubbub.core.turns import Delta, ToolCall, Usage
from hubbub.skills.calling import SkillRules, Skills, Surroundings
from tests.fakes.platform_host import MemoryFiles
from tests.fakes.skills import FakeSkill
from tests.unit.commands.hub import ENGLISH, Models, Setting, World, world

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hubbub.core.pictures import Paper
    from hubbub.core.turns import ChatRequest
    from tests.fakes.scripted import Script

# A question comes to 100 tokens asked and 20 answered: 140 millionths of what prices are in.
SPEC = ModelSpec("main", id="m-1", price_in=1.0, price_out=2.0)
COST = 140_000


def answers(*before: object) -> Models:
    steps = [*before, "fine", Delta(finish="stop", model="main", usage=Usage(100, 20))]
    return Models(steps, spec=SPEC)  # type: ignore[arg-type]  # a test's own steps


def use(hub: World, limits: Limits = NO_LIMITS, group: Limits = NO_LIMITS, everybody: Limits = NO_LIMITS) -> None:
    hub.ways.means.meter.use(limits, None, CommonLimits(group, everybody, "EUR"))


def roles(request: ChatRequest) -> set[str]:
    return {turn.role for turn in request.turns}


def wished() -> Script:
    """A model that wants its tool."""
    return [Delta(tool_calls=(ToolCall("c1", "look", "{}"),), finish="tool_calls", model="main", usage=Usage(1, 1))]


def painted() -> Script:
    return ["painted", Delta(finish="stop", model="main", usage=Usage(1, 1))]


def give(hub: World, skill: FakeSkill) -> None:
    """Let models use a skill, within the limits of the hub."""
    files, meter = MemoryFiles(), hub.ways.means.meter
    around = Surroundings(hub.gate.role, lambda _: True, lambda _, media: files.fetch(media), files, None)
    skills = Skills([skill], SkillRules(unasked=frozenset({skill.card.name})), around, meter)
    chat = Chat(hub.store.conversations, hub.models, replace(ENGLISH, skills=skills), meter, lambda: "e1")
    hub.road.use(replace(hub.ways, chat=chat, means=replace(hub.ways.means, chat=chat)))


async def held(hub: World) -> int:
    """Forget what lapsed within a century: how much was still held."""
    return await hub.store.usage.sweep(hub.clock() + 1e9)


class TestMoney:
    async def test_it_is_counted_by_the_models_prices(self, tmp_path: Path) -> None:
        async with world(tmp_path, models=answers()) as hub:
            use(hub, Limits(cost_per_day=BILLION))
            ann = hub.person()
            for _ in range(2):
                assert await ann.reads("what") == "fine"
            told = await ann.reads("/usage")
            assert "Cost: 0.0003 EUR today, 0.0003 EUR this month" in told
            assert "Left today: 0.9997 of 1.00 EUR" in told
            (spent,) = await hub.store.usage.spenders()
            assert spent.cost == 2 * COST
            assert await held(hub) == 0

    async def test_what_a_tool_costs_counts_and_is_held_before(self, tmp_path: Path) -> None:
        models = Models(lambda request: painted() if "tool" in roles(request) else wished(), spec=SPEC)
        async with world(tmp_path, models=models) as hub:
            skill = FakeSkill(needs=Needs(deed="spends", cost=BILLION // 10))
            give(hub, skill)
            use(hub, everybody=Limits(cost_per_day=BILLION // 4))
            for user in ("ann", "bob", "cat"):
                assert await hub.person(user).reads("what") == "painted"
            assert len(skill.called) == 2, "there was no money for a third one"
            assert "Cost: 0.10" in await hub.person("ann").reads("/usage")
            today = hub.ways.means.meter.today()
            spent = (await hub.store.usage.spent(EVERYBODY, today, today)).cost
            assert 2 * BILLION // 10 < spent < BILLION // 4
            assert await held(hub) == 0

    async def test_what_would_go_over_it_is_not_asked(self, tmp_path: Path) -> None:
        async with world(tmp_path, models=answers()) as hub:
            use(hub, Limits(cost_per_day=BILLION // 1000))  # an answer of 500 tokens is expected
            assert "would not suffice" in await hub.person().reads("what")
            assert not hub.models.requests

    async def test_an_owner_has_an_amount_of_their_own(self, tmp_path: Path) -> None:
        rules = AccessRules(owners=frozenset({"fake:boss"}))
        async with world(tmp_path, Setting(access=rules), answers()) as hub:
            use(hub)
            boss, ann = hub.person("boss"), hub.person()
            assert "Money a day: 0.0001 EUR" in await boss.reads("/limit fake:ann 0.0001 money")
            assert "0 and 1000000" in (await boss.reads("/limit fake:ann nan money")).replace("to", "and")
            assert "would not suffice" in await ann.reads("what")
            assert await hub.person("bob").reads("what") == "fine"


class TestOwnLimits:
    async def test_a_group_has_limits_of_its_own_alone(self, tmp_path: Path) -> None:
        rules = AccessRules(owners=frozenset({"fake:boss"}))
        async with world(tmp_path, Setting(access=rules), answers()) as hub:
            common = CommonLimits(Limits(messages_per_day=9), groups=hub.gate.groups)
            hub.ways.means.meter.use(NO_LIMITS, None, common)
            boss = hub.member("boss")
            assert await boss.reads("/limit group 1") == (
                "Everybody in this group together, by the day: 1 messages, any number of tokens"
            )
            assert await hub.member("ann").reads("what") == "fine"
            assert "This group has asked 1 questions today" in await hub.member("bob").reads("what")
            assert "Left today: 0 of 1 messages" in await boss.reads("/usage group")
            for _ in range(2):
                assert await hub.member("bob", "g2").reads("what") == "fine"
            assert "9 messages" in await boss.reads("/limit group default")
            assert await hub.member("bob").reads("what") == "fine"
            assert "any number of messages" in await boss.reads("/limit 本群 off")
            assert "hub:room" not in await boss.reads("/policy") + await boss.reads("/whitelist")
            assert "This is no group." in await hub.person("boss").reads("/limit group 1")
            assert "1 messages" not in await hub.member("ann").reads("/limit group 1")

    async def test_somebody_has_a_pace_of_their_own(self, tmp_path: Path) -> None:
        rules = AccessRules(owners=frozenset({"fake:boss"}))
        async with world(tmp_path, Setting(access=rules), answers()) as hub:
            assert "Messages a minute: 2" in await hub.person("boss").reads("/limit fake:ann 2 minute")
            ann = hub.person()
            assert [await ann.reads("/echo hi") for _ in range(2)] == ["hi", "hi"]
            assert "at most 2 messages a minute" in await ann.reads("/echo hi")
            assert await hub.person("bob").reads("/echo hi") == "hi"
        async with world(tmp_path, Setting(access=rules), answers()) as hub:
            assert "Messages a minute: 2" in await hub.person("boss").reads("/limit fake:ann"), "after a restart, too"

    async def test_a_group_has_a_pace_of_its_own(self, tmp_path: Path) -> None:
        rules = AccessRules(owners=frozenset({"fake:boss"}))
        async with world(tmp_path, Setting(access=rules), answers()) as hub:
            hub.ways.means.meter.use(NO_LIMITS, None, CommonLimits(groups=hub.gate.groups))
            assert "Messages a minute: 2" in await hub.member("boss").reads("/limit group 2 minute")
            assert [await hub.member(user).reads("/echo hi") for user in ("ann", "bob")] == ["hi", "hi"]
            assert "This group is too fast" in await hub.member("cat").reads("/echo hi")
            assert await hub.member("cat", "g2").reads("/echo hi") == "hi"


class TestWhose:
    async def test_what_a_group_and_everybody_used(self, tmp_path: Path) -> None:
        rules = AccessRules(owners=frozenset({"fake:boss"}))
        async with world(tmp_path, Setting(access=rules), answers()) as hub:
            use(hub, group=Limits(messages_per_day=5), everybody=Limits(tokens_per_day=10_000))
            for user in ("ann", "bob"):
                await hub.member(user).reads("what")
            await hub.person("cat", "other").reads("what")
            mine = await hub.member().reads("/usage")
            assert "Today: 1 messages" in mine
            told = await hub.member().reads("/usage group")
            assert told.startswith("Everybody in this group together:\nToday: 2 messages, 240 tokens")
            assert "Left today: 3 of 5 messages" in told
            assert "The next day begins in " in told
            told = await hub.person("boss").reads("/usage all")
            assert "Today: 3 messages, 360 tokens" in told
            assert "Left today: 9,640 of 10,000 tokens" in told
            assert "This is no group." in await hub.person("boss").reads("/usage group")
            assert "3 messages" not in await hub.person().reads("/usage all")
            assert "me, group, all" in await hub.person().reads("/usage nothing")

    async def test_nothing_is_looked_for_where_nothing_was_counted(self, tmp_path: Path) -> None:
        async with world(tmp_path) as hub:
            assert await hub.person().reads("/usage") == (
                "Today: 0 messages, 0 tokens (0 in, 0 out)\nThis month: 0 messages, 0 tokens (0 in, 0 out)"
            )


class TestSharedLimits:
    async def test_a_group_has_limits_of_its_own(self, tmp_path: Path) -> None:
        async with world(tmp_path, models=answers()) as hub:
            use(hub, group=Limits(messages_per_day=2))
            for user in ("ann", "bob"):
                assert await hub.member(user).reads("what") == "fine"
            assert "This group has asked 2 questions today" in await hub.member("cat").reads("what")
            assert await hub.member("cat", "g2").reads("what") == "fine"
            assert await hub.person("ann").reads("what") == "fine"
            assert {each.owner.partition(":")[0] for each in await hub.store.usage.spenders()} == {"fake"}

    async def test_everybody_together_has_limits(self, tmp_path: Path) -> None:
        async with world(tmp_path, models=answers()) as hub:
            use(hub, everybody=Limits(tokens_per_day=200))
            assert await hub.person("ann").reads("what") == "fine"
            assert await hub.member("bob").reads("what") == "fine"
            assert "as many tokens as I may for everybody today" in await hub.person("cat", "other").reads("what")

    async def test_a_limit_that_is_set_at_noon_knows_of_the_morning(self, tmp_path: Path) -> None:
        """Also of people who use what is joined in this group, where they are nobody of the group's own."""
        async with world(tmp_path, models=answers()) as hub:
            bob, there = hub.person("bob", "other"), hub.member("bob")
            hub.people.ties.take([{"join": "fake:private:bob", "to": bob.owner}])
            hub.people.ties.take([{"groups": "fake:private:bob", "shown": True}])
            assert await there.reads("what") == "fine"
            assert (await hub.store.usage.spent(bob.owner, "", "9")).messages == 1
            assert await hub.member("cat").reads("what") == "fine"
            assert await hub.person("dan").reads("what") == "fine"
            use(hub, group=Limits(messages_per_day=2))
            assert "This group has asked 2 questions" in await hub.member("eve").reads("what")
            assert await hub.member("eve", "g2").reads("what") == "fine"
            use(hub, everybody=Limits(messages_per_day=4, cost_per_day=BILLION))
            assert "as many questions as I may for everybody" in await hub.person("fay").reads("what")
            today = hub.ways.means.meter.today()
            assert (await hub.store.usage.spent(EVERYBODY, today, today)).cost == 4 * COST

    async def test_minutes_are_counted_for_all_of_them(self, tmp_path: Path) -> None:
        async with world(tmp_path, models=answers()) as hub:
            use(hub, group=Limits(messages_per_minute=2))
            assert [await hub.member(user).reads("/echo hi") for user in ("ann", "bob")] == ["hi", "hi"]
            assert "This group is too fast" in await hub.member("cat").reads("/echo hi")
            assert await hub.member("cat").sends("/echo hi") == []
            use(hub, everybody=Limits(messages_per_minute=1))
            assert await hub.person("ann").reads("/echo hi") == "hi"
            assert "asks me too much" in await hub.person("bob").reads("/echo hi")


class TestReservations:
    async def test_many_at_once_get_exactly_the_limit(self, tmp_path: Path) -> None:
        """Members of a group have lanes of their own; they share the group's limit."""
        async with world(tmp_path, models=answers(0.01)) as hub:
            use(hub, group=Limits(messages_per_day=7))
            found = await asyncio.gather(*(hub.member(f"u{number}").sends("what") for number in range(20)))
            assert sum(len(rows) for rows in found) >= 20
            assert len(hub.models.requests) == 7
            assert await held(hub) == 0

    async def test_tools_that_spend_count_for_all_whom_the_question_counts_for(self, tmp_path: Path) -> None:
        """Whatever comes first, no more than the limit is used; nothing is free between the call and the counting."""
        models = Models(lambda request: painted() if "tool" in roles(request) else wished(), spec=SPEC)
        async with world(tmp_path, models=models) as hub:
            skill = FakeSkill(needs=Needs(deed="spends", tokens=10), wait=0.01)
            give(hub, skill)
            use(hub, group=Limits(messages_per_day=7), everybody=Limits(messages_per_day=9))
            await asyncio.gather(*(hub.member(f"u{number}").sends("what") for number in range(6)))
            assert len(skill.called) == 1
            today = hub.ways.means.meter.today()
            for scope in ("hub:room:fake/me/group/g1", EVERYBODY):
                assert (await hub.store.usage.spent(scope, today, today)).messages == 7
            assert await hub.person("ann").reads("what") == "painted"
            assert len(skill.called) == 2
            assert "for everybody" in await hub.person("bob").reads("what")
            assert await held(hub) == 0

    @pytest.mark.parametrize("step", [ProviderError("broken", user_text=Phrase("error.model_failed")), asyncio.Event()])
    async def test_what_came_to_nothing_is_held_no_more(self, tmp_path: Path, step: object) -> None:
        async with world(tmp_path, models=answers(step)) as hub:
            use(hub, Limits(messages_per_day=1, cost_per_day=BILLION))
            ann = hub.person()
            asked = asyncio.create_task(ann.sends("what"))
            while not hub.models.requests:
                await asyncio.sleep(0.001)
            if isinstance(step, asyncio.Event):
                await hub.control.stop(ann.owner)
            await asked
            assert await held(hub) == 0
            assert (await hub.store.usage.spent(ann.owner, "", "9")).messages == 0

    async def test_without_limits_nothing_is_asked_of_the_store(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with world(tmp_path, models=answers()) as hub:
            monkeypatch.setattr(hub.store.usage, "reserve", None)
            assert await hub.person().reads("what") == "fine"
            assert await hub.member().reads("what") == "fine"


@dataclass
class ChartRenderer:
    fails: bool = False
    asked: list[tuple[str, Look]] = field(default_factory=list)
    styles: tuple[str, ...] = ("light",)

    async def pictures(self, text: str, look: Look) -> Sequence[Blob]:
        if self.fails:
            raise RenderError("no place")
        self.asked.append((text, look))
        return [Blob(b"png", "image/png", "chart.png")]

    async def document(self, paper: Paper) -> Blob:
        raise NotImplementedError


class TestChart:
    async def test_it_is_a_picture_where_one_can_be_shown(self, tmp_path: Path) -> None:
        async with world(tmp_path, models=answers()) as hub:
            renderer = ChartRenderer()
            means = replace(hub.ways.means, renderer=renderer, files=MemoryFiles())
            hub.road.use(replace(hub.ways, means=means))
            ann = hub.person()
            assert not any(type(each) is Image for each in await ann.segments("/usage")), "there is nothing to draw"
            await ann.reads("what")
            found = await ann.segments("/usage")
            (image,) = [each for each in found if type(each) is Image]
            assert image.media.mime == "image/png"
            assert image.alt == "The last 30 days · tokens a day, at most 120"
            title, look = renderer.asked[0]
            assert title == image.alt
            assert look.chart is not None
            assert look.chart.values == (*[0] * 29, 120)
            renderer.fails = True
            assert "█" in text_of(tuple(await ann.segments("/usage")))
