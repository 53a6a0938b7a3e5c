"""The client of the OpenAI API keeps the contract of providers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.core.models import ModelApi, ModelSpec
from hubbub.core.ports import ModelServer, Provider, ProviderHost
from hubbub.providers.openai_compatible.client import OpenAICompatible
from hubbub.providers.openai_compatible.plugin import PLUGIN
from hubbub.providers.openai_compatible.session import new_session
from tests.contract.provider_suite import ProviderHarness, ProviderSuite, built
from tests.fakes.model import FakeModel


class OpenAIHarness:
    long = "word " * 200  # which the fake gives back, word by word

    def __init__(self, fake: FakeModel, host: ProviderHost, api: ModelApi) -> None:
        self._fake, self._host, self._api = fake, host, api
        self.provider = self._built("mine", fake.url)

    def _built(self, name: str, url: str) -> Provider:
        return built(PLUGIN, ModelSpec(name, id="fake-model", base_url=url, api=self._api, attempts=1), self._host)

    async def at_work(self) -> bool:
        return self._fake.in_flight > 0

    def broken(self) -> Provider:
        self._fake.fail(500, times=5)
        return self._built("broken", self._fake.url)


class TestOpenAICompatible(ProviderSuite):
    @pytest.fixture(params=["chat", "completions"])
    async def harness(self, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ProviderHarness]:
        async with FakeModel(gap_ms=10) as fake, new_session() as session:

            def client(spec: ModelSpec, server: ModelServer | None) -> Provider:
                return OpenAICompatible(spec, session, server)

            made = OpenAIHarness(fake, ProviderHost(client, session, tmp_path, print), request.param)
            yield made
            await made.provider.close()
