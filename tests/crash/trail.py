"""What the database itself saw of messages that became unknown: whether they were being sent, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.contract.store_postgres import talking

_LAY = """
CREATE TABLE public.trail(id bigint NOT NULL, was smallint NOT NULL, node text NOT NULL, alive boolean NOT NULL);
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.trail VALUES (OLD.id, OLD.state, OLD.node, EXISTS(
    SELECT FROM hubbub.member m WHERE m.node || '#' || m.incarnation = OLD.node
    AND m.until > extract(epoch FROM clock_timestamp())));
  RETURN NULL;
END $$;
CREATE TRIGGER note AFTER UPDATE ON hubbub.outbox
FOR EACH ROW WHEN (NEW.state = 2 AND OLD.state <> 2) EXECUTE FUNCTION public.note();
"""
_SENDING = 1


@dataclass(frozen=True)
class Step:
    """A message became unknown: its state before, who had it, and whether the others took that one for alive."""

    row: int
    was: int
    node: str
    alive: bool


async def lay(dsn: str) -> None:
    """Begin to watch."""
    async with talking(dsn) as db:
        await db.execute(_LAY)


async def walk(dsn: str) -> list[Step]:
    """All that was seen."""
    async with talking(dsn) as db:
        return [Step(*row) for row in await db.fetch("SELECT id, was, node, alive FROM public.trail")]


def doubted(unknown: set[int], trail: list[Step]) -> Iterator[str]:
    """Only what was being sent is unknown, and only where whoever sent it had died or was taken for dead."""
    seen = {step.row: step for step in trail}
    for row in sorted(unknown):
        step = seen.get(row)
        if step is None:
            yield f"row {row} is unknown and never became so"
        elif step.was != _SENDING:
            yield f"row {row} is unknown and was not being sent (state {step.was})"
        elif step.alive:
            yield f"row {row} is unknown and {step.node}, which was sending it, was alive"
