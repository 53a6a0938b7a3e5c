"""Tools in a running hub: a model paints, and the picture reaches people with the answer."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from hubbub.core.messages import Image, Text
from tests.fakes.painter import KEY, PICTURE, PainterService, painter_service
from tests.fakes.telegram import TOKEN, said, telegram
from tests.journeys.inside import inside, until

PAINTING = """
[painting]
model = "dall-e-2"
base_url = "{url}"
api_key = "{key}"

[skills]
on = ["clock", "calculator", "image"]

"""


def wish(**arguments: object) -> dict[str, Any]:
    import json

    return {"uses": [{"id": "call_1", "name": "image", "arguments": json.dumps(arguments)}]}


async def test_a_model_paints_and_the_picture_comes_with_its_answer(tmp_path: Path) -> None:
    service = PainterService()
    async with (
        painter_service(service) as url,
        inside(tmp_path, PAINTING.format(url=url, key=KEY), check=True, **wish(wish="a black cat")) as hub,
        hub.peer() as people,
    ):
        people.say("paint a black cat")
        await until(lambda: people.peer.conduct.shown)
        await until(
            lambda: any(each["type"] == "image" for shown in people.peer.conduct.shown for each in shown.message)
        )
        segments = [each for shown in people.peer.conduct.shown for each in shown.message]
        (picture,) = [each["data"]["file"] for each in segments if each["type"] == "image"]
        assert base64.b64decode(picture.removeprefix("base64://")) == PICTURE
        assert "LLM-OK paint a black cat" in "".join(people.seen)
        assert [each["prompt"] for each in service.wishes] == ["a black cat"]
        # The next question has all of it behind it, in a form that the strict API takes.
        hub.model.behave(check=True)
        people.say("thanks")
        await until(lambda: any("LLM-OK thanks" in text for text in people.seen))
        roles = [each["role"] for each in hub.model.requests[-1].body["messages"]]
        assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]
        assert not people.peer.conduct.refused


async def test_a_picture_that_was_painted_is_painted_over(tmp_path: Path) -> None:
    service = PainterService()
    async with (
        painter_service(service) as url,
        inside(tmp_path, PAINTING.format(url=url, key=KEY), **wish(wish="a black cat")) as hub,
    ):
        (reply,) = (await hub.post("paint a black cat"))["replies"]
        kinds = [each["type"] for each in reply["segments"]]
        assert sorted(kinds) == ["image", "text"]
        address = next(each["media"]["url"] for each in reply["segments"] if each["type"] == "image")
        async with hub.http.get(address) as response:
            assert await response.read() == PICTURE
        hub.model.behave(check=False, **wish(wish="make it white", change=True))
        await hub.post("white, please")
        assert [each["prompt"] for each in service.wishes] == ["a black cat", "make it white"]
        assert service.wishes[1]["image"] == PICTURE


async def test_a_painter_that_fails_is_told_by_the_model(tmp_path: Path) -> None:
    service = PainterService(status=400)
    async with (
        painter_service(service) as url,
        inside(tmp_path, PAINTING.format(url=url, key=KEY), **wish(wish="x")) as hub,
    ):
        told = await hub.told("paint")
        assert "The tool failed: The model did not accept this request." in told
        assert "(error " in told
        assert "safety" not in told


async def test_a_model_that_takes_no_tools_answers_all_the_same(tmp_path: Path) -> None:
    toml = '[skills]\non = ["clock"]\n\n'
    async with inside(tmp_path, toml, no_tools=True) as hub:
        assert "LLM-OK hi" in await hub.told("hi")
        assert "LLM-OK again" in await hub.told("again")
        assert ["tools" in asked.body for asked in hub.model.requests] == [True, False, False]


@pytest.mark.parametrize("stream", [True, False])
async def test_programs_get_the_calls_of_their_own_tools(tmp_path: Path, *, stream: bool) -> None:
    """A client of the OpenAI API brings its tools, and does the calls itself."""
    tool = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}}}
    calls = [{"id": "call_7", "name": "clock", "arguments": "{}"}]
    async with inside(tmp_path, '[skills]\non = ["clock"]\n\n', tool_calls=calls, reply="") as hub:
        body = {"model": "fake", "messages": [{"role": "user", "content": "x"}], "tools": [tool], "stream": stream}
        async with hub.http.post("/v1/chat/completions", json=body) as response:
            text = await response.text()
        assert response.status == 200
        assert "call_7" in text
        assert len(hub.model.requests) == 1
        assert hub.model.requests[0].body["tools"] == [tool]


async def test_who_listens_sees_what_is_done(tmp_path: Path) -> None:
    toml = '[skills]\non = ["clock"]\n\n'
    uses = [{"id": "call_1", "name": "clock", "arguments": "{}"}]
    async with inside(tmp_path, toml, uses=uses) as hub:
        body = {"owner": "anna", "text": "what time is it?", "stream": True}
        async with hub.http.post("/api/v1/messages", json=body) as response:
            events = await response.text()
        assert '"note":"🕒 …"' in events
        assert "LLM-OK what time is it?" in events
        assert hub.model.requests[0].body["stream"] is True


async def test_people_choose_their_tools(tmp_path: Path) -> None:
    async with inside(tmp_path, '[skills]\non = ["clock", "calculator"]\n\n') as hub:
        listed = await hub.told("/tools")
        assert "- clock: tells the date and time, here and elsewhere (on)" in listed
        assert "(off)" in await hub.told("/tools off clock")
        await hub.told("hi")
        assert [tool["function"]["name"] for tool in hub.model.requests[-1].body["tools"]] == ["calculator"]
        await hub.told("/tools off")
        await hub.told("hi")
        assert "tools" not in hub.model.requests[-1].body
        assert "(off)" not in await hub.told("/tools on")


async def test_a_picture_and_its_words_are_one_answer_in_the_store(tmp_path: Path) -> None:
    service = PainterService()
    async with (
        painter_service(service) as url,
        inside(tmp_path, PAINTING.format(url=url, key=KEY), **wish(wish="a cat")) as hub,
    ):
        await asyncio.gather(*(hub.post("paint", owner=f"o{number}") for number in range(3)))
        rows = await hub.rows()
        assert [[type(each) for each in row.out.message] for row in rows] == [[Text, Image]] * 3


async def test_a_picture_that_was_sent_is_changed_and_comes_back(tmp_path: Path) -> None:
    service, size = PainterService(), {"file_id": "cat", "file_unique_id": "c", "width": 9, "height": 9, "file_size": 8}
    sent = said("", 1, photo=[size], caption="white, please")
    del sent["message"]["text"]
    async with telegram() as fake, painter_service(service) as url:
        toml = PAINTING.format(url=url, key=KEY)
        toml += f'[platforms.telegram]\ntoken = "{TOKEN}"\napi_base = "{fake.url}"\npoll_seconds = 1\n'
        async with inside(tmp_path, toml, **wish(wish="white", change=True)):
            fake.files["cat"] = PICTURE + b"cat"
            fake.push(sent)
            await until(lambda: fake.called("sendPhoto"))
    assert service.wishes[0]["image"] == PICTURE + b"cat"
    assert not fake.refused
