"""The models of a hub: what the settings name, else what keys and this machine offer, else the demo model.

They are looked for after the hub listens. Who asks earlier waits a moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hubbub.chat.models import Models
from hubbub.core.errors import ConfigError, ProviderError
from hubbub.core.models import ModelSpec
from hubbub.core.phrases import Phrase
from hubbub.core.turns import ChatRequest, Delta, ModelInfo
from hubbub.settings import Settings

if TYPE_CHECKING:
    from hubbub.core.ports import ModelServer, Provider

log = logging.getLogger(__name__)

_FOLDER = "models"


class LateModels:
    """`hubbub.chat.sources.ModelSource` that is filled by `open`."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is looked for yet."""
        self._settings = settings
        self._models: Models | None = None
        self._servers: list[ModelServer] = []
        self._stack = contextlib.AsyncExitStack()
        self.known = asyncio.Event()
        self.reason = "the models are being looked for"

    # --- what the chat asks ----------------------------------------------------------------------------------

    def default(self) -> ModelSpec:
        """See `ModelSource.default`."""
        return self._found().default()

    def find(self, name: str) -> ModelSpec | None:
        """See `ModelSource.find`."""
        return self._found().find(name)

    def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        """See `ModelSource.stream`."""
        return self._found().stream(request)

    def _found(self) -> Models:
        if self._models is None:
            told = f"no models yet: {self.reason}"
            raise ProviderError(told, user_text=Phrase("error.model_failed"), retryable=True)
        return self._models

    # --- what people see -------------------------------------------------------------------------------------

    @property
    def infos(self) -> Sequence[ModelInfo]:
        """All models, the default first; none while they are being looked for."""
        return self._models.list() if self._models else ()

    @property
    def name(self) -> str:
        """The default model's name; "" while there is none."""
        infos = self.infos
        return infos[0].name if infos else ""

    # --- opening ---------------------------------------------------------------------------------------------

    async def open(self, own_url: str, announce: Callable[[str], None] | None = None) -> None:
        """Find the models and get the hub's own one running; ``announce`` tells a person which, and why."""
        await self.look(own_url)
        if announce is not None:
            announce(f"Model: {self.name or 'none'} ({self.reason})")
        for server in self._servers:
            await _warm_up(server)

    async def look(self, own_url: str) -> None:
        """Find the models; none of the hub's own is started, or fetched, before it is asked."""
        from hubbub.providers.discovery import choose, probe  # noqa: PLC0415 - loaded on first use: brings aiohttp
        from hubbub.providers.discovery.choice import Main, needs_probe  # noqa: PLC0415 - as above
        from hubbub.providers.openai_compatible import new_session  # noqa: PLC0415 - as above

        settings = self._settings
        specs = [each.spec() for each in settings.models]
        chosen = settings.model
        main = Main(chosen.name, chosen.base_url, chosen.api_keys, chosen.sees)
        session = await self._stack.enter_async_context(new_session())
        wanted = needs_probe(specs, main, settings.environ)
        local = await probe(session, urlsplit(own_url).port or 0) if wanted else ()
        choice = choose(specs, main, settings.environ, local)
        try:
            providers = {spec.name: self._provider(spec, session) for spec in choice.specs}
            self._models = Models(choice.specs, providers, chosen.name if specs else "")
        except ConfigError as error:
            self.reason = str(error)
            log.error("no model can be asked: %s", error)  # noqa: TRY400 - the settings' fault, said with its remedy
        else:
            self.reason = choice.reason
        finally:
            self.known.set()

    def _provider(self, spec: ModelSpec, session: object) -> Provider:
        from hubbub.providers.openai_compatible import OpenAICompatible  # noqa: PLC0415 - loaded on first use

        if spec.provider != "embedded":
            return OpenAICompatible(spec, session)  # type: ignore[arg-type]  # new_session's
        from hubbub.providers.embedded.server import EmbeddedServer  # noqa: PLC0415 - loaded on first use

        server = EmbeddedServer(spec, self._settings.server.data_dir / _FOLDER, _report)
        self._servers.append(server)
        return OpenAICompatible(spec, session, server)  # type: ignore[arg-type]  # as above

    async def close(self) -> None:
        """Let go of providers, connections and children."""
        if self._models is not None:
            await self._models.close()
        for server in self._servers:
            await server.close()
        await self._stack.aclose()


async def _warm_up(server: ModelServer) -> None:
    """Have the hub's own model running before somebody asks; a failure is told again, to who asks."""
    try:
        await server.endpoint()
    except ProviderError as error:
        log.error("the hub's own model does not start: %s", error)  # noqa: TRY400 - said with its remedy


def _report(line: str) -> None:
    log.info("%s", line)
