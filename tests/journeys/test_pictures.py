"""Replies as pictures: made before they are stored, sent as pictures, and as text where they cannot be."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

from PIL import Image

from hubbub.core.messages import Image as ImageSegment
from hubbub.core.messages import text_of
from hubbub.core.work import State
from tests.journeys.inside import Inside, inside, until

PNG = b"\x89PNG\r\n\x1a\n"
ALWAYS = '[rendering]\nwhen = "always"\n'
AUTO = '[rendering]\nwhen = "auto"\nauto_characters = 200\n'


async def fetched(hub: Inside, url: str) -> bytes:
    async with hub.http.get(url) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "image/png"
        assert "sandbox" in response.headers["Content-Security-Policy"]
        return await response.read()


async def test_a_reply_reaches_qq_as_a_picture(tmp_path: Path) -> None:
    async with inside(tmp_path, ALWAYS) as hub, hub.peer() as people:
        people.say("hello")
        await people.until_seen(1)
        segments = people.peer.conduct.shown[0].message
        picture = next(each["data"]["file"] for each in segments if each["type"] == "image")
        data = base64.b64decode(picture.removeprefix("base64://"))
        assert Image.open(BytesIO(data)).width == 900
        await until(lambda: not people.peer.conduct.refused)
        (row,) = await hub.rows(State.SENT)
        (image,) = row.out.message
        assert isinstance(image, ImageSegment)
        assert image.alt == "LLM-OK hello"
        assert not text_of(row.out.message)


async def test_a_caller_of_the_api_fetches_the_picture(tmp_path: Path) -> None:
    async with inside(tmp_path, ALWAYS) as hub:
        (reply,) = (await hub.post("hello"))["replies"]
        (segment,) = reply["segments"]
        assert segment["alt"] == "LLM-OK hello"
        url = segment["media"]["url"]
        assert url.startswith("/files/")
        assert (await fetched(hub, url)).startswith(PNG)
        async with hub.http.get("/files/" + "a" * 32) as response:
            assert response.status == 404


async def test_auto_draws_what_text_shows_badly(tmp_path: Path) -> None:
    async with inside(tmp_path, AUTO) as hub:
        for text, drawn in (("plain words", False), ("| a | b |\n|---|---|\n| 1 | 2 |", True), ("long " * 60, True)):
            (reply,) = (await hub.post(text, owner=f"o{len(text)}"))["replies"]
            assert (reply["segments"][0]["type"] == "image") is drawn, text


async def test_each_owner_chooses(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        assert "LLM-OK hello" in await hub.told("hello")
        assert await hub.told("/render on") == "Answers come as pictures."
        (reply,) = (await hub.post("hello"))["replies"]
        plain = await fetched(hub, reply["segments"][0]["media"]["url"])
        await hub.told("/style dark")
        (reply,) = (await hub.post("hello again"))["replies"]
        dark = await fetched(hub, reply["segments"][0]["media"]["url"])
        corners = [Image.open(BytesIO(each)).convert("RGB").getpixel((1, 1)) for each in (plain, dark)]
        assert corners == [(0xEE, 0xF1, 0xF5), (0x0D, 0x11, 0x17)]
        await hub.told("/render off")
        assert "LLM-OK bye" in await hub.told("bye")


async def test_a_picture_that_cannot_be_made_is_text(tmp_path: Path) -> None:
    async with inside(tmp_path, ALWAYS + "seconds = 0.000001\n") as hub:
        assert "LLM-OK hello" in await hub.told("hello")


async def test_a_rooms_rule_goes_before_the_hubs(tmp_path: Path) -> None:
    rule = ALWAYS + '[rooms."onebot/*/group/901"]\ntrigger = ["always"]\nrender = "never"\n'
    async with inside(tmp_path, rule) as hub, hub.peer() as people:
        people.say("hello", group=901)
        await people.until_seen(1)
        assert "LLM-OK hello" in people.seen[0]
