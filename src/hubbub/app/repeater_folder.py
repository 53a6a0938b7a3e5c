"""An installation of the Repeater's backend on a disk: where everything is and what is in it. It stays as it is.

    <USER_DATA_DIR>/<Context_UserData | Prompt_UserData | UserConfig_UserData>/<user>/ParallelData/<branch>.json
    <USER_DATA_DIR>/<kind>/<user>/metadata.json, or in ParallelData: {"default_item": "<branch>"}

A path may be the installation's folder, which its ``.env`` explains, or the folder of user data alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from hubbub.conversations.users import plain_name
from hubbub.core.errors import StoreError
from hubbub.core.work import BranchKind

LARGEST = 64 * 1024 * 1024
METADATA = "metadata.json"
FIRST = "default"
KINDS: Final[Mapping[str, BranchKind]] = MappingProxyType(
    {"Context_UserData": "context", "Prompt_UserData": "prompt", "UserConfig_UserData": "config"}
)
_SHAPES: Final[Mapping[BranchKind, tuple[type, str]]] = MappingProxyType(
    {"context": (list, "a list of units"), "prompt": (str, "a text"), "config": (dict, "an object")}
)
# Where things are if the file .env says nothing else.
_PLACES = {
    "USER_DATA_DIR": "data/userdata",
    "CALL_LOG_FILE_PATH": "config/calllog.jsonl",
    "DEFAULT_PROMPT_DIR": "PresetsPrompt",
    "USER_NICKNAME_MAPPING_FILE_PATH": "config/UserNicknameMapping.json",
    "API_INFO_FILE_PATH": "config/apiconfig.json",
}
_SUBFOLDER = "ParallelData"


@dataclass(frozen=True, slots=True)
class KeptBranch:
    """One file of user data. ``current``: its user was on it last."""

    user: str
    kind: BranchKind
    name: str
    value: object
    current: bool


@dataclass(slots=True)
class Installation:
    """Where everything is; None where it is not there. ``faults`` grow as it is read: a line for each file left out."""

    users: Path | None
    calls: Path | None
    presets: Path | None
    nicknames: Path | None
    models: Path | None
    subfolder: str = _SUBFOLDER
    variables: Mapping[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def branches(self) -> Iterator[KeptBranch]:
        """What users keep, user by user; what cannot be read is told in ``faults``."""
        if self.users is None:
            return
        for folder in sorted(self.users.iterdir()):
            kind = KINDS.get(folder.name)
            if kind is None:
                self.faults.append(f"{folder}: not of a kind that is known, left out")
            elif folder.is_dir():
                for user in sorted(folder.iterdir()):
                    yield from self._user(user, kind)

    def _user(self, folder: Path, kind: BranchKind) -> Iterator[KeptBranch]:
        if not folder.is_dir():
            self.faults.append(f"{folder}: not a user's folder, left out")
            return
        current = self._current(folder)
        within = folder / self.subfolder
        # Old versions had one file instead of branches.
        files = sorted(within.glob("*.json")) if within.is_dir() else sorted(folder.glob("*.json"))
        files = [file for file in files if file.name != METADATA]
        if current != FIRST and all(file.stem != current for file in files):
            yield KeptBranch(folder.name, kind, current, _SHAPES[kind][0](), True)
        for file in files:
            value, read = self.json(file)
            shape, words = _SHAPES[kind]
            if read and not isinstance(value, shape):
                self.faults.append(f"{file}: should be {words}, left out")
            elif read:
                yield KeptBranch(folder.name, kind, file.stem, value, file.stem == current)

    def _current(self, folder: Path) -> str:
        for file in (folder / METADATA, folder / self.subfolder / METADATA):
            if file.is_file():
                value, read = self.json(file)
                name = value.get("default_item") if isinstance(value, dict) else None
                if read and isinstance(name, str):
                    return plain_name(name)
        return FIRST

    def json(self, file: Path) -> tuple[object, bool]:
        """What a file holds, and whether it could be read."""
        try:
            if file.stat().st_size > LARGEST:
                self.faults.append(f"{file}: larger than {LARGEST // 1024 // 1024} MB, left out")
                return None, False
            return json.loads(file.read_bytes().decode("utf-8-sig")), True
        except (OSError, ValueError, RecursionError) as error:
            self.faults.append(f"{file}: cannot be read, left out: {str(error)[:200]}")
            return None, False


def find(path: Path) -> Installation:
    """The installation at a path.

    Raises:
        StoreError: there is none.
    """
    if not path.is_dir():
        message = f"{path}: no such folder"
        raise StoreError(message)
    if any((path / name).is_dir() for name in KINDS):
        return Installation(path, None, None, None, None)
    variables = _variables(path / ".env")
    places = {name: path / (variables.get(name) or usual) for name, usual in _PLACES.items()}
    there = {name: place if place.exists() else None for name, place in places.items()}
    if not any(there.values()):
        looked = ", ".join(str(place) for place in places.values())
        message = f"{path}: nothing of the Repeater's backend is there; looked for {looked}"
        raise StoreError(message)
    return Installation(
        there["USER_DATA_DIR"],
        there["CALL_LOG_FILE_PATH"],
        there["DEFAULT_PROMPT_DIR"],
        there["USER_NICKNAME_MAPPING_FILE_PATH"],
        there["API_INFO_FILE_PATH"],
        variables.get("USER_DATA_SUB_DIR_NAME") or _SUBFOLDER,
        variables,
    )


def _variables(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415 - loaded on first use

    found = dotenv_values(file, encoding="utf-8-sig", interpolate=False)
    return {name.upper(): value for name, value in found.items() if value}
