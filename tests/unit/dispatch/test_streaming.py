"""Answers that are shown while they are written."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hubbub.bridge.triggers import RoomRules, Triggers
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import DeliveryError, ProviderError
from hubbub.core.events import Deleted
from hubbub.core.messages import Image, Media, text_of
from hubbub.core.phrases import Phrase
from hubbub.core.work import State
from hubbub.dispatch.drafting import DraftRules
from tests.fakes.scripted import whole
from tests.unit.commands.hub import Models, Setting
from tests.unit.dispatch.streaming import AT_ONCE, DONE, STREAMS, Stage, Writing, growing_text, question, stage

if TYPE_CHECKING:
    from pathlib import Path

    from hubbub.core.ports import Answer

FIRST, SECOND = "The first words ", "and the others."
WHOLE = FIRST + SECOND


async def test_an_answer_grows_in_one_message(tmp_path: Path) -> None:
    writing = Writing()
    async with stage(tmp_path, Models(writing.script(FIRST, SECOND))) as on:
        asked = on.asks()
        await on.shows(growing_text(FIRST.strip()))
        writing.go_on(0)
        await on.shows(growing_text(WHOLE))
        assert on.platform.edits == [growing_text(WHOLE)]
        writing.go_on(1)
        await asked
        assert on.platform.seen == [WHOLE]
        draft, end = await on.rows()
        assert (draft.out.draft, end.out.edits, draft.message_id) == (True, draft.id, end.message_id)
        assert await on.facts() == [
            (growing_text(FIRST.strip()), State.SENT, True, False),
            (WHOLE, State.SENT, False, True),
        ]
        assert await on.hub.store.outbox.sent(on.person.room, end.message_id) == end
        assert on.hub.sender.shows.open == 0


async def test_a_quick_answer_is_one_message(tmp_path: Path) -> None:
    async with stage(tmp_path, Models(whole(WHOLE)), DraftRules(after=5.0)) as on:
        assert text_of((await on.person.sends("hi"))[0].out.message) == WHOLE
        assert await on.facts() == [(WHOLE, State.SENT, False, False)]


async def test_a_command_is_one_message(tmp_path: Path) -> None:
    async with stage(tmp_path, Models()) as on:
        assert await on.person.reads("/echo one two three four") == "one two three four"
        assert len(await on.rows()) == 1


async def test_too_few_words_are_no_draft_until_there_are_more(tmp_path: Path) -> None:
    writing = Writing()
    async with stage(tmp_path, Models(writing.script("Oh", ", but yes", "!")), AT_ONCE) as on:
        asked = on.asks()
        await on.until(lambda: on.hub.models.requests)
        await asyncio.sleep(0.02)
        assert on.platform.seen == []
        writing.go_on(0)
        await on.shows(growing_text("Oh, but yes"))
        writing.go_on(1)
        writing.go_on(2)
        await asked
        assert on.platform.seen == ["Oh, but yes!"]


async def test_an_answer_longer_than_one_message_goes_on_in_others(tmp_path: Path) -> None:
    writing, can = Writing(), replace(STREAMS, max_length=30)
    words = [f"word {number} of the answer." for number in range(4)]
    async with stage(tmp_path, Models(writing.script(words[0], " ".join(["", *words[1:]]))), can=can) as on:
        asked = on.asks()
        await on.shows(growing_text(words[0]))
        writing.go_on(0)
        await on.until(lambda: on.platform.edits)
        assert on.platform.seen == [f"{words[0]} …"]
        writing.go_on(1)
        await asked
        assert on.platform.seen == words
        assert [row.out.edits > 0 for row in await on.rows()] == [False, True, False, False, False]


@pytest.mark.parametrize("when", ["hub", "room", "owner", "platform", "picture", "window"])
async def test_where_it_is_not_wanted_there_is_no_draft(tmp_path: Path, when: str) -> None:
    writing, rules, can, setting = Writing(), AT_ONCE, STREAMS, Setting()
    if when == "hub":
        rules = replace(rules, when="off")
    if when == "room":
        setting = Setting(triggers=Triggers([("fake/*", RoomRules(stream="off"))]))
    if when == "platform":
        can = replace(can, streams=False)
    if when == "window":
        can = replace(can, delivery=Delivery.WINDOW)
    async with stage(tmp_path, Models(writing.script(FIRST, SECOND)), rules, can, setting) as on:
        if when == "owner":
            await on.person.reads("/stream off")
        asked = on.asks()
        await on.until(lambda: on.hub.models.requests)
        await asyncio.sleep(0.05)
        if when != "picture":
            assert on.platform.seen[:1] == (on.platform.seen[:1] if when == "owner" else [])
            writing.go_on(0)
            writing.go_on(1)
            await asked
            assert not any(row.out.draft for row in await on.rows())
        else:
            asked.cancel()


async def test_a_platform_that_only_can_is_asked_to(tmp_path: Path) -> None:
    writing, can = Writing(), replace(STREAMS, streams=False)
    async with stage(tmp_path, Models(writing.script(FIRST, SECOND)), replace(AT_ONCE, when="on"), can) as on:
        asked = on.asks()
        await on.shows(growing_text(FIRST.strip()))
        for number in (0, 1):
            writing.go_on(number)
        await asked
        assert on.platform.seen == [WHOLE]


async def test_a_failure_of_the_model_takes_the_place_of_the_draft(tmp_path: Path) -> None:
    writing = Writing(ProviderError("broke off", user_text=Phrase("error.model_failed")))
    async with stage(tmp_path, Models(writing.script(FIRST))) as on:
        asked = on.asks()
        await on.shows(growing_text(FIRST.strip()))
        writing.go_on(0)
        await asked
        (seen,) = on.platform.seen
        assert "(error e1)" in seen
        assert [row.state for row in await on.rows()] == [State.SENT, State.SENT]


async def test_a_fault_of_the_hub_takes_the_place_of_the_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writing = Writing()
    async with stage(tmp_path, Models(writing.script(FIRST))) as on:
        asked = on.asks()
        await on.shows(growing_text(FIRST.strip()))

        def broken(answer: Answer, *_: object) -> Answer:
            raise RuntimeError

        monkeypatch.setattr(on.hub.road, "_noted", broken)
        writing.go_on(0)
        await asked
        (seen,) = on.platform.seen
        assert "Error id" in seen


async def test_a_question_that_is_taken_back_takes_its_draft_along(tmp_path: Path) -> None:
    writing = Writing()
    async with stage(tmp_path, Models(writing.script(FIRST, SECOND))) as on:
        event = question(on.person, 1)
        asked = asyncio.create_task(on.hub.take(event))
        await on.shows(growing_text(FIRST.strip()))
        gone = Deleted("gone", event.room, event.author, 1.0, event.message_id)
        await on.hub.dispatcher.accept(gone)
        await asked
        await on.until(lambda: not on.hub.sender.waiting)
        assert on.platform.seen == []
        assert await on.facts() == [
            (growing_text(FIRST.strip()), State.SENT, True, False),
            ("", State.SENT, False, True),
        ]


async def test_what_is_no_words_follows_a_draft_that_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = Writing()
    async with stage(tmp_path, Models(writing.script(FIRST))) as on:
        asked = on.asks()
        await on.shows(growing_text(FIRST.strip()))
        noted = on.hub.road._noted

        def picture(answer: Answer, *more: object) -> Answer:
            drawn = replace(answer, message=(Image(Media(url="https://example.org/a.png")),))
            return noted(drawn, *more)  # type: ignore[arg-type]  # as it was called

        monkeypatch.setattr(on.hub.road, "_noted", picture)
        writing.go_on(0)
        await asked
        assert on.platform.seen == ["(picture)"]


async def test_pictures_of_an_answer_follow_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words take the place of the draft, which stays where it is."""
    writing = Writing()
    async with stage(tmp_path, Models(writing.script(FIRST, SECOND))) as on:

        def painted(answer: Answer, *more: object) -> Answer:
            return replace(answer, message=(*answer.message, Image(Media(url="https://example.org/a.png"))))

        monkeypatch.setattr(on.hub.road, "_noted", painted)
        asked = on.asks()
        await on.shows(growing_text(FIRST.strip()))
        for number in (0, 1):
            writing.go_on(number)
        await asked
        assert on.platform.seen == [WHOLE, "(picture)"]
        assert [edits for _, _, _, edits in await on.facts()] == [False, True, False]


