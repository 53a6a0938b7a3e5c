"""The platforms that the settings switch on, built."""

from __future__ import annotations

import importlib

from hubbub.core.errors import ConfigError
from hubbub.core.ports import Host, Platform, PlatformPlugin
from hubbub.settings import Settings


def build_platforms(settings: Settings, host: Host) -> dict[str, Platform]:
    """Import and build what is enabled, nothing else.

    Raises:
        ConfigError: a platform's library is not installed, or its settings do not go together.
    """
    return {plugin.name: _build(plugin, settings, host) for plugin in settings.enabled()}


def _build(plugin: PlatformPlugin, settings: Settings, host: Host) -> Platform:
    module, _, name = plugin.adapter.partition(":")
    try:
        adapter = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        msg = (
            f"platform {plugin.name} needs the Python package {error.name!r}, which is not installed; "
            f"install hubbub[{plugin.name}], or switch the platform off"
        )
        raise ConfigError(msg) from error
    platform: Platform = adapter(settings.platform(plugin.name), host)
    return platform
