"""What a context says of tools, made into what a model takes: every call with its result behind it, or none of them.

Contexts are edited by people and read from somewhere in their middle, so a call may have lost its result, or a result
its call; model APIs refuse both. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.conversations.contexts import Context, are_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hubbub.core.messages import Media
    from hubbub.core.turns import Turn

_MOST_PICTURES = 20


def fit_for(context: Context, *, tools: bool) -> Context:
    """A context for a request that offers tools, or none. Quick where nobody used any."""
    turns = context.turns
    if are_plain(turns) if context.plain is None else context.plain:
        return context
    pairs = list(_kept(turns, context.nodes, tools=tools))
    return Context(tuple(turn for turn, _ in pairs), tuple(node for _, node in pairs), context.summary)


def without_tools(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """Turns for a model that takes no tools."""
    return fit_for(Context(turns, tuple(range(len(turns)))), tools=False).turns


def pictures_of(turns: Sequence[Turn]) -> tuple[Media, ...]:
    """The pictures of a conversation, the newest first."""
    found = (media for turn in reversed(turns) if turn.images for media in reversed(turn.images))
    return tuple(media for media, _ in zip(found, range(_MOST_PICTURES), strict=False))


def _kept(turns: Sequence[Turn], nodes: Sequence[int], *, tools: bool) -> Iterator[tuple[Turn, int]]:
    at = 0
    while at < len(turns):
        turn, node = turns[at], nodes[at]
        at += 1
        if turn.role in ("user", "system"):
            yield turn, node
        elif turn.tool_calls:
            end = at
            while end < len(turns) and turns[end].role == "tool":
                end += 1
            answered = turns[end].role == "assistant" if end < len(turns) else False
            yield from _round(turn, node, list(zip(turns[at:end], nodes[at:end], strict=True)), (tools, answered))
            at = end
        elif turn.role != "tool" and (turn.content or not turn.images):
            yield _bare(turn), node


def _round(
    turn: Turn, node: int, results: list[tuple[Turn, int]], how: tuple[bool, bool]
) -> Iterator[tuple[Turn, int]]:
    """A turn with calls and their results; ``how``: tools are offered, and an answer follows."""
    tools, answered = how
    found: dict[str, tuple[Turn, int]] = {}
    for result, place in results:
        found.setdefault(result.tool_call_id, (_bare(result), place))
    calls = tuple(call for call in turn.tool_calls if call.id in found) if tools else ()
    if calls:
        yield replace(turn, tool_calls=calls, images=(), reasoning=""), node
        called = {call.id for call in calls}
        yield from (result for name, result in found.items() if name in called)
    elif turn.content and not answered:
        yield replace(turn, tool_calls=(), images=()), node


def _bare(turn: Turn) -> Turn:
    return replace(turn, images=()) if turn.images else turn
