"""Answers for which the model uses tools."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from hubbub.chat.answer import Chat
from hubbub.conversations.limits import Limits
from hubbub.conversations.units import units_of
from hubbub.core.errors import MediaError, ProviderError, UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Image, Media, Text
from hubbub.core.models import ModelSpec
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer, Streamed
from hubbub.core.skills import Needs
from hubbub.core.turns import Delta, ToolCall, Usage
from hubbub.core.work import Append, Spend
from hubbub.skills.calling import SkillRules
from tests.fakes.scripted import Script, ScriptedModels, failing, whole
from tests.fakes.skills import FakeSkill
from tests.unit.chat.talk import OWNER, Talk, said

SPENDS = Needs(deed="spends", tokens=10, shows=True)


def wishes(*calls: tuple[str, str], text: str = "") -> Script:
    """A round in which the model calls tools."""
    made = tuple(ToolCall(f"c{number}", name, arguments) for number, (name, arguments) in enumerate(calls))
    return [Delta(text, tool_calls=made, finish="tool_calls", model="m-1", usage=Usage(10, 5))]


def refusing(message: str = "this model does not support tools", status: int = 400) -> Script:
    key = "error.model_refused" if status == 400 else "error.model_failed"
    return [ProviderError(message, user_text=Phrase(key), status=status)]


def told(talk: Talk, request: int = -1) -> list[tuple[str, str]]:
    return [(turn.role, turn.content) for turn in talk.models.requests[request].turns[1:]]


async def units(talk: Talk) -> list[dict[str, object]]:
    return units_of(await talk.kept.branch(OWNER, "context"))


async def test_a_tool_is_used_and_the_answer_goes_on_with_what_it_said() -> None:
    skill = FakeSkill()
    talk = Talk(
        ScriptedModels(wishes(("look", '{"where": "out"}')), whole("Take a coat."), whole("Yes.")), skills=[skill]
    )
    answer = await talk.ask("coat?")
    assert said(answer) == "Take a coat."
    assert skill.called == [{"where": "out"}]
    first, second = talk.models.requests
    assert [tool.name for tool in first.tools] == ["look"]
    assert second.tools == first.tools
    assert told(talk) == [("user", "coat?"), ("assistant", ""), ("tool", "it rains")]
    call = {"id": "c0", "type": "function", "function": {"name": "look", "arguments": '{"where": "out"}'}}
    assert await units(talk) == [
        {"role": "user", "content": "coat?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "it rains", "tool_call_id": "c0"},
        {"role": "assistant", "content": "Take a coat."},
    ]
    await talk.ask("sure?")
    assert [role for role, _ in told(talk)] == ["user", "assistant", "tool", "assistant", "user"]


async def test_all_rounds_are_on_the_bill_and_in_the_log() -> None:
    last = [Delta("done", finish="stop", model="m-1", usage=Usage(30, 7))]
    talk = Talk(ScriptedModels(wishes(("look", "{}")), last), skills=[FakeSkill()], call_log=True)
    answer = await talk.ask("x")
    (spend,) = [write for write in answer.writes if isinstance(write, Spend)]
    assert (spend.messages, spend.prompt_tokens, spend.completion_tokens) == (1, 40, 12)
    first, second = (each.call.record for each in talk.kept.calls)
    assert int(str(second["task_start_time"])) >= int(str(first["task_end_time"]))


async def test_words_before_a_call_are_part_of_the_answer_and_who_listens_sees_what_is_done() -> None:
    skill = FakeSkill()
    talk = Talk(ScriptedModels(wishes(("look", "{}"), text="Let me look."), ["It ", "rains.", Delta(finish="stop")]))
    talk = Talk(talk.models, skills=[skill])
    talk.pieces = []
    answer = await talk.ask("x")
    assert said(answer) == "Let me look.\n\nIt rains."
    assert "".join(piece.content for piece in talk.pieces) == said(answer)
    assert Streamed(note="👀 …") in talk.pieces
    assert [(unit["role"], unit["content"]) for unit in await units(talk)] == [
        ("user", "x"),
        ("assistant", "Let me look."),
        ("tool", "it rains"),
        ("assistant", "It rains."),
    ]


async def test_calls_of_one_round_run_at_once_and_are_told_in_the_models_order() -> None:
    slow, quick = FakeSkill("slow", "one", wait=0.05), FakeSkill("quick", "two")
    talk = Talk(ScriptedModels(wishes(("slow", "{}"), ("quick", "{}")), whole("ok")), skills=[slow, quick])
    await talk.ask("x")
    assert told(talk)[-2:] == [("tool", "one"), ("tool", "two")]


async def test_a_picture_comes_with_the_answer_and_stays_in_the_conversation() -> None:
    skill = FakeSkill(picture=b"\x89PNG", needs=SPENDS)
    talk = Talk(
        ScriptedModels(wishes(("look", "{}")), whole("Here."), wishes(("look", "{}")), whole("Again.")),
        skills=[skill],
        rules=SkillRules(unasked=frozenset({"look"})),
    )
    answer = await talk.ask("paint")
    text, image = answer.message
    assert text == Text("Here.")
    assert isinstance(image, Image)
    assert talk.files.kept[image.media.url].data == b"\x89PNG"
    (spend,) = [write for write in answer.writes if isinstance(write, Spend)]
    assert spend.messages == 2
    await talk.ask("again")
    assert skill.contexts[-1].pictures[0].url == image.media.url
    assert not any(turn.images for turn in talk.models.requests[-1].turns)


async def test_pictures_of_the_question_are_the_newest() -> None:
    skill = FakeSkill()
    talk = Talk(ScriptedModels(wishes(("look", "{}")), whole("ok")), skills=[skill])
    await talk.ask((Text("x"), Image(Media("https://x/1")), Image(Media("https://x/2"))))
    assert [media.url for media in skill.contexts[0].pictures] == ["https://x/2", "https://x/1"]


async def test_a_model_that_only_paints_has_answered() -> None:
    skill = FakeSkill(picture=b"\x89PNG")
    talk = Talk(ScriptedModels(wishes(("look", "{}")), failing("error.model_empty", 0), whole("ok")), skills=[skill])
    answer = await talk.ask("paint")
    assert [type(each) for each in answer.message] == [Image]
    await talk.ask("next")
    assert [role for role, _ in told(talk)] == ["user", "assistant", "tool", "user"]


async def test_a_picture_is_not_lost_where_the_model_fails_afterwards() -> None:
    skill = FakeSkill(picture=b"\x89PNG", needs=SPENDS)
    rules = SkillRules(unasked=frozenset({"look"}))
    talk = Talk(ScriptedModels(wishes(("look", "{}")), failing()), skills=[skill], rules=rules)
    answer = await talk.ask("paint")
    assert [type(each) for each in answer.message] == [Text, Image]
    (spend,) = [write for write in answer.writes if isinstance(write, Spend)]
    assert spend.messages == 1
    assert await units(talk) == []


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("HTTP 400: registry.ollama.ai/library/x does not support tools", 400),
        ("HTTP 404: No endpoints found that support tool use", 404),
        ("HTTP 500: tools param requires --jinja flag", 500),
        ("HTTP 400: deepseek-reasoner does not support Function Calling", 400),
    ],
)
async def test_a_model_that_takes_no_tools_is_asked_without_from_then_on(message: str, status: int) -> None:
    talk = Talk(ScriptedModels(refusing(message, status), whole("hi"), whole("again")), skills=[FakeSkill()])
    assert said(await talk.ask("x")) == "hi"
    assert said(await talk.ask("y")) == "again"
    assert [bool(request.tools) for request in talk.models.requests] == [True, False, False]


async def test_other_refusals_are_failures() -> None:
    talk = Talk(ScriptedModels(refusing("HTTP 400: no such thing")), skills=[FakeSkill()])
    assert "e1" in said(await talk.ask("x"))
    assert len(talk.models.requests) == 1


@pytest.mark.parametrize(
    ("spec", "offered"),
    [
        (ModelSpec("main", tools=True), True),
        (ModelSpec("main", tools=False), False),
        (ModelSpec("main", api="completions"), False),
    ],
)
async def test_only_models_that_can_are_offered_tools(spec: ModelSpec, offered: bool) -> None:
    talk = Talk(ScriptedModels(whole("ok"), spec=spec), skills=[FakeSkill()])
    await talk.ask("x")
    assert bool(talk.models.requests[0].tools) is offered


async def test_what_tools_said_is_left_out_for_a_model_without_them() -> None:
    models = ScriptedModels(wishes(("look", "{}"), text="Let me look."), whole("It rains."), whole("ok"))
    talk = Talk(models, skills=[FakeSkill()])
    await talk.ask("x")
    models.specs[0] = ModelSpec("main", tools=False)
    await talk.ask("y")
    assert told(talk) == [("user", "x"), ("assistant", "It rains."), ("user", "y")]


async def test_rounds_and_calls_are_bounded() -> None:
    skill = FakeSkill()
    endless = wishes(("look", "{}"), ("look", "{}"), ("look", "{}"), text="hm")
    talk = Talk(ScriptedModels(endless), skills=[skill], rules=SkillRules(rounds=2, calls=5))
    answer = await talk.ask("x")
    assert len(skill.called) == 5
    assert len(talk.models.requests) == 3
    assert "No more tools" in told(talk)[-1][1]
    assert said(answer) == "hm\n\nhm\n\nhm"
    for unit in await units(talk):
        assert len(unit.get("tool_calls", ())) <= 3  # type: ignore[arg-type]


async def test_endless_wishes_without_words_are_a_failure() -> None:
    talk = Talk(ScriptedModels(wishes(("look", "{}"))), skills=[FakeSkill()], rules=SkillRules(rounds=1))
    assert "e1" in said(await talk.ask("x"))
    assert await units(talk) == []


async def test_what_a_model_writes_wrongly_is_told_and_kept_in_a_form_that_can_be_sent() -> None:
    skill = FakeSkill(schema={"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})
    calls = (("look", "{broken"), ("look", "[1]"), ("look", '{"n": "x"}'), ("no such/tool", "{}"), ("look", '{"n": 1}'))
    talk = Talk(ScriptedModels(wishes(*calls), whole("ok")), skills=[skill])
    await talk.ask("x")
    results = [content for role, content in told(talk) if role == "tool"]
    assert [text.partition(":")[0] for text in results[:3]] == ["The call is wrong"] * 3
    assert "no tool" in results[3]
    assert skill.called == [{"n": 1}]
    made: Any = (await units(talk))[1]["tool_calls"]
    assert all(isinstance(json.loads(call["function"]["arguments"]), dict) for call in made)
    assert made[3]["function"]["name"] == "no_such_tool"


async def test_calls_without_ids_get_some() -> None:
    first = [Delta(tool_calls=(ToolCall("", "look", "{}"), ToolCall("", "look", "{}")), finish="tool_calls")]
    talk = Talk(ScriptedModels(first, whole("ok")), skills=[FakeSkill()])
    await talk.ask("x")
    turns = talk.models.requests[-1].turns
    assert (
        [call.id for call in turns[-3].tool_calls] == [turn.tool_call_id for turn in turns[-2:]] == ["call_0", "call_1"]
    )


@pytest.mark.parametrize(
    "fault",
    [MediaError("secret"), RuntimeError("secret"), ProviderError("secret", user_text=Phrase("error.model_refused"))],
)
async def test_a_tool_that_fails_is_told_with_a_number(fault: Exception, caplog: pytest.LogCaptureFixture) -> None:
    talk = Talk(ScriptedModels(wishes(("look", "{}")), whole("Sorry.")), skills=[FakeSkill(fault=fault)])
    assert said(await talk.ask("x")) == "Sorry."
    result = told(talk)[-1][1]
    assert "secret" not in result
    number = result.partition("(error ")[2][:8]
    assert f"error {number}: the skill look failed for {OWNER}: secret" in caplog.text


async def test_what_a_person_could_mend_is_told_to_the_model() -> None:
    fault = UserError(Phrase("limit.messages", {"limit": 3}))
    talk = Talk(ScriptedModels(wishes(("look", "{}")), whole("ok")), skills=[FakeSkill(fault=fault)])
    await talk.ask("x")
    assert "3" in told(talk)[-1][1]


async def test_a_tool_has_its_time() -> None:
    talk = Talk(
        ScriptedModels(wishes(("look", "{}")), whole("ok")), skills=[FakeSkill(wait=30)], rules=SkillRules(seconds=0.02)
    )
    await talk.ask("x")
    assert "failed" in told(talk)[-1][1]


async def test_results_are_bounded() -> None:
    talk = Talk(
        ScriptedModels(wishes(("look", "{}")), whole("ok")),
        skills=[FakeSkill(text="x" * 500)],
        rules=SkillRules(characters=100),
    )
    await talk.ask("x")
    assert len(told(talk)[-1][1]) < 120


async def test_stopping_ends_a_tool_and_keeps_what_was_said() -> None:
    skill = FakeSkill(wait=30)
    talk = Talk(ScriptedModels(wishes(("look", "{}"), text="Let me look."), whole("never")), skills=[skill])
    task = asyncio.create_task(talk.ask("x"))
    await skill.begun.wait()
    talk.stop.request("stop")
    assert said(await task).startswith("Let me look.")
    assert [(unit["role"], unit["content"]) for unit in await units(talk)] == [
        ("user", "x"),
        ("assistant", "Let me look."),
    ]
    assert len(talk.models.requests) == 1


async def test_a_picture_that_is_done_when_the_answer_is_stopped_is_shown() -> None:
    painted, slow = FakeSkill("paint", picture=b"\x89PNG"), FakeSkill("slow", wait=30)
    talk = Talk(ScriptedModels(wishes(("paint", "{}"), ("slow", "{}")), whole("never")), skills=[painted, slow])
    task = asyncio.create_task(talk.ask("x"))
    await slow.begun.wait()
    while not talk.files.kept:
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    talk.stop.request("stop")
    answer = await task
    assert Image in [type(each) for each in answer.message]


# --- who may ---------------------------------------------------------------------------------------------------------


async def test_what_spends_waits_for_consent_that_the_model_cannot_give() -> None:
    skill = FakeSkill(needs=Needs(deed="writes"))
    talk = Talk(
        ScriptedModels(wishes(("look", "{}")), whole("Please allow it."), wishes(("look", "{}")), whole("Done.")),
        skills=[skill],
    )
    answer = await talk.ask("x")
    assert not skill.called
    assert "Not done" in told(talk)[-1][1]
    assert said(answer) == "Please allow it.\n\nTo let me use look, send /tools allow look"
    assert [unit["content"] for unit in await units(talk)][-1] == "Please allow it."
    talk.kept.apply(Append(OWNER, "config", "default", ({"tools_allowed": ["look"]},)))
    assert said(await talk.ask("now?")) == "Done."
    assert len(skill.called) == 1


@pytest.mark.parametrize("stored", [{"tools": False}, {"tools_off": ["look"]}])
async def test_an_owner_may_want_no_tools(stored: dict[str, object]) -> None:
    skill = FakeSkill()
    talk = Talk(ScriptedModels(wishes(("look", "{}"), text="hm")), skills=[skill])
    talk.kept.apply(Append(OWNER, "config", "default", (stored,)))
    assert said(await talk.ask("x")) == "hm"
    assert not talk.models.requests[0].tools
    assert not skill.called


async def test_roles_and_rooms_are_looked_at_when_a_tool_is_called() -> None:
    skill, other = FakeSkill(needs=Needs(role=Role.ADMIN)), FakeSkill("paint", needs=Needs(shows=True))
    talk = Talk(ScriptedModels(whole("ok")), skills=[skill, other])
    await talk.ask("x")
    assert [tool.name for tool in talk.models.requests[-1].tools] == ["paint"]
    talk.role, talk.shows = Role.ADMIN, False
    await talk.ask("x")
    assert [tool.name for tool in talk.models.requests[-1].tools] == ["look"]

    def taken_away(_: object) -> Script:
        talk.role = Role.USER  # between the offer and the call
        return wishes(("look", "{}"), text="hm")

    talk.models._scripts = [taken_away, whole("ok")]
    await talk.ask("x")
    assert not skill.called
    assert "may not" in told(talk)[-1][1]


async def test_what_spends_keeps_to_the_persons_limits() -> None:
    skill = FakeSkill(needs=SPENDS, picture=b"\x89PNG")
    talk = Talk(
        ScriptedModels(wishes(("look", "{}")), whole("No more today.")),
        skills=[skill],
        limits=Limits(messages_per_day=1),
        rules=SkillRules(unasked=frozenset({"look"})),
    )
    assert said(await talk.ask("x")) == "No more today."
    assert not skill.called
    assert "1" in told(talk)[-1][1]


async def test_programs_that_ask_for_completions_bring_their_own() -> None:
    talk = Talk(ScriptedModels(whole("ok")), skills=[FakeSkill()])
    await talk.ask("x", options={"completion": {}})
    assert not talk.models.requests[0].tools


# --- contexts --------------------------------------------------------------------------------------------------------


async def test_retry_replaces_the_whole_round() -> None:
    talk = Talk(ScriptedModels(wishes(("look", "{}")), whole("one"), whole("two")), skills=[FakeSkill()])
    await talk.ask("x")
    await talk.retry()
    assert told(talk) == [("user", "x")]
    assert [unit["content"] for unit in await units(talk)] == ["x", "two"]


async def test_what_no_longer_fits_goes_with_its_results() -> None:
    talk = Talk(
        ScriptedModels(wishes(("look", "{}")), whole("one"), whole("two")),
        skills=[FakeSkill(text="rain " * 100)],
        context_tokens=400,
    )
    await talk.ask("x")
    await talk.ask("next " * 150)
    assert [role for role, _ in told(talk)] == ["user"]


async def test_a_context_that_lost_half_of_a_round_can_be_sent() -> None:
    call = {"id": "c0", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    lone = {"id": "c9", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    bodies: tuple[object, ...] = (
        {"role": "tool", "content": "lost", "tool_call_id": "c7"},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "", "tool_calls": [call, lone]},
        {"role": "tool", "content": "rain", "tool_call_id": "c0"},
        {"role": "tool", "content": "twice", "tool_call_id": "c0"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
        {"role": "assistant", "content": "d", "tool_calls": [lone]},
    )
    talk = Talk(ScriptedModels(whole("ok")), skills=[FakeSkill()])
    talk.kept.apply(Append(OWNER, "context", "default", bodies))
    await talk.ask("x")
    asked = talk.models.requests[-1].turns[1:]
    assert [(turn.role, turn.content, len(turn.tool_calls)) for turn in asked] == [
        ("user", "a", 0),
        ("assistant", "", 1),
        ("tool", "rain", 0),
        ("assistant", "b", 0),
        ("user", "c", 0),
        ("assistant", "d", 0),
        ("user", "x", 0),
    ]


async def test_an_answer_without_tools_is_what_it_was() -> None:
    talk = Talk()
    await talk.ask("x")
    assert talk.models.requests[0].tools == ()
    assert isinstance(talk.chat, Chat)
    answer: Answer = await talk.ask("y")
    assert said(answer) == "hello"


async def test_what_was_thought_is_said_again_within_its_answer_only() -> None:
    first = [Delta("", "I must look.", (ToolCall("c1", "look", "{}"),), finish="tool_calls")]
    talk = Talk(ScriptedModels(first, whole("one"), whole("two")), skills=[FakeSkill()])
    await talk.ask("x")
    assert [turn.reasoning for turn in talk.models.requests[1].turns if turn.tool_calls] == ["I must look."]
    await talk.ask("y")
    assert [turn.reasoning for turn in talk.models.requests[2].turns if turn.tool_calls] == [""]
