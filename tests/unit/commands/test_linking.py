"""One person on several platforms, on a real store."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import pytest

from hubbub.bridge.triggers import RoomRules, Triggers
from hubbub.commands.access.log import OwnLimit
from hubbub.commands.access.rules import AccessRules
from hubbub.conversations.limits import Limits
from hubbub.conversations.people.codes import CODES, LONG, Side, made, new_code
from hubbub.conversations.people.joining import LATE
from hubbub.conversations.people.ties import OWNER, TIES
from hubbub.core.addresses import Room
from hubbub.core.identities import Role
from hubbub.core.messages import Buttons, Image, Media, Text, text_of
from hubbub.core.turns import Delta
from hubbub.core.work import Append, BranchKind
from tests.unit.commands.hub import EVERYTHING, ME, Models, Person, Setting, World, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from hubbub.core.work import Row

CODE = re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{4}")


def code_in(text: str) -> str:
    found = CODE.search(text)
    assert found is not None, text
    return found[0]


def word_in(text: str) -> str:
    """The command that a question says goes on."""
    found = re.search(r"(/\w+ \w+) within", text)
    assert found is not None, text
    return found[1]


async def enters(person: Person, code: str) -> list[Row]:
    """What is sent when somebody enters a code, and says that they mean it."""
    return await person.sends(word_in(await person.reads(f"/link {code}")))


async def joined(one: Person, other: Person) -> str:
    """What the first reads when the other is joined to it."""
    await enters(other, code_in(await one.reads("/link")))
    return await one.reads("/link yes")


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[World]:
    setting = Setting(triggers=Triggers(), capabilities=replace(EVERYTHING, buttons=True))
    async with world(tmp_path, setting, Models()) as made:
        yield made


class TestJoining:
    async def test_two_accounts_become_one(self, hub: World) -> None:
        ann, other = hub.person("ann"), hub.person("777", "other")
        await ann.sends("/persona new pirate Talk like a pirate")
        await ann.sends("hello from fake")
        await other.sends("hello from other")
        await other.sends("/persona new poet Rhyme")
        code = code_in(await ann.reads("/link"))
        rows = await enters(other, code.lower().replace("-", " "))
        told = {row.out.room.platform: text_of(row.out.message) for row in rows}
        assert "777" in told["fake"], "who it is"
        assert "ann" not in told["other"], "the maker's id is not told"
        assert any(type(each) is Buttons for row in rows for each in row.out.message)
        rows = await ann.sends("/link yes")
        assert {row.out.room.platform for row in rows} == {"fake", "other"}
        assert "are one now" in text_of(rows[0].out.message)
        assert hub.people.owner(other.owner) == ann.owner
        personas = await other.reads("/persona")
        assert "pirate" in personas
        assert "poet" in personas
        branches = {each.name for each in await hub.store.conversations.branches(ann.owner, "context")}
        assert branches >= {"default", "default-other"}
        kept = await hub.store.conversations.branch(ann.owner, "context", "default-other")
        assert "hello from other" in str(kept.nodes)
        await other.sends("now as one")
        assert "now as one" in str((await hub.store.conversations.branch(ann.owner, "context")).nodes)

    async def test_whoever_enters_a_code_is_asked_first(self, hub: World) -> None:
        """Somebody who was talked into typing another's code reads whose it is, and nothing happens by itself."""
        eve, bob, cat = hub.person("eve"), hub.person("bob", "other"), hub.person("cat", "other")
        code = code_in(await eve.reads("/link"))
        found = await bob.segments(f"/link {code}")
        asked = text_of(tuple(found))
        assert "made by Eve on fake. Is that account yours?" in asked
        assert "If somebody else gave you the code, do not go on." in asked
        (button,) = [button for each in found if type(each) is Buttons for row in each.rows for button in row]
        assert button.says == word_in(asked)
        assert "Nobody entered" in await eve.reads("/link yes")
        assert "no such code" in await cat.reads(word_in(asked)), "the word is theirs alone"
        assert not hub.people.ties.main
        assert "made by Eve" in await cat.reads(f"/link {code}"), "the code is still anybody's"
        await bob.reads(word_in(asked))
        assert "no such code" in await cat.reads(f"/link {code}")

    async def test_whoever_refuses_the_other_is_told(self, hub: World) -> None:
        ann, bob = hub.person("ann"), hub.person("bob", "other")
        for refuses, other in ((ann, bob), (bob, ann)):
            await enters(bob, code_in(await ann.reads("/link")))
            rows = await refuses.sends("/link no")
            told = {row.out.room: text_of(row.out.message) for row in rows}
            assert "nothing was joined" in told[refuses.room]
            assert f"{refuses.author.name} on {refuses.room.platform} does not agree" in told[other.room]
            assert "Nobody entered" in await ann.reads("/link yes")
        await ann.reads("/link")
        assert {row.out.room for row in await ann.sends("/link no")} == {ann.room}, "nobody has entered it yet"

    async def test_of_two_who_enter_a_code_the_first_has_it(self, hub: World) -> None:
        ann, bob, cat = hub.person("ann"), hub.person("bob", "other"), hub.person("cat", "other")
        code = code_in(await ann.reads("/link"))
        words = [word_in(await each.reads(f"/link {code}")) for each in (bob, cat)]
        told = await asyncio.gather(bob.reads(words[0]), cat.reads(words[1]))
        assert sorted("is asked now" in each for each in told) == [False, True]
        assert any("no such code" in each for each in told)
        assert "are one now" in await ann.reads("/link yes")
        assert len(hub.people.ties.main) == 1

    async def test_what_is_joined_already_comes_along_and_both_are_told(self, hub: World) -> None:
        ann, bob, cat = hub.person("ann"), hub.person("bob", "other"), hub.person("cat")
        await joined(bob, cat)
        code = code_in(await ann.reads("/link"))
        asked = await bob.reads(f"/link {code}")
        assert "all that you said here and on fake" in asked
        rows = await bob.sends(word_in(asked))
        assert any("With it come the accounts that are joined to it, on fake." in text_of(r.out.message) for r in rows)

    async def test_a_code_is_for_one_once_and_for_a_while(self, hub: World) -> None:
        ann, bob, eve = hub.person("ann"), hub.person("bob", "other"), hub.person("eve", "other")
        code = code_in(await ann.reads("/link"))
        assert "one already" in await ann.reads(f"/link {code}")
        assert "is asked now" in text_of((await enters(bob, code))[-1].out.message)
        assert "is asked now" in await bob.reads(f"/link {code}"), "entered again by the same"
        assert "no such code" in await eve.reads(f"/link {code}")
        assert "Is that you" in await ann.reads("/link"), "the question comes again instead of a new code"
        assert "nothing was joined" in await bob.reads("/link no")
        assert "Nobody entered" in await ann.reads("/link yes")
        code = code_in(await ann.reads("/link"))
        hub.later += 601
        assert "no such code" in await bob.reads(f"/link {code}")
        code = code_in(await ann.reads("/link"))
        await enters(bob, code)
        hub.later += 601
        assert "Nobody entered" in await ann.reads("/link yes")
        assert not hub.people.ties.main

    async def test_codes_and_guesses_are_bounded(self, hub: World) -> None:
        ann, bob = hub.person("ann"), hub.person("bob", "other")
        first = last = code_in(await ann.reads("/link"))
        for _ in range(4):
            last = code_in(await ann.reads("/link"))
        assert "come again in an hour" in await ann.reads("/link")
        assert "no such code" in await bob.reads(f"/link {first}"), "a new one takes the place of the old one"
        for _ in range(4):
            assert "no such code" in await bob.reads("/link AAAA-BBBB")
        assert "ten minutes" in await bob.reads(f"/link {last}")
        hub.later += 300
        assert "ten minutes" in await bob.reads(f"/link {last}")

    async def test_the_log_of_codes_stays_short(self, hub: World) -> None:
        ann, long_ago = hub.person("ann"), hub.clock() - 86_400
        sides = [Side(f"fake:private:p{number}", "P", ann.room.key, "en") for number in range(LONG)]
        bodies = [body for side in sides for body in made(new_code(), side, long_ago).bodies]
        await hub.store.conversations.change((Append(OWNER, "config", CODES, tuple(bodies)),))
        await ann.reads("/link")
        kept = await hub.store.conversations.branch(OWNER, "config", CODES)
        assert len(kept.nodes) < 5
        for _ in range(4):
            await ann.reads("/link")
        assert "come again in an hour" in await ann.reads("/link")

    async def test_only_in_private(self, hub: World) -> None:
        member = hub.member()
        for words in ("/link", "/link AAAA-BBBB", "/unlink"):
            assert "private" in (await member.reads(words)).lower()

    async def test_chains_are_one_person(self, hub: World) -> None:
        people = [hub.person("a"), hub.person("b", "other"), hub.person("c"), hub.person("d", "other")]
        a, b, c, d = people
        for number, each in enumerate(people):
            await each.sends(f"words {number}")
        await joined(a, b)
        await joined(c, d)
        await joined(b, c)
        assert {hub.people.owner(each.owner) for each in people} == {a.owner}
        assert "one already" in await d.reads(f"/link {code_in(await a.reads('/link'))}")
        held = [
            await hub.store.conversations.branch(a.owner, "context", each.name)
            for each in await hub.store.conversations.branches(a.owner, "context")
        ]
        assert all(f"words {number}" in str(held) for number in range(4)), "nothing is lost"

    async def test_redelivered_it_joins_once(self, hub: World) -> None:
        ann, bob = hub.person("ann"), hub.person("bob", "other")
        await bob.sends("mine")
        await joined(ann, bob)
        assert "Nobody entered" in await ann.reads("/link yes")
        names = {each.name for each in await hub.store.conversations.branches(ann.owner, "context")}
        assert names == {"default"}, "a free name is kept, and nothing comes twice"

    async def test_in_one_lane_and_in_order(self, tmp_path: Path) -> None:
        go = asyncio.Event()
        models = Models([go, "slow", Delta(finish="stop")], ["quick", Delta(finish="stop")])
        async with world(tmp_path, models=models) as hub:
            ann, bob = hub.person("ann"), hub.person("bob", "other")
            await joined(ann, bob)
            first = asyncio.create_task(ann.reads("first"))
            while not models.requests:
                await asyncio.sleep(0.001)
            second = asyncio.create_task(bob.reads("second"))
            await asyncio.sleep(0.05)
            assert len(models.requests) == 1, "the other one waits for its turn"
            go.set()
            assert (await first, await second) == ("slow", "quick")
            assert "slow" in str(models.requests[1])

    async def test_what_was_used_today_counts_once(self, tmp_path: Path) -> None:
        async with world(tmp_path, Setting(limits=Limits(messages_per_day=4))) as hub:
            ann, bob = hub.person("ann"), hub.person("bob", "other")
            for each in (ann, bob):
                await each.sends("one")
            await joined(ann, bob)
            assert "2 messages" in await bob.reads("/usage")
            await bob.reads(word_in(await bob.reads("/unlink")))
            await joined(ann, bob)
            assert "2 messages" in await ann.reads("/usage")
            await bob.sends("three")
            await ann.sends("four")
            assert "4 questions today" in await bob.reads("five")


