"""Whatever comes in by a WebSocket, the hub goes on, and so does the connection where it may."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import orjson
import picows
import pytest

from hubbub.core.work import State
from tests.fakes.onebot_peer import Conduct, OneBotPeer, meta, said
from tests.journeys.inside import inside, until

SMALL = "[platforms.onebot]\nmax_frame_bytes = 20000\n"
GUARDED = '[platforms.onebot]\naccess_token = "secret-of-ours"\n'


def junk() -> list[bytes]:
    """Frames that are no event, or a strange one."""
    chance = random.Random(1)
    good = said("/echo junk", 1)
    found: list[Any] = [
        None,
        1,
        "text",
        [],
        {},
        {"post_type": None},
        {"post_type": "message"},
        {"echo": "nobody asked"},
    ]
    kinds: list[Any] = ["message", "notice", "request", "meta_event", "odd", 1, [], {}]
    values: list[Any] = [None, [], {}, -1, "", 1e300, "x" * 3000]
    found += [{"post_type": kind} for kind in kinds]
    found += [{**good, key: value} for key in good for value in values]
    found += [{**good, "message": [{"type": "text", "data": "no object"}]}, {**good, "message": [[[[]]]]}]
    frames = [orjson.dumps(each) for each in found]
    frames += [b"", b"{", b"\x00", b"[" * 15_000, b'{"a":' * 3000 + b"1" + b"}" * 3000, b'{"post_type": "\\ud800"}']
    frames += [bytes(chance.randrange(32, 127) for _ in range(chance.randrange(200))) for _ in range(200)]
    return frames


async def test_junk_frames_change_nothing(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub, hub.peer() as people:
        for frame in junk():
            people.peer.push_raw(frame)
            people.peer.push_raw(frame, picows.WSMsgType.BINARY)
        people.number = 10_000
        people.say("/echo still here")
        await until(lambda: "still here" in people.seen)
        assert not people.peer.closed.is_set()
        await until(lambda: not hub.hub.control.status().waiting)
        assert not [row for row in await hub.rows() if row.state is not State.SENT]


async def test_broken_text_ends_the_connection_and_nothing_else(tmp_path: Path) -> None:
    conduct = Conduct()
    async with inside(tmp_path) as hub:
        async with hub.peer(conduct) as people, hub.peer(Conduct(self_id=10002)) as others:
            people.peer.push_raw(b'{"post_type": "\xff"}')
            await asyncio.wait_for(people.peer.closed.wait(), 30)
            assert people.peer.close_code == 1007
            others.peer.push(said("/echo others", 1, self_id=10002))
            assert await others.until_seen(1) == ["others"]
        async with hub.peer(conduct) as people:
            people.say("/echo back")
            assert await people.until_seen(1) == ["back"]


async def test_a_frame_that_is_too_large_is_refused_with_a_reason(tmp_path: Path) -> None:
    conduct = Conduct()
    async with inside(tmp_path, SMALL) as hub:
        async with hub.peer(conduct) as people:
            people.say("/echo " + "x" * 30_000)
            await asyncio.wait_for(people.peer.closed.wait(), 30)
            assert people.peer.close_code == 1009
            assert "20000" in people.peer.close_reason
        async with hub.peer(conduct) as people:
            people.say("/echo back")
            assert await people.until_seen(1) == ["back"]


async def test_the_hub_has_a_bound_of_its_own(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub, hub.peer() as people:
        people.peer.push_raw(b" " * 40_000_000)
        await asyncio.wait_for(people.peer.closed.wait(), 30)
        assert people.peer.close_code == 1009
        assert await hub.told("/echo still here") == "still here"


@pytest.mark.parametrize(("token", "comes_in"), [("", False), ("wrong", False), ("secret-of-ours", True)])
async def test_only_the_right_token_comes_in(tmp_path: Path, token: str, *, comes_in: bool) -> None:
    async with inside(tmp_path, GUARDED) as hub:
        peer = OneBotPeer()
        if comes_in:
            await peer.connect(hub.onebot, token=token)
            peer.close()
            return
        with pytest.raises(picows.WSError) as refused:
            await peer.connect(hub.onebot, token=token)
        assert "401" in str(refused.value)


async def test_an_event_that_comes_again_is_one(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub, hub.peer() as people:
        event = said("/echo once", 7)
        for _ in range(5):
            people.peer.push(event)
        people.peer.push(meta(10001, "heartbeat", interval=5000, status={"online": True, "good": True}))
        people.number = 7
        people.say("/echo after")
        await until(lambda: "after" in people.seen)
        assert people.seen == ["once", "after"]


async def test_what_nobody_has_a_word_for_is_kept_and_harmless(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub, hub.peer() as people:
        people.say([{"type": "newest_thing", "data": {"a": {"b": [1, 2]}}}, {"type": "text", "data": {"text": "look"}}])
        assert await people.until_seen(1) == ["LLM-OK look"]
