"""Opening a database: its version, the schema, the migrations; one process at a time."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import asyncpg

from hubbub.core.errors import StoreError
from hubbub.storage import schema
from hubbub.storage.postgres.database import FAILURES, OLDEST, Database
from hubbub.storage.tables import MOVING

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection

log = logging.getLogger(__name__)

ALONE = 0x48756262
"""Of all that one may lock in a database: who opens, moves or restores it."""
_MARK = "INSERT INTO meta VALUES ('hub', left(replace(gen_random_uuid()::text, '-', ''), 8))"
_OTHERS = "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 LIMIT 1"


async def bring_up_to_date(database: Database, db: Connection) -> str:
    """Make or migrate the schema; the installation's own mark.

    Raises:
        StoreError: it cannot be used; says why and what to do.
    """
    _check_server(database, db)
    await _check_encoding(database, db)
    await db.execute("SELECT pg_advisory_lock($1)", ALONE, timeout=300.0)
    try:
        await _bring_up_to_date(database, db)
    finally:
        await db.execute("SELECT pg_advisory_unlock($1)", ALONE)
    return str(await db.fetchval("SELECT value FROM meta WHERE key = 'hub'"))


def _check_server(database: Database, db: Connection) -> None:
    version = db.get_server_version()
    if version.major < OLDEST:
        msg = f"{database.shown} is PostgreSQL {version.major}; Hubbub needs {OLDEST} or later"
        raise StoreError(msg)


async def _check_encoding(database: Database, db: Connection) -> None:
    encoding = await db.fetchval("SELECT current_setting('server_encoding')")
    if encoding != "UTF8":
        msg = f"the database {database.shown} is encoded as {encoding}; make one with ENCODING 'UTF8'"
        raise StoreError(msg)


async def refuse_half_moved(database: Database, db: Connection) -> None:
    """Raises StoreError for a database that a move has not finished filling."""
    if await db.fetchval("SELECT 1 FROM meta WHERE key = $1", MOVING):
        msg = f"{database.shown} is being filled by `hubbub store move`, which did not end: run that again first"
        raise StoreError(msg)


async def version_of(db: Connection) -> str | None:
    """The schema's version; None if there is none yet."""
    if await db.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    version = await db.fetchval("SELECT version_num FROM alembic_version")
    return None if version is None else str(version)


async def _bring_up_to_date(database: Database, db: Connection) -> None:
    version = await version_of(db)
    if version == schema.VERSION:
        return
    if version is None:
        await _create(database, db)
    elif version > schema.VERSION:
        msg = (
            f"the database {database.shown} was written by a newer Hubbub (schema {version}, this one knows"
            f" {schema.VERSION}); update Hubbub, or restore a backup made before"
        )
        raise StoreError(msg)
    else:
        await _migrate(database, db, version)


async def _create(database: Database, db: Connection) -> None:
    if await db.fetchval(_OTHERS, database.schema) is not None:
        msg = f"the schema {database.schema} of the database {database.shown} holds tables that are not Hubbub's"
        raise StoreError(msg)
    try:
        async with db.transaction():
            # Whoever may not make a schema may have been given one.
            if await db.fetchval("SELECT to_regnamespace($1)", database.schema) is None:
                await db.execute(f'CREATE SCHEMA "{database.schema}"')
            await db.execute(schema.POSTGRES)
            await db.execute("INSERT INTO alembic_version VALUES ($1)", schema.VERSION)
            await db.execute(_MARK)
    except asyncpg.InsufficientPrivilegeError as error:
        msg = (
            f"the tables cannot be made in {database.shown} ({error}); GRANT CREATE ON DATABASE to this user,"
            f" or give it a schema named {database.schema}"
        )
        raise StoreError(msg) from error


async def _migrate(database: Database, db: Connection, version: str) -> None:
    """In one transaction, so that a failure leaves everything as it was."""
    from hubbub.storage import migrations  # noqa: PLC0415 - loaded on first use: Alembic takes 0.6 s

    log.warning("bringing %s from schema %s to %s", database.shown, version, schema.VERSION)
    try:
        script = await asyncio.to_thread(migrations.script, version)
        async with db.transaction():
            await db.execute("SET LOCAL statement_timeout = 0")
            await db.execute(script, timeout=86_400.0)
    except (StoreError, *FAILURES) as error:
        msg = (
            f"the database {database.shown} could not be brought from schema {version} to {schema.VERSION}"
            f" ({error}); it is as it was"
        )
        raise StoreError(msg) from error
