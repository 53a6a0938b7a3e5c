"""Which known word was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was most likely meant; "" if none is near."""
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.7)), "")
