"""What can be reserved, the same for every engine."""

from __future__ import annotations

import math

from hubbub.core.errors import Unstorable
from hubbub.core.quotas import Reservation
from hubbub.storage import codec

LARGEST = 1 << 53


def check(wanted: Reservation) -> None:
    """Raises Unstorable for what no table takes."""
    scopes = (*(each.scope for each in wanted.quotas), *(each.scope for each in wanted.paces))
    names = (wanted.id, *scopes, *(each.day for each in wanted.quotas))
    codec.check(*names)
    counted = all(0 <= count < LARGEST for count in (wanted.tokens, wanted.cost))
    if not counted or not math.isfinite(wanted.now) or not math.isfinite(wanted.until):
        msg = f"this cannot be reserved: {wanted}"
        raise Unstorable(msg)
