"""Loading the settings: later layers win (file, `.env`, environment, options of the command line)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError, create_model

from hubbub.core.errors import ConfigError
from hubbub.core.ports import PlatformPlugin
from hubbub.settings import corp_webot, gobot, sources
from hubbub.settings.plugins import find_plugins, find_providers
from hubbub.settings.root import Settings
from hubbub.settings.sections import Section

FILE = "hubbub.toml"
DOTENV = ".env"


def load(
    config: Path | None = None,
    *,
    options: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Read, join and check all settings.

    ``config`` is the file that the command line names; ``options`` are its other settings by dotted key
    (``{"server.port": 9000}``); ``environ`` stands for the environment and ``folder`` for the current directory.

    Raises:
        ConfigError: one line for each mistake: place, key, what is expected.
    """
    environ = os.environ if environ is None else environ
    folder = Path() if folder is None else folder
    beside = folder / DOTENV if (folder / DOTENV).is_file() else None
    dotenv = sources.read_dotenv(beside) if beside else {}
    variables = {name: value for name, (value, _) in dotenv.items()} | dict(environ)
    plugins = find_plugins()
    root = root_of(plugins)
    written = sources.Written()
    named = find_file(config, options or {}, variables, folder)
    file = _take_files(written, root, (named, corp_webot.find(folder)), variables)
    places = {name: f"{beside}:{line}" for name, (_, line) in dotenv.items()}
    sources.take_variables(written, root, {name: variables[name] for name in places if name not in environ}, places)
    sources.take_variables(written, root, environ, {name: f"variable {name}" for name in environ})
    for key, value in (options or {}).items():
        written.put(tuple(key.split(".")), value, f"option --{key.rpartition('.')[2].replace('_', '-')}")
    for path, value in gobot.customs(variables):
        written.put_missing(path, value, "GoBot's variables")
    settings = _checked(written, root)
    settings.bind(plugins, variables, file, beside)
    settings.repeat(partial(load, config, options=options, environ=environ, folder=folder))
    return settings


def _take_files(
    written: sources.Written, root: type[Settings], files: tuple[Path | None, Path | None], variables: Mapping[str, str]
) -> Path | None:
    """Read our file, and that of a corp-webot, which may be the same or lie beside it; the one to name in messages."""
    file, theirs = files
    if file and file.suffix in corp_webot.SUFFIXES:
        theirs = file
    elif file:
        sources.read_file(written, file, variables)
        sources.shape_filled(written, root)
    if theirs:
        corp_webot.take(written, root, theirs)
    return file or theirs


def find_file(
    config: Path | None, options: Mapping[str, object], variables: Mapping[str, str], folder: Path
) -> Path | None:
    """The file that counts: named by option or HUBBUB_CONFIG, else in the current folder, else in the data folder.

    Raises:
        ConfigError: the one that was named is not there, or a folder cannot be looked into.
    """
    named = config or variables.get("HUBBUB_CONFIG")
    if named:
        file = folder / named
        if not file.is_file():
            said = "option --config" if config else "variable HUBBUB_CONFIG"
            message = f"{said}: there is no file {file}; `hubbub init` writes one"
            raise ConfigError(message)
        return file
    data = str(options.get("server.data_dir") or variables.get("HUBBUB_DATA_DIR") or "data")
    for file in (folder / FILE, folder / data / FILE):
        try:
            if file.is_file():
                return file
        except PermissionError as error:  # an image's folder, on a service that runs it as somebody else
            message = (
                f"the folder {file.parent} cannot be read ({error.strerror}); give it to this user, or choose another"
                " with HUBBUB_DATA_DIR"
            )
            raise ConfigError(message) from error
    return None


def root_of(plugins: Mapping[str, PlatformPlugin]) -> type[Settings]:
    """`Settings` with a section for each platform."""
    fields: dict[str, Any] = {name: _section(plugin.settings) for name, plugin in plugins.items()}
    platforms = create_model("Platforms", __base__=Section, **fields)
    description = Settings.model_fields["platforms"].description
    section: Any = (platforms, Field(default_factory=platforms, description=description))
    return create_model("AllSettings", __base__=Settings, platforms=section)


def _section(model: type[BaseModel]) -> tuple[type[BaseModel], Any]:
    return model, Field(default_factory=model, description=(model.__doc__ or "").strip().partition("\n")[0])


def _checked(written: sources.Written, root: type[Settings]) -> Settings:
    error: ValidationError | None = None
    try:
        settings = root.model_validate(written.tree)
        written.problems += _contradictions(settings)
        if not written.problems:
            return settings
    except ValidationError as refused:
        error = refused
    from hubbub.settings.faults import refuse  # noqa: PLC0415 - loaded on first use: when something is wrong

    raise refuse(written, root, error) from error


def _contradictions(settings: Settings) -> Iterator[sources.Problem]:
    """What is wrong between keys that are right each by itself."""
    names = [model.name for model in settings.models]
    kinds = list(find_providers()) if settings.models else []
    for number, model in enumerate(settings.models):
        if model.name in names[:number]:
            yield sources.Problem(
                ("models", number, "name"), f"should differ from the other models', not {model.name!r}"
            )
        if model.provider not in kinds:
            text = f"should be one of {', '.join(kinds)}, not {model.provider!r}; is its package installed?"
            yield sources.Problem(("models", number, "provider"), text)
        for place, name in enumerate(model.fallback):
            if name not in names:
                text = f"should name one of the models ({', '.join(names)}), not {name!r}"
                yield sources.Problem(("models", number, "fallback", place), text)