async def test_a_draft_that_is_gone_is_followed_by_a_new_message(tmp_path: Path) -> None:
    writing = Writing()
    async with stage(tmp_path, Models(writing.script(FIRST, SECOND))) as on:
        asked = on.asks()
        await on.shows(growing_text(FIRST.strip()))
        on.platform.screen.clear()
        writing.go_on(0)
        writing.go_on(1)
        await asked
        assert on.platform.seen == [WHOLE]
        assert [row.state for row in await on.rows()] == [State.SENT, State.SENT]
        assert [row.attempts for row in await on.rows()] == [1, 1]


async def test_a_draft_of_which_nobody_knows_is_followed_by_a_new_message(tmp_path: Path) -> None:
    writing = Writing()
    async with stage(tmp_path, Models(writing.script(FIRST, SECOND))) as on:
        on.platform.faults = [DeliveryError("cut off", certain=False)]
        asked = on.asks()
        await on.until(lambda: not on.platform.faults)
        writing.go_on(0)
        writing.go_on(1)
        await asked
        assert on.platform.seen == [WHOLE]
        assert [row.state for row in await on.rows()] == [State.UNKNOWN, State.SENT]


async def test_a_draft_that_did_not_go_out_before_its_answer_never_does(tmp_path: Path) -> None:
    writing = Writing()
    async with stage(tmp_path, Models(writing.script(FIRST, SECOND))) as on:
        on.platform.faults = [DeliveryError("come later", certain=True, retry_after=0.3)]
        asked = on.asks()
        await on.until(lambda: not on.platform.faults)
        writing.go_on(0)
        writing.go_on(1)
        await asked
        assert on.platform.seen == [WHOLE]
        assert [row.state for row in await on.rows()] == [State.DROPPED, State.SENT]


