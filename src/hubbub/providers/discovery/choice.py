"""The choice of models, and why, as a person would say it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hubbub.core.models import ModelSpec, sees
from hubbub.core.phrases import Phrase
from hubbub.providers.discovery.services import SERVICES, Found, is_set, services_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hubbub.providers.discovery.local import LocalServer

DEMO = ModelSpec(
    name="smollm2-135m",
    provider="embedded",
    vision=False,
    tools=False,
    context_tokens=4096,
    note=Phrase("reason.demo_note"),
)


@dataclass(frozen=True, slots=True)
class Main:
    """What the settings say of the one model that most hubs need; anything may be unset."""

    id: str = ""
    base_url: str = ""
    api_keys: tuple[str, ...] = ()
    vision: bool | None = None
    tools: bool | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The models of the hub, the default first, and why these."""

    specs: tuple[ModelSpec, ...]
    reason: Phrase

    @property
    def demo(self) -> bool:
        """Nothing better than the demo model was found."""
        return self.specs == (DEMO,)


def needs_probe(models: Sequence[ModelSpec], main: Main, environ: Mapping[str, str]) -> bool:
    """Whether servers on this machine matter for `choose`: nothing is set that would be taken before them."""
    return not models and not main.base_url and not main.api_keys and not services_in(environ)


def choose(
    models: Sequence[ModelSpec],
    main: Main = Main(),
    environ: Mapping[str, str] | None = None,
    local: Sequence[LocalServer] = (),
) -> Choice:
    """The models to use.

    The order: ``models`` (of ``[[models]]``), ``main`` (of ``[model]``), services whose keys are in the environment,
    servers on this machine, the demo model. What is found of one kind is all offered, with the first as the default;
    names are unique. ``main.id`` without an address or a key is the id to ask the first found for.
    """
    if models:
        return Choice(tuple(models), _named(len(models)))
    found = _of_settings(main, environ or {}) or _of_servers(local, main.id)
    if not found:
        return Choice((DEMO,), Phrase("reason.demo"))
    if main.id:
        found[0] = _with_id(found[0], main)
    return Choice(_named_apart([each.spec for each in found]), found[0].reason)


def _of_settings(main: Main, environ: Mapping[str, str]) -> list[Found]:
    """What keys and addresses lead to; the settings' own come before the environment's."""
    services = services_in(environ)
    openai = SERVICES[0]
    key, address = (environ.get(name, "").strip() for name in (openai.keys[0], openai.address_variable))
    if not (main.base_url or main.api_keys) or (main.base_url, main.api_keys) == (address, (key,) if key else ()):
        return list(services)
    model = main.id or ("" if main.base_url else openai.model)
    where = ModelSpec(name=model or "main", id=model, base_url=main.base_url, api_keys=main.api_keys)
    spec = replace(where, vision=main.vision, tools=main.tools)
    key = "model.base_url" if main.base_url else "model.api_key"
    return [Found(spec, is_set(key)), *(each for each in services if each.spec.note != openai.name)]


def _of_servers(local: Sequence[LocalServer], wanted: str) -> list[Found]:
    found = [
        Found(
            ModelSpec(name=model, id=model, base_url=server.base_url, vision=sees(model), note=server.name),
            Phrase("reason.server", {"server": server.name, "address": server.address}),
        )
        for server in local
        for model in server.models
    ]
    return sorted(found, key=lambda each: each.spec.id != wanted)


def _with_id(found: Found, main: Main) -> Found:
    """The model that was found, asked for under the id that is set."""
    vision = sees(main.id) if main.vision is None else main.vision
    extra = found.spec.extra if found.spec.id == main.id else {}
    return replace(
        found, spec=replace(found.spec, name=main.id, id=main.id, vision=vision, tools=main.tools, extra=extra)
    )


def _named_apart(specs: Sequence[ModelSpec]) -> tuple[ModelSpec, ...]:
    named: dict[str, ModelSpec] = {}
    for spec in specs:
        name, number = spec.name, 2
        while name in named:
            name, number = f"{spec.name}-{number}", number + 1
        named[name] = replace(spec, name=name)
    return tuple(named.values())


def _named(models: int) -> Phrase:
    return Phrase("reason.settings_one") if models == 1 else Phrase("reason.settings", {"count": models})
