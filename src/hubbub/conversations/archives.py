"""What an owner keeps as one zip file: the three files that programs of the Repeater know, or all branches.

user_context.json  user_config.json  user_prompt.json                     the current branches
<kind>_UserData/<owner>/ParallelData/<branch>.json, .../metadata.json     all of them, as its folders are
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, get_args

from hubbub.conversations import units
from hubbub.conversations.branches import listed
from hubbub.conversations.preferences import preferences_of
from hubbub.conversations.prompts import prompt_of
from hubbub.conversations.users import plain_name
from hubbub.core.errors import UserError
from hubbub.core.phrases import Phrase
from hubbub.core.work import BranchKind

if TYPE_CHECKING:
    from hubbub.core.store import Conversations
    from hubbub.core.work import Branch

LARGEST = 64 * 1024 * 1024
_MOST_FILES = 10_000
_KINDS: tuple[BranchKind, ...] = get_args(BranchKind)
FOLDERS: Final[Mapping[BranchKind, str]] = MappingProxyType(
    {"context": "Context_UserData", "prompt": "Prompt_UserData", "config": "UserConfig_UserData"}
)
_SIMPLE: Final[Mapping[str, BranchKind]] = MappingProxyType(
    {"user_context.json": "context", "user_config.json": "config", "user_prompt.json": "prompt"}
)
_SUBFOLDER, _METADATA = "ParallelData", "metadata.json"


@dataclass(frozen=True, slots=True)
class ArchivedBranch:
    """One branch of an archive; ``name`` "" is whichever is current where it is taken to."""

    kind: BranchKind
    name: str
    value: object
    current: bool = True


def value_of(branch: Branch) -> object:
    """What a branch that was read whole holds, as files have it."""
    if branch.kind == "context":
        return units.units_of(branch)
    return prompt_of(branch) if branch.kind == "prompt" else dict(preferences_of(branch).stored)


async def current(conversations: Conversations, owner: str) -> bytes:
    """The three files of the current branches. Raises StoreError; UserError where they are too large."""
    pack = _Pack()
    for name, kind in _SIMPLE.items():
        await pack.add(name, await conversations.branch(owner, kind))
    return await asyncio.to_thread(pack.zip)


async def whole(conversations: Conversations, owner: str) -> bytes:
    """All branches of all kinds. Raises StoreError; UserError where they are too large, or too many."""
    pack = _Pack()
    for kind in _KINDS:
        folder = f"{FOLDERS[kind]}/{plain_name(owner)}"
        now = (await conversations.branch(owner, kind, limit=1)).name
        found = listed(await conversations.branches(owner, kind))
        for each in found:
            branch = await conversations.branch(owner, kind, each.name)
            await pack.add(f"{folder}/{_SUBFOLDER}/{plain_name(each.name)}.json", branch)
        if found:
            pack.put(f"{folder}/{_METADATA}", _written({"default_item": plain_name(now)}))
    return await asyncio.to_thread(pack.zip)


def read(data: bytes) -> list[ArchivedBranch]:
    """The branches of an archive of either form. Raises UserError where it is none, or too large."""
    import zipfile  # noqa: PLC0415 - loaded on first use: it brings every way to compress

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [each for each in archive.infolist() if not each.is_dir()]
            if len(entries) > _MOST_FILES or sum(each.file_size for each in entries) > LARGEST:
                raise UserError(Phrase("userdata.archive.large", {"megabytes": LARGEST // 1024 // 1024}))
            files = {
                each.filename: json.loads(archive.read(each)) for each in entries if each.filename.endswith(".json")
            }
    except (zipfile.BadZipFile, ValueError, RecursionError, NotImplementedError, RuntimeError, OSError) as error:
        raise UserError(Phrase("userdata.archive.broken")) from error
    found = [branch for name, value in files.items() if (branch := _branch(name, value, files)) is not None]
    if not found:
        raise UserError(Phrase("userdata.archive.broken"))
    return found


def _branch(name: str, value: object, files: Mapping[str, object]) -> ArchivedBranch | None:
    if name in _SIMPLE:
        return ArchivedBranch(_SIMPLE[name], "", value)
    parts = name.split("/")
    kind = next((kind for kind, folder in FOLDERS.items() if folder == parts[0]), None)
    if kind is None or len(parts) != 4 or parts[2] != _SUBFOLDER:
        return None
    about = files.get(f"{parts[0]}/{parts[1]}/{_METADATA}")
    now = about.get("default_item") if isinstance(about, dict) else "default"
    stem = parts[3].removesuffix(".json")
    return ArchivedBranch(kind, stem, value, stem == now)


def bodies_of(branch: ArchivedBranch) -> tuple[object, ...]:
    """What is to be stored of a branch; nothing of what is not of its kind."""
    value = branch.value
    if branch.kind == "context":
        return units.bodies_of([each for each in value if isinstance(each, dict)] if isinstance(value, list) else [])
    fits = isinstance(value, str) if branch.kind == "prompt" else isinstance(value, dict)
    return (value,) if fits and value else ()


class _Pack:
    """The files of an archive, as bytes. What takes long is done in threads: others go on meanwhile."""

    def __init__(self) -> None:
        self._files: list[tuple[str, bytes]] = []
        self._size = 0

    async def add(self, name: str, branch: Branch) -> None:
        """A branch that was read whole. Raises UserError."""
        self.put(name, await asyncio.to_thread(lambda: _written(value_of(branch))))

    def put(self, name: str, content: bytes) -> None:
        """Raises UserError where all are too many, or too large."""
        self._files.append((name, content))
        self._size += len(content)
        if len(self._files) > _MOST_FILES or self._size > LARGEST:
            raise UserError(Phrase("userdata.archive.large", {"megabytes": LARGEST // 1024 // 1024}))

    def zip(self) -> bytes:
        """All of them."""
        import zipfile  # noqa: PLC0415 - loaded on first use

        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for name, content in self._files:
                archive.writestr(name, content)
        return buffer.getvalue()


def _written(value: object) -> bytes:
    return json.dumps(value, indent=4, ensure_ascii=False).encode("utf-8", "replace")
