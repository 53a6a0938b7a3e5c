from typing import Any

import pytest

from hubbub.providers.openai_compatible.quirks import Quirks


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
