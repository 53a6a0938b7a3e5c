"""The platforms that the settings switch on, built."""

from __future__ import annotations

from hubbub.app.dotted import imported
from hubbub.core.ports import Host, Platform, PlatformPlugin
from hubbub.settings import Settings


def build_platforms(settings: Settings, host: Host) -> dict[str, Platform]:
    """Import and build what is enabled, nothing else.

    Raises:
        ConfigError: a platform's library is not installed, or its settings do not go together.
    """
    return {plugin.name: _build(plugin, settings, host) for plugin in settings.enabled()}


def _build(plugin: PlatformPlugin, settings: Settings, host: Host) -> Platform:
    adapter = imported(plugin.adapter, "platform", plugin.name)
    platform: Platform = adapter(settings.platform(plugin.name), host)
    return platform
