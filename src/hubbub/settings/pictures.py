"""The sections about files, pictures and documents."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal

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
        30.0, ge=0, description="How long models are shown the pictures that people sent; 0: an hour."
    )

    @field_validator("fetch_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ipaddress.ip_network(network, strict=False)) for network in value)


When = Literal["never", "always", "auto"]


class Rendering(Section):
    """Replies as pictures, conversations as PDF."""

    when: When = Field(
        "never",
        description="Which replies of a model become pictures where nobody chose otherwise: never, always, or auto:"
        " those with tables, formulas or code, and long ones.",
    )
    auto_characters: int = Field(1500, ge=1, description="Length from which auto makes a picture of any reply.")
    style: str = Field("light", description="Style of pictures: light, dark, pink, blue, green, or one of themes_dir.")
    themes_dir: Path | None = Field(
        None, examples=["themes"], description="Folder with styles of your own, a file each."
    )
    width: int = Field(600, ge=200, le=2000, description="Width of a picture in pixels, before scale.")
    scale: float = Field(1.5, ge=0.5, le=4, description="Dots a pixel; long replies get fewer, but not less than 1.")
    font_size: float = Field(16, ge=6, le=60, description="Size of letters in pixels, before scale.")
    height: int = Field(
        2400, ge=400, le=10_000, description="Height in pixels, before scale, at which a reply becomes another picture."
    )
    title: str = Field("", description="Title over every picture; empty is none.")
    author: str = Field("", description="Who a picture says it is from; empty is nobody.")
    avatar: Path | None = Field(None, examples=["avatar.png"], description="Picture of the author (PNG or JPEG).")
    show_time: bool = Field(False, description="Show over a picture when it was made.")
    show_model: bool = Field(False, description="Show over a picture which model answered.")
    seconds: float = Field(2.0, gt=0, description="Longest time for the pictures of one reply; then it goes as text.")
    document_seconds: float = Field(30.0, gt=0, description="Longest time for a PDF.")
    characters: int = Field(50_000, ge=100, description="Longest reply that becomes pictures.")
    kept_seconds: float = Field(86_400, ge=60, description="How long pictures and documents in messages are kept.")
    workers: int = Field(2, ge=1, le=32, description="Processes that make pictures, each started when it is needed.")
    worker_megabytes: int = Field(1500, ge=600, description="Memory (address space) that such a process may take.")
    idle_seconds: float = Field(60.0, gt=0, description="Time without work after which such a process ends.")
    cache_bytes: int = Field(16_000_000, ge=0, description="Memory for pictures that may be asked for again.")
