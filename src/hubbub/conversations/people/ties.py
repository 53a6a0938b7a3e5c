"""Which identities are one person, as a log of changes that reads the same on every node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hubbub.conversations.branches import HIDDEN
from hubbub.conversations.users import HUB
from hubbub.core.work import Append

if TYPE_CHECKING:
    from collections.abc import Iterable

OWNER = f"{HUB}people"
TIES = f"{HIDDEN}ties"

Used = tuple[str, int, int, int, int]
"""A day, and the messages, tokens (asked, answered) and cost that an identity brought along on it."""


@dataclass(slots=True)
class Ties:
    """As they stand. ``main``: the identity whose contexts count, by each other one that was joined to it.

    ``in_groups``: identities whose person wants these contexts in groups, too. ``brought``: what each identity used
    on the day on which it was joined, so that it is not counted twice.
    """

    main: dict[str, str] = field(default_factory=dict)
    in_groups: set[str] = field(default_factory=set)
    brought: dict[str, Used] = field(default_factory=dict)

    def owner(self, identity: str) -> str:
        """Whose contexts an identity has."""
        return self.main.get(identity, identity)

    def others(self, owner: str) -> tuple[str, ...]:
        """Identities that were joined to this one, in the order in which they were."""
        return tuple(identity for identity, main in self.main.items() if main == owner)

    def all_of(self, identity: str) -> tuple[str, ...]:
        """Every identity of a person, the main one first; of somebody who joined none, just the one."""
        main = self.owner(identity)
        return (main, *self.others(main))

    def take(self, bodies: Iterable[object]) -> Ties:
        """Apply changes in their order; what is not understood, or makes no sense any more, is passed over."""
        for body in bodies:
            if isinstance(body, dict):
                self._join(body)
                if isinstance(identity := body.get("brought"), str):
                    self._bring(identity, body.get("used"))
                self._part(body)
                self._show(body)
        return self

    def _join(self, body: dict[str, object]) -> None:
        identity, to = body.get("join"), body.get("to")
        if not isinstance(identity, str) or not isinstance(to, str):
            return
        main, was = self.owner(to), self.owner(identity)
        if main == was:
            return
        for each in (was, *self.others(was)):
            self.main[each] = main
        self._bring(was, body.get("used"))

    def _bring(self, identity: str, used: object) -> None:
        if isinstance(used, list) and len(used) == 5 and all(isinstance(count, int) for count in used[1:]):
            self.brought[identity] = (str(used[0]), used[1], used[2], used[3], used[4])

    def _part(self, body: dict[str, object]) -> None:
        identity = body.get("part")
        if not isinstance(identity, str):
            return
        gone = (identity,) if identity in self.main else (identity, *self.others(identity))
        for each in gone:
            self.main.pop(each, None)
            self.in_groups.discard(each)
        for alone in [each for each in self.in_groups if len(self.all_of(each)) == 1]:
            self.in_groups.discard(alone)

    def _show(self, body: dict[str, object]) -> None:
        identity, shown = body.get("groups"), body.get("shown")
        if isinstance(identity, str) and isinstance(shown, bool):
            if shown and len(self.all_of(identity)) > 1:
                self.in_groups.add(identity)
            else:
                self.in_groups.discard(identity)

    def bodies(self) -> tuple[dict[str, object], ...]:
        """Changes that make just this of nothing: the log without its past."""
        found: list[dict[str, object]] = []
        for each, main in self.main.items():
            found.append({"join": each, "to": main})
        found += [{"brought": each, "used": list(used)} for each, used in self.brought.items()]
        found += [{"groups": each, "shown": True} for each in sorted(self.in_groups)]
        return tuple(found)


def join(identity: str, to: str, used: Used) -> Append:
    """Let an identity, and all that was joined to it, have the contexts of another one."""
    return _log({"join": identity, "to": to, "used": list(used)})


def part(identity: str) -> Append:
    """Let an identity be one of its own again; the main one lets all others be so."""
    return _log({"part": identity})


def show(identity: str, *, shown: bool) -> Append:
    """Whether the joined contexts are used in groups where this identity writes."""
    return _log({"groups": identity, "shown": shown})


def rewrite(ties: Ties) -> Append:
    """The log without what is no more."""
    return Append(OWNER, "config", TIES, ties.bodies() or ({},), onto=0)


def _log(body: dict[str, object]) -> Append:
    return Append(OWNER, "config", TIES, (body,))
