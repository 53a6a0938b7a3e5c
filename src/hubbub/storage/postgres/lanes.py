"""Who works on which lane, within one transaction that has locked the lanes it is about."""

from __future__ import annotations

from dataclasses import dataclass

from hubbub.core.errors import Fenced


@dataclass(slots=True)
class Lane:
    """A locked row of ``conv``. ``waiting`` counts entries that are not done; ``node`` is empty while it is free.

    ``behind``: the holder was not handed some of them (yet), so it must not be handed later ones either.
    ``unused``: the fence was drawn for this transaction and nobody has it yet. ``renew``: a new one is to be drawn.
    ``deleted``: the row is gone already, as it was foreseen that the lane would be over.
    """

    name: str
    node: str
    fence: int
    waiting: int
    behind: bool
    unused: bool = False
    renew: bool = False
    deleted: bool = False
    stored: tuple[str, int, bool] = ("", 0, False)
    """What the row says; filled by `keep`."""

    def keep(self) -> Lane:
        """Remember what is stored, to know whether it changes."""
        self.stored = (self.node, self.waiting, self.behind)
        return self

    @property
    def changed(self) -> bool:
        """The row has to be written."""
        return self.renew or self.deleted or self.stored != (self.node, self.waiting, self.behind)

    @property
    def over(self) -> bool:
        """Nobody works here, and there is nothing to do: the row goes."""
        return not self.node and not self.waiting

    @property
    def claimable(self) -> bool:
        """There is work for whoever comes."""
        return not self.node and self.waiting > 0

    def enter(self, node: str) -> bool:
        """Count a new entry in; True if ``node`` may go on with just this entry."""
        self.waiting += 1
        if self.node:
            if self.node == node and not self.behind:
                return True
            self.behind = True
            return False
        if not node or self.waiting > 1:
            return False
        self.node, self.behind = node, False
        self.renew = not self.unused
        self.unused = False
        return True

    def held(self, fence: int) -> bool:
        """This is the fence of the newest claim."""
        return bool(self.node) and self.fence == fence

    def finish(self, count: int, *, release: bool) -> bool:
        """Count finished entries out; True if that ended the claim."""
        self.waiting -= count
        if not release or self.waiting:
            return False
        self.free()
        return True

    def free(self) -> None:
        """End the claim."""
        self.node, self.behind = "", False


def fenced(name: str, fence: int) -> Fenced:
    """What to tell whoever commits with a stale claim."""
    return Fenced(f"the claim {fence} on {name} is not the newest")
