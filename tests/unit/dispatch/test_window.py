"""Answers in a window of time: the same one to every delivery, fetched where they were late, and nobody else's."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities, Delivery
from hubbub.core.errors import Overloaded, StoreError
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Image, Media, Text, text_of
from hubbub.core.store import Notes
from hubbub.core.turns import ChatRequest
from hubbub.core.windows import WindowTerms
from hubbub.core.work import Receipt
from hubbub.dispatch.pending import MOST, Asked, Pending
from hubbub.dispatch.streams import LocalStreams
from hubbub.dispatch.window import HubWindow, WindowParts
from tests.fakes.scripted import Script, whole
from tests.unit.commands.hub import ME, Models, Setting, World, world

TERMS = WindowTerms("thinking", "too fast", " (more)", frozenset(("1", "继续")), within=5.0)
WINDOW = Setting(
    capabilities=Capabilities(delivery=Delivery.WINDOW, max_length=100, length_unit="bytes", reply_within=0.3)
)
NOT_YET = "(the platform comes again)"


class Slow(Models):
    """Answers with the question, once it may; ``gate`` closed: later."""

    def __init__(self) -> None:
        super().__init__(self._script)
        self.gate = asyncio.Event()
        self.gate.set()

    def _script(self, request: ChatRequest) -> Script:
        return [*([] if self.gate.is_set() else [30.0]), *whole(f"re: {request.turns[-1].content}")]


@dataclass
class Side:
    """A hub, and two nodes that callbacks may come to; the second learns of an answer's end by looking alone."""

    hub: World
    nodes: tuple[HubWindow, HubWindow]
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def message(self, text: str, user: str = "anna", age: float = -60.0) -> Received:
        number = f"m{next(self.numbers)}"
        room = Room("fake", ME, "private", user)
        return Received(number, room, Author(user), (Text(text),), time.time() - age, number, addressed=True)

    async def deliver(self, event: Received, node: int = 0, **terms: object) -> str:
        message = await self.nodes[node].answer(event, replace(TERMS, **terms))  # type: ignore[arg-type]
        return NOT_YET if message is None else text_of(message)

    async def say(self, text: str, user: str = "anna", node: int = 0, **terms: object) -> str:
        return await self.deliver(self.message(text, user), node, **terms)


def node_of(hub: World, streams: LocalStreams) -> HubWindow:
    accept, replies = hub.dispatcher.accept, hub.store.inbox.replies
    parts = WindowParts(accept, replies, streams, hub.store.notes, hub.road.is_command, hub.clock)
    return HubWindow(parts)


@asynccontextmanager
async def opened(folder: Path, models: Models | None = None) -> AsyncIterator[Side]:
    async with world(folder, WINDOW, models or Slow()) as hub:
        own = hub.road._ways.streams
        assert isinstance(own, LocalStreams)
        yield Side(hub, (node_of(hub, own), node_of(hub, LocalStreams())))


@pytest.fixture
async def side(tmp_path: Path) -> AsyncIterator[Side]:
    async with opened(tmp_path) as found:
        yield found


def slow(side: Side) -> Slow:
    assert isinstance(side.hub.models, Slow)
    return side.hub.models


@pytest.mark.parametrize("node", [0, 1])
async def test_every_delivery_gets_the_same(side: Side, node: int) -> None:
    event = side.message("hello")
    assert [await side.deliver(event, each) for each in (node, 0, 1, 0)] == ["re: hello"] * 4
    assert len(slow(side).requests) == 1


async def test_deliveries_are_counted_across_nodes(side: Side) -> None:
    slow(side).gate.clear()
    event = side.message("hard")
    assert [await side.deliver(event, node, within=0.1) for node in (0, 1, 0)] == [NOT_YET, NOT_YET, "thinking"]


async def test_the_first_delivery_of_an_old_message_is_taken_as_its_last(side: Side) -> None:
    slow(side).gate.clear()
    assert await side.deliver(side.message("hard", age=0.5), within=0.1) == "thinking"


async def test_deliveries_wait_together(tmp_path: Path) -> None:
    models = Slow()
    models._scripts = [lambda request: [0.2, *whole("late")]]
    async with opened(tmp_path, models) as side:
        event = side.message("hard")
        told = await asyncio.gather(*(side.deliver(event, node) for node in (0, 1, 0, 1)))
        assert told == ["late"] * 4
        assert len(models.requests) == 1


async def test_another_question_meanwhile(side: Side) -> None:
    slow(side).gate.clear()
    assert await side.say("hard", within=0.1) == NOT_YET
    assert await side.say("another", node=1) == "too fast"
    assert await side.say("hard", node=1, within=0.1) == "thinking"
    assert await side.say("1", within=0.1) == "thinking"
    assert await side.say("/myid", within=0.1) == NOT_YET  # its turn comes behind the question
    assert len(slow(side).requests) == 1
    assert await side.say("/stop") != "too fast"


