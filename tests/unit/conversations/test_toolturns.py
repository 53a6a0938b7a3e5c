"""Uses of tools in contexts: what is exported of them, and what programs see."""

from __future__ import annotations

from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from hubbub.chat.budget import fit
from hubbub.conversations.contexts import Context, body_of, turn_of
from hubbub.conversations.exports import Titles, as_json, as_markdown, as_paper
from hubbub.conversations.toolturns import fit_for, pictures_of
from hubbub.conversations.units import bodies_of, units_of
from hubbub.core.messages import Media
from hubbub.core.turns import ToolCall, Turn
from hubbub.core.work import Branch, Node
from hubbub.providers.openai_compatible.wire import message_of
from tests.fakes import model_rules

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


def test_an_archive_gives_back_what_it_took() -> None:
    bodies = [node.body for node in BRANCH.nodes]
    assert list(bodies_of(bodies)) == bodies  # type: ignore[arg-type]  # plain JSON objects


def test_programs_see_units_as_model_services_have_them() -> None:
    units = units_of(BRANCH)
    assert [unit["role"] for unit in units] == ["user", "assistant", "tool", "tool", "assistant"]
    assert units[2] == {"role": "tool", "content": "done", "tool_call_id": "c1"}
    assert units[1]["tool_calls"][0]["function"]["name"] == "image"  # type: ignore[index]  # a unit is plain JSON


ids = st.sampled_from(["c1", "c2", "c3"])
words = st.sampled_from(["", "rain", "long words " * 40])
calls = st.lists(ids, max_size=3, unique=True).map(lambda found: tuple(ToolCall(each, "look", "{}") for each in found))
pictures = st.sampled_from([(), (Media("https://x/1"),)])
any_turn = st.one_of(
    st.builds(Turn, st.just("user"), words, pictures),
    st.builds(Turn, st.just("assistant"), words, pictures, tool_calls=calls),
    st.builds(Turn, st.just("tool"), words, pictures, tool_call_id=ids),
)


@given(st.lists(any_turn, max_size=12), st.booleans(), st.integers(64, 600))
def test_what_is_left_of_any_context_is_what_services_take(turns: list[Turn], tools: bool, tokens: int) -> None:
    """However it was cut and edited, before and after it is made to fit."""
    found = fit_for(Context(tuple(turns), tuple(range(len(turns)))), tools=tools)
    assert len(found.nodes) == len(found.turns)
    assert list(found.nodes) == sorted(found.nodes)
    assert fit_for(found, tools=tools) == found
    asked = (*found.turns, Turn("user", "next"))
    for sent in (asked, fit("be kind", asked, tokens).turns):
        model_rules._check_messages([message_of(turn) for turn in sent])
    questions = [turn for turn in turns if turn.role == "user"]
    assert [turn for turn in found.turns if turn.role == "user"] == questions
    if not tools:
        assert not any(turn.tool_calls or turn.role == "tool" for turn in found.turns)


def test_pictures_are_given_newest_first_and_not_too_many() -> None:
    turns = [Turn("user", "x", images=tuple(Media(f"https://x/{n}-{m}") for m in range(3))) for n in range(10)]
    found = pictures_of(turns)
    assert len(found) == 20
    assert [media.url for media in found[:4]] == ["https://x/9-2", "https://x/9-1", "https://x/9-0", "https://x/8-2"]
