"""What `hubbub doctor` looks at where the data are in PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hubbub.cli.checks import Check
from hubbub.settings import Settings

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Database


def postgres(settings: Settings) -> Iterator[Check]:
    """Whether the database is reached, which server it is, and how far away."""
    try:
        from hubbub.storage.postgres import database as storage  # noqa: PLC0415 - loaded on first use
    except ModuleNotFoundError as error:
        yield Check("database", "fail", f"PostgreSQL needs {error.name}", "pip install 'hubbub[postgres]'")
        return
    database = storage.Database(settings.store.postgres)
    try:
        version, schema, seconds = asyncio.run(_look(database))
    except storage.FAILURES as error:
        why = str(error) or type(error).__name__
        yield Check("database", "fail", f"{database.shown}: {why}", "check DATABASE_URL, and that the server runs")
        return
    text = f"{database.shown}, PostgreSQL {version}, schema {schema or 'none yet: the first start makes it'}"
    yield Check("database", "ok", f"{text}, {seconds * 1000:.1f} ms away")


async def _look(database: Database) -> tuple[str, str | None, float]:
    from hubbub.storage.postgres.opening import version_of  # noqa: PLC0415 - loaded on first use

    db = await database.connect()
    try:
        version = str(await db.fetchval("SHOW server_version"))
        started = time.monotonic()
        await db.fetchval("SELECT 1")
        return version, await version_of(db), time.monotonic() - started
    finally:
        await db.close()
