"""Many requests at the Repeater's routes at once: in order, all or nothing, and quick beside a slow model."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.inside import Inside, inside, until

USERS = 1000


async def ask(hub: Inside, method: str, path: str, **data: Any) -> tuple[int, Any]:
    async with hub.http.request(method, path, data=data or None) as answer:
        found = await answer.json() if answer.content_type == "application/json" else await answer.text()
        return answer.status, found


async def contents(hub: Inside, user: str) -> list[str]:
    return [unit["content"] for unit in (await ask(hub, "GET", f"/userdata/context/get/{user}"))[1]]


async def test_one_users_chats_are_answered_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    async with inside(tmp_path, first_ms=100) as hub:
        asked: list[asyncio.Task[tuple[int, Any]]] = []

        def accepted() -> int:
            return hub.hub.control.status().waiting + sum(each.done() for each in asked)

        for number in range(8):
            asked.append(asyncio.create_task(ask(hub, "POST", "/chat/completion/u1", message=str(number))))
            await until(lambda: accepted() >= len(asked))
        assert [status for status, _ in await asyncio.gather(*asked)] == [200] * 8
        expected = [text for number in range(8) for text in (str(number), f"LLM-OK {number}")]
        assert await contents(hub, "u1") == expected


async def test_no_change_is_lost_when_many_come_at_once(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        for number in range(4):
            await ask(hub, "POST", "/chat/completion/u1", message=str(number))
        sets = [ask(hub, "PUT", "/userdata/config/set/u1/int", key=f"k{at}", value=at) for at in range(40)]
        takes = [ask(hub, "POST", "/userdata/context/withdraw/u1", index=0) for _ in range(5)]
        talks = [ask(hub, "POST", "/chat/completion/u1", message=f"new {at}") for at in range(3)]
        assert {status for status, _ in await asyncio.gather(*sets, *takes, *talks)} == {200}
        assert len((await ask(hub, "GET", "/userdata/config/get/u1"))[1]) == 40
        left = await contents(hub, "u1")
        assert len(left) == 8 - 5 + 6
        for at in range(3):  # an answer stands behind its question, whatever was withdrawn before them
            assert left[left.index(f"new {at}") + 1] == f"LLM-OK new {at}"


async def test_a_slow_model_keeps_nothing_else_waiting(tmp_path: Path) -> None:
    async with inside(tmp_path, "[dispatch]\nshutdown_seconds = 0\n") as hub:
        await ask(hub, "POST", "/chat/completion/u1", message="first")
        hub.model.behave(check=False, first_ms=60_000)
        slow = asyncio.create_task(ask(hub, "POST", "/chat/completion/u1", message="slow"))
        await until(lambda: hub.model.in_flight)
        async with asyncio.timeout(40):
            assert (await ask(hub, "PUT", "/userdata/config/set/u1/float", key="temperature", value="1"))[0] == 200
            assert (await ask(hub, "POST", "/userdata/context/withdraw/u1", index=0))[0] == 200
            assert (await ask(hub, "POST", "/userdata/context/change/u1", new_branch_id="b"))[0] == 200
            assert (await ask(hub, "GET", "/userdata/context/get/u1")) == (200, [])
            assert (await ask(hub, "POST", "/userdata/context/change/u1", new_branch_id="default"))[0] == 200
            assert await contents(hub, "u1") == ["LLM-OK first"]
        slow.cancel()


@pytest.mark.parametrize(("setting", "kept"), [("finish", True), ("cancel", False)])
async def test_a_client_that_goes_away_leaves_a_whole_answer_or_none(tmp_path: Path, setting: str, kept: bool) -> None:
    toml = f'[repeater]\non_leave = "{setting}"\n'
    async with inside(tmp_path, toml) as hub:
        await ask(hub, "GET", "/userdata/context/userlist")
        hub.model.behave(check=False, first_ms=300)
        leaving = asyncio.create_task(ask(hub, "POST", "/chat/completion/u1", message="hi"))
        await until(lambda: hub.model.in_flight)
        leaving.cancel()
        await until(lambda: not hub.hub.control.status().waiting)
        assert await contents(hub, "u1") == (["hi", "LLM-OK hi"] if kept else [])
        assert bool(hub.model.aborted) is not kept


async def test_a_model_that_fails_changes_no_context(tmp_path: Path) -> None:
    async with inside(tmp_path, "[repeater]\ncall_log = true\n") as hub:
        await ask(hub, "POST", "/chat/completion/u1", message="hi")
        hub.model.fail("cut_stream")
        status, answer = await ask(hub, "POST", "/chat/completion/u1", message="again")
        assert status == 502
        assert "(error " in answer["detail"]
        assert await contents(hub, "u1") == ["hi", "LLM-OK hi"]
        assert len((await ask(hub, "GET", "/calllog"))[1]) == 2


@pytest.mark.timeout(400)
async def test_a_thousand_users_at_once(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        await ask(hub, "GET", "/userdata/context/userlist")
        gate = asyncio.Semaphore(200)  # open sockets of this process

        async def one(number: int) -> int:
            async with gate:
                return (await ask(hub, "POST", f"/chat/completion/u{number}", message=f"I am {number}"))[0]

        async with asyncio.timeout(150):
            assert set(await asyncio.gather(*map(one, range(USERS)))) == {200}
        assert len((await ask(hub, "GET", "/userdata/context/userlist"))[1]) == USERS
        for number in (0, 499, 999):
            assert await contents(hub, f"u{number}") == [f"I am {number}", f"LLM-OK I am {number}"]
