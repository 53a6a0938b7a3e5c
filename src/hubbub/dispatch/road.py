"""What is done with one accepted event: a command, an answer of a model, or nothing; as one unit for the store."""

from __future__ import annotations

import logging

from hubbub.core.ports import Answer, Streamed

log = logging.getLogger(__name__)

_NOTHING = Answer()
_END = Streamed(end=True)
