"""More sentences of the pages, in English."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "page.error_blocked": "You are blocked on this hub. An admin of the hub can let you in.",
    }
)
