"""The parts that every part of the contract stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubbub.storage.postgres.branches import Branches
    from hubbub.storage.postgres.presence import Presence
    from hubbub.storage.postgres.reader import Reader
    from hubbub.storage.postgres.signals import Signals
    from hubbub.storage.postgres.writer import Writer


@dataclass(frozen=True, slots=True)
class Parts:
    """One of each."""

    reader: Reader
    writer: Writer
    presence: Presence
    signals: Signals
    branches: Branches
