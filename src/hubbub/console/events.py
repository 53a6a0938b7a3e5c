"""Server-sent events as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

RETRY = "retry: 1000\n\n"
KEEP_ALIVE = ": still here\n\n"
HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
}


def event(name: str, data: str) -> str:
    """One event; every line end of the data is one in the page.

    Browsers drop events without data, so an HTML comment stands for none.
    """
    lines = (data or "<!---->").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return f"event: {name}\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
