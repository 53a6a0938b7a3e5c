import asyncio
import time

import pytest

from hubbub.core.messages import Text
from hubbub.core.ports import Answer, Streamed
from hubbub.core.turns import Delta
from tests.fakes.scripted import ScriptedModels, whole
from tests.unit.chat.talk import OWNER, Talk, said


async def test_stop_keeps_and_sends_what_came_so_far() -> None:
    talk = Talk(ScriptedModels(["So far", 30.0, " and on"]))
    task = await talk.started()
    begin = time.perf_counter()
    talk.stop.request("stop")
    assert said(await task) == "So far\n\n(stopped)"
    assert time.perf_counter() - begin < 10
    assert talk.models.closed == 1
    assert await talk.turns() == [("user", "x"), ("assistant", "So far")]


async def test_stop_before_anything_came_sends_nothing_and_can_be_retried() -> None:
    talk = Talk(ScriptedModels([30.0], whole("later")))
    task = asyncio.create_task(talk.ask("x"))
    await asyncio.sleep(0.01)
    talk.stop.request("stop")
    assert (await task).message == ()
    assert await talk.turns() == []
    talk.stop = type(talk.stop)()
    assert said(await talk.retry()) == "later"


async def test_recall_sends_and_keeps_nothing() -> None:
    talk = Talk(ScriptedModels(["So far", 30.0]))
    task = await talk.started()
    talk.stop.request("recall")
    assert await task == Answer()
    assert await talk.kept.owners("context") == []


async def test_shutdown_throws_the_answer_away() -> None:
    talk = Talk(ScriptedModels(["So far", 30.0]))
    task = await talk.started()
    talk.stop.request("shutdown")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await talk.kept.owners("context") == []


async def test_a_shutdown_goes_before_a_stop() -> None:
    talk = Talk(ScriptedModels(["So far", 30.0]))
    task = await talk.started()
    talk.stop.request("stop")
    talk.stop.request("shutdown")
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancel_by_somebody_else_is_not_swallowed() -> None:
    talk = Talk(ScriptedModels(["So far", 30.0]))
    task = await talk.started()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancel_beside_a_stop_is_not_swallowed() -> None:
    talk = Talk(ScriptedModels(["So far", 30.0]))
    task = await talk.started()
    talk.stop.request("stop")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("reason", ["stop", "recall"])
async def test_a_stop_that_came_before_the_question_is_asked(reason: str) -> None:
    talk = Talk()
    talk.stop.request(reason)  # type: ignore[arg-type]
    assert (await talk.ask("x")).message == ()
    assert talk.models.requests == []


async def test_a_stop_after_the_answer_does_not_touch_the_task() -> None:
    talk = Talk()
    await talk.ask("x")
    talk.stop.request("stop")
    await asyncio.sleep(0)


async def test_a_listener_may_stop_the_answer() -> None:
    talk = Talk(ScriptedModels(["one", "two", "three", Delta(finish="stop")]))

    def listen(piece: Streamed) -> None:
        if piece.content == "two":
            talk.stop.request("stop")

    entry = talk.entry((Text("x"),))
    answer = await talk.chat.answer(entry, OWNER, "x", listen, talk.stop)
    assert said(answer) == "onetwo\n\n(stopped)"


async def test_the_task_goes_on_after_a_stop() -> None:
    talk = Talk(ScriptedModels(["one", 30.0]))
    talk.pieces = []

    async def twice() -> str:
        await talk.ask("x")
        async with asyncio.timeout(5):
            await asyncio.sleep(0.01)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        return "went on"

    task = asyncio.create_task(twice())
    await talk.begun.wait()
    talk.stop.request("stop")
    assert await task == "went on"
