"""What every platform that has buttons must do. Inherit `ButtonsSuite` beside `PlatformSuite`."""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

import pytest

from hubbub.bridge.translate import fit
from hubbub.core.events import PRESSED, Received
from hubbub.core.messages import Button, Buttons, Message, Quote, Text, text_of
from tests.contract.platform_suite import PlatformHarness, row

LONG = "/persona use " + "很长的名字" * 120


class PressableHarness(PlatformHarness, Protocol):
    """A platform on whose side buttons can be pressed."""

    def labels(self, message_id: str) -> list[str]:
        """What stands on the buttons of a message that people see."""

    def press(self, message_id: str, label: str, number: int) -> None:
        """Somebody presses a button; the same number again is a redelivery of the same press."""

    @property
    def acknowledged(self) -> int | None:
        """How many presses the platform was told to have arrived; None if that is the webhook's answer."""


def choice(*buttons: Button) -> Message:
    return (Text("choose"), Buttons((buttons,)))


class ButtonsSuite:
    """Inherit it, and give it a fixture ``harness`` of a `PressableHarness`."""

    @pytest.fixture
    def pressable(self, running: PlatformHarness) -> PressableHarness:
        return cast("PressableHarness", running)

    async def _pressed(self, harness: PressableHarness, events: int) -> Received:
        found = (await harness.host.count(events))[-1]
        assert isinstance(found, Received)
        return found

    async def test_a_press_is_what_its_author_would_have_typed(self, pressable: PressableHarness) -> None:
        sent = await pressable.platform.send(row(pressable.room, choice(Button("Yes", "/yes 1"), Button("No", "/no"))))
        assert pressable.labels(sent) == ["Yes", "No"]
        pressable.press(sent, "Yes", 1)
        event = await self._pressed(pressable, 1)
        assert text_of(event.message) == "/yes 1"
        assert event.message[0] == Quote(sent, pressable.room.account)
        assert (event.room, event.addressed, event.options) == (pressable.room, True, {PRESSED: True})
        assert event.author.id

    async def test_words_that_no_button_can_carry_are_kept(self, pressable: PressableHarness) -> None:
        sent = await pressable.platform.send(row(pressable.room, choice(Button("this", LONG), Button("that", "/x"))))
        await pressable.stop()
        await pressable.start()
        pressable.press(sent, "this", 1)
        assert text_of((await self._pressed(pressable, 1)).message) == LONG

    async def test_a_press_that_comes_again_is_known(self, pressable: PressableHarness) -> None:
        sent = await pressable.platform.send(row(pressable.room, choice(Button("Yes", "/yes"))))
        for number in (1, 1):
            pressable.press(sent, "Yes", number)
        pressable.say("then", 7)
        await pressable.host.count(2)
        assert len(set(pressable.host.offered)) == 2

    async def test_a_trembling_finger_presses_once(self, pressable: PressableHarness) -> None:
        sent = await pressable.platform.send(row(pressable.room, choice(Button("Yes", "/yes"), Button("No", "/no"))))
        for number, label in enumerate(("Yes", "Yes", "No"), 1):
            pressable.press(sent, label, number)
        await pressable.host.until(lambda: len(pressable.host.events) >= 2)
        pressable.say("then", 7)
        events = await pressable.host.count(3)
        assert [text_of(each.message) for each in events if isinstance(each, Received)] == ["/yes", "/no", "then"]

    async def test_a_press_is_acknowledged_once_it_is_stored(self, pressable: PressableHarness) -> None:
        if pressable.acknowledged is None:
            pytest.skip("the answer to the webhook acknowledges it")
        sent = await pressable.platform.send(row(pressable.room, choice(Button("Yes", "/yes"))))
        pressable.host.hold = True
        pressable.press(sent, "Yes", 1)
        await pressable.host.count(1)
        await asyncio.sleep(0.05)
        assert pressable.acknowledged == 0
        pressable.host.commit()
        await pressable.host.until(lambda: pressable.acknowledged == 1)

    async def test_all_buttons_that_it_promises_are_shown(self, pressable: PressableHarness) -> None:
        can = pressable.platform.capabilities(pressable.room)
        buttons = tuple(Button(f"number {number}", f"/b {number}") for number in range(can.buttons + 1))
        rows = tuple(buttons[at : at + 3] for at in range(0, len(buttons), 3))
        (message,) = fit((Text("choose"), Buttons(rows)), can)
        sent = await pressable.platform.send(row(pressable.room, message))
        assert pressable.labels(sent) == [each.label for each in buttons[: can.buttons]]

    @pytest.mark.parametrize(
        "message",
        [
            (Buttons(((Button("Yes", "/yes"),),)),),
            choice(Button("", "/yes")),
            choice(Button("  ", "/yes"), Button("  ", "  ")),
            choice(*(Button(f"{number}", f"/{number}") for number in range(10))),
            choice(Button("a label " * 40, "/yes"), Button("a label " * 40, "/no")),
            choice(Button("page", url="https://example.org/?a=1&b=2")),
            choice(Button("page", url="javascript:alert(1)")),
            choice(Button("two", "/two", "https://example.org"), Button("one", "/one")),
            choice(Button("nothing")),
            choice(Button("same", "/same"), Button("same", "/same")),
            (Text("long " * 300), Buttons(((Button("Yes", "/yes"),),))),
        ],
    )
    async def test_whatever_stands_on_buttons_the_message_is_sent(
        self, pressable: PressableHarness, message: Message
    ) -> None:
        assert await pressable.platform.send(row(pressable.room, message))
