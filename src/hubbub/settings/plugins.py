"""The platforms that there are: found by their folders and by entry points, their settings known before they load."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from hubbub import platforms
from hubbub.core.errors import ConfigError
from hubbub.core.ports import PlatformPlugin

GROUP = "hubbub.platforms"

# Platforms that only tests use: they can be set, but no document for people shows them.
FOR_TESTS = frozenset(("loopback",))


def find_plugins() -> dict[str, PlatformPlugin]:
    """Every platform by its name: Hubbub's own first, then other packages' in order of name.

    Raises:
        ConfigError: a platform of another package cannot be loaded, or takes a name that is taken.
    """
    found = built_in()
    for plugin in _foreign():
        if plugin.name in found:
            message = f"the name of platform {plugin.name} is taken; remove one of the packages that use it"
            raise ConfigError(message)
        found[plugin.name] = plugin
    return found


def built_in() -> dict[str, PlatformPlugin]:
    """The platforms in the folders of `hubbub.platforms`."""
    folders = sorted(module.name for module in pkgutil.iter_modules(platforms.__path__) if module.ispkg)
    plugins = [_declared(importlib.import_module(f"{platforms.__name__}.{folder}.plugin")) for folder in folders]
    return {plugin.name: plugin for plugin in plugins}


def for_people(plugins: Mapping[str, PlatformPlugin]) -> dict[str, PlatformPlugin]:
    """Those that documents and lists show."""
    return {name: plugin for name, plugin in plugins.items() if name not in FOR_TESTS}


def _foreign() -> Iterator[PlatformPlugin]:
    for point in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        yield _load(point)


def _load(point: EntryPoint) -> PlatformPlugin:
    package = point.dist.name if point.dist else point.value
    remedy = f"update or remove the package {package}, which adds platform {point.name}"
    try:
        loaded = point.load()
        return _declared(loaded) if isinstance(loaded, ModuleType) else _checked(loaded)
    except Exception as error:  # another's code may fail in any way; the person must learn whose it is
        message = f"{remedy}: {error}"
        raise ConfigError(message) from error


def _declared(module: ModuleType) -> PlatformPlugin:
    for value in vars(module).values():
        if isinstance(value, PlatformPlugin):
            return value
    message = f"{module.__name__} declares no PlatformPlugin"
    raise ConfigError(message)


def _checked(value: object) -> PlatformPlugin:
    if not isinstance(value, PlatformPlugin):
        message = f"{value!r} is no PlatformPlugin"
        raise ConfigError(message)
    return value
