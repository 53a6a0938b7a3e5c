"""Codes that people read out and type."""

from __future__ import annotations

import secrets
from typing import Final

SIGNS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without those that look like another."""


def new_code(length: int) -> str:
    """So many signs that nobody can guess."""
    return "".join(secrets.choice(SIGNS) for _ in range(length))