@pytest.mark.parametrize("certain", [True, False])
async def test_the_end_is_put_in_place_until_it_is_there(tmp_path: Path, *, certain: bool) -> None:
    writing = Writing()
    async with stage(tmp_path, Models(writing.script(FIRST, SECOND)), replace(AT_ONCE, every=60.0)) as on:
        asked = on.asks()
        await on.shows(growing_text(FIRST.strip()))
        on.platform.edit_faults = [DeliveryError("not now", certain=certain) for _ in range(3)]
        writing.go_on(0)
        writing.go_on(1)
        await asked
        assert on.platform.seen == [WHOLE]
        assert [row.state for row in await on.rows()] == [State.SENT, State.SENT]


async def test_an_edit_that_fails_is_passed_over_and_the_next_shows_all(tmp_path: Path) -> None:
    writing = Writing()
    async with stage(tmp_path, Models(writing.script(FIRST, SECOND, " More.")), AT_ONCE) as on:
        asked = on.asks()
        await on.shows(growing_text(FIRST.strip()))
        on.platform.edit_faults = [DeliveryError("slower", certain=True, retry_after=0.05)]
        writing.go_on(0)
        await on.until(lambda: not on.platform.edit_faults)
        writing.go_on(1)
        await on.shows(growing_text(f"{WHOLE} More."))
        writing.go_on(2)
        await asked
        assert on.platform.seen == [f"{WHOLE} More."]


async def test_the_end_waits_for_an_edit_under_way(tmp_path: Path) -> None:
    writing = Writing()
    async with stage(tmp_path, Models(writing.script(FIRST, SECOND))) as on:
        asked = on.asks()
        await on.shows(growing_text(FIRST.strip()))
        on.platform.held = asyncio.Event()
        writing.go_on(0)
        await on.platform.holding.wait()
        writing.go_on(1)
        await on.until(lambda: not on.hub.dispatcher.held)
        await asyncio.sleep(0.02)
        assert on.platform.edits == []
        on.platform.held.set()
        await asked
        assert on.platform.edits == [growing_text(WHOLE), WHOLE]


async def test_other_messages_of_the_room_keep_their_order(tmp_path: Path) -> None:
    writing = Writing()
    async with stage(tmp_path, Models(writing.script(FIRST, SECOND), whole("and that"))) as on:
        first = on.asks()
        await on.shows(growing_text(FIRST.strip()))
        second = on.asks("and then?")
        writing.go_on(0)
        writing.go_on(1)
        await asyncio.gather(first, second)
        assert on.platform.seen == [WHOLE, "and that"]


