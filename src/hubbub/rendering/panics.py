"""How a library that is written in Rust says that it broke over something."""

from __future__ import annotations


def is_panic(error: BaseException) -> bool:
    """Whether an exception is such a fall. It slips through ``except Exception``, and its class cannot be imported."""
    return type(error).__name__ == "PanicException"
