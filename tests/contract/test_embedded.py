"""Models inside the hub keep the contract of providers; the weights are fetched once, into .cache of the repository."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from hubbub.core.models import ModelSpec
from hubbub.core.ports import ModelServer, Provider, ProviderHost
from hubbub.providers.embedded.failures import EmbeddedError
from hubbub.providers.embedded.package import weights
from hubbub.providers.embedded.plugin import PLUGIN
from hubbub.providers.embedded.server import EmbeddedServer
from hubbub.providers.openai_compatible.client import OpenAICompatible
from tests.contract.provider_suite import ProviderHarness, ProviderSuite, built

MODELS = Path(__file__).parents[2] / ".cache" / "models"

pytest.importorskip("xllamacpp")


def wants_a_processor(pid: int) -> bool:
    """A thread of it runs or waits for its turn, as far as the system tells."""
    for path in Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(OSError):  # a thread that ended meanwhile
            if path.read_text().rpartition(")")[2].split()[0] == "R":
                return True
    return False


class EmbeddedHarness:
    long = "Count from one to a thousand."

    def __init__(self, host: ProviderHost, servers: list[EmbeddedServer]) -> None:
        self._host, self._servers = host, servers
        self.provider = built(PLUGIN, ModelSpec("mine", provider="embedded"), host)

    async def at_work(self) -> bool:
        """Its process uses a processor, or would if others let it; one that waits uses next to nothing."""
        pid = self._servers[0].pid if self._servers else None
        if pid is None:
            return False
        try:
            process = psutil.Process(pid)
            before, ready = process.cpu_times().user, 0
            for _ in range(20):
                ready += wants_a_processor(pid)
                await asyncio.sleep(0.01)
            return ready > 10 or process.cpu_times().user - before > 0.05
        except psutil.NoSuchProcess:
            return False  # it may end over a request that was cut off; it is started again when it is asked

    def broken(self) -> Provider:
        return built(PLUGIN, ModelSpec("broken", provider="embedded", path="none.gguf"), self._host)


class TestEmbedded(ProviderSuite):
    @pytest.fixture
    async def harness(self) -> AsyncIterator[ProviderHarness]:
        try:
            await weights(MODELS)
        except EmbeddedError as error:
            pytest.skip(f"no weights: {error}")
        servers: list[EmbeddedServer] = []

        def client(spec: ModelSpec, server: ModelServer | None) -> Provider:
            assert isinstance(server, EmbeddedServer)
            servers.append(server)
            return OpenAICompatible(spec, None, server)

        made = EmbeddedHarness(ProviderHost(client, None, MODELS, print), servers)
        yield made
        await made.provider.close()
