"""What every platform must do, whatever it speaks.

A platform's test file makes a `PlatformHarness` around its real adapter and a fake of the platform's servers, and
inherits `PlatformSuite`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, Protocol

import pytest

from hubbub.bridge.growing import growing
from hubbub.bridge.translate import fit
from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities, Delivery
from hubbub.core.errors import DeliveryError
from hubbub.core.events import Event, Received, event_key
from hubbub.core.messages import (
    Audio,
    Contact,
    Face,
    File,
    Forward,
    Image,
    Link,
    Location,
    Media,
    Mention,
    Message,
    Node,
    Quote,
    Raw,
    Segment,
    Text,
    Video,
    text_of,
)
from hubbub.core.ports import CanDelete, CanEdit, CanReact, CanType, Platform, Route
from hubbub.core.work import Outgoing, Row, State
from tests.fakes.platform_host import FakeHost

MARKDOWN = (
    "# Title\n\nSome **bold, _odd_** `code` ~~and~~ [a link](https://example.org/?a=1&b=2).\n\n"
    "| a | b |\n|---|---|\n| 1 | <2> |\n\n1. one\n2. two\n   - more\n\n```python\nif a < b:\n    print('**')\n```\n\n"
    "> quoted\n"
)
FIXTURES = Path(__file__).parents[1] / "fixtures"
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
SEGMENTS: tuple[Segment, ...] = (
    Text("plain & [odd], <b>"),
    Mention("20001", "Alice"),
    Mention("all", everyone=True),
    Image(Media(url=PIXEL, name="dot.png", mime="image/png"), alt="a dot"),
    Image(Media(url="https://example.org/a.png")),
    File(Media(url=PIXEL, name="dot.png")),
    Audio(Media(url="data:audio/amr;base64,IyFBTVIK"), seconds=1.0),
    Video(Media(url="https://example.org/a.mp4")),
    Quote("1"),
    Face("178", "/smile"),
    Face("not a number", "smile"),
    Link("https://example.org/?a=1&b=2", "a page", "about", "https://example.org/a.png"),
    Location(39.9, 116.3, "here", "Beijing"),
    Contact("Bob, B; \\", ("+49301234", "+49 30 5678"), "20002"),
    Contact("", user="20003"),
    Forward(
        (Node("20001", "Alice", (Text("one"),)), Node("20002", "Bob", (Text("two"), Face("1")))),
    ),
    Forward(id="7239"),
    Raw("elsewhere", "sticker", {"id": 1}),
)

Wrong = Literal["refused", "unconfirmed"]


class PlatformHarness(Protocol):
    """A real adapter with a fake of its platform on the other side, not started yet."""

    @property
    def platform(self) -> Platform: ...

    @property
    def host(self) -> FakeHost: ...

    @property
    def room(self) -> Room:
        """The private room of the person who `say`s things."""

    @property
    def redelivers(self) -> bool:
        """The platform repeats what was not acknowledged."""

    @property
    def connects(self) -> bool:
        """Without a connection nothing can be sent."""

    async def start(self) -> None:
        """Run the adapter; return when the account can send."""

    async def stop(self) -> None:
        """Cancel the run and wait for its end."""

    def say(self, text: str, number: int) -> None:
        """Somebody writes; the same number again is a redelivery of the same message."""

    def push(self, payload: Any) -> None:
        """Deliver an event of the fixtures as it is."""

    def push_odd(self) -> None:
        """Deliver all that is broken but may come."""

    def shown(self) -> Sequence[tuple[str, str]]:
        """(id, words) of every message that people see, in order."""

    def fail(self, wrong: Wrong) -> None:
        """Let the next sending go wrong: certainly not delivered, or delivered and not confirmed."""

    async def cut(self) -> None:
        """Break the connection, and make it again, or wait until it is."""

    def effects(self) -> Sequence[tuple[str, str]]:
        """What else was done: ("edit" | "delete" | "react" | "unreact" | "type", message id or "")."""


def row(room: Room, message: Message | str, number: int = 1, reply_to: str = "") -> Row:
    words = (Text(message),) if isinstance(message, str) else message
    return Row(number, Outgoing(room, words, reply_to), key=f"key-{number}", state=State.SENDING, attempts=1)


async def fault_of(sending: Awaitable[str]) -> DeliveryError | None:
    """Why a message was not sent; None if it was."""
    try:
        assert await sending
    except DeliveryError as error:
        return error
    return None


def plain(event: Event) -> Any:
    """An event as JSON shows it."""
    return json.loads(json.dumps(asdict(event)))


class PlatformSuite:
    """Inherit it, and give it a fixture ``harness``."""

    @pytest.fixture
    async def running(self, harness: PlatformHarness) -> AsyncIterator[PlatformHarness]:
        await harness.start()
        yield harness
        await harness.stop()

    # --- what it is ---

    def test_it_declares_routes_that_a_server_can_mount(self, harness: PlatformHarness) -> None:
        routes = harness.platform.routes
        assert all(isinstance(route, Route) and route.path.startswith("/") for route in routes)
        assert all(bool(route.methods) == (route.kind == "http") for route in routes)
        assert len({(route.kind, route.path) for route in routes}) == len(routes)

    def test_its_name_is_that_of_its_rooms(self, harness: PlatformHarness) -> None:
        assert harness.platform.name == harness.room.platform

    def test_its_capabilities_make_sense(self, harness: PlatformHarness) -> None:
        for kind in ("private", "group"):
            room = Room(harness.room.platform, harness.room.account, kind, "30001")
            can = harness.platform.capabilities(room)
            assert isinstance(can, Capabilities)
            assert can == harness.platform.capabilities(room)
            assert can.max_length == 0 or can.max_length >= 100
            assert (can.reply_within is not None) == (can.delivery is Delivery.WINDOW)
            assert can.delivery is not Delivery.EDITABLE or isinstance(harness.platform, CanEdit)
            assert not can.streams or (isinstance(harness.platform, CanEdit) and can.edit_every >= 1)

    # --- receiving ---

    async def test_fixtures_become_the_events_beside_them(self, running: PlatformHarness) -> None:
        files = sorted((FIXTURES / running.platform.name).glob("*.json"))
        cases = [case for file in files for case in json.loads(file.read_text(encoding="utf-8"))]
        expected = [case["event"] for case in cases if case["event"] is not None]
        assert len(expected) >= 5
        for case in cases:
            running.push(case["payload"])
        events = await running.host.count(len(expected))
        assert [plain(event) for event in events] == expected

    async def test_messages_are_accepted_in_order(self, running: PlatformHarness) -> None:
        for number in range(300):
            running.say(f"message {number}", number)
        events = await running.host.count(300)
        assert [text_of(event.message) for event in events if isinstance(event, Received)] == [
            f"message {number}" for number in range(300)
        ]

    async def test_a_message_is_whole(self, running: PlatformHarness) -> None:
        running.say("hello", 1)
        (event,) = await running.host.count(1)
        assert isinstance(event, Received)
        assert event.room == running.room
        assert event.author.id
        assert event.message_id
        assert event.addressed
        assert event.time > 1_700_000_000

    async def test_a_redelivery_has_the_key_of_the_first(self, running: PlatformHarness) -> None:
        for number in (1, 1, 2, 1):
            running.say(f"message {number}", number)
        await running.host.until(lambda: len(running.host.offered) == 4)
        first, second = (event_key(event) for event in running.host.events)
        assert running.host.offered == [first, first, second, first]

    async def test_odd_input_ends_nothing(self, running: PlatformHarness) -> None:
        running.push_odd()
        running.say("still there?", 77)
        await running.host.until(
            lambda: any(isinstance(e, Received) and text_of(e.message) == "still there?" for e in running.host.events)
        )
        assert await running.platform.send(row(running.room, "yes"))

    async def test_overload_delays_and_loses_nothing(self, running: PlatformHarness) -> None:
        running.host.overloaded = 3
        for number in range(5):
            running.say(f"message {number}", number)
        events = await running.host.count(5)
        assert [text_of(event.message) for event in events if isinstance(event, Received)] == [
            f"message {number}" for number in range(5)
        ]

    async def test_a_failing_store_ends_nothing(self, running: PlatformHarness) -> None:
        running.host.failing = 1
        running.say("lost?", 1)
        await running.host.until(lambda: len(running.host.offered) >= 1)
        running.say("next", 2)
        await running.host.count(2)
        if running.redelivers:
            await running.host.until(lambda: running.host.offered.count(running.host.offered[0]) >= 2)

    async def test_only_what_is_stored_is_acknowledged(self, running: PlatformHarness) -> None:
        if not running.redelivers:
            pytest.skip("this platform never repeats anything")
        running.host.hold = True
        for number in range(3):
            running.say(f"message {number}", number)
        await running.host.count(3)
        running.host.commit(1)
        await asyncio.sleep(0.05)
        await running.stop()
        running.host.hold = False
        await running.start()
        await running.host.until(lambda: len(running.host.offered) >= 5)
        first, second, third = (event_key(event) for event in running.host.events)
        assert running.host.offered == [first, second, third, second, third]

    async def test_reading_ahead_of_the_store_is_bounded(self, running: PlatformHarness) -> None:
        running.host.hold = True
        for number in range(2000):
            running.say(f"message {number}", number)
        await running.host.until(lambda: len(running.host.offered) >= 32)
        await asyncio.sleep(0.1)
        assert len(running.host.waiting) <= 300
        running.host.hold = False
        running.host.commit()
        await running.host.count(2000)

    # --- sending ---

    async def test_what_is_sent_is_seen_and_has_an_id(self, running: PlatformHarness) -> None:
        ids = [await running.platform.send(row(running.room, f"answer {number}", number)) for number in range(1, 6)]
        assert [(identity, f"answer {number}") for number, identity in enumerate(ids, 1)] == list(running.shown())
        assert len(set(ids)) == 5

    async def test_a_refusal_is_certain(self, running: PlatformHarness) -> None:
        running.fail("refused")
        with pytest.raises(DeliveryError) as caught:
            await running.platform.send(row(running.room, "no"))
        assert caught.value.certain
        assert not running.shown()
        assert await running.platform.send(row(running.room, "yes", 2))

    async def test_silence_is_not_certain(self, running: PlatformHarness) -> None:
        running.fail("unconfirmed")
        with pytest.raises(DeliveryError) as caught:
            await running.platform.send(row(running.room, "perhaps"))
        assert not caught.value.certain
        assert not caught.value.permanent

    async def test_what_is_too_long_is_sent_or_certainly_not(self, running: PlatformHarness) -> None:
        can = running.platform.capabilities(running.room)
        fault = await fault_of(running.platform.send(row(running.room, "long " * 40_000)))
        assert fault is None or (can.max_length and fault.certain)
        if can.max_length:
            assert await running.platform.send(row(running.room, "x" * can.max_length, 2))

    @pytest.mark.parametrize("segment", SEGMENTS, ids=lambda segment: type(segment).__name__)
    async def test_every_segment_is_sent_or_certainly_not(self, running: PlatformHarness, segment: Segment) -> None:
        """What the platform does not know must not come from the hub (translation sees to that), but if it does ..."""
        for number, message in enumerate(((segment,), (Text("before "), segment, Text(" after"))), 1):
            fault = await fault_of(running.platform.send(row(running.room, message, number)))
            assert fault is None or (fault.certain and fault.permanent)

    async def test_a_raw_segment_of_elsewhere_is_not_shown(self, running: PlatformHarness) -> None:
        await running.platform.send(row(running.room, (Text("seen"), Raw("elsewhere", "text", {"text": "unseen"}))))
        assert [text for _, text in running.shown()] == ["seen"]

    async def test_a_reply_quotes(self, running: PlatformHarness) -> None:
        assert await running.platform.send(row(running.room, "as asked", reply_to="12345"))

    # --- connection ---

    async def test_the_account_is_told_as_connected(self, running: PlatformHarness) -> None:
        assert running.host.up == {running.room.account: None}

    async def test_without_connection_nothing_is_claimed(self, running: PlatformHarness) -> None:
        if not running.connects:
            pytest.skip("this platform needs no connection")
        await running.stop()
        assert running.host.up[running.room.account] is not None
        with pytest.raises(DeliveryError) as caught:
            await running.platform.send(row(running.room, "nobody hears"))
        assert caught.value.certain
        assert not caught.value.permanent
        await running.start()

    async def test_it_connects_again(self, running: PlatformHarness) -> None:
        running.say("before", 1)
        await running.host.count(1)
        await running.cut()
        running.say("after", 2)
        await running.host.count(2)
        assert await running.platform.send(row(running.room, "hello again"))
        assert running.host.up == {running.room.account: None}

    async def test_a_cancelled_run_leaves_nothing_behind(self, harness: PlatformHarness) -> None:
        before = asyncio.all_tasks()
        await harness.start()
        harness.say("hello", 1)
        await harness.host.count(1)
        await harness.stop()
        async with asyncio.timeout(20):
            while asyncio.all_tasks() - before:
                await asyncio.sleep(0.01)
        assert harness.host.up[harness.room.account] is not None

    async def test_it_can_run_again(self, running: PlatformHarness) -> None:
        await running.stop()
        await running.start()
        running.say("again", 1)
        await running.host.count(1)
        assert await running.platform.send(row(running.room, "yes"))

    # --- abilities ---

    async def test_abilities_do_what_they_say(self, running: PlatformHarness) -> None:
        platform, room = running.platform, running.room
        identity = await platform.send(row(room, "first"))
        wanted: list[tuple[str, str]] = []
        if isinstance(platform, CanEdit):
            await platform.edit(room, identity, (Text("second"),))
            wanted.append(("edit", identity))
        if isinstance(platform, CanReact):
            await platform.react(room, identity, "👍")
            await platform.react(room, identity, "👍", removed=True)
            wanted += [("react", identity), ("unreact", identity)]
        if isinstance(platform, CanType):
            await platform.typing(room)
            wanted.append(("type", ""))
        if isinstance(platform, CanDelete):
            await platform.delete(room, identity)
            wanted.append(("delete", identity))
        assert list(running.effects()) == wanted

    async def test_an_answer_grows_by_edits(self, running: PlatformHarness) -> None:
        """However much of its Markdown is there; and to say the same once more does no harm."""
        platform, room = running.platform, running.room
        if not isinstance(platform, CanEdit):
            pytest.skip("this platform cannot edit")
        can = platform.capabilities(room)
        identity = await platform.send(row(room, growing(MARKDOWN[:20], can)))
        steps = [growing(MARKDOWN[:length], can) for length in range(24, len(MARKDOWN), 3)]
        for message in (*steps, *fit((Text(MARKDOWN),), can), *fit((Text(MARKDOWN),), can)):
            await platform.edit(room, identity, message)
        assert [name for name, _ in running.shown()] == [identity]

    async def test_a_message_that_is_not_there_cannot_be_edited(self, running: PlatformHarness) -> None:
        if not isinstance(running.platform, CanEdit):
            pytest.skip("this platform cannot edit")
        with pytest.raises(DeliveryError) as caught:
            await running.platform.edit(running.room, "99999", (Text("new"),))
        assert caught.value.permanent

    async def test_a_message_that_is_not_there_cannot_be_taken_back(self, running: PlatformHarness) -> None:
        if not isinstance(running.platform, CanDelete):
            pytest.skip("this platform cannot delete")
        with pytest.raises(DeliveryError):
            await running.platform.delete(running.room, "99999")

    async def test_typing_raises_nothing(self, harness: PlatformHarness) -> None:
        if not isinstance(harness.platform, CanType):
            pytest.skip("this platform cannot show typing")
        await harness.platform.typing(harness.room)
