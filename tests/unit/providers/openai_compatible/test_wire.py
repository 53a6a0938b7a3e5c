from typing import Any

import pytest

from hubbub.core.messages import Media
from hubbub.core.models import ModelSpec
from hubbub.core.turns import ChatRequest, Parameters, Tool, ToolCall, Turn
from hubbub.providers.openai_compatible.wire import body_of
from tests.fakes.model_rules import check

SPEC = ModelSpec("m", id="id")


def body(*turns: Turn, spec: ModelSpec = SPEC, **request: Any) -> dict[str, Any]:
    made = body_of(spec, ChatRequest("m", turns, **request), "id")
    check("completions" if spec.api == "completions" else "chat", made)
    return made


def test_turns_become_messages() -> None:
    made = body(Turn("system", "be brief"), Turn("user", "hi", name="ann"), Turn("assistant", "ho", reasoning="hm"))
    assert made == {
        "model": "id",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "hi", "name": "ann"},
            {"role": "assistant", "content": "ho"},
        ],
        "stream": False,
    }


def test_names_that_the_api_refuses_are_left_out() -> None:
    assert "name" not in body(Turn("user", "hi", name="小明"))["messages"][0]


def test_a_stream_asks_for_its_usage() -> None:
    made = body(Turn("user", "hi"), stream=True)
    assert made["stream"] is True
    assert made["stream_options"] == {"include_usage": True}


def test_pictures_become_parts_behind_the_text() -> None:
    picture = Media(url="data:image/png;base64,AAAA")
    made = body(Turn("user", "what is it", images=(picture, Media(file_id="only-an-id"))))
    assert made["messages"][0]["content"] == [
        {"type": "text", "text": "what is it"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]
    assert [part["type"] for part in body(Turn("user", "", images=(picture,)))["messages"][0]["content"]] == [
        "image_url"
    ]


def test_pictures_without_address_or_of_others_are_left_out() -> None:
    assert body(Turn("user", "hi", images=(Media(file_id="x"),)))["messages"][0]["content"] == "hi"
    assert body(Turn("assistant", "hi", images=(Media(url="http://x/y.png"),)))["messages"][0]["content"] == "hi"


def test_tools_their_calls_and_results() -> None:
    tool = Tool("now", "the time", {"type": "object", "properties": {"zone": {"type": "string"}}})
    made = body(
        Turn("user", "what time is it"),
        Turn("assistant", "", tool_calls=(ToolCall("c1", "now", '{"zone": "UTC"}'),)),
        Turn("tool", "12:00", tool_call_id="c1"),
        tools=(tool, Tool("plain", "takes nothing")),
    )
    assert made["messages"][1:] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "now", "arguments": '{"zone": "UTC"}'}}
            ],
        },
        {"role": "tool", "content": "12:00", "tool_call_id": "c1"},
    ]
    assert [tool["function"]["name"] for tool in made["tools"]] == ["now", "plain"]
    assert made["tools"][1]["function"]["parameters"] == {"type": "object", "properties": {}}


def test_parameters_of_the_request_come_before_the_models_own() -> None:
    spec = ModelSpec("m", parameters=Parameters(temperature=0.1, max_tokens=10, stop=("a",)), extra={"seed": 7})
    made = body(Turn("user", "hi"), spec=spec, parameters=Parameters(temperature=0.0, top_p=0.5), user="someone")
    assert {key: made[key] for key in made.keys() - {"messages", "model", "stream"}} == {
        "temperature": 0.0,
        "top_p": 0.5,
        "max_tokens": 10,
        "stop": ["a"],
        "seed": 7,
        "user": "someone",
    }


def test_a_model_that_only_continues_gets_the_conversation_as_one_text() -> None:
    spec = ModelSpec("m", api="completions")
    made = body(Turn("system", "be brief"), Turn("user", "hi"), Turn("assistant", "ho"), Turn("user", "and"), spec=spec)
    assert made["prompt"] == "be brief\n\nUser: hi\n\nAssistant: ho\n\nUser: and\n\nAssistant:"
    assert made["stop"] == ["\nUser:"]
    assert made["max_tokens"] > 16
    assert "messages" not in made


@pytest.mark.parametrize("stops", [("a",), ("a", "b", "c", "d")])
def test_a_continued_text_always_stops_before_the_next_question(stops: tuple[str, ...]) -> None:
    spec = ModelSpec("m", api="completions")
    assert body(Turn("user", "hi"), spec=spec, parameters=Parameters(stop=stops))["stop"][-1] == "\nUser:"
