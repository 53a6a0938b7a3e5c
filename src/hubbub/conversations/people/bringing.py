"""What somebody who is joined to another identity brings along: their branches, under names that are free.

They are copied: what the identity itself keeps stays as it is, and is what it has when it parts again.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

from hubbub.conversations import units
from hubbub.conversations.branches import HIDDEN, LONGEST_NAME
from hubbub.conversations.personas import BEFORE as PERSONA
from hubbub.core.work import Append, Branch, BranchKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hubbub.core.store import Conversations

MOST: Final = 200
"""Branches of a kind that are brought along, the newest; older ones wait where they are."""
_KINDS: tuple[BranchKind, ...] = get_args(BranchKind)


@dataclass(frozen=True, slots=True)
class Brought:
    """``writes`` copy it, if the branches ``seen`` are still as they were. ``names`` of what got another name."""

    writes: tuple[Append, ...] = ()
    seen: tuple[Branch, ...] = ()
    names: tuple[str, ...] = ()
    left: int = 0
    """How many older branches stay where they are."""
    heads: tuple[tuple[str, int], ...] = ()
    """Where the branches of the source ended, by kind and name."""


async def bring(
    conversations: Conversations, source: str, target: str, known: Mapping[str, object] | None = None
) -> Brought:
    """Whatever an owner keeps, for another one; what that one holds already is not brought twice.

    ``known``: branches that end where these heads (`Brought.heads`) say stay where they are. Raises StoreError.
    """
    writes: list[Append] = []
    seen: list[Branch] = []
    names: list[str] = []
    heads: dict[str, int] = {}
    left = 0
    for kind in _KINDS:
        all_theirs = [each for each in await conversations.branches(source, kind) if _goes_along(each)]
        heads |= {f"{kind}/{each.name}": each.head for each in all_theirs}
        theirs = [each for each in all_theirs if not known or known.get(f"{kind}/{each.name}") != each.head]
        there = {each.name: each for each in await conversations.branches(target, kind)}
        left += max(0, len(theirs) - MOST)
        for each in theirs[:MOST]:
            bodies = _bodies(await conversations.branch(source, kind, each.name))
            free = await _free(conversations, Branch(target, kind, each.name), (bodies, _suffix(source)), there)
            if free is not None and bodies:
                there[free] = Branch(target, kind, free)
                seen.append(Branch(target, kind, free))
                writes.append(Append(target, kind, free, bodies, onto=0))
                names += [free] if free != each.name else []
    return Brought(tuple(writes), tuple(seen), tuple(names), left, tuple(heads.items()))


def _goes_along(branch: Branch) -> bool:
    """What people see of their branches, and personas."""
    return not branch.name.startswith(HIDDEN) or (branch.kind == "prompt" and branch.name.startswith(PERSONA))


def _bodies(branch: Branch) -> tuple[object, ...]:
    return units.copied(branch) if branch.kind == "context" else tuple(node.body for node in branch.nodes[-1:])


async def _free(
    conversations: Conversations, wanted: Branch, what: tuple[Sequence[object], str], there: Mapping[str, Branch]
) -> str | None:
    """A name that is not taken; None where one of those tried holds just this already."""
    bodies, suffix = what
    for name in _names(wanted.name, suffix):
        if name not in there:
            return name
        known = _bodies(await conversations.branch(wanted.owner, wanted.kind, name))
        if known == tuple(bodies):
            return None
    raise AssertionError  # names have no end


def _names(name: str, suffix: str) -> Iterator[str]:
    """The name itself, then with where it comes from, then with numbers; never too long for a name."""
    stem = f"{name[: LONGEST_NAME - len(suffix) - 8]}-{suffix}"
    return itertools.chain((name, stem), (f"{stem}-{number}" for number in itertools.count(2)))


def _suffix(owner: str) -> str:
    """The platform that an owner is of, as part of a name."""
    platform, sign, _ = owner.partition(":")
    return platform[:20] if sign and platform.isprintable() and platform else "more"
