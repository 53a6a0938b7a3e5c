"""Connections: how they are made, and what their failures mean."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from hubbub.core.errors import StoreAway, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Record: TypeAlias = Any

SCHEMA = "hubbub"
OLDEST = 15
FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""What a call of the driver may raise (its internal errors, too: when a connection breaks at a bad moment)."""

NOW = "extract(epoch FROM clock_timestamp())::float8"
"""The database's own clock, as every time here in seconds since the epoch."""

LIVE = f"ARRAY(SELECT m.node || '#' || m.incarnation FROM member m WHERE m.until > {NOW})"  # noqa: S608 - fixed
"""Identities of the processes that are alive."""

# A process that stops in the middle of a transaction must not hold locks over others, and a peer that is gone
# must be noticed, whatever the network says.
_SESSION: Mapping[str, str] = {
    "application_name": "hubbub",
    "search_path": SCHEMA,
    "statement_timeout": "20s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "10s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "jit": "off",
    # Rows are looked up by their keys, however few there were when the tables were last counted.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
_CALL = 25.0
_CONNECT = 5.0

# Not wrong, but in the wrong place: another server of the cluster may take it.
_GONE = ("08", "57P", "25006", "25P03", "53300")
_PASSWORD = re.compile(r"(://[^:/@]*:)[^/]*@|(password=)[^&\s]*")


class Database:
    """One database by its address."""

    def __init__(self, dsn: str, *, schema: str = SCHEMA) -> None:
        """``dsn`` as libpq takes it: ``postgresql://user:password@host:port/name``; several hosts may be listed."""
        self.dsn = dsn
        self.schema = schema

    @property
    def shown(self) -> str:
        """The address without its password."""
        return _PASSWORD.sub(lambda found: f"{found[1]}***@" if found[1] else f"{found[2]}***", self.dsn)

    async def connect(self, **settings: str) -> Connection:
        """A connection with the hub's settings and these. Raises what `FAILURES` says."""
        async with asyncio.timeout(_CONNECT):
            return await asyncpg.connect(self.dsn, **self._options(settings))

    def pool(self, most: int) -> Pool:
        """Connections for reading, made when they are needed; to be awaited."""
        pool: Pool = asyncpg.create_pool(self.dsn, min_size=0, max_size=most, reset=_as_it_is, **self._options({}))
        return pool

    def _options(self, settings: Mapping[str, str]) -> dict[str, Any]:
        return {
            "server_settings": {**_SESSION, "search_path": self.schema, **settings},
            "command_timeout": _CALL,
            "timeout": _CONNECT,
            "target_session_attrs": "read-write" if "," in self.dsn else "any",
        }


async def _as_it_is(connection: object) -> None:
    """Nothing here changes a session, so that nothing has to be set back, which would cost a round trip a read."""


def away(error: BaseException) -> bool:
    """Whether the database was not reached, or is not the one that serves (any more)."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(_GONE)
    return not isinstance(error, ValueError)  # the driver's word for a value that is none


def lost(connection: Connection, error: BaseException) -> bool:
    """Whether the connection is of no more use after this failure."""
    return connection.is_closed() or away(error)


def again(error: BaseException) -> bool:
    """Whether the same transaction may well succeed when it is tried anew: others were in its way."""
    return isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.SerializationError | asyncpg.LockNotAvailableError)


def poison(error: BaseException) -> bool:
    """Whether something in the transaction can never be stored, which is no fault of the rest."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(("22", "23", "54"))
    return isinstance(error, ValueError)


def refused(error: BaseException) -> StoreError:
    """What to tell whoever asked for what failed."""
    kind = StoreAway if away(error) else StoreError
    failure = kind(f"the database refused: {str(error) or type(error).__name__}")
    failure.__cause__ = error
    return failure
