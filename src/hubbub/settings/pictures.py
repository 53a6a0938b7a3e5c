"""The sections about files, pictures and documents."""

from __future__ import annotations

import ipaddress

from pydantic import Field, field_validator

from hubbub.settings.sections import Section


class Files(Section):
    """What is kept of files, and what is fetched from elsewhere."""

    kept_bytes: int = Field(
        500_000_000, ge=1_000_000, description="Room for all kept files; beyond it those go that would expire first."
    )
    file_bytes: int = Field(20_000_000, ge=1000, description="Largest file that is kept or fetched, in bytes.")
    fetch_seconds: float = Field(30.0, gt=0, description="Longest time that fetching a file may take.")
    fetch_networks: tuple[str, ...] = Field(
        (), description="Networks of your own that files may be fetched from too; else public addresses only."
    )
    incoming_days: float = Field(
        30.0, ge=0, description="How long pictures that people send as data stay known to the conversation; 0: not."
    )

    @field_validator("fetch_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ipaddress.ip_network(network, strict=False)) for network in value)
