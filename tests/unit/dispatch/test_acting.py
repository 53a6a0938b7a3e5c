"""What is done and not said: by the platform's abilities, with words behind it, and honest about what is not known."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hubbub.commands.deeds import deed
from hubbub.core.acts import Act, Decision, Mute, Poke, TakeBack
from hubbub.core.addresses import Room
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import DeliveryError, UserError
from hubbub.core.messages import Do, Message, Text, summary_of
from hubbub.core.phrases import Phrase
from hubbub.core.work import Outgoing, Row, State, Unit
from hubbub.dispatch.acting import perform
from tests.unit.dispatch.parts import FakePlatform, message, world

ROOM = Room("fake", "me", "group", "g")
REFUSED = DeliveryError("no", certain=True, permanent=True)


@dataclass
class Able(FakePlatform):
    """Everything can be done; ``wrong`` is raised first."""

    done: list[object] = field(default_factory=list)
    wrong: list[Exception] = field(default_factory=list)

    def _do(self, what: object) -> None:
        if self.wrong:
            raise self.wrong.pop(0)
        self.done.append(what)

    async def mute(self, room: Room, user: str, seconds: int) -> None:
        self._do((user, seconds))

    async def poke(self, room: Room, user: str) -> None:
        self._do(user)

    async def delete(self, room: Room, message_id: str) -> None:
        self._do(message_id)

    async def decide(self, room: Room, decision: Decision) -> None:
        self._do(decision)


def row(act: Act, *words: str, language: str = "en") -> Row:
    message: Message = (Do(act, language), *(Text(each) for each in words))
    return Row(7, Outgoing(ROOM, message), "key", State.SENDING)


async def test_each_act_is_done_by_its_ability_and_then_told() -> None:
    platform = Able()
    decision = Decision("join", "t", "u", approve=True)
    acts: list[Act] = [Mute("u", 5), Poke("u"), TakeBack("m"), decision]
    assert [await perform(platform, row(act)) for act in acts] == [""] * 4
    assert platform.done == [("u", 5), "u", "m", decision]
    assert await perform(platform, row(Mute("u", 5), "muted")) == "sent-7"
    assert platform.shown == [("g", "muted")]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UserError(Phrase("act.mute.admin")), "Whoever runs the group cannot be muted."),
        (REFUSED, "That did not work: the platform refused it."),
    ],
)
async def test_what_cannot_be_done_is_said_instead(error: Exception, said: str) -> None:
    platform = Able(wrong=[error, error])
    assert await perform(platform, row(Mute("u", 5), "muted")) == "sent-7"
    assert platform.shown == [("g", said)]
    with pytest.raises(DeliveryError) as silent:
        await perform(platform, row(Mute("u", 5), "muted", language=""))
    assert (silent.value.certain, silent.value.permanent) == (True, True)


async def test_what_can_be_tried_again_is_not_told() -> None:
    away, doubt = DeliveryError("away", certain=True), DeliveryError("?", certain=False)
    platform = Able(wrong=[away, doubt])
    for expected in (away, doubt):
        with pytest.raises(DeliveryError) as error:
            await perform(platform, row(Mute("u", 5), "muted"))
        assert error.value is expected
    assert not platform.shown


async def test_words_that_fail_do_not_repeat_the_act() -> None:
    platform = Able(faults=[DeliveryError("away", certain=True)])
    with pytest.raises(DeliveryError) as error:
        await perform(platform, row(Mute("u", 5), "muted"))
    assert not error.value.certain
    # Nothing was done, so trying again is harmless.
    platform = Able(faults=[DeliveryError("away", certain=True)], wrong=[REFUSED])
    with pytest.raises(DeliveryError) as error:
        await perform(platform, row(Mute("u", 5), "muted"))
    assert error.value.certain
    assert not platform.done


async def test_a_platform_without_the_ability_refuses() -> None:
    platform = FakePlatform()
    await perform(platform, row(Poke("u"), "poked"))
    assert platform.shown == [("g", "That did not work: the platform refused it.")]
    with pytest.raises(DeliveryError):
        await perform(platform, Row(7, Outgoing(ROOM, (Text("nothing to do"),)), "key", State.SENDING))


def test_an_operator_reads_what_a_row_does() -> None:
    acts: list[Act] = [Mute("u", 5), Poke("u"), TakeBack("m"), Decision("join", "t", "u", approve=False)]
    assert [summary_of(row(act, "words").out.message) for act in acts] == [
        "[mute u for 5 s] words",
        "[poke u] words",
        "[take back message m] words",
        "[reject the join request of u] words",
    ]
    assert summary_of(row(acts[1]).out.message) == "[poke u]"
    assert summary_of((Text("hi"),)) == "hi"
    assert summary_of(()) == ""


async def test_what_a_dead_process_was_doing_is_in_doubt_and_not_done_again(tmp_path: Path) -> None:
    """Also on a platform that takes a message twice without harm."""
    async with world(tmp_path, delivery=Delivery.IDEMPOTENT) as before:
        receipt = await before.store.inbox.accept(message(1), "lane", "node")
        assert receipt.claim
        unit = Unit((receipt.entry.id,), (deed(ROOM, (Do(Poke("u")),), receipt.entry.id),))
        (stored,) = (await before.store.inbox.commit("lane", receipt.claim.fence, unit, release=True)).rows
        assert await before.store.outbox.begin(stored.id)
        before.dispatcher.end()
    async with world(tmp_path, delivery=Delivery.IDEMPOTENT) as after:
        await after.settle()
        (doubt,) = await after.store.outbox.deliveries([State.UNKNOWN])
        assert doubt.id == stored.id
        assert not after.platform.shown
