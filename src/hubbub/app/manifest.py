"""What a backup says about itself: its first member, by which all others are checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from hubbub.core.errors import StoreError

NAME = "manifest.json"
FORMAT = 1
DATA, SETTINGS = "data", "settings"
LONGEST = 10_000_000


@dataclass(frozen=True, slots=True)
class Checked:
    """A file's size in bytes and its SHA-256 in hex."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """``files`` by their names in the archive: ``data/...`` and ``settings/...``. ``made_at`` is ISO 8601.

    ``models``: the models of the settings, without keys. ``weights``: files of models that run inside the hub and
    are not in the archive, with their sizes.
    """

    hubbub: str
    schema: str
    made_at: str
    files: Mapping[str, Checked]
    models: tuple[Mapping[str, Any], ...] = ()
    weights: Mapping[str, int] = field(default_factory=dict)
    format: int = FORMAT

    def text(self) -> str:
        """As it stands in the archive."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"


def read(text: bytes) -> Manifest:
    """A manifest that can be followed.

    Raises:
        StoreError: it is none, of a later format, or names files outside of where they belong.
    """
    try:
        fields = json.loads(text)
        if fields["format"] > FORMAT:
            msg = f"it was made by a newer Hubbub ({fields['hubbub']}): update Hubbub"
            raise StoreError(msg)
        files = {name: Checked(int(each["bytes"]), str(each["sha256"])) for name, each in fields["files"].items()}
        found = Manifest(
            str(fields["hubbub"]), str(fields["schema"]), str(fields["made_at"]), files,
            tuple(fields["models"]), dict(fields["weights"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = "its manifest cannot be read"
        raise StoreError(msg) from error
    for name in files:
        if not _belongs(name):
            msg = f"its manifest names {name!r}, which is no place for a file"
            raise StoreError(msg)
    return found


def _belongs(name: str) -> bool:
    parts = PurePosixPath(name).parts
    plain = "/".join(parts) == name and not {"..", "."} & set(parts) and "\\" not in name and ":" not in name
    if plain and parts[:1] == (SETTINGS,):
        return len(parts) == 2 and (parts[1] == ".env" or parts[1].endswith(".toml"))
    return plain and len(parts) > 1 and parts[0] == DATA


def check_of(path: Path) -> Checked:
    """Size and checksum of a file. Raises OSError."""
    with path.open("rb") as file:
        return Checked(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
