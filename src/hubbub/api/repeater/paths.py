"""Which paths are this API's. Imported at the start, so it imports nothing."""

from __future__ import annotations

ROOTS = ("/chat", "/userdata", "/calllog", "/file", "/render", "/admin", "/static", "/readme.md", "/favicon.ico")
"""All paths of this API begin with one of these."""


def is_ours(path: str) -> bool:
    """Whether a path is answered, and refused, in the way of this API."""
    return path.startswith(tuple(f"{root}/" for root in ROOTS)) or path in ROOTS
