"""The rules of the house: who is who, who may do what and how much of it, and what is done in rooms."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hubbub.app.manners import manners_of
from hubbub.app.rooms import access_of, common_limits, limits_of, platform_limits
from hubbub.commands.access.gate import Gate
from hubbub.commands.manners.board import Board
from hubbub.conversations.limits import Meter
from hubbub.conversations.people.directory import Directory
from hubbub.conversations.zones import zone_of
from hubbub.core.store import Shared

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from hubbub.app.housekeeping import Loadable
    from hubbub.core.store import Store
    from hubbub.settings import Settings


@dataclass(frozen=True, slots=True)
class House:
    """Rules as the settings say them and as commands changed them since, which the store keeps."""

    gate: Gate
    directory: Directory
    board: Board
    meter: Meter

    def use(self, settings: Settings) -> None:
        """Go by other settings from now on. Raises ConfigError when what is set does not go together."""
        access, manners = access_of(settings), manners_of(settings)
        self.gate.use(access, limits_of(settings))
        self.board.use(manners)
        _limit(self.meter, self.gate, settings)

    @property
    def kept(self) -> Sequence[Loadable]:
        """What is read from the store at start, and again when other processes on the same data changed it."""
        return self.gate, self.board, self.directory


def house_of(settings: Settings, store: Store) -> House:
    """The rules that the settings say; what is stored of them is not read yet."""
    limits = limits_of(settings)
    gate = Gate(store.conversations, access_of(settings), limits, time.time)
    directory = Directory(store.conversations, store.words if isinstance(store, Shared) else None)
    gate.know(directory)
    meter = Meter(store.usage, limits, time.time, zone_of_hub(settings), gate.limits)
    _limit(meter, gate, settings)
    return House(gate, directory, Board(store.conversations, manners_of(settings), time.time), meter)


def zone_of_hub(settings: Settings) -> tzinfo | None:
    """The time zone that the settings name; None: the machine's."""
    return zone_of(settings.server.timezone) if settings.server.timezone else None


def _limit(meter: Meter, gate: Gate, settings: Settings) -> None:
    common = replace(common_limits(settings), groups=gate.groups)
    meter.use(limits_of(settings), platform_limits(settings), common, settings.chat.answer_seconds)
