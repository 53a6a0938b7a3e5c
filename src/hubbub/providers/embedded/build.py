"""A model of the settings as a provider."""

from __future__ import annotations

from hubbub.core.models import ModelSpec
from hubbub.core.ports import Provider, ProviderHost
from hubbub.providers.embedded.server import EmbeddedServer


def build(spec: ModelSpec, host: ProviderHost) -> Provider:
    """A client of a server that the hub runs itself; nothing is started or fetched yet."""
    return host.client(spec, EmbeddedServer(spec, host.folder, host.report))
