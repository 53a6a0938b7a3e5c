"""What reports of platforms make of rows of the outbox, the same for every engine. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from hubbub.core.addresses import Account
from hubbub.core.reports import Report, Told
from hubbub.core.work import State
from hubbub.storage.rows import row_key, state_code
from hubbub.storage.schema import TOLD_CODES

COLUMNS = "id, room, state, message_id, error, told, told_at"

_QUEUED, _SENDING, _SENT, _KEPT, _UNKNOWN, _DEAD = map(
    state_code, (State.QUEUED, State.SENDING, State.SENT, State.KEPT, State.UNKNOWN, State.DEAD)
)
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Standing:
    """A row of the outbox, as far as reports change it; `COLUMNS` as stored, without the number."""

    room: str
    state: int
    message_id: str
    error: str
    told: int
    told_at: float

    def concerns(self, report: Report) -> bool:
        """Whether it is about this attempt to send the row, and says more than is known."""
        account = Account(report.room.platform, report.room.account)
        if self.state == _KEPT or not self.room.startswith(f"{account.key}/"):
            return False
        if self.message_id and self.message_id != report.message_id:
            return False
        if not self.told and report.time <= self.told_at:
            return False  # as old as what was told of the attempt before: the platform's clock parts them
        if report.told is Told.FAILED and self.state not in (_SENDING, _SENT, _UNKNOWN):
            return False
        return TOLD_CODES[report.told.value] > self.told

    def after(self, report: Report) -> Standing:
        """What becomes of it by a report that concerns it."""
        if report.told is not Told.FAILED:
            told = TOLD_CODES[report.told.value]
            return Standing(self.room, _SENT, report.message_id, "", told, report.time)
        failed = replace(self, state=_DEAD, error=report.reason, told_at=report.time, message_id=report.message_id)
        return failed.anew() if report.again else replace(failed, told=TOLD_CODES[report.told.value])

    def anew(self) -> Standing:
        """To be sent once more: nothing that is told of the attempts before holds for the next one."""
        return replace(self, state=_QUEUED, message_id="", told=0)


def place(standings: Mapping[int, Standing], reports: Iterable[tuple[int, Report]]) -> tuple[dict[int, Standing], bool]:
    """The rows that change, and whether a report has to come again because its row is just being sent.

    ``reports``: each with the number of its row, which may be none of ``standings``.
    """
    changed: dict[int, Standing] = {}
    early = False
    for row, report in reports:
        standing = changed.get(row) or standings.get(row)
        if standing is None or not standing.concerns(report):
            continue
        if report.told is Told.FAILED and standing.state == _SENDING:
            early = True
        else:
            changed[row] = standing.after(report)
    return changed, early


def row_of(key: str, hub: str) -> int:
    """The number of the row that has this key; 0 for a key that is none of this hub's."""
    number = key.rpartition("-")[2]
    known = number.isascii() and number.isdecimal() and len(number) <= _MOST_DIGITS
    return int(number) if known and key == row_key(hub, int(number)) else 0
