"""A model of the settings as a provider."""

from __future__ import annotations

from hubbub.core.models import ModelSpec
from hubbub.core.ports import Provider, ProviderHost


def build(spec: ModelSpec, host: ProviderHost) -> Provider:
    """The hub's own client. Raises ConfigError when address or proxy cannot be used."""
    return host.client(spec, None)
