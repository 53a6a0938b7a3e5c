"""Texts with variables in them: ``{user_name}``, ``{random 1 6}``. Pure: no text runs code or reads a file."""

from hubbub.conversations.variables.expansion import expand
from hubbub.conversations.variables.table import Variables

__all__ = ["Variables", "expand"]
