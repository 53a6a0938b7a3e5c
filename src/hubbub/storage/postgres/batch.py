"""Which orders may share a transaction."""

from __future__ import annotations

from dataclasses import dataclass, field

from hubbub.storage.postgres.orders import Accept, Fire, Order, Take, about


@dataclass(slots=True)
class Batch:
    """Orders that are decided together as if each came alone, in their order.

    A lane's or a row's turn is ended by one of them at most. What cannot join must not be overtaken by what follows
    for the same lane or row.
    """

    orders: list[Order] = field(default_factory=list)
    full: bool = False
    """Nothing may follow in this transaction."""
    _ended: set[str | int] = field(default_factory=set)
    _waiting: set[str | int] = field(default_factory=set)
    _taken: bool = False

    def add(self, order: Order) -> bool:
        """False if it has to wait for a later transaction."""
        lane_or_row = about(order)
        if lane_or_row is not None:
            if self._has_to_wait(order, lane_or_row):
                self._waiting.add(lane_or_row)
                return False
            if order.ends:
                self._ended.add(lane_or_row)
        elif self._taken and isinstance(order, Fire):
            return False
        self._taken = self._taken or isinstance(order, Take)
        self.full = order.alone
        self.orders.append(order)
        return True

    def _has_to_wait(self, order: Order, lane_or_row: str | int) -> bool:
        if lane_or_row in self._waiting or (order.ends and lane_or_row in self._ended):
            return True
        return self._taken and isinstance(order, Accept)
