from typing import Any

import pytest

from hubbub.core.models import ModelSpec
from hubbub.core.turns import ChatRequest, Tool, ToolCall, Turn
from hubbub.providers.openai_compatible.client import OpenAICompatible
from hubbub.providers.openai_compatible.quirks import Quirks
from tests.fakes.model import FakeModel


@pytest.mark.parametrize(
    ("param", "message", "before", "after"),
    [
        (
            "max_tokens",
            "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.",
            {"max_tokens": 5},
            {"max_completion_tokens": 5},
        ),
        (
            "temperature",
            "Unsupported value: 'temperature' does not support 0.7 with this model.",
            {"temperature": 0.7, "top_p": 1},
            {"top_p": 1},
        ),
        (
            "",
            "Unrecognized request argument supplied: stream_options",
            {"stream_options": {}, "stream": True},
            {"stream": True},
        ),
        ("", "user: Extra inputs are not permitted", {"user": "x"}, {}),
    ],
)
def test_a_refused_field_is_left_out_from_then_on(
    param: str, message: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    quirks = Quirks()
    assert quirks.apply(dict(before)) == before
    assert quirks.learn(param, message, before)
    assert quirks.apply(dict(before)) == after


@pytest.mark.parametrize(
    ("param", "message", "body"),
    [
        ("messages", "Unsupported parameter: messages", {"messages": []}),
        ("temperature", "temperature must be below 2", {"temperature": 3}),
        ("temperature", "Unsupported value: 'temperature'", {}),
        ("", "the prompt is not allowed", {"temperature": 1}),
    ],
)
def test_other_refusals_teach_nothing(param: str, message: str, body: dict[str, Any]) -> None:
    assert not Quirks().learn(param, message, body)


async def test_what_was_thought_before_tools_were_called_is_said_again_where_that_is_wanted() -> None:
    turns = (
        Turn("user", "what time is it?"),
        Turn("assistant", "", reasoning="I have to look.", tool_calls=(ToolCall("c1", "clock", "{}"),)),
        Turn("tool", "noon", tool_call_id="c1"),
    )
    async with FakeModel(wants_thoughts=True) as fake:
        client = OpenAICompatible(ModelSpec("m", base_url=fake.url, id="fake-model"))
        try:
            for _ in range(2):
                said = [delta async for delta in client.stream(ChatRequest("m", turns, tools=(Tool("clock", ""),)))]
                assert said[-1].content == "LLM-OK what time is it?"
        finally:
            await client.close()
        assert len(fake.requests) == 3  # the first refusal taught it
