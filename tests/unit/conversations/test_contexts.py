import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.conversations.contexts import Context, Summary, body_of, context_of, turn_of
from hubbub.core.messages import Media
from hubbub.core.turns import ToolCall, Turn
from hubbub.core.work import Branch, Node

TURNS = st.builds(
    Turn,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    content=st.text(),
    images=st.lists(st.builds(Media, st.just("https://example.org/a.png"), st.text(), st.text()), max_size=2).map(
        tuple
    ),
    reasoning=st.text(),
    name=st.text(),
    tool_calls=st.lists(st.builds(ToolCall, st.text(), st.text(), st.text()), max_size=2).map(tuple),
    tool_call_id=st.text(),
    model=st.text(),
    time=st.floats(0, 1e10),
)


@given(TURNS)
def test_a_stored_turn_reads_back(turn: Turn) -> None:
    assert turn_of(json.loads(json.dumps(body_of(turn)))) == turn


def test_the_stored_form_is_that_of_model_apis() -> None:
    assert body_of(Turn("user", "hi")) == {"role": "user", "content": "hi"}
    call = ToolCall("c1", "look", "{}")
    assert body_of(Turn("assistant", "hello", reasoning="hm", tool_calls=(call,), model="m", time=5.0)) == {
        "role": "assistant",
        "content": "hello",
        "reasoning_content": "hm",
        "model": "m",
        "time": 5.0,
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}],
    }


def test_pictures_that_came_as_data_are_not_stored() -> None:
    images = (Media(url="data:image/png;base64,AAAA"), Media(url="https://example.org/a.png", mime="image/png"))
    assert body_of(Turn("user", "x", images))["images"] == [{"url": "https://example.org/a.png", "mime": "image/png"}]


KEYS = ["role", "content", "images", "tool_calls", "function", "time", "name", "summary", "upto", "text", "id", "url"]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
)


@given(JUNK, st.sampled_from(["user", "assistant", "junk", None]))
def test_anything_that_others_wrote_is_read(body: object, role: str | None) -> None:
    if isinstance(body, dict) and role:
        body = body | {"role": role}
    context_of(Branch("o", "context", "default", 1, nodes=(Node(1, 0, body, 0.0),)))


def test_what_is_no_turn_is_passed_over() -> None:
    nodes = (Node(1, 0, "text", 0.0), Node(2, 1, {"role": "user", "content": "a"}, 0.0), Node(3, 2, {"role": "x"}, 0.0))
    assert context_of(Branch("o", "context", "default", 3, nodes=nodes)) == Context((Turn("user", "a"),), (2,))


@pytest.mark.parametrize("content", [None, 5, ["parts"], {"a": 1}])
def test_content_that_is_no_text_counts_as_empty(content: object) -> None:
    assert turn_of({"role": "user", "content": content}) == Turn("user", "")


def test_a_summary_stands_for_what_it_covers() -> None:
    bodies = [body_of(Turn("user", str(number))) for number in range(4)]
    bodies.append(body_of(Turn("user", "4"), Summary("in short", 2)))
    nodes = tuple(Node(number + 1, number, body, 0.0) for number, body in enumerate(bodies))
    context = context_of(Branch("o", "context", "default", 5, nodes=nodes))
    assert [turn.content for turn in context.turns] == ["2", "3", "4"]
    assert context.nodes == (3, 4, 5)
    assert context.summary == Summary("in short", 2)
    before = context_of(Branch("o", "context", "default", 4, nodes=nodes[:4]))
    assert before.summary is None
    assert len(before.turns) == 4
