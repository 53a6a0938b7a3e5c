"""Calls and their answers on one connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hubbub.core.errors import DeliveryError
from hubbub.platforms.onebot.calls import Calls


class Far:
    """Keeps what was written; writing stops while ``stuck``."""

    def __init__(self) -> None:
        self.written: list[dict[str, Any]] = []
        self.free = asyncio.Event()
        self.free.set()
        self.news = asyncio.Event()

    async def write(self, text: str) -> None:
        await self.free.wait()
        self.written.append(json.loads(text))
        self.news.set()

    async def count(self, number: int) -> None:
        async with asyncio.timeout(5):
            while len(self.written) < number:
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def open_calls(far: Far, seconds: float = 5.0, limit: int = 100) -> AsyncIterator[Calls]:
    calls = Calls(far.write, seconds=seconds, limit=limit)
    writer = asyncio.create_task(calls.run())
    try:
        yield calls
    finally:
        writer.cancel()
        await asyncio.wait((writer,))


def done(echo: str, data: object) -> dict[str, Any]:
    return {"status": "ok", "retcode": 0, "data": data, "echo": echo}


async def test_answers_find_their_calls_in_any_order() -> None:
    far = Far()
    async with open_calls(far) as calls:
        tasks = [asyncio.create_task(calls("send_msg", {"number": number})) for number in range(50)]
        await far.count(50)
        assert [call["params"]["number"] for call in far.written] == list(range(50))
        for call in reversed(far.written):
            assert calls.answer(done(call["echo"], call["params"]["number"]))
        assert await asyncio.gather(*tasks) == list(range(50))


async def test_an_answer_that_nobody_waits_for_is_ignored() -> None:
    far = Far()
    async with open_calls(far) as calls:
        odd: list[object] = ["1", None, {"a": 1}, [], 5]
        for echo in odd:
            assert not calls.answer({"status": "ok", "retcode": 0, "echo": echo})
        task = asyncio.create_task(calls("x", {}))
        await far.count(1)
        assert calls.answer(done(far.written[0]["echo"], 1))
        assert not calls.answer(done(far.written[0]["echo"], 2))
        assert await task == 1


async def test_a_number_as_echo_is_found_too() -> None:
    far = Far()
    async with open_calls(far) as calls:
        task = asyncio.create_task(calls("x", {}))
        await far.count(1)
        assert calls.answer({"retcode": 0, "data": 1, "echo": int(far.written[0]["echo"])})
        assert await task == 1


async def test_a_call_without_answer_may_have_been_done() -> None:
    far = Far()
    async with open_calls(far, seconds=0.05) as calls:
        task = asyncio.create_task(calls("send_msg", {}))
        await far.count(1)
        calls.expire(caught_up=True)
        assert not task.done()
        await asyncio.sleep(0.06)
        calls.expire(caught_up=True)
        with pytest.raises(DeliveryError, match="no answer within") as caught:
            await task
        assert not caught.value.certain
        assert not calls.answer(done(far.written[0]["echo"], 1))


async def test_while_frames_wait_to_be_read_an_answer_may_be_among_them() -> None:
    far = Far()
    async with open_calls(far, seconds=0.05) as calls:
        task = asyncio.create_task(calls("send_msg", {}))
        await far.count(1)
        await asyncio.sleep(0.06)
        calls.expire(caught_up=False)
        await asyncio.sleep(0)
        assert not task.done()
        await asyncio.sleep(0.25)
        calls.expire(caught_up=False)
        with pytest.raises(DeliveryError):
            await task


async def test_a_call_that_was_not_written_was_certainly_not_done() -> None:
    far = Far()
    far.free.clear()
    async with open_calls(far, seconds=0.05) as calls:
        first = asyncio.create_task(calls("first", {}))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        second = asyncio.create_task(calls("second", {}))
        await asyncio.sleep(0.06)
        calls.expire(caught_up=True)
        results = await asyncio.gather(first, second, return_exceptions=True)
        assert [isinstance(result, DeliveryError) and result.certain for result in results] == [False, True]
        far.free.set()
        await far.count(1)
        third = asyncio.create_task(calls("third", {}))
        await far.count(2)
        assert [call["action"] for call in far.written] == ["first", "third"]
        third.cancel()


async def test_a_cancelled_call_is_not_written_later() -> None:
    far = Far()
    far.free.clear()
    async with open_calls(far) as calls:
        blocked = asyncio.create_task(calls("blocked", {}))
        await asyncio.sleep(0.01)
        cancelled = asyncio.create_task(calls("cancelled", {}))
        await asyncio.sleep(0.01)
        cancelled.cancel()
        await asyncio.wait((cancelled,))
        after = asyncio.create_task(calls("after", {}))
        await asyncio.sleep(0.01)
        far.free.set()
        await far.count(2)
        assert [call["action"] for call in far.written] == ["blocked", "after"]
        calls.close("end")
        await asyncio.gather(blocked, after, return_exceptions=True)


async def test_a_lost_connection_ends_all_calls() -> None:
    far = Far()
    async with open_calls(far) as calls:
        written = asyncio.create_task(calls("written", {}))
        await far.count(1)
        far.free.clear()
        blocked = asyncio.create_task(calls("blocked", {}))
        await asyncio.sleep(0.01)
        waiting = asyncio.create_task(calls("waiting", {}))
        await asyncio.sleep(0.01)
        calls.close("connection closed")
        results = await asyncio.gather(written, blocked, waiting, return_exceptions=True)
        assert [isinstance(result, DeliveryError) and result.certain for result in results] == [False, False, True]
        with pytest.raises(DeliveryError, match="connection closed") as caught:
            await calls("late", {})
        assert caught.value.certain


async def test_so_many_calls_wait_and_no_more() -> None:
    far = Far()
    async with open_calls(far, limit=3) as calls:
        tasks = [asyncio.create_task(calls("x", {})) for _ in range(3)]
        await far.count(3)
        with pytest.raises(DeliveryError, match="too many") as caught:
            await calls("x", {})
        assert caught.value.certain
        assert not caught.value.permanent
        calls.answer(done(far.written[0]["echo"], None))
        await tasks[0]
        fourth = asyncio.create_task(calls("x", {}))
        await far.count(4)
        calls.close("end")
        await asyncio.gather(*tasks, fourth, return_exceptions=True)
