"""What the hub needs to know of this provider before it is used."""

from __future__ import annotations

from hubbub.core.ports import ProviderPlugin

PLUGIN = ProviderPlugin(name="openai", builder="hubbub.providers.openai_compatible.build:build")
