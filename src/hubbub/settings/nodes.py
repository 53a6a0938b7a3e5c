"""The sections about where data are kept, and about several processes that share them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from hubbub.settings.sections import Section

Role = Literal["all", "gateway", "worker", "scheduler"]

_FILE = "hubbub.db"
_SQLITE = "sqlite:///"
_POSTGRES = re.compile(r"postgres(?:ql)?://(?P<rest>.+)", re.IGNORECASE | re.DOTALL)


class Store(Section):
    """Where messages are kept."""

    database_url: SecretStr = Field(
        SecretStr(""),
        description="Database: postgresql://user:password@host/name, which several processes may share; empty is"
        " SQLite in server.data_dir, sqlite:///folder SQLite in another folder.",
    )

    wait_seconds: float = Field(
        60.0,
        ge=0.0,
        description="How long a start waits for a PostgreSQL database that cannot be reached; /readyz says so"
        " meanwhile.",
    )

    @field_validator("database_url")
    @classmethod
    def _engine(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if found := _POSTGRES.fullmatch(url):
            return SecretStr(f"postgresql://{found['rest']}")
        if url and not url.startswith(_SQLITE):
            message = "should begin with postgresql:// or sqlite:///, or be empty"
            raise ValueError(message)
        if url == _SQLITE or (url.endswith(".db") and Path(url).name != _FILE):
            message = f"should name a folder, or {_FILE} in one, behind sqlite:///"
            raise ValueError(message)
        return value

    @property
    def postgres(self) -> str:
        """The address of a PostgreSQL database, with its password; "" for SQLite."""
        url = self.database_url.get_secret_value()
        return url if url.startswith("postgresql:") else ""

    def sqlite(self, data_dir: Path) -> Path:
        """The folder of the SQLite database, where the engine is that."""
        url = self.database_url.get_secret_value()
        if not url.startswith(_SQLITE):
            return data_dir
        path = Path(url.removeprefix(_SQLITE))
        return path.parent if path.name == _FILE else path


class Cluster(Section):
    """Several processes on one PostgreSQL database: what this one does, and how the others know it."""

    roles: tuple[Role, ...] = Field(
        ("all",),
        min_length=1,
        description="What this process does: gateway (connections of platforms and webhooks), worker (asks models,"
        " runs commands), scheduler (timers, tidying), or all.",
    )
    node: str = Field(
        "",
        max_length=100,
        pattern=r"^[A-Za-z0-9._-]*$",
        description="Name of this process among the others, for people; empty: the machine's name and a number.",
    )
    address: str = Field(
        "",
        description="Address under which the other processes reach this one; empty: found out. It carries answers"
        " while they are written.",
    )
    lease_seconds: float = Field(
        10.0,
        ge=1.0,
        le=300.0,
        description="Time after which a process that is not heard of counts as dead and others take over.",
    )

    @field_validator("address")
    @classmethod
    def _reachable(cls, value: str) -> str:
        if value and not re.match(r"https?://[^/\s]", value):
            message = "should be an address that begins with http:// or https://"
            raise ValueError(message)
        return value.rstrip("/")

    def does(self, role: Role) -> bool:
        """Whether this process does that."""
        return role in self.roles or "all" in self.roles
