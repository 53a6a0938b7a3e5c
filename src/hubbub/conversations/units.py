"""A context as a list of units that people number: read, take one out, write one anew, put one in.

A unit is a turn as programs know it (`contexts`), without what only the hub needs. Numbers count from 0 and count
turns only; a summary that the hub wrote is none. Whatever is changed, what was there before stays in the branch's past.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from hubbub.conversations.branches import append, since
from hubbub.conversations.contexts import body_of, turn_of
from hubbub.core.errors import UserError
from hubbub.core.phrases import Phrase
from hubbub.core.turns import Turn, TurnRole
from hubbub.core.work import Append, MoveHead, Write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hubbub.core.work import Branch, Node

ROLES: frozenset[str] = frozenset(get_args(TurnRole))
WITHDRAW, REWRITE = "withdraw", "rewrite"

_MORE = ("reasoning_content", "name", "prefix", "tool_calls", "tool_call_id")
_KEPT = (*_MORE, "model", "time", "images")
_SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Length:
    """``units`` of a context, and their ``characters``: of a unit with reasoning only those of its reasoning."""

    characters: int
    units: int


def units_of(branch: Branch) -> list[dict[str, object]]:
    """What a branch holds, in order."""
    return [_shown(node.body) for node in _turns(branch)]


def length_of(branch: Branch) -> Length:
    """How long it is."""
    units = units_of(branch)
    return Length(sum(len(str(unit.get("reasoning_content") or unit["content"])) for unit in units), len(units))


def withdraw_at(branch: Branch, index: int) -> tuple[Write, ...]:
    """Take one unit out. Raises UserError where there is none of this number."""
    position = _position(branch, index)
    return _replaced(branch, position, _rest(branch, position), WITHDRAW)


def rewrite_at(branch: Branch, index: int, content: str = "", reasoning: str = "") -> tuple[Write, ...]:
    """Give one unit other words; empty ones leave what is there.

    Raises:
        UserError: there is no such unit, or it is not the assistant's and was given reasoning.
    """
    position = _position(branch, index)
    body = branch.nodes[position].body
    assert isinstance(body, dict)  # noqa: S101 - only turns are counted
    if reasoning and body.get("role") != "assistant":
        raise UserError(Phrase("context.reasoning"))
    if not content and not reasoning:
        return ()
    new = {key: value for key, value in body.items() if key != _SUMMARY}
    new |= {"content": content} if content else {}
    new |= {"reasoning_content": reasoning} if reasoning else {}
    return _replaced(branch, position, [new, *_rest(branch, position)], REWRITE)


def inject(branch: Branch, role: str, content: str, name: str = "", time: float = 0.0) -> tuple[Write, ...]:
    """Put a unit at the end. Raises UserError for a role that there is not, or without words."""
    if role not in ROLES:
        raise UserError(Phrase("context.role", {"role": role, "roles": ", ".join(sorted(ROLES))}))
    if not content.strip():
        raise UserError(Phrase("context.empty"))
    return (append(branch, body_of(Turn(role, content, name=name, time=time))),)  # type: ignore[arg-type]  # looked up


def bodies_of(units: Sequence[Mapping[str, object]]) -> tuple[dict[str, object], ...]:
    """Units from elsewhere as they are stored; those that are no turns are left out."""
    return tuple(
        {"role": unit["role"], "content": _text(unit.get("content"))}
        | {key: unit[key] for key in _KEPT if unit.get(key)}
        for unit in units
        if turn_of(unit) is not None
    )


def places(branch: Branch) -> list[int]:
    """Where the units stand among the branch's nodes."""
    return [place for place, node in enumerate(branch.nodes) if turn_of(node.body) is not None]


def begin(branch: Branch, count: int | None) -> Branch:
    """A branch as it was when it held its first ``count`` units. Raises UserError where it holds fewer."""
    found = places(branch)
    if count is None or count == len(found):
        return branch
    if not 0 <= count < len(found):
        raise UserError(Phrase("context.index", {"index": count, "count": len(found)}))
    return since(branch, found[count])


def copied(branch: Branch) -> tuple[object, ...]:
    """The turns of a branch, to be put on another owner's."""
    return tuple(_without_summary(node) for node in _turns(branch))


def _turns(branch: Branch) -> list[Node]:
    return [node for node in branch.nodes if turn_of(node.body) is not None]


def _shown(body: object) -> dict[str, object]:
    assert isinstance(body, dict)  # noqa: S101 - only turns come here
    unit: dict[str, object] = {"role": body["role"], "content": _text(body.get("content"))}
    return unit | {key: body[key] for key in _MORE if body.get(key)}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _position(branch: Branch, index: int) -> int:
    found = places(branch)
    if not 0 <= index < len(found):
        raise UserError(Phrase("context.index", {"index": index, "count": len(found)}))
    return found[index]


def _rest(branch: Branch, position: int) -> list[object]:
    """What follows, as it is written again; summaries name turns by numbers that change, so they go."""
    later = branch.nodes[position + 1 :]
    return [_without_summary(node) for node in later if turn_of(node.body) is not None]


def _without_summary(node: Node) -> object:
    body = node.body
    return {key: value for key, value in body.items() if key != _SUMMARY} if isinstance(body, dict) else body


def _replaced(branch: Branch, position: int, bodies: Sequence[object], reason: str) -> tuple[Write, ...]:
    """End the branch before ``position``, so that its past is known, and go on with these bodies."""
    before = branch.nodes[position].parent
    moved = MoveHead(branch.owner, branch.kind, branch.name, before, reason)
    if not bodies:
        return (moved,)
    return (moved, Append(branch.owner, branch.kind, branch.name, tuple(bodies), onto=before))
