"""The platforms, providers and skills that there are: found by place and by entry points, known before they load."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Generic, TypeVar

from hubbub import platforms, providers, skills
from hubbub.core.errors import ConfigError
from hubbub.core.ports import PlatformPlugin, ProviderPlugin, SkillPlugin

P = TypeVar("P", PlatformPlugin, ProviderPlugin, SkillPlugin)

_FOLDERS = "*/plugin.py"
# Platforms that only tests use: they can be set, but no document for people shows them.
FOR_TESTS = frozenset(("loopback",))


@dataclass(frozen=True, slots=True)
class Kind(Generic[P]):
    """What can be plugged in: where its folders or files are, under which group other packages offer theirs."""

    word: str
    group: str
    plugin: type[P]
    package: ModuleType
    files: str = _FOLDERS


PLATFORM = Kind("platform", "hubbub.platforms", PlatformPlugin, platforms)
PROVIDER = Kind("provider", "hubbub.providers", ProviderPlugin, providers)
SKILL = Kind("skill", "hubbub.skills", SkillPlugin, skills, "*.py")


def find_plugins() -> dict[str, PlatformPlugin]:
    """Every platform by its name: Hubbub's own first, then other packages' in order of name.

    Raises:
        ConfigError: a platform of another package cannot be loaded, or takes a name that is taken.
    """
    return _found(PLATFORM)


def find_providers() -> dict[str, ProviderPlugin]:
    """Every kind of provider by its name, as `find_plugins` finds platforms; raises as it does."""
    return _found(PROVIDER)


def find_skills() -> dict[str, SkillPlugin]:
    """Every skill by its name, as `find_plugins` finds platforms; raises as it does."""
    return _found(SKILL)


def built_in() -> dict[str, PlatformPlugin]:
    """The platforms in the folders of `hubbub.platforms`."""
    return {plugin.name: plugin for plugin in _own(PLATFORM)}


def for_people(plugins: Mapping[str, PlatformPlugin]) -> dict[str, PlatformPlugin]:
    """Those that documents and lists show."""
    return {name: plugin for name, plugin in plugins.items() if name not in FOR_TESTS}


def _found(kind: Kind[P]) -> dict[str, P]:
    found = {plugin.name: plugin for plugin in _own(kind)}
    for point in sorted(entry_points(group=kind.group), key=lambda entry: entry.name):
        plugin = _load(kind, point)
        if plugin.name in found:
            message = f"the name of {kind.word} {plugin.name} is taken; remove one of the packages that use it"
            raise ConfigError(message)
        found[plugin.name] = plugin
    return found


def _own(kind: Kind[P]) -> Iterator[P]:
    """What the folders or files declare; a file of skills that declares none is a part of others."""
    for name in _names(kind.package, kind.files):
        module = importlib.import_module(f"{kind.package.__name__}.{name}")
        if kind.files == _FOLDERS or hasattr(module, "PLUGIN"):
            yield _declared(kind, module)


def _names(package: ModuleType, files: str) -> list[str]:
    """The modules of a package in these files, by their names in it."""
    roots = [Path(root) for root in package.__path__]
    found = {file.relative_to(root).with_suffix("") for root in roots for file in root.glob(files)}
    return sorted(".".join(each.parts) for each in found)


def _load(kind: Kind[P], point: EntryPoint) -> P:
    package = point.dist.name if point.dist else point.value
    remedy = f"update or remove the package {package}, which adds {kind.word} {point.name}"
    try:
        loaded = point.load()
        return _declared(kind, loaded) if isinstance(loaded, ModuleType) else _checked(kind, loaded)
    except Exception as error:  # another's code may fail in any way; the person must learn whose it is
        message = f"{remedy}: {error}"
        raise ConfigError(message) from error


def _declared(kind: Kind[P], module: ModuleType) -> P:
    for value in vars(module).values():
        if isinstance(value, kind.plugin):
            return value
    message = f"{module.__name__} declares no {kind.plugin.__name__}"
    raise ConfigError(message)


def _checked(kind: Kind[P], value: object) -> P:
    if not isinstance(value, kind.plugin):
        message = f"{value!r} is no {kind.plugin.__name__}"
        raise ConfigError(message)
    return value