class TestAfterACrash:
    async def begun(self, on: Stage) -> None:
        """A question whose draft stands, and whose hub then ends."""
        await on.hub.dispatcher.accept(question(on.person, 1))
        await on.shows(growing_text(FIRST.strip()))
        await on.until(lambda: not on.hub.sender.waiting)

    async def test_the_draft_is_gone_on_with(self, tmp_path: Path) -> None:
        writing, again = Writing(), Writing()
        async with stage(tmp_path, Models(writing.script(FIRST))) as on:
            await self.begun(on)
            screen = on.platform.screen
        async with stage(tmp_path, Models(again.script("Once more, ", "the whole."))) as on:
            on.platform.screen = screen
            await on.shows(growing_text("Once more,"))
            again.go_on(0)
            await on.shows(growing_text("Once more, the whole."))
            again.go_on(1)
            await on.shows("Once more, the whole.")
            await on.until(lambda: not on.hub.sender.waiting)
            assert on.platform.seen == ["Once more, the whole."]
            assert [(row.state, row.out.draft) for row in await on.rows()] == [(State.SENT, True), (State.SENT, False)]

    async def test_a_quick_answer_takes_its_place(self, tmp_path: Path) -> None:
        async with stage(tmp_path, Models(Writing().script(FIRST))) as on:
            await self.begun(on)
            screen = on.platform.screen
        async with stage(tmp_path, Models(whole(WHOLE)), DraftRules(after=60.0)) as on:
            on.platform.screen = screen
            await on.shows(WHOLE)
            assert on.platform.seen == [WHOLE]

    async def test_nobody_wants_streams_any_more(self, tmp_path: Path) -> None:
        async with stage(tmp_path, Models(Writing().script(FIRST))) as on:
            await self.begun(on)
            screen = on.platform.screen
        async with stage(tmp_path, Models(whole(WHOLE)), DraftRules(when="off")) as on:
            on.platform.screen = screen
            await on.shows(WHOLE)
            assert on.platform.seen == [WHOLE]

    async def test_the_question_was_taken_back_meanwhile(self, tmp_path: Path) -> None:
        async with stage(tmp_path, Models(Writing().script(FIRST))) as on:
            await self.begun(on)
            event, screen = question(on.person, 1), on.platform.screen
            gone = Deleted("gone", event.room, event.author, 1.0, event.message_id)
            await on.hub.store.inbox.accept(gone, on.hub.road.lane_of(gone))
        async with stage(tmp_path, Models(whole(WHOLE))) as on:
            on.platform.screen = screen
            await on.until(lambda: not on.platform.seen)
            await on.until(lambda: not on.hub.dispatcher.held and not on.hub.sender.waiting)
            assert on.platform.seen == []
            assert on.hub.models.requests == []

    async def test_the_end_was_stored_and_not_sent(self, tmp_path: Path) -> None:
        writing = Writing(DONE)
        async with stage(tmp_path, Models(writing.script(FIRST, SECOND)), replace(AT_ONCE, every=60.0)) as on:
            await self.begun(on)
            on.platform.held, screen = asyncio.Event(), on.platform.screen
            writing.go_on(0)
            writing.go_on(1)
            await on.platform.holding.wait()
        async with stage(tmp_path, Models(whole("never asked"))) as on:
            on.platform.screen = screen
            await on.shows(WHOLE)
            assert on.platform.seen == [WHOLE]
            assert on.hub.models.requests == []


async def test_people_say_whether_they_want_it(tmp_path: Path) -> None:
    async with stage(tmp_path, Models()) as on:
        assert (await on.person.reads("/stream")).startswith("Answers are shown while they are written.")
        assert await on.person.reads("/stream off") == "Answers come when they are whole."
        assert (await on.person.reads("/stream")).startswith("Answers come when they are whole.")
        assert await on.person.reads("/stream on") == "Answers are shown while they are written."
        assert await on.person.reads("/stream auto") == "Answers are shown while they are written."
        assert "/stream on" in await on.person.reads("/stream perhaps")
        elsewhere = on.hub.person(platform="other")
        on.hub.platforms["other"].can = replace(STREAMS, streams=False)
        assert "In this chat they come when they are whole." in await elsewhere.reads("/stream on")
