"""Server-sent events as text."""

from __future__ import annotations

from collections.abc import Mapping

RETRY = "retry: 1000\n\n"
KEEP_ALIVE = ": still here\n\n"
HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
}


def event(name: str, data: str) -> str:
    """One event; every line end of the data is one in the page. Browsers drop events without data: a comment is some."""
    lines = (data or "<!---->").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return f"event: {name}\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