class TestRights:
    async def test_roles_stay_with_each_account(self, tmp_path: Path) -> None:
        rules = AccessRules(admins=frozenset({"fake:ann"}))
        async with world(tmp_path, Setting(access=rules)) as hub:
            ann, bob, eve = hub.person("ann"), hub.person("bob", "other"), hub.person("eve", "other")
            await joined(ann, bob)
            no = await eve.reads("/users")
            assert await bob.reads("/users") == no
            await joined(eve, ann)
            assert hub.people.owner(ann.owner) == eve.owner
            assert await eve.reads("/users") == no
            assert await ann.reads("/users") != no

    async def test_who_is_blocked_is_blocked_everywhere(self, hub: World) -> None:
        ann, bob = hub.person("ann"), hub.person("bob", "other")
        await joined(ann, bob)
        await hub.store.conversations.change((hub.gate.set_role("other:bob", Role.BLOCKED, "test"),))
        assert await ann.sends("hello?") == []
        assert await bob.sends("hello?") == []

    async def test_limits_of_one_count_for_both(self, hub: World) -> None:
        ann, bob = hub.person("ann"), hub.person("bob", "other")
        await hub.store.conversations.change((hub.gate.set_limit(bob.owner, OwnLimit(messages=1), "test"),))
        await joined(ann, bob)
        await ann.sends("one")
        assert "1 questions today" in await ann.reads("two")

    async def test_bots_are_left_out(self, hub: World) -> None:
        ann = hub.person("ann")
        bot = replace(ann, author=replace(ann.author, is_bot=True))
        assert "Bots" in await bot.reads("/link")


