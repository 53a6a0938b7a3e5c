"""The models of a hub by their names, each with those that stand in for it."""

from __future__ import annotations

import logging
from contextlib import aclosing
from dataclasses import fields, replace
from typing import TYPE_CHECKING, cast

from hubbub.conversations.toolturns import without_tools
from hubbub.core.errors import ConfigError, ProviderError
from hubbub.core.phrases import Phrase
from hubbub.core.ports import CanEmbed
from hubbub.core.turns import ModelInfo, Parameters

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

    from hubbub.core.models import ModelSpec
    from hubbub.core.ports import Provider
    from hubbub.core.turns import ChatRequest, Delta

log = logging.getLogger(__name__)

MOST_STAND_INS = 8


class Models:
    """Every model that can be asked. Knows them by what they are, not by how they are reached."""

    def __init__(self, specs: Sequence[ModelSpec], providers: Mapping[str, Provider], default: str = "") -> None:
        """``providers`` by the names of models; ``default`` names a model or a type, or is the first model ("").

        Raises:
            ConfigError: a name is there twice, or names nothing.
        """
        self._specs = {spec.name: spec for spec in specs}
        self._providers = dict(providers)
        if len(self._specs) < len(specs):
            doubled = [spec.name for spec in specs if self._specs[spec.name] is not spec]
            msg = f"two models have the name {doubled[0]!r}; give each a name of its own"
            raise ConfigError(msg)
        for spec in specs:
            self._check(spec)
        self._default = self.find(default) if default else next(iter(specs), None)
        if default and self._default is None:
            msg = f"the default model {default!r} is none of {', '.join(self._specs) or 'the models: there are none'}"
            raise ConfigError(msg)

    def default(self) -> ModelSpec:
        """The model of whoever chose none.

        Raises:
            ProviderError: there is no model.
        """
        if self._default is None:
            told = "no model is set up"
            raise ProviderError(told, user_text=Phrase("error.model_failed"))
        return self._default

    def find(self, name: str) -> ModelSpec | None:
        """The model of a name, or the first of a type; letter case does not count. None if there is none."""
        exact = self._specs.get(name)
        if exact is not None:
            return exact
        wanted = name.lower()
        by_name = (spec for spec in self._specs.values() if spec.name.lower() == wanted)
        return next(by_name, None) or self.of_type(name)

    def of_type(self, name: str) -> ModelSpec | None:
        """The first model of a type; letter case does not count. None if there is none."""
        wanted = name.lower()
        return next((spec for spec in self._specs.values() if spec.type.lower() == wanted), None)

    def specs(self) -> tuple[ModelSpec, ...]:
        """All of them, in the order of the settings."""
        return tuple(self._specs.values())

    def list(self) -> tuple[ModelInfo, ...]:
        """All of them as people may see them, the default one first."""
        ordered = sorted(self._specs.values(), key=lambda spec: spec is not self._default)
        return tuple(
            ModelInfo(spec.name, spec.provider, spec.id, spec.vision, spec.context_tokens, spec.note)
            for spec in ordered
        )

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        """Ask the model that the request names ("": the default one), or who stands in for it.

        While no piece has come, a failure that another model may not share leads to the next of its ``fallback``.
        The pieces that name a model name the one that answers, as the hub calls it.

        Raises:
            ProviderError: none of them answered (the last one's failure), or the answer broke off.
        """
        chain = self._chain(request.model)
        for position, spec in enumerate(chain):
            began = False
            try:
                async with aclosing(self._ask(spec, request)) as deltas:
                    async for delta in deltas:
                        began = True
                        yield replace(delta, model=spec.name) if delta.model else delta
            except ProviderError as error:
                error.model = spec.name
                if began or not error.retryable or position + 1 == len(chain):
                    raise
                log.warning("model %s failed: %s; asking %s", spec.name, error, chain[position + 1].name)
            else:
                return

    async def embed(self, name: str, body: Mapping[str, object]) -> Mapping[str, object]:
        """Hand on an embeddings request of the OpenAI API to the model of a name.

        One that is none of the hub's is asked for by that name where the default model comes from: vectors are seldom
        among the models that somebody sets up to talk with. Nobody stands in: vectors of two models do not compare.

        Raises:
            ProviderError: there is no model, or it makes no vectors.
        """
        spec = self.find(name)
        provider = self._providers[(spec or self.default()).name]
        if not isinstance(provider, CanEmbed):
            told = f"the provider {provider.name} makes no embeddings"
            raise ProviderError(told, user_text=Phrase("error.model_failed"), status=501)
        return await provider.embed(body, "" if spec else name)

    async def close(self) -> None:
        """Let go of every provider."""
        for provider in self._providers.values():
            await provider.close()

    def _ask(self, spec: ModelSpec, request: ChatRequest) -> AsyncGenerator[Delta]:
        parameters = merged(spec.parameters, request.parameters)
        if spec.tools is False and request.tools and request.raw is None:
            request = replace(request, tools=(), turns=without_tools(request.turns))  # it stands in for one that can
        if spec.name != request.model or parameters is not request.parameters:
            request = replace(request, model=spec.name, parameters=parameters)
        return cast("AsyncGenerator[Delta]", self._providers[spec.name].stream(request))

    def _chain(self, name: str) -> tuple[ModelSpec, ...]:
        """The model and those that stand in for it, theirs too, each once."""
        first = self.find(name) if name else self.default()
        if first is None:
            told = f"there is no model {name!r}"
            raise ProviderError(told, user_text=Phrase("error.model_failed"))
        if not first.fallback:
            return (first,)
        chain = {first.name: first}
        for spec in self._stand_ins(first):
            chain.setdefault(spec.name, spec)
        return tuple(chain.values())[: MOST_STAND_INS + 1]

    def _stand_ins(self, first: ModelSpec) -> Sequence[ModelSpec]:
        found: dict[str, ModelSpec] = {}
        waiting = [*first.fallback]
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = self._specs[name]
                waiting += self._specs[name].fallback
        return tuple(found.values())

    def _check(self, spec: ModelSpec) -> None:
        if spec.name not in self._providers:
            msg = f"the model {spec.name!r} has no provider"
            raise ConfigError(msg)
        for name in spec.fallback:
            if name not in self._specs:
                msg = f"fallback of the model {spec.name!r} names {name!r}, which is no model: {', '.join(self._specs)}"
                raise ConfigError(msg)


def merged(own: Parameters, asked: Parameters) -> Parameters:
    """A model's own parameters with what was asked for on top."""
    if own == _NOTHING:
        return asked
    values = {field.name: getattr(asked, field.name) for field in fields(Parameters)}
    return replace(own, **{name: value for name, value in values.items() if value is not None and value != ()})


_NOTHING = Parameters()
