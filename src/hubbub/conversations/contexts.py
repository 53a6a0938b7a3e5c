"""A context's turns as they are stored: units in the form that model APIs have made common.

    {"role": "user", "content": "..."}
    {"role": "assistant", "content": "...", "reasoning_content": "...", "tool_calls": [...], "model": "..."}

Keys that are not needed are left out. What is read may have been written by people and other programs, so anything
that is not understood is passed over and nothing is raised.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, get_args

from hubbub.conversations.branches import instead
from hubbub.core.messages import Media
from hubbub.core.turns import ToolCall, Turn, TurnRole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hubbub.core.work import Append, Branch

_ROLES: frozenset[TurnRole] = frozenset(get_args(TurnRole))
# Whole numbers beyond it are no times, and some are too large for a float.
_BOUND = 1 << 53
_SUMMARY = "summary"
_RARE = frozenset({"images", "name", "tool_calls", "tool_call_id"})


@dataclass(frozen=True, slots=True)
class Summary:
    """What was said up to and with the node ``upto``, in short."""

    text: str
    upto: int


@dataclass(frozen=True, slots=True)
class Context:
    """What a model is to remember: ``turns`` with their nodes' ids, and the summary of what came before them.

    ``plain``: what `are_plain` says of the turns, where that is known.
    """

    turns: tuple[Turn, ...] = ()
    nodes: tuple[int, ...] = ()
    summary: Summary | None = None
    plain: bool | None = field(default=None, compare=False)


def context_of(branch: Branch) -> Context:
    """The turns of a branch. Those that a stored summary covers are left out for it."""
    summary: Summary | None = None
    for node in reversed(branch.nodes):
        summary = _summary(node.body)
        if summary is not None:
            break
    upto = summary.upto if summary else 0
    pairs = [(turn, node.id) for node in branch.nodes if node.id > upto and (turn := turn_of(node.body)) is not None]
    turns = tuple(turn for turn, _ in pairs)
    return Context(turns, tuple(node for _, node in pairs), summary, are_plain(turns))


def are_plain(turns: Iterable[Turn]) -> bool:
    """Nothing is said of tools, and no picture is a model's: every request takes them as they are."""
    return not any(turn.tool_calls or turn.role == "tool" or (turn.images and turn.role != "user") for turn in turns)


def body_of(turn: Turn, summary: Summary | None = None) -> dict[str, object]:
    """A turn as it is stored. ``summary`` rides on the turn that it was made for, and goes when that is withdrawn.

    Pictures are kept by their address; one that was sent as data is seen in the turn that brings it only.
    """
    body: dict[str, object] = {"role": turn.role, "content": turn.content}
    optional = {
        "reasoning_content": turn.reasoning,
        "name": turn.name,
        "tool_call_id": turn.tool_call_id,
        "model": turn.model,
        "time": turn.time,
    }
    body.update({key: value for key, value in optional.items() if value})
    if turn.tool_calls:
        body["tool_calls"] = [_call_body(call) for call in turn.tool_calls]
    if turn.images:
        body["images"] = [_media_body(media) for media in turn.images if not media.url.startswith("data:")]
    if summary is not None:
        body[_SUMMARY] = {"text": summary.text, "upto": summary.upto}
    return body


def compacted(branch: Branch, position: int, summary: Summary) -> Append:
    """Let a summary stand for all before the node at ``position`` (which it covers), and the rest follow it.

    So what comes behind it can be taken back like any other, and the summary stays.
    """
    rest = (each.body for each in branch.nodes[position:])
    bodies = [{key: value for key, value in each.items() if key != _SUMMARY} for each in rest if isinstance(each, dict)]
    alone = {_SUMMARY: {"text": summary.text, "upto": summary.upto}}
    return instead(branch, position, alone, *bodies)


def turn_of(body: object) -> Turn | None:
    """The turn of a stored body; None where it is none. Quick for plain turns: every question reads many."""
    if not isinstance(body, dict):
        return None
    role = body.get("role")
    if type(role) is not str or role not in _ROLES:
        return None
    content = body.get("content")
    if type(content) is not str:
        content = ""
    if len(body) == 2:
        return Turn(role, content)
    time = body.get("time")
    turn = Turn(
        role,
        content,
        reasoning=_text(body, "reasoning_content"),
        model=_text(body, "model"),
        time=time if type(time) is float else _number(time),
    )
    if _RARE.isdisjoint(body):
        return turn
    return replace(
        turn,
        images=tuple(_media(each) for each in _dicts(body, "images")),
        name=_text(body, "name"),
        tool_calls=tuple(_call(each) for each in _dicts(body, "tool_calls")),
        tool_call_id=_text(body, "tool_call_id"),
    )


def _summary(body: object) -> Summary | None:
    found = body.get(_SUMMARY) if type(body) is dict else None
    if found is None or not isinstance(found, dict) or not isinstance(found.get("upto"), int):
        return None
    text = _text(found, "text")
    return Summary(text, found["upto"]) if text else None


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    return value if type(value) is str else ""


def _number(value: object) -> float:
    return float(value) if isinstance(value, int) and abs(value) < _BOUND else 0.0


def _dicts(body: Mapping[str, Any], key: str) -> Iterable[Mapping[str, Any]]:
    value = body.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else ()


def _call_body(call: ToolCall) -> dict[str, object]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _call(body: Mapping[str, Any]) -> ToolCall:
    function = body.get("function")
    function = function if isinstance(function, dict) else {}
    return ToolCall(_text(body, "id"), _text(function, "name"), _text(function, "arguments"))


def _media_body(media: Media) -> dict[str, object]:
    fields = {"url": media.url, "file_id": media.file_id, "name": media.name, "mime": media.mime}
    return {key: value for key, value in fields.items() if value}


def _media(body: Mapping[str, Any]) -> Media:
    return Media(_text(body, "url"), _text(body, "file_id"), _text(body, "name"), _text(body, "mime"))