class TestGroups:
    async def test_groups_keep_their_own_unless_somebody_wants_it(self, hub: World) -> None:
        ann, bob, member = hub.person("ann"), hub.person("bob", "other"), hub.member("ann")
        assert "joined to no other" in await ann.reads("/link groups on")
        await joined(bob, ann)
        await bob.sends("a secret said elsewhere")
        await member.sends("hello group")
        assert "secret" not in str(hub.models.requests[-1])
        assert "are used, too" in await ann.reads("/link groups on")
        await member.sends("hello again")
        assert "secret" in str(hub.models.requests[-1])
        told = await member.reads("/sid")
        assert "bob" not in told, "nobody learns the other platform's id"
        assert "not used" in await ann.reads("/link groups off")
        await member.sends("and now")
        assert "secret" not in str(hub.models.requests[-1])

    async def test_what_is_of_one_platform_shows_in_no_group_of_another(self, hub: World) -> None:
        """Words, pictures, names, prompts and settings: none of them, until it is switched on, and there alone."""
        bob, ann, member = hub.person("bob77", "other"), hub.person("ann"), hub.member("ann")
        elsewhere = replace(bob, room=Room("other", ME, "group", "g9"))
        await joined(bob, ann)
        await bob.sends("/prompt You know the lighthouse")
        await bob.sends((Text("my secret"), Image(Media("data:image/png;base64,iVBORw0KGgo=", mime="image/png"))))
        for each in (member, elsewhere):
            await each.sends("hello group")
            asked = str(hub.models.requests[-1])
            shown = asked + "".join([await each.reads(words) for words in ("/history", "/sid", "/prompt", "/usage")])
            for of_bob in ("secret", "lighthouse", "iVBOR", "Bob77" if each is member else "Ann"):
                assert of_bob not in shown, of_bob
        await ann.reads("/link groups on")
        await member.sends("hello again")
        assert "lighthouse" in str(hub.models.requests[-1])
        await elsewhere.sends("hello again")
        assert "lighthouse" not in str(hub.models.requests[-1]), "it is switched on for one platform"

    async def test_an_answer_goes_where_the_question_was(self, hub: World) -> None:
        ann, bob = hub.person("ann"), hub.person("bob", "other")
        await joined(ann, bob)
        for each in (ann, bob):
            assert {row.out.room for row in await each.sends("hello")} == {each.room}

    async def test_a_shared_group_stays_the_groups(self, tmp_path: Path) -> None:
        async with world(tmp_path, Setting(triggers=Triggers((), RoomRules(shared=True)))) as hub:
            ann, bob, member = hub.person("ann"), hub.person("bob", "other"), hub.member("ann")
            await joined(bob, ann)
            await ann.reads("/link groups on")
            await member.sends("for all")
            assert await hub.store.conversations.branches("fake:group:g1", "context")