async def test_a_late_answer_is_fetched_and_again(tmp_path: Path) -> None:
    models = Slow()
    models._scripts = [lambda request: [0.5, *whole("late")], lambda request: whole("quick")]
    async with opened(tmp_path, models) as side:
        event = side.message("hard")
        assert await side.deliver(event, deliveries=1, within=0.1) == "thinking"
        fetching = side.message("1")
        assert await side.deliver(fetching) == "late"
        assert await side.deliver(fetching, 1) == "late"
        assert await side.say("1") == "late"
        assert await side.say("继续") == "quick"  # nothing is left of the answer: the model may go on
        assert await side.say("1") == "quick"  # a question like any other: nothing waits to be fetched
        assert len(models.requests) == 3


async def test_what_was_lost_at_the_last_delivery_is_fetched(side: Side) -> None:
    """The person reads that the service is out of order, and asks for the answer."""
    event = side.message("hard")
    assert [await side.deliver(event) for _ in range(3)] == ["re: hard"] * 3
    assert await side.say("1", node=1) == "re: hard"
    assert await side.say("quick") == "re: quick"
    assert await side.say("1") == "re: 1"


async def test_the_same_words_fetch_it_too(tmp_path: Path) -> None:
    models = Slow()
    models._scripts = [lambda request: [0.3, *whole("late")], lambda request: whole("again")]
    async with opened(tmp_path, models) as side:
        assert await side.deliver(side.message("hard"), deliveries=1, within=0.1) == "thinking"
        assert await side.say("hard") == "late"
        assert await side.say("hard") == "again"


async def test_pictures_wait_for_their_turn(side: Side) -> None:
    slow(side).gate.clear()
    assert await side.say("hard", within=0.1) == NOT_YET
    picture = replace(side.message(""), message=(Image(Media(url="https://example.org/a.png")),))
    assert await side.deliver(picture) == "too fast"


async def test_parts_are_fetched_one_by_one(tmp_path: Path) -> None:
    text = " ".join(f"word{number:04}" for number in range(40))
    models = Slow()
    models._scripts = [lambda request: whole(text)]
    async with opened(tmp_path, models) as side:
        event = side.message("much")
        parts = [await side.deliver(event)]
        while parts[-1].endswith(" (more)"):
            fetching = side.message("1")
            parts.append(await side.deliver(fetching))
            assert await side.deliver(fetching, 1) == parts[-1]
        assert await side.deliver(event) == parts[0]
        assert " ".join(part.removesuffix(" (more)") for part in parts) == text
        assert len(parts) == 4


async def test_nobody_gets_anothers(side: Side) -> None:
    slow(side).gate.clear()
    assert await side.say("secret", "anna", within=0.1) == NOT_YET
    slow(side).gate.set()
    assert await side.say("1", "bert") == "re: 1"
    assert await side.say("hello", "bert") == "re: hello"


async def test_a_restart_between_deliveries(tmp_path: Path) -> None:
    models = Slow()
    models.gate.clear()
    async with opened(tmp_path, models) as side:
        event = side.message("hard")
        assert await side.deliver(event, within=0.1) == NOT_YET
    async with opened(tmp_path) as side:
        assert await side.deliver(event, 1) == "re: hard"
        assert await side.deliver(event) == "re: hard"
        assert len(slow(side).requests) == 1


