"""Moving a store to another engine or place: in pieces, each stored with how far it is, then compared whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from hubbub.core.errors import StoreError
from hubbub.storage.scan import Progress, differences, scanning
from hubbub.storage.tables import OF_THE_INSTALLATION, Mark, Reading, Table, Writing, tables

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Moved:
    """Rows of each table, and how many conversations were compared by their checksums. ``resumed``: not from afresh."""

    counts: dict[str, int]
    conversations: int
    resumed: bool


async def move(source: Reading, target: Writing, progress: Callable[[str], Progress]) -> Moved:
    """Copy everything, compare everything, and let hubs open the target.

    What was broken off goes on where it was, unless the source has been opened by a hub since: then it begins anew.
    ``progress`` is asked for each of the steps "copy", "read again", "compare".

    Raises:
        StoreError: the target holds other data, or is not the same in the end; no hub can open it then.
    """
    stamp = await source.stamp()
    mark = await target.mark()
    resumed = mark is not None and mark.stamp == stamp
    if mark is None:
        await _refuse_data(target)
    if mark is None or not resumed:
        mark = Mark(stamp)
        await target.begin(mark)
    await _copy(source, target, mark, progress("copy"))
    counts, conversations = await _compare(source, target, progress)
    await target.finish()
    return Moved(counts, conversations, resumed)


async def _refuse_data(target: Writing) -> None:
    for table in tables():
        rows = await target.page(table, None, len(OF_THE_INSTALLATION) + 1)
        if any(table.name != "meta" or row[0] not in OF_THE_INSTALLATION for row in rows):
            msg = (
                f"{target.shown} holds other data (table {table.name}); move into an empty one: another folder,"
                " another database, or remove what is there"
            )
            raise StoreError(msg)


async def _copy(source: Reading, target: Writing, mark: Mark, progress: Progress) -> None:
    order = [table.name for table in tables()]
    done = order.index(mark.table) if mark.table else 0
    for table in tables()[done:]:
        after = mark.after if table.name == mark.table else None
        await _copy_table(source, target, table, Mark(mark.stamp, table.name, after), progress)


async def _copy_table(source: Reading, target: Writing, table: Table, mark: Mark, progress: Progress) -> None:
    total, done = await source.count(table), await target.count(table) if mark.after is not None else 0
    while page := await source.page(table, mark.after, table.page):
        mark = Mark(mark.stamp, table.name, table.key(page[-1]))
        await target.put(table, page, mark)
        done += len(page)
        progress(table.name, done, max(total, done))


async def _compare(source: Reading, target: Reading, progress: Callable[[str], Progress]) -> tuple[dict[str, int], int]:
    with scanning() as theirs, scanning() as ours:
        await theirs.walk(source, progress("read again"))
        await ours.walk(target, progress("compare"))
        found = list(islice(differences(theirs, ours), _SHOWN))
        if found:
            msg = "the target is not the same as the source; nothing may use it:\n" + "\n".join(found)
            raise StoreError(msg)
        return ours.counts, sum(1 for _ in ours.conversations())