class TestParting:
    async def test_each_has_what_it_had(self, hub: World) -> None:
        ann, bob = hub.person("ann"), hub.person("bob", "other")
        assert "joined to no other" in await ann.reads("/unlink")
        await bob.sends("before")
        await joined(ann, bob)
        await bob.sends("meanwhile")
        asked = await bob.reads("/unlink")
        assert "gets back what it had" in asked
        assert "one of its own" in await bob.reads(word_in(asked))
        assert not hub.people.ties.main
        mine = str(await hub.store.conversations.branch(bob.owner, "context"))
        assert "before" in mine
        assert "meanwhile" not in mine
        assert "meanwhile" in str(await hub.store.conversations.branch(ann.owner, "context"))

    async def test_with_a_copy(self, hub: World) -> None:
        ann, bob = hub.person("ann"), hub.person("bob", "other")
        await joined(ann, bob)
        await bob.sends("meanwhile")
        await bob.reads(word_in(await bob.reads("/unlink copy")))
        assert "meanwhile" in str(await hub.store.conversations.branch(bob.owner, "context"))

    async def test_the_main_one_lets_all_go(self, hub: World) -> None:
        ann, bob, cat = hub.person("ann"), hub.person("bob", "other"), hub.person("cat", "other")
        await joined(ann, bob)
        await joined(ann, cat)
        asked = await ann.reads("/unlink")
        assert "stays with this account" in asked
        await ann.reads(word_in(asked))
        assert not hub.people.ties.main

    async def test_forgetting_removes_all(self, hub: World) -> None:
        ann, bob = hub.person("ann"), hub.person("bob", "other")
        await ann.sends("mine")
        await bob.sends("also mine")
        await joined(ann, bob)
        await bob.reads(word_in(await bob.reads("/forget")))
        for owner in (ann.owner, bob.owner):
            for kind in get_args(BranchKind):
                assert not await hub.store.conversations.branches(owner, kind)
        assert not hub.people.ties.main
        assert hub.people.owner(bob.owner) == bob.owner
        for name in (CODES, TIES):
            log = str((await hub.store.conversations.branch(OWNER, "config", name)).nodes)
            assert "ann" not in log
            assert "bob" not in log


class TestWhatIsLate:
    async def test_it_comes_along(self, hub: World) -> None:
        ann, bob = hub.person("ann"), hub.person("bob", "other")
        await bob.sends("before")
        await joined(ann, bob)
        late = Append(bob.owner, "context", "default", ({"role": "user", "content": "answered meanwhile"},))
        await hub.store.conversations.change((late,))
        (receipt,) = await hub.store.timers.fire(hub.clock() + 60, "node")
        assert receipt.entry.event.kind == LATE  # type: ignore[union-attr]
        assert receipt.claim is not None
        hub.dispatcher.take(receipt.claim)
        while hub.dispatcher.held:
            await asyncio.sleep(0.001)
        found = [
            await hub.store.conversations.branch(ann.owner, "context", each.name)
            for each in await hub.store.conversations.branches(ann.owner, "context")
        ]
        assert "answered meanwhile" in str(found)
        assert len(found) == 2
