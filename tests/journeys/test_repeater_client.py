"""People of QQ, a NoneBot2 application that was written for the Repeater's backend, and the hub in that one's place."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.onebot_peer import Conduct, OneBotPeer, said
from tests.fakes.onebot_peer import listening as implementation
from tests.journeys.inside import Inside, inside, until
from tests.journeys.running import clean

SECONDS = 40.0
ROOT = Path(__file__).parents[2]
REASONER = """
[[models]]
name = "thinker"
type = "reasoner"
id = "thinking-model"
base_url = "{url}"
api_key = "sk-journey"
"""


@dataclass
class People:
    """Who writes to the application's bot, and what they see."""

    peer: OneBotPeer
    hub: Inside
    number: int = 0

    async def say(self, text: str, user: int = 2, group: int | None = None) -> list[dict[str, Any]]:
        """Send a message to the bot; the segments of what is answered."""
        shown = self.peer.conduct.shown
        before = len(shown)
        self.number += 1
        at = {"type": "at", "data": {"qq": str(self.peer.conduct.self_id)}}
        words = {"type": "text", "data": {"text": text if group is None else f" {text}"}}
        self.peer.push(said([words] if group is None else [at, words], self.number, user=user, group=group))
        await until(lambda: len(shown) > before or self.peer.conduct.refused, SECONDS)
        assert not self.peer.conduct.refused
        assert len(shown) == before + 1
        return list(shown[-1].message)

    async def told(self, text: str, user: int = 2, group: int | None = None) -> str:
        """The words of what is answered."""
        return "".join(each["data"]["text"] for each in await self.say(text, user, group) if each["type"] == "text")

    async def get(self, url: str) -> tuple[str, bytes]:
        """What a program without a header gets from an address."""
        async with self.hub.http.get(url) as answer:
            assert answer.status == 200
            return answer.content_type, await answer.read()

    @property
    def asked(self) -> dict[str, Any]:
        """The last request to the model."""
        body = self.hub.model.requests[-1].body
        assert isinstance(body, dict)
        return body


@asynccontextmanager
async def application(folder: Path) -> AsyncIterator[People]:
    """All of it, connected."""
    async with inside(folder, model=REASONER) as hub, implementation(Conduct()) as server:
        command = [sys.executable, "-m", "tests.fakes.nonebot_repeater", server.url, hub.hub.url]
        with subprocess.Popen(command, cwd=ROOT, env=clean({}), stdout=subprocess.DEVNULL) as process:  # noqa: ASYNC220
            try:
                await until(lambda: server.peers and server.peers[-1].transport is not None, SECONDS)
                yield People(server.peers[-1], hub)
            finally:
                process.terminate()


async def test_an_application_for_the_backend_finds_everything_at_the_hub(tmp_path: Path) -> None:
    async with application(tmp_path) as people:
        people.hub.model.behave(check=False, reply="Good.\nIt is said.", reasoning="think ")
        await chats(people)
        await prompts_and_branches(people)
        await files(people)
        assert not people.peer.conduct.refused


async def chats(people: People) -> None:
    # In private words are words; the variables of the client's own lines are expanded.
    assert await people.told("/chat hello") == "Good.\nIt is said."
    first = people.asked["messages"][-1]["content"]
    assert first.startswith("> SystemInfo:\n> 消息发送时间：20")
    assert first.endswith("\n\n---\n\nhello")
    assert people.asked["messages"][0]["role"] == "system"
    # Without a message the model is asked again with what was said.
    count = len(people.asked["messages"])
    assert await people.told("/ka") == "Good.\nIt is said."
    assert len(people.asked["messages"]) == count + 1
    assert people.asked["messages"][-1]["role"] == "assistant"
    # Without a prompt there is none.
    await people.told("/np hello")
    assert people.asked["messages"][0]["role"] != "system"
    # In a group short lines become a picture, which is fetched without a token.
    people.hub.model.behave(check=False, reply="好。")
    (segment,) = await people.say("/c 你好", group=1)
    assert segment["type"] == "image"
    kind, data = await people.get(segment["data"]["file"])
    assert (kind, data[:4]) == ("image/png", b"\x89PNG")
    (segment,) = await people.say("/rc 你好")
    assert segment["type"] == "image"
    # A model of another type is another model.
    assert await people.told("/r why?") == "好。"
    assert people.asked["model"] == "thinking-model"


async def prompts_and_branches(people: People) -> None:
    assert "Prompt set successfully\nHTTP Code: 200" in await people.told("/sp You are {user_name}'s friend.")
    await people.told("/c hi")
    assert people.asked["messages"][0] == {"role": "system", "content": "You are user2's friend."}
    assert "Prompt changed successfully" in await people.told("/cppb other")
    await people.told("/c hi")
    assert "friend" not in people.asked["messages"][0]["content"]
    assert "Prompt changed successfully" in await people.told("/cppb default")
    assert "Prompt deleted successfully" in await people.told("/dp")

    length = json.loads((await people.told("/gctl")).split("\n")[2])["context_length"]
    assert "Context changed successfully" in await people.told("/ccb holiday")
    assert '"context_length":0' in await people.told("/gctl")
    await people.told("/c on holiday")
    assert json.loads((await people.told("/w 0")).split("\n")[2])[0]["role"] == "assistant"
    assert "Index out of range" in await people.told("/w 9")
    assert "Context deleted successfully" in await people.told("/dc")
    assert "Context changed successfully" in await people.told("/ccb default")
    assert f'"context_length":{length}' in await people.told("/gctl")

    assert '{"temperature":0.5}' in await people.told("/st 0.5")
    await people.told("/c hi")
    assert people.asked["temperature"] == 0.5


async def files(people: People) -> None:
    people.number += 1
    people.peer.push(said("/sudf", people.number, user=2))
    uploads = people.peer.conduct.uploads
    await until(lambda: uploads, SECONDS)
    kind, data = await people.get(uploads[0]["file"])
    assert kind == "application/zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        context = json.loads(archive.read("user_context.json"))
        assert json.loads(archive.read("user_config.json")) == {"temperature": 0.5}
    assert context[0]["content"].endswith("hello")


async def test_what_is_said_on_a_platform_is_changed_at_the_api(tmp_path: Path) -> None:
    """`/sid` tells under which id."""
    async with inside(tmp_path) as hub, hub.peer() as people:
        people.mention("my name is Anna", user=2, group=1)
        await people.until_seen(1)
        people.mention("/sid", user=2, group=1)
        told = (await people.until_seen(2))[1]
        user = next(word for word in told.split() if word.startswith("onebot:group:"))
        assert user == "onebot:group:1:2"
        path = f"/userdata/context/get/{user}"
        async with hub.http.get(path) as answer:
            units = await answer.json()
        assert [unit["content"] for unit in units] == ["my name is Anna", "LLM-OK my name is Anna"]
        changed = {"index": 0, "content": "my name is Berta"}
        async with hub.http.post(f"/userdata/context/rewrite/{user}", data=changed) as answer:
            assert (await answer.json())[0]["content"] == "my name is Berta"
        people.mention("who am I?", user=2, group=1)
        await people.until_seen(3)
        messages = hub.model.requests[-1].body["messages"]
        assert next(each["content"] for each in messages if each["role"] != "system") == "my name is Berta"
        async with hub.http.post(f"/chat/completion/{user}", data={"message": "and at the API?"}) as answer:
            assert (await answer.json())["content"] == "LLM-OK and at the API?"
        people.mention("and again", user=2, group=1)
        await people.until_seen(4)
        assert "and at the API?" in [each["content"] for each in hub.model.requests[-1].body["messages"]]
