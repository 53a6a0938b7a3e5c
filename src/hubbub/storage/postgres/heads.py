"""Where branches end: whoever asks during one look shares the next."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

from hubbub.core.errors import StoreError

if TYPE_CHECKING:
    from hubbub.storage.postgres.reader import Reader

Head: TypeAlias = tuple[str, int, float]
"""Name, last node (0: none) and time of the last change of a branch."""

# Without a name the owner's current branch is meant.
_FIND = """
SELECT n.name, coalesce(b.head, 0), coalesce(b.updated_at, 0)
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS g(owner, kind, name, place)
LEFT JOIN branch_current c ON g.name = '' AND c.owner = g.owner COLLATE "C" AND c.kind = g.kind COLLATE "C"
CROSS JOIN LATERAL (SELECT coalesce(nullif(g.name, ''), c.name, 'default') COLLATE "C" AS name) AS n
LEFT JOIN branch b ON b.owner = g.owner COLLATE "C" AND b.kind = g.kind COLLATE "C" AND b.name = n.name
ORDER BY g.place
"""


class Heads:
    """Looks branches up, many in a statement."""

    def __init__(self, reader: Reader) -> None:
        """Nothing to load."""
        self._reader = reader
        self._waiting: list[tuple[tuple[str, str, str], asyncio.Future[Head]]] = []
        self._looking: asyncio.Task[None] | None = None

    async def find(self, owner: str, kind: str, name: str) -> Head:
        """The end of a branch as it is now. Raises StoreError."""
        future: asyncio.Future[Head] = asyncio.get_running_loop().create_future()
        self._waiting.append(((owner, kind, name), future))
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return await future

    async def _look(self) -> None:
        """As long as somebody asks. A task of its own, for whoever asked first may go away."""
        while self._waiting:
            asked, self._waiting = self._waiting, []
            columns = [list(column) for column in zip(*(key for key, _ in asked), strict=True)]
            try:
                rows = await self._reader.fetch(_FIND, *columns)
            except StoreError as error:
                for _, future in asked:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), row in zip(asked, rows, strict=True):
                    if not future.done():
                        future.set_result((row[0], row[1], row[2]))
