"""What an installation of the Repeater's backend kept, as what the hub keeps: a second time nothing is there twice.

A branch that is here already stays where it is the same or has gone on since; one that went on over there gets the
rest; one that is something else here is put beside it, under a name of its own.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hubbub.app.repeater_folder import Installation, KeptBranch, find
from hubbub.conversations import units
from hubbub.conversations.users import branch_of_user, owner_of_user
from hubbub.core.calls import ModelCall
from hubbub.core.errors import ConfigError, StoreError
from hubbub.core.work import Append, Switch, Write

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hubbub.core.store import Store
    from hubbub.core.work import Branch
    from hubbub.settings import Settings

PRESETS, MODELS, NICKNAMES = "presets", "apiconfig.json", "nicknames.json"
"""Where in the data folder the hub looks for them by itself."""
ASIDE = "imported"
_FIRST = "default"
_CALLS_AT_ONCE = 500
_LONGEST_LINE = 4 * 1024 * 1024
_NANOSECONDS = 1_000_000_000


@dataclass(slots=True)
class Imported:
    """How many were taken. ``known``: branches that were here already; ``calls_known``: such calls.

    ``faults``: a line for each thing that was left out, and why; ``hints``: what is left to do.
    """

    users: int = 0
    contexts: int = 0
    prompts: int = 0
    configs: int = 0
    known: int = 0
    calls: int = 0
    calls_known: int = 0
    presets: int = 0
    files: int = 0
    faults: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    def count(self, kind: str) -> None:
        """One more branch of a kind."""
        if kind == "context":
            self.contexts += 1
        elif kind == "prompt":
            self.prompts += 1
        else:
            self.configs += 1


def named_or_taken(named: Path | None, taken: Path) -> Path | None:
    """The file that a setting names; where there is none, the one that an import took, if it did.

    An installation's ``.env`` goes on naming files that stayed where it was.
    """
    if named is not None and (named.is_file() or not taken.is_file()):
        return named
    return taken if taken.is_file() else None


async def import_repeater(settings: Settings, store: Store, path: Path) -> Imported:
    """Take everything at a path. Raises StoreError where there is nothing, or nothing can be stored."""
    found = await asyncio.to_thread(find, path)
    done = Imported()
    owners = await _take_branches(store, found, settings.repeater.platform, done)
    done.users = len(owners)
    if found.calls is not None:
        await _take_calls(store, found.calls, settings.repeater.platform, done)
    await asyncio.to_thread(_take_files, settings, found, done)
    done.faults[:0] = found.faults
    return done


async def _take_branches(store: Store, found: Installation, home: str, done: Imported) -> set[str]:
    owners: set[str] = set()
    branches = found.branches()
    while (kept := await asyncio.to_thread(next, branches, None)) is not None:
        owner = owner_of_user(kept.user, home)
        owners.add(owner)
        bodies, left_out = _bodies(kept)
        if left_out:
            done.faults.append(f"{kept.kind} {kept.name} of {kept.user}: {left_out} units are none, left out")
        writes = await _writes(store, owner, kept, bodies)
        if writes:
            await store.conversations.change(writes)
            done.count(kept.kind)
        else:
            done.known += 1
    return owners


def _bodies(kept: KeptBranch) -> tuple[tuple[object, ...], int]:
    """What a file holds as nodes, and how many of its units are none."""
    if kept.kind == "context":
        given = kept.value if isinstance(kept.value, list) else []
        bodies = units.bodies_of([each for each in given if isinstance(each, dict)])
        return bodies, len(given) - len(bodies)
    return ((kept.value,) if kept.value else ()), 0


async def _writes(store: Store, owner: str, kept: KeptBranch, bodies: tuple[object, ...]) -> tuple[Write, ...]:
    """What is to be written of a branch; nothing where it is here already."""
    name = branch_of_user(kept.name)
    for place in (name, branch_of_user(f"{name}-{ASIDE}")):
        here = await store.conversations.branch(owner, kept.kind, place)
        rest = _rest(here, bodies)
        if rest is not None:
            break
    else:
        place, rest = branch_of_user(f"{name}-{ASIDE}-{len(bodies)}"), bodies
        if (await store.conversations.branch(owner, kept.kind, place)).head:
            return ()
    switch: tuple[Write, ...] = ()
    # Who has chosen another branch here since stays on it.
    if kept.current and place == name != _FIRST and (rest or not bodies):
        here = await store.conversations.branch(owner, kept.kind, limit=1)
        switch = (Switch(owner, kept.kind, place),) if here.name == _FIRST else ()
    return (*((Append(owner, kept.kind, place, tuple(rest)),) if rest else ()), *switch)


def _rest(here: Branch, bodies: Sequence[object]) -> Sequence[object] | None:
    """What is lacking here; None where something else is here."""
    if here.kind == "context":
        there = list(units.copied(here))
    else:
        there = [node.body for node in here.nodes]
        if bodies and bodies[-1] in there:
            return ()
        return bodies if not there else None
    common = min(len(there), len(bodies))
    if [_said(each) for each in there[:common]] != [_said(each) for each in bodies[:common]]:
        return None
    return tuple(bodies[common:])


def _said(body: object) -> object:
    return (body.get("role"), body.get("content")) if isinstance(body, dict) else body


# --- calls of models -------------------------------------------------------------------------------------------------


async def _take_calls(store: Store, file: Path, home: str, done: Imported) -> None:
    lines = _calls(file, home, done)
    while batch := await asyncio.to_thread(_some, lines):
        new = await store.calls.add(batch)
        done.calls += new
        done.calls_known += len(batch) - new


def _some(lines: Iterator[ModelCall]) -> list[ModelCall]:
    return [call for _, call in zip(range(_CALLS_AT_ONCE), lines, strict=False)]


def _calls(file: Path, home: str, done: Imported) -> Iterator[ModelCall]:
    try:
        with file.open(encoding="utf-8-sig", errors="replace") as stream:
            for number, line in enumerate(stream, 1):
                if not line.strip():
                    continue
                call = _call(line, home)
                if call is None:
                    done.faults.append(f"{file}:{number}: no record of a call, left out")
                else:
                    yield call
    except OSError as error:
        done.faults.append(f"{file}: cannot be read: {error.strerror}")


def _call(line: str, home: str) -> ModelCall | None:
    try:
        record = json.loads(line) if len(line) <= _LONGEST_LINE else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    user, model, began = record.get("user_id"), record.get("model"), record.get("task_start_time")
    if not isinstance(user, str) or not isinstance(model, str) or type(began) not in (int, float):
        return None
    at = float(began) / _NANOSECONDS  # type: ignore[arg-type]  # looked at above
    return ModelCall(owner_of_user(user, home), model, at, record) if abs(at) < _NANOSECONDS * 1000 else None


# --- files -----------------------------------------------------------------------------------------------------------


def _take_files(settings: Settings, found: Installation, done: Imported) -> None:
    folder = settings.server.data_dir
    if found.presets is not None:
        done.presets += sum(_copy(file, folder / PRESETS / file.name, done) for file in _texts(found.presets, done))
    if found.nicknames is not None and _is_object(found.nicknames, found):
        done.files += _copy(found.nicknames, folder / NICKNAMES, done)
    if found.models is not None:
        known = {name.upper() for name in (*found.variables, *settings.environ)}
        _take_models((found.models, folder / MODELS), found, known, done)
    if found.variables:
        done.hints.append("the installation's .env works as it is: put it beside hubbub.toml")


def _texts(folder: Path, done: Imported) -> Iterator[Path]:
    for file in sorted(folder.iterdir()):
        if file.suffix == ".txt" and file.is_file():
            yield file
        else:
            done.faults.append(f"{file}: no preset, left out")


def _is_object(file: Path, found: Installation) -> bool:
    value, read = found.json(file)
    if read and not isinstance(value, dict):
        found.faults.append(f"{file}: should be an object of names, left out")
    return read and isinstance(value, dict)


def _take_models(files: tuple[Path, Path], found: Installation, known: Collection[str], done: Imported) -> None:
    from hubbub.providers import apiconfig  # noqa: PLC0415 - loaded on first use

    file, target = files
    value, read = found.json(file)
    if not read:
        return
    try:
        apiconfig.parse(value, {}, str(file))
    except ConfigError as error:
        done.faults.append(f"{error}; the models are left out")
        return
    done.files += _copy(file, target, done)
    done.hints += [f"set {name} in .env: the key of models in {target.name}" for name in _missing(value, known)]


def _missing(value: object, known: Collection[str]) -> list[str]:
    """Names of keys that the models need and nobody has set; ``value`` was found to be a list of services."""
    groups = value if isinstance(value, list) else []
    models = [model for group in groups for model in group.get("models", [])]
    names = {each.get("ApiKeyEnv") for each in (*groups, *models)}
    return sorted(name for name in names if isinstance(name, str) and name and name.upper() not in known)


def _copy(source: Path, target: Path, done: Imported) -> int:
    """Copy a file unless one is there; how many were copied."""
    try:
        if target.exists():
            if target.read_bytes() != source.read_bytes():
                done.faults.append(f"{source}: left out, {target} is another one; take away the one you do not want")
            return 0
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o600)
    except OSError as error:
        message = f"{source} cannot be copied to {target}: {error.strerror}"
        raise StoreError(message) from error
    return 1
