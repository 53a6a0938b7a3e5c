"""Models as the file ``apiconfig.json`` names them: a list of services, each with an address, a key and models by type.

    [{"Name", "ApiKeyEnv", "URL", "models": [{"Name", "Id", "Type", "URL"?, "ApiKeyEnv"?, "Metadata"?}], "Metadata"?}]

What a model says goes before what its service says. The first model of a type answers for it; those behind it of the
same type stand in for it, in their order. Keys are in the environment, by the names that the file gives.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hubbub.core.errors import ConfigError
from hubbub.core.models import ModelSpec, sees

LARGEST = 4 * 1024 * 1024
_MOST_STAND_INS = 7


def read(file: Path, environ: Mapping[str, str], taken: Sequence[str] = ()) -> tuple[ModelSpec, ...]:
    """The models of a file; ``taken`` are names that other models have.

    Raises:
        ConfigError: it cannot be read, or is none; names the place.
    """
    try:
        if file.stat().st_size > LARGEST:
            message = f"{file}: larger than {LARGEST} bytes, which is no list of models"
            raise ConfigError(message)
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        message = f"{file}: cannot be read: {error.strerror}; check repeater.api_info_file (API_INFO_FILE_PATH)"
        raise ConfigError(message) from error
    except (ValueError, RecursionError) as error:
        message = f"{file}: not JSON: {error}"
        raise ConfigError(message) from error
    return parse(document, environ, str(file), taken)


def parse(document: object, environ: Mapping[str, str], where: str, taken: Sequence[str] = ()) -> tuple[ModelSpec, ...]:
    """The models of what a file holds. Raises ConfigError."""
    names = set(taken)
    specs: list[ModelSpec] = []
    for number, group in enumerate(_list(document, where)):
        place = f"{where}: entry {number + 1}"
        service = _object(group, place)
        for position, model in enumerate(_list(service.get("models", []), f"{place}: models")):
            spec = _spec(service, _object(model, f"{place}: model {position + 1}"), f"{place}: model {position + 1}")
            key = environ.get(spec.path, "")
            spec = replace(spec, name=_unused(spec.title, service, names), api_keys=(key,) if key else (), path="")
            names.add(spec.name)
            specs.append(spec)
    return tuple(replace(spec, fallback=_behind(specs, index)) for index, spec in enumerate(specs))


def _spec(service: Mapping[str, Any], model: Mapping[str, Any], place: str) -> ModelSpec:
    """One model; ``path`` is the name of its key's variable, for the moment."""

    def text(key: str, *, inherited: bool = False, needed: bool = True) -> str:
        value = model.get(key, service.get(key, "") if inherited else "")
        if not isinstance(value, str) or (needed and not value.strip()):
            message = f"{place}: {key} should be a text"
            raise ConfigError(message)
        return value.strip()

    url, name = text("URL", inherited=True), text("Name", needed=False)
    if not url.startswith(("http://", "https://")):
        message = f"{place}: URL should begin with http:// or https://, and is {url!r}"
        raise ConfigError(message)
    model_id = text("Id")
    return ModelSpec(
        name="",
        title=name or model_id,
        type=text("Type").lower(),
        id=model_id,
        base_url=url,
        vision=sees(model_id),
        path=text("ApiKeyEnv", inherited=True, needed=False),
    )


def _unused(title: str, service: Mapping[str, Any], names: set[str]) -> str:
    """A name in the hub that nobody else has: the model's own, else with its service, else with a number."""
    behind = f"{title} ({service.get('Name', '')})"
    wanted = title if title not in names else behind
    number = 1
    while wanted in names:
        number += 1
        wanted = f"{behind} {number}"
    return wanted


def _behind(specs: Sequence[ModelSpec], index: int) -> tuple[str, ...]:
    wanted = specs[index].type
    return tuple(spec.name for spec in specs[index + 1 :] if spec.type == wanted)[:_MOST_STAND_INS]


def _list(value: object, place: str) -> Sequence[object]:
    if isinstance(value, list):
        return value
    message = f"{place} should be a list"
    raise ConfigError(message)


def _object(value: object, place: str) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    message = f"{place} should be an object"
    raise ConfigError(message)
