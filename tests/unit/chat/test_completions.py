"""Answers with wishes of their own: who speaks, from which context, with which model, and what is kept and told."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from hubbub.chat.calls import Caller, CallRecord
from hubbub.chat.wording import Bot
from hubbub.conversations.completions import Completion, completion_of, standing
from hubbub.conversations.units import units_of
from hubbub.core.messages import Raw, Text
from hubbub.core.models import ModelSpec
from hubbub.core.ports import Answer
from hubbub.core.turns import ChatRequest, Delta, Usage
from hubbub.core.work import Append
from tests.fakes.scripted import ScriptedModels, failing, whole
from tests.unit.chat.talk import ENGLISH, OWNER, Talk

BOT = Bot("Echo", "1.0", (2024, 6, 28), datetime.UTC)
SPEC = ModelSpec("main", id="m-1", type="chat", title="Main One", base_url="http://x/v1")


def models(*scripts: object) -> ScriptedModels:
    return ScriptedModels(*scripts, spec=SPEC)  # type: ignore[arg-type]


def talking(*scripts: object, **settings: Any) -> Talk:
    return Talk(models(*scripts), ENGLISH, bot=BOT, **settings)


async def asks(talk: Talk, text: str = "", **wishes: Any) -> Answer:
    options = {"completion": {"user_id": "Group:1:2", "user_name": "Bob", **wishes}}
    entry = talk.entry((Text(text),) if text else (), options=options, owner=OWNER)
    return talk.kept.keep(await talk.chat.answer(entry, OWNER, text, None, talk.stop))


async def units(talk: Talk, owner: str = OWNER) -> list[dict[str, object]]:
    return units_of(await talk.kept.branch(owner, "context"))


def raw(answer: Answer) -> dict[str, object]:
    found = answer.message[-1]
    assert isinstance(found, Raw)
    return {"kind": found.kind, **found.data}


def test_the_record_of_a_long_answer_stays_small() -> None:
    record = CallRecord.of(Caller("o", "u", "U"))
    for _ in range(5000):
        record.add(Delta("x"))
    kept = record.done(ModelSpec("m", "p"), ChatRequest("m", ())).call.record
    assert kept["total_chunk"] == 5000
    assert len(json.dumps(kept)) < 20_000


async def test_message_prompt_and_answer_are_expanded_and_kept_so() -> None:
    talk = talking([Delta("{user_name}!", "think "), Delta(finish="stop", model="main")])
    talk.kept.apply(Append(OWNER, "prompt", "default", ("I am {botname}{nope}.",)))
    answer = await asks(talk, "hi {user_id} {nope}\n\n\n\n{model_type}")
    assert [(turn.role, turn.content) for turn in talk.models.requests[0].turns] == [
        ("system", "I am Echo."),
        ("user", "hi Group:1:2 \n\nchat"),
    ]
    assert await units(talk) == [
        {"role": "user", "content": "hi Group:1:2 \n\nchat"},
        {"role": "assistant", "content": "Bob!", "reasoning_content": "think "},
    ]
    assert raw(answer) == {
        "kind": "answer",
        "content": "Bob!",
        "reasoning_content": "think ",
        "model_name": "Main One",
        "model_type": "chat",
        "model_id": "m-1",
        "model": "main",
    }


async def test_without_prompt_and_without_keeping() -> None:
    talk = talking(whole("yes"))
    await asks(talk, "hi", load_prompt=False, save_context=False)
    assert [turn.role for turn in talk.models.requests[0].turns] == ["user"]
    assert await units(talk) == []


@pytest.mark.parametrize("wishes", [{}, {"continue": True}])
async def test_without_a_message_the_model_goes_on_with_what_is_there(wishes: dict[str, Any]) -> None:
    talk = talking(whole("one"), whole("two"))
    await asks(talk, "hi")
    await asks(talk, **wishes)
    assert [turn.content for turn in talk.models.requests[1].turns[1:]] == ["hi", "one"]
    assert [unit["content"] for unit in await units(talk)] == ["hi", "one", "two"]


async def test_role_and_name_go_with_the_message() -> None:
    talk = talking(whole("ok"))
    await asks(talk, "rules", role="system", name="Bobby", load_prompt=False)
    assert [(turn.role, turn.content, turn.name) for turn in talk.models.requests[0].turns] == [
        ("system", "rules", "Bobby")
    ]
    assert (await units(talk))[0] == {"role": "system", "content": "rules", "name": "Bobby"}


async def test_anothers_context_is_gone_on_from_and_kept_as_ones_own() -> None:
    talk = talking(whole("answer"))
    theirs = ({"role": "user", "content": "theirs"}, {"role": "assistant", "content": "said"})
    talk.kept.apply(
        Append("them", "context", "default", theirs), Append("them", "prompt", "default", ("Their prompt",))
    )
    talk.kept.apply(Append(OWNER, "context", "default", ({"role": "user", "content": "mine"},)))
    await asks(talk, "more", reference="them", name="Z")
    assert [turn.content for turn in talk.models.requests[0].turns] == ["Their prompt", "theirs", "said", "more"]
    assert [unit["content"] for unit in await units(talk)] == ["theirs", "said", "more", "answer"]
    assert [unit["content"] for unit in await units(talk, "them")] == ["theirs", "said"]
    assert (await talk.kept.trail(OWNER, "context"))[0].reason == "reference"


async def test_a_failure_changes_nothing_and_is_told() -> None:
    talk = talking(failing(status=503), call_log=True)
    talk.kept.apply(Append(OWNER, "context", "default", ({"role": "user", "content": "mine"},)))
    answer = await asks(talk, "more")
    found = raw(answer)
    assert (found["kind"], found["id"], found["status"]) == ("failure", "e1", 503)
    assert [unit["content"] for unit in await units(talk)] == ["mine"]
    assert not (await talk.kept.branch(OWNER, "context", ".unanswered")).head
    assert [each.call.record["error"] for each in talk.kept.calls] == ["upstream said no"]


async def test_an_unknown_model_is_refused() -> None:
    answer = await asks(talking(), "hi", model="nope")
    assert (raw(answer)["kind"], raw(answer)["key"]) == ("refused", "chat.unknown_model")


async def test_every_call_is_kept_a_record_of() -> None:
    said = [
        Delta("a"),
        Delta(),
        Delta("b", "c"),
        Delta(finish="stop", model="main", usage=Usage(10, 5, 4), id="i", created=7),
    ]
    talk = talking(said, call_log=True)
    await asks(talk, "hello")
    (logged,) = talk.kept.calls
    record: dict[str, Any] = dict(logged.call.record)
    assert (logged.call.owner, logged.call.model) == (OWNER, "m-1")
    times = {key: record.pop(key) for key in list(record) if key.endswith("_time") and key != "created_time"}
    assert len(times) == 8
    assert times["task_start_time"] <= times["request_start_time"] <= times["stream_processing_end_time"]
    assert len(record.pop("chunk_times")) == 2
    assert record == {
        "id": "i",
        "url": "http://x/v1",
        "model": "m-1",
        "user_id": "Group:1:2",
        "user_name": "Bob",
        "stream": True,
        "total_chunk": 4,
        "empty_chunk": 2,
        "created_time": 7,
        "total_tokens": 15,
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "cache_hit_count": 4,
        "cache_miss_count": 6,
        "total_context_length": 7,
        "reasoning_content_length": 1,
        "new_content_length": 2,
    }


async def test_no_record_is_kept_where_none_is_wanted() -> None:
    talk = talking()
    await asks(talk, "hello")
    assert not talk.kept.calls


@pytest.mark.parametrize(
    ("where", "prompt", "message", "answer"),
    [
        ("off", "{user_name} {x}", "{user_name} {x}", "{user_name} {x}"),
        ("prompts", "Ann {x}", "{user_name} {x}", "{user_name} {x}"),
        ("all", "Ann {x}", "Ann {x}", "Ann {x}"),
    ],
)
async def test_people_of_platforms_by_the_setting(where: str, prompt: str, message: str, answer: str) -> None:
    talk = talking(whole("{user_name} {x}"), variables=where)
    talk.kept.apply(Append(OWNER, "prompt", "default", ("{user_name} {x}",)))
    entry = talk.entry((Text("{user_name} {x}"),))
    told = await talk.chat.answer(entry, OWNER, "{user_name} {x}", None, talk.stop)
    assert [turn.content for turn in talk.models.requests[0].turns] == [prompt, message]
    assert told.message == (Text(answer),)


async def test_what_an_owner_set_for_every_answer() -> None:
    talk = talking(whole("one"), whole("two"), whole("three"))
    config = {"load_memory": False, "user_profile": "Likes tea.", "nickname": "Bo", "auto_shrink_length": 1}
    talk.kept.apply(Append(OWNER, "context", "default", ({"role": "user", "content": "old"},)))
    talk.kept.apply(Append(OWNER, "config", "default", (config,)))
    talk.kept.apply(Append(OWNER, "prompt", "default", ("For {user_name}.",)))
    entry = talk.entry((Text("hi"),))
    talk.kept.keep(await talk.chat.answer(entry, OWNER, "hi", None, talk.stop))
    assert [turn.content for turn in talk.models.requests[0].turns] == ["For Bo.\n\nLikes tea.", "hi"]
    assert [unit["content"] for unit in await units(talk)] == ["old"]


def test_wishes_are_read_with_care() -> None:
    assert completion_of({}) is None
    assert completion_of({"completion": 3}) is None
    found = completion_of({"completion": {"load_prompt": "no", "role": 3, "continue": True, "x": 1, "user_id": "u"}})
    assert found == Completion(user_id="u", proceed=True, expand=True, details=True)
    assert standing({}) is None
    assert standing({"auto_load_prompt": False}) == Completion(load_prompt=False, stream=False)


async def test_the_cost_of_a_call_by_the_models_prices() -> None:
    spec = ModelSpec("main", id="m-1", price_in=2.0, price_out=8.0)
    talk = Talk(ScriptedModels([Delta("x", finish="stop", usage=Usage(1000, 500))], spec=spec), ENGLISH, call_log=True)
    await asks(talk, "hi")
    assert talk.kept.calls[0].call.record["cost"] == 0.006


async def test_a_persons_question_that_failed_is_asked_again() -> None:
    talk = talking(failing(), whole("at last"))
    entry = talk.entry((Text("/chat why"),))
    answer = await talk.chat.complete(entry, (OWNER, "why"), Completion(stream=False), None, talk.stop)
    talk.kept.keep(answer)
    assert await units(talk) == []
    again = await talk.chat.retry(talk.entry((Text("/retry"),)), OWNER, None, talk.stop)
    assert again.message == (Text("at last"),)
    assert talk.models.requests[-1].turns[-1].content == "why"


async def test_nothing_of_a_context_that_is_not_wanted_is_told() -> None:
    talk = talking(whole("ok"))
    body = {"role": "user", "content": "old", "summary": {"text": "long ago", "upto": 0}}
    talk.kept.apply(Append(OWNER, "context", "default", (body,)))
    entry = talk.entry((Text("new"),))
    await talk.chat.complete(entry, (OWNER, "new"), Completion(load_context=False), None, talk.stop)
    assert [turn.content for turn in talk.models.requests[0].turns] == ["Be kind.", "new"]


async def test_a_record_names_the_model_that_answered() -> None:
    talk = talking([Delta("x", finish="stop", model="other")], call_log=True)
    talk.models.specs.append(ModelSpec("other", id="o-1"))
    await asks(talk, "hi")
    assert talk.kept.calls[0].call.model == "o-1"


async def test_a_call_that_takes_too_long_is_recorded() -> None:
    talk = talking(["so ", 5.0, "far"], call_log=True, answer_seconds=0.05)
    answer = await asks(talk, "hi")
    assert raw(answer)["key"] == "error.model_timeout"
    (logged,) = talk.kept.calls
    assert logged.call.record["error"]
    assert logged.call.record["new_content_length"] == 3


async def test_summaries_are_calls_too() -> None:
    talk = Talk(ScriptedModels(whole("short"), whole("ok")), ENGLISH, call_log=True, summarize=True, context_tokens=300)
    bodies = tuple({"role": role, "content": "long words " * 60} for role in ("user", "assistant") * 3)
    talk.kept.apply(Append(OWNER, "context", "default", bodies))
    entry = talk.entry((Text("hi"),))
    talk.kept.keep(await talk.chat.answer(entry, OWNER, "hi", None, talk.stop))
    assert len(talk.models.requests) == 2
    assert [each.call.record["new_content_length"] for each in talk.kept.calls] == [5, 2]