async def test_a_slow_store_holds_up_nobody(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    event, notes = side.message("hello"), side.nodes[0]._parts.notes

    async def slow_get(self: Notes, key: str) -> str | None:
        await asyncio.sleep(30)
        return None

    with monkeypatch.context() as slowly:
        slowly.setattr(type(notes), "get", slow_get)
        assert await side.deliver(event, within=0.1) == NOT_YET
        assert await side.deliver(replace(event, time=time.time() - 1), within=0.1) == "thinking"
    assert await side.deliver(event) == "re: hello"


def read_slowly(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is old when it arrives: other nodes are at work meanwhile."""
    notes = type(side.nodes[0]._parts.notes)
    read = notes.get

    async def get(self: Notes, key: str) -> str | None:
        found = await read(self, key)
        await asyncio.sleep(0.05)
        return found

    monkeypatch.setattr(notes, "get", get)


async def test_of_two_questions_at_two_nodes_at_once_one_is_asked(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    slow(side).gate.clear()
    read_slowly(side, monkeypatch)
    events = [side.message("one"), side.message("two")]
    told = await asyncio.gather(*(side.deliver(event, node, within=0.7) for node, event in enumerate(events)))
    assert sorted(told) == [NOT_YET, "too fast"]
    assert len(slow(side).requests) == 1


async def test_deliveries_at_two_nodes_at_once_are_all_counted(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    slow(side).gate.clear()
    read_slowly(side, monkeypatch)
    event = side.message("hard")
    told = await asyncio.gather(*(side.deliver(event, node, within=0.7) for node in (0, 1)))
    assert told == [NOT_YET] * 2
    assert await side.deliver(event, within=0.7) == "thinking"
    assert len(slow(side).requests) == 1


async def test_showing_at_one_node_forgets_no_question_of_another(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two changes at once none is lost."""
    first = side.message("one")
    assert await side.deliver(first) == "re: one"
    slow(side).gate.clear()
    read_slowly(side, monkeypatch)
    told = await asyncio.gather(side.deliver(first, 0), side.say("two", node=1, within=0.7))
    assert list(told) == ["re: one", NOT_YET]
    assert await side.say("1", within=0.3) == "thinking"


async def test_a_node_that_dies_behind_the_acceptance(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    event, accept = side.message("hard"), side.hub.dispatcher.accept

    async def last_words(event: Received) -> None:
        await accept(event)
        raise StoreError("the node is dead")

    dying = HubWindow(replace(side.nodes[0]._parts, accept=last_words))  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        await dying.answer(event, TERMS)
    assert await side.say("another", node=1) == "too fast"
    assert await side.deliver(event, 1) == "re: hard"
    assert await side.say("another", node=1) == "re: another"
    assert len(slow(side).requests) == 2


async def test_a_question_that_nobody_accepted_is_in_nobodys_way(side: Side) -> None:
    def full(event: Received) -> None:
        raise Overloaded("full")

    event = side.message("hard")
    with pytest.raises(Overloaded):
        await HubWindow(replace(side.nodes[0]._parts, accept=full)).answer(event, TERMS)  # type: ignore[arg-type]
    assert await side.say("1") == "thinking"
    assert await side.say("another") == "too fast"
    side.hub.later += 11
    assert await side.say("1") == "re: 1"


async def test_what_is_accepted_too_late_for_its_delivery_is_fetched(side: Side) -> None:
    accept, let = side.hub.dispatcher.accept, asyncio.Event()

    async def slowly(event: Received) -> Receipt:
        await let.wait()
        return await accept(event)

    slowed = HubWindow(replace(side.nodes[0]._parts, accept=slowly))  # type: ignore[arg-type]
    last = await slowed.answer(side.message("hard"), replace(TERMS, deliveries=1, within=0.1))
    assert last is not None
    assert text_of(last) == "thinking"
    assert await side.say("1", node=1) == "thinking"
    let.set()
    async with asyncio.timeout(10):
        while (told := await side.say("1", node=1)) == "thinking":
            pass
    assert told == "re: hard"


async def test_the_same_words_later_ask_anew(tmp_path: Path) -> None:
    models = Slow()
    models._scripts = [lambda request: [0.2, *whole("rain")], lambda request: whole("sun")]
    async with opened(tmp_path, models) as side:
        assert await side.say("weather", deliveries=1, within=0.05) == "thinking"
        await asyncio.sleep(0.4)
        side.hub.later += 601
        assert await side.say("weather") == "sun"
        assert await side.say("1") == "rain"


def test_questions_that_are_open_outlive_the_others() -> None:
    pending = Pending().put(Asked("hard", 1, 100.0))
    for number in range(2, 30):
        pending = pending.put(Asked(f"/command {number}", number, 100.0)).shown(f"/command {number}", number, 0, 1)
    assert [each.id for each in pending.waiting] == ["hard"]
    assert len(pending.asked) == MOST


def test_what_is_kept_is_bounded_and_read_again() -> None:
    pending = Pending()
    for number in range(50):
        pending = pending.put(Asked(f"q{number}", number, 100.0)).shown(f"f{number}", number, 0, 2)
    assert len(pending.asked) == len(pending.fetched) == MOST
    assert Pending.loaded(pending.dumped(), 101.0) == pending
    assert Pending.loaded(pending.dumped(), 1e9) == Pending(again=True)
    assert len(pending.dumped()) < 1000
    for nonsense in (None, "", "{", "[]", "5", '{"asked": [1]}', '{"asked": [["a"]]}', '{"fetched": [[1, 2, 3, 4]]}'):
        assert Pending.loaded(nonsense, 0.0) == Pending()


async def test_what_is_noted_of_a_person_goes_with_them(side: Side) -> None:
    await side.say("hello")
    await side.say("hello", "bert")
    notes, (mine, theirs) = side.hub.store.notes, (f"fake/window/fake/{ME}/private/{user}" for user in ("anna", "bert"))
    assert await notes.get(mine)
    await side.hub.ways.means.forget("fake:private:anna")
    assert await notes.get(mine) is None
    assert await notes.get(theirs)
    assert await side.say("hello again") == "re: hello again"
