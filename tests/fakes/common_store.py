"""What nodes share, in memory: leases by a clock of their own, and words from one to the others."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hubbub.core.errors import StoreError
from hubbub.core.work import Lease


@dataclass
class CommonLeases:
    """``away``: every call fails. ``ahead``: seconds by which the others' clock goes ahead."""

    away: bool = False
    ahead: float = 0.0
    leases: dict[str, Lease] = field(default_factory=dict)
    renewals: int = 0

    @property
    def now(self) -> float:
        return time.monotonic() + self.ahead

    def _reach(self) -> None:
        if self.away:
            raise StoreError("the database is away")

    async def acquire(self, name: str, node: str, ttl: float, address: str = "") -> Lease | None:
        self._reach()
        self.renewals += 1
        known = self.leases.get(name)
        if known is not None and known.node != node and known.until > self.now:
            return None
        lapsed = known is None or known.node != node or known.until <= self.now
        fence = (known.fence if known else 0) + lapsed
        self.leases[name] = Lease(name, node, fence, self.now + ttl, address)
        return self.leases[name]

    async def seize(self, name: str, node: str, ttl: float, address: str = "") -> Lease:
        self._reach()
        known = self.leases.get(name)
        self.leases[name] = Lease(name, node, (known.fence if known else 0) + 1, self.now + ttl, address)
        return self.leases[name]

    async def release(self, lease: Lease) -> None:
        self._reach()
        if self.leases.get(lease.name) and self.leases[lease.name].fence == lease.fence:
            self.leases[lease.name] = replace(lease, until=0.0, node="")


@dataclass
class CommonWords:
    """What one tells the others hear; ``said`` is all of it. ``deaf``: nobody hears."""

    deaf: bool = False
    said: list[tuple[str, str]] = field(default_factory=list)
    nodes: list[NodeWords] = field(default_factory=list)

    def node(self) -> NodeWords:
        """Another node's end."""
        self.nodes.append(NodeWords(self))
        return self.nodes[-1]


@dataclass(eq=False)
class NodeWords:
    """`store.Words`."""

    common: CommonWords
    hearers: dict[str, list[Callable[[str], None]]] = field(default_factory=dict)

    def tell(self, topic: str, text: str) -> None:
        self.common.said.append((topic, text))
        for node in self.common.nodes:
            if node is not self and not self.common.deaf:
                for hearer in node.hearers.get(topic, ()):
                    hearer(text)

    def hear(self, topic: str, hearer: Callable[[str], None]) -> None:
        self.hearers.setdefault(topic, []).append(hearer)
