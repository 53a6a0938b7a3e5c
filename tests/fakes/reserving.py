"""What is reserved, in memory, by the rules of the stores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hubbub.core.quotas import Bucket, Counts, Key, Reservation, Shortage, decide

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hubbub.core.work import Spend


@dataclass
class Reserved:
    """Part of a `store.Usage`."""

    holds: dict[str, Reservation] = field(default_factory=dict)
    buckets: dict[str, Bucket] = field(default_factory=dict)

    def ask(self, wanted: Reservation, spends: Iterable[Spend]) -> Shortage | None:
        if wanted.again:
            self.holds.pop(wanted.id, None)
        counts: dict[Key, Counts] = {}
        for spend in spends:
            for scope in (spend.owner, *spend.shares):
                used = Counts(spend.messages, spend.prompt_tokens + spend.completion_tokens, spend.cost)
                counts[scope, spend.day] = counts.get((scope, spend.day), Counts()).plus(used)
        for hold in self.holds.values():
            if hold.until > wanted.now:
                for quota in hold.quotas:
                    held = counts.get((quota.scope, quota.day), Counts())
                    counts[quota.scope, quota.day] = held.plus(Counts(1, hold.tokens, hold.cost))
        short = decide(wanted, counts, self.buckets)
        if short is None and wanted.quotas:
            self.holds[wanted.id] = wanted
        return short

    def counted(self, spend: Spend) -> None:
        for hold in spend.holds:
            self.holds.pop(hold, None)
