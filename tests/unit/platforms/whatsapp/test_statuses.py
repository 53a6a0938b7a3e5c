"""What WhatsApp tells of messages that were sent: which row it is of, and what follows from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from pywa.client import WhatsApp as TheirClient
from pywa.types.message_status import MessageStatus, MessageStatusType

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError
from hubbub.core.messages import Image, Media, Text
from hubbub.core.reports import Report, Told
from hubbub.platforms.whatsapp.adapter import WhatsAppAdapter
from hubbub.platforms.whatsapp.statuses import MARK, Mark, statuses
from hubbub.platforms.whatsapp.wire import BadEventError
from tests.contract.platform_suite import PIXEL, row
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving
from tests.fakes.whatsapp import CLOSED, NUMBER, PERSON, TIME, FakeWhatsApp, message, notice, said, value, whatsapp
from tests.unit.platforms.whatsapp.test_sending import ROOM, connected

LONG_AND_PICTURE = (Text("first " * 300), Image(Media(url=PIXEL)))


@dataclass
class Line:
    """A number with a template, and both directions of it."""

    fake: FakeWhatsApp
    adapter: WhatsAppAdapter
    host: FakeHost
    url: str

    async def bring(self, *found: dict[str, Any]) -> int:
        return await self.fake.bring(notice(value(statuses=list(found))), self.url)

    async def told(self, *found: dict[str, Any]) -> list[Report]:
        """What the hub is told by these statuses, in one call."""
        before = len(self.host.reports)
        assert await self.bring(*found) == 200
        (reports,) = self.host.reports[before:] or [[]]
        return reports

    async def send(self, words: Any, number: int = 1) -> str:
        return await self.adapter.send(row(ROOM, words, number))


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with (
        whatsapp() as fake,
        connected(fake, template="news", template_language="de") as (adapter, host),
        serving(adapter.routes) as address,
    ):
        yield Line(fake, adapter, host, f"http://{address}/whatsapp/webhook")


@pytest.fixture
async def bare() -> AsyncIterator[Line]:
    """Without a template."""
    async with whatsapp() as fake, connected(fake) as (adapter, host), serving(adapter.routes) as address:
        yield Line(fake, adapter, host, f"http://{address}/whatsapp/webhook")


async def test_every_status_is_told_with_the_rows_key_all_in_one_call(line: Line) -> None:
    name = await line.send("hello")
    kinds = ("sent", "delivered", "read", "played", "deleted", "warning")
    found = await line.told(*(line.fake.told(name, kind, TIME + each) for each, kind in enumerate(kinds)))
    assert found == [
        Report(ROOM, name, told, float(TIME + each), key="key-1")
        for each, told in enumerate((Told.SENT, Told.DELIVERED, Told.READ, Told.READ))
    ]


async def test_of_several_messages_of_a_row_the_last_says_that_all_got_through(line: Line) -> None:
    name = await line.send(LONG_AND_PICTURE)
    (first, _), (second, _) = line.fake.sent
    assert name == first
    assert await line.told(line.fake.told(first, "delivered")) == []
    (found,) = await line.told(line.fake.told(second, "delivered"))
    assert (found.message_id, found.key) == (first, "key-1"), "all are known by the first"
    error = {"code": 131053, "title": "Media upload error"}
    (failed,) = await line.told(line.fake.told(second, "failed", TIME, error))
    assert (failed.message_id, failed.told, failed.reason) == (first, Told.FAILED, "Media upload error (code 131053)")
    (failed,) = await line.told(line.fake.told(first, "failed", TIME, error))
    assert (failed.message_id, failed.told) == (first, Told.FAILED)


async def test_a_person_may_be_written_differently_there(line: Line) -> None:
    name = await line.send("hello")
    status = line.fake.told(name, "read") | {"recipient_id": "5215512345678"}
    assert [each.room for each in await line.told(status)] == [ROOM]


async def test_what_another_program_sent_is_told_by_its_id(line: Line) -> None:
    plain = {"id": "wamid.x", "status": "read", "timestamp": "5", "recipient_id": PERSON}
    expected = Report(ROOM, "wamid.x", Told.READ, 5.0)
    for mark in ({}, {MARK: "order 17"}, {MARK: "a b c d"}, {MARK: 5}):
        assert await line.told(plain | mark) == [expected]
    (group,) = await line.told(plain | {"recipient_type": "group", "recipient_id": "G1"})
    assert group.room == Room("whatsapp", NUMBER, "group", "G1")


async def test_what_comes_too_early_has_to_come_again(line: Line) -> None:
    name = await line.send("hello")
    line.host.early = 1
    status = line.fake.told(name, "failed")
    assert await line.bring(status) == 503
    assert await line.bring(status) == 200
    assert line.host.reports[0][0].reason == "WhatsApp says no reason"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ({"code": 131026, "title": "Message undeliverable"}, "does not use WhatsApp"),
        ({"code": 131042, "title": "Business eligibility payment issue"}, "means of payment"),
        ({"code": 999, "title": "New", "error_data": {"details": "the details"}}, "the details (code 999)"),
        ({}, "no reason given"),
        (CLOSED, "name one in platforms.whatsapp.template"),
    ],
)
async def test_the_reason_says_what_can_be_done(bare: Line, error: dict[str, Any], words: str) -> None:
    name = await bare.send("hello")
    (found,) = await bare.told(bare.fake.told(name, "failed", TIME, error))
    assert words in found.reason
    assert not found.again


async def test_without_a_template_the_words_say_which_setting_is_missing(bare: Line) -> None:
    bare.fake.wrong.append("silent")
    with pytest.raises(DeliveryError, match=r"name one in platforms\.whatsapp\.template") as caught:
        await bare.send("hello")
    assert (caught.value.certain, caught.value.permanent) == (True, True)
    assert not bare.host.facts.values, "and nothing is remembered of it"


@pytest.mark.parametrize("at_once", [True, False])
async def test_after_a_day_of_silence_a_template_is_used(line: Line, at_once: bool) -> None:
    """WhatsApp refuses what is none at once, or takes it and tells later that it failed."""
    text = (Text("one\n\ntwo\t three", verbatim=True),)
    if at_once:
        line.fake.wrong.append("silent")
    else:
        line.fake.closed.add(PERSON)
        name = await line.send(text)
        (found,) = await line.told(line.fake.later(name))
        assert (found.told, found.again, found.key) == (Told.FAILED, True, "key-1")
        line.fake.sent.clear()
    await line.send(text)
    await line.send("and this", 2)
    assert [body["type"] for _, body in line.fake.sent] == ["template", "template"]
    assert [words for _, words in line.fake.texts] == ["one two three", "and this"]
    template = line.fake.sent[0][1]["template"]
    assert (template["name"], template["language"]) == ("news", {"code": "de"})
    again = line.fake.told(line.fake.sent[0][0], "failed", TIME, CLOSED)
    assert [each.again for each in await line.told(again)] == [False], "a template is not replaced by a template"


async def test_whoever_writes_again_gets_whole_messages(line: Line) -> None:
    line.fake.closed.add(PERSON)
    name = await line.send("hello")
    failed = line.fake.later(name, TIME + 10)
    assert await line.bring(failed) == 200
    assert await line.fake.bring(said("written long before, brought late", 1), line.url) == 200
    await line.send("by template", 2)
    later = message(2, text={"body": "here I am"}) | {"timestamp": str(TIME + 100)}
    assert await line.fake.bring(notice(value(messages=[later])), line.url) == 200
    assert await line.bring(failed) == 200, "brought a second time, it is over all the same"
    await line.send("whole", 3)
    assert [body["type"] for _, body in line.fake.sent] == ["text", "template", "text"]


async def test_variables_of_a_template_are_what_the_settings_say(line: Line) -> None:
    variables = ["Hub", "said: {text}!", "more={text}"]
    async with connected(line.fake, template="news", template_variables=variables) as (adapter, _):
        line.fake.wrong.append("silent")
        await adapter.send(row(ROOM, "word " * 300))
    (body,) = line.fake.sent[0][1]["template"]["components"]
    first, second, third = body["parameters"]
    assert first == {"type": "text", "text": "Hub"}
    assert second["text"].startswith("said: word word")
    assert second["text"].endswith("…!")
    assert (third["parameter_name"], len(second["text"]), len(third["text"])) == ("more", 1000, 1000)
    async with connected(line.fake, template="news", template_variables=[]) as (adapter, _):
        line.fake.wrong.append("silent")
        await adapter.send(row(ROOM, "hello", 2))
    assert "components" not in line.fake.sent[-1][1]["template"]


@pytest.mark.parametrize(
    "mark", [Mark("k-1", PERSON), Mark("k-1", "a room/ü", "part", "wamid.=="), Mark("k", "", "template")]
)
def test_a_mark_is_read_as_it_was_written(mark: Mark) -> None:
    assert Mark.read(mark.text()) == mark
    assert len(Mark("f" * 32 + "-123456789012", "G" * 100, "part", "wamid." + "H" * 120).text()) <= 512


async def test_another_reader_understands_a_status_alike(line: Line) -> None:
    theirs = TheirClient(phone_id=NUMBER, token="x")
    name = await line.send("hello")
    for kind, told in (
        ("sent", Told.SENT),
        ("delivered", Told.DELIVERED),
        ("read", Told.READ),
        ("failed", Told.FAILED),
    ):
        errors = [CLOSED] if kind == "failed" else []
        brought = notice(value(statuses=[line.fake.told(name, kind, TIME, *errors)]))
        read = MessageStatus.from_update(theirs, brought)  # type: ignore[arg-type]  # a plain dict will do
        (ours,) = statuses(NUMBER, brought["entry"][0]["changes"][0]["value"])
        assert not isinstance(ours, BadEventError)
        assert (read.id, read.timestamp.timestamp()) == (ours.report.message_id, ours.report.time)
        assert MessageStatusType(ours.report.told.value) is read.status
        assert Mark.read(read.tracker) == Mark("key-1", PERSON)
        assert ours.report.told is told
        assert (read.error.code if read.error else 0) == (131047 if ours.closed else 0)


async def test_what_is_wrong_with_the_number_is_in_the_log(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    errors = [5, {"code": 131031, "title": "Account has been locked"}]
    assert await line.fake.bring(notice(value(errors=errors)), line.url) == 200
    assert f"number {NUMBER}: Account has been locked (code 131031): the business account is locked" in caplog.text
