"""Uses of tools in contexts: what is exported of them, and what programs see."""

from __future__ import annotations

from datetime import UTC

from hubbub.conversations.contexts import body_of, turn_of
from hubbub.conversations.exports import Titles, as_json, as_markdown, as_paper
from hubbub.conversations.units import units_of
from hubbub.core.messages import Media
from hubbub.core.turns import ToolCall, Turn
from hubbub.core.work import Branch, Node

TURNS = (
    Turn("user", "paint a cat"),
    Turn("assistant", "", tool_calls=(ToolCall("c1", "image", '{"wish": "a `cat`"}'), ToolCall("c2", "clock", "{}"))),
    Turn("tool", "done", tool_call_id="c1"),
    Turn("tool", "noon", tool_call_id="c2"),
    Turn("assistant", "Here.", images=(Media("hub:x", mime="image/png"),)),
)
BRANCH = Branch("o", "context", "b", 5, 0.0, tuple(Node(n + 1, n, body_of(turn), 0.0) for n, turn in enumerate(TURNS)))
TITLES = Titles("Exported", "You", "Bot", "empty")


def test_what_is_stored_reads_back() -> None:
    assert tuple(turn_of(node.body) for node in BRANCH.nodes) == TURNS


def test_an_export_says_what_was_used() -> None:
    text = as_markdown([BRANCH], TITLES, UTC)
    parts = text.split("\n\n")
    assert parts[2:] == [
        "## You",
        "paint a cat",
        "## Bot",
        '`image({"wish": "a \'cat\'"})`',
        "`clock()`",
        "## tool",
        "done",
        "## tool",
        "noon",
        "## Bot",
        "Here.",
        "![](hub:x)\n",
    ]
    assert [said.who for said in as_paper([BRANCH], TITLES, UTC).chapters[0].turns] == [
        "You",
        "Bot",
        "tool",
        "tool",
        "Bot",
    ]
    assert "tool_calls" in as_json("o", [BRANCH], 0.0)


def test_programs_see_units_as_model_services_have_them() -> None:
    units = units_of(BRANCH)
    assert [unit["role"] for unit in units] == ["user", "assistant", "tool", "tool", "assistant"]
    assert units[2] == {"role": "tool", "content": "done", "tool_call_id": "c1"}
    assert units[1]["tool_calls"][0]["function"]["name"] == "image"  # type: ignore[index]  # a unit is plain JSON
