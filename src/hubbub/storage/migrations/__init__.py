"""Bringing an older database up to date, by Alembic. Imported only when a database is behind."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, NullPool, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from hubbub.core.errors import StoreError

HERE = Path(__file__).parent
VERSIONS = (HERE / "versions",)
"""Where the migrations are."""


def upgrade(path: Path, target: str = "head") -> None:
    """Run the migrations that an SQLite file lacks, all or none.

    Raises:
        StoreError: one failed; the file is as it was.
    """
    config = _config()
    engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)
    event.listen(engine, "connect", _leave_transactions_alone)
    event.listen(engine, "begin", _begin)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, target)
    except (SQLAlchemyError, CommandError) as error:
        raise StoreError(str(getattr(error, "orig", error))) from error
    finally:
        engine.dispose()


def script(version: str, target: str = "head") -> str:
    """The statements that bring a PostgreSQL database from a version to another; the caller runs them, all or none.

    Raises:
        StoreError: there is no such way.
    """
    text = io.StringIO()
    config = _config(output_buffer=text)
    try:
        command.upgrade(config, f"{version}:{target}", sql=True)
    except CommandError as error:
        raise StoreError(str(error)) from error
    return text.getvalue()


def _config(output_buffer: io.StringIO | None = None) -> Config:
    config = Config() if output_buffer is None else Config(output_buffer=output_buffer)
    for option, value in {
        "script_location": str(HERE),
        "path_separator": "newline",
        "version_locations": "\n".join(map(str, VERSIONS)),
    }.items():
        config.set_main_option(option, value.replace("%", "%%"))
    return config


def _leave_transactions_alone(connection: Any, record: object) -> None:  # noqa: ARG001 - SQLAlchemy's call
    # Python's sqlite3 begins a transaction before it changes rows, but not before it changes tables.
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
