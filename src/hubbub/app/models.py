"""The models of a hub: what the settings name, else what keys and this machine offer, else the demo model.

They are looked for after the hub listens. Who asks earlier waits a moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hubbub.app.dotted import imported
from hubbub.app.importing_repeater import MODELS, named_or_taken
from hubbub.app.proxies import proxy_to
from hubbub.chat.models import Models
from hubbub.core.errors import ConfigError, ProviderError
from hubbub.core.models import ModelSpec
from hubbub.core.phrases import Phrase, Sentence
from hubbub.core.ports import CanWarmUp, ProviderHost
from hubbub.core.turns import ChatRequest, Delta, ModelInfo
from hubbub.settings import Settings
from hubbub.settings.plugins import find_providers
from hubbub.words import say

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from hubbub.core.ports import ModelServer, Provider

log = logging.getLogger(__name__)

_FOLDER = "models"


class LateModels:
    """`hubbub.chat.sources.ModelSource` that is filled by `open`."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is looked for yet."""
        self._settings = settings
        self._models: Models | None = None
        self._providers: dict[str, Provider] = {}
        self._specs: dict[str, ModelSpec] = {}
        self._session: ClientSession | None = None
        self._own_url = ""
        self._stack = contextlib.AsyncExitStack()
        self.known = asyncio.Event()
        self.reason: Sentence = Phrase("reason.looking")

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

    async def embed(self, name: str, body: Mapping[str, object]) -> Mapping[str, object]:
        """See `Models.embed`."""
        return await self._found().embed(name, body)

    def _found(self) -> Models:
        if self._models is None:
            told = f"no models yet: {self.why}"
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

    @property
    def why(self) -> str:
        """The reason for the default model, or for there being none, as operators read it."""
        return say(self.reason, "en")

    # --- opening ---------------------------------------------------------------------------------------------

    async def open(self, own_url: str, announce: Callable[[str], None] | None = None) -> None:
        """Find the models and get the hub's own one running; ``announce`` tells a person which, and why."""
        await self.look(own_url)
        if announce is not None:
            announce(f"Model: {self.name or 'none'} ({self.why})")
        for provider in self._providers.values():
            if isinstance(provider, CanWarmUp):
                await _warm_up(provider)

    async def look(self, own_url: str) -> None:
        """Find the models; none of the hub's own is started, or fetched, before it is asked."""
        self._own_url = own_url
        try:
            self.reason = await self._look(own_url)
        except ConfigError as error:
            self.reason = str(error)
            log.error("no model can be asked: %s", error)  # noqa: TRY400 - the settings' fault, said with its remedy
        finally:
            self.known.set()

    async def _look(self, own_url: str) -> Sentence:
        """Why the default model is it. Raises ConfigError where what is set cannot be asked: all stays as it was."""
        from hubbub.providers.discovery import choose, probe  # noqa: PLC0415 - loaded on first use: brings aiohttp
        from hubbub.providers.discovery.choice import Main, needs_probe  # noqa: PLC0415 - as above
        from hubbub.providers.openai_compatible.session import new_session  # noqa: PLC0415 - as above

        settings = self._settings
        specs = [each.spec() for each in settings.models]
        specs += _of_file(settings, [spec.name for spec in specs])
        chosen = settings.model
        main = Main(chosen.name, chosen.base_url, chosen.api_keys, chosen.sees, chosen.calls)
        if self._session is None:
            self._session = await self._stack.enter_async_context(new_session())
        wanted = needs_probe(specs, main, settings.environ)
        local = await probe(self._session, urlsplit(own_url).port or 0) if wanted else ()
        choice = choose(specs, main, settings.environ, local)
        await self._put(choice.specs, (chosen.name or _of_type(settings, specs)) if specs else "")
        return choice.reason

    async def reload(self, settings: Settings) -> None:
        """Find the models anew; those that are as they were are kept, with what runs on them."""
        self._settings = settings
        await self.look(self._own_url)

    async def _put(self, specs: Sequence[ModelSpec], default: str) -> None:
        """Go by these models. Raises ConfigError when one cannot be asked as it is set: all stays as it was."""
        assert self._session is not None  # noqa: S101 - `look` made it
        reached = {spec.name: self._reached(spec) for spec in specs}
        kept = {name: self._providers[name] for name, spec in reached.items() if self._specs.get(name) == spec}
        new = self._build([spec for name, spec in reached.items() if name not in kept], self._session)
        self._models = Models(specs, kept | new, default)
        gone = [provider for name, provider in self._providers.items() if name not in kept]
        self._specs, self._providers = reached, kept | new
        for provider in gone:
            await provider.close()

    def _build(self, specs: Sequence[ModelSpec], session: ClientSession) -> dict[str, Provider]:
        """Raises ConfigError when a model cannot be asked as it is set."""
        from hubbub.providers.openai_compatible.client import OpenAICompatible  # noqa: PLC0415 - loaded on first use

        def client(spec: ModelSpec, server: ModelServer | None) -> Provider:
            return OpenAICompatible(spec, session, server)

        host = ProviderHost(client, session, self._settings.server.data_dir / _FOLDER, _report)
        plugins = find_providers()
        built: dict[str, Provider] = {}
        for spec in specs:
            # The settings were checked against the same plugins.
            build = imported(plugins[spec.provider].builder, "provider", spec.provider)
            built[spec.name] = build(spec, host)
        return built

    def _reached(self, spec: ModelSpec) -> ModelSpec:
        """The model with the proxy that leads to it, unless it has one of its own."""
        from hubbub.providers.openai_compatible.address import OPENAI  # noqa: PLC0415 - loaded on first use

        return replace(spec, proxy=spec.proxy or proxy_to(spec.base_url or OPENAI, self._settings.server))

    async def close(self) -> None:
        """Let go of providers, connections and children."""
        for provider in self._providers.values():
            await provider.close()
        await self._stack.aclose()


def _of_file(settings: Settings, taken: Sequence[str]) -> Sequence[ModelSpec]:
    """The models of ``repeater.api_info_file``. Raises ConfigError."""
    file = named_or_taken(settings.repeater.api_info_file, settings.server.data_dir / MODELS)
    if file is None:
        return ()
    from hubbub.providers import apiconfig  # noqa: PLC0415 - loaded on first use

    return apiconfig.read(file, settings.environ, taken)


def _of_type(settings: Settings, specs: Sequence[ModelSpec]) -> str:
    """The model of whoever chose none, by ``repeater.model_type``; "" where none is of that type."""
    wanted = settings.repeater.model_type.lower()
    return next((spec.name for spec in specs if wanted and spec.type.lower() == wanted), "")


async def _warm_up(provider: CanWarmUp) -> None:
    """Have the hub's own model running before somebody asks; a failure is told again, to who asks."""
    try:
        await provider.warm_up()
    except ProviderError as error:
        log.error("the hub's own model does not start: %s", error)  # noqa: TRY400 - said with its remedy


def _report(line: str) -> None:
    log.info("%s", line)
