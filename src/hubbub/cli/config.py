"""`hubbub config` and `hubbub init`: the settings file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from hubbub.cli.options import AsJson, Config, DataDir, settings_of
from hubbub.cli.outcome import Failure, told
from hubbub.cli.table import print_json
from hubbub.settings.loading import FILE

app = typer.Typer(help="Look at the settings.", no_args_is_help=True)


@app.command()
def show(*, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """Print the settings that count, secrets hidden. They come from file, .env, environment and command line."""
    from hubbub.settings.shown import as_toml, redacted  # noqa: PLC0415 - loaded on first use

    with told():
        settings = settings_of(config, data)
        if as_json:
            print_json([redacted(settings)])
        else:
            print(f"# read from: {settings.file or 'no file'}")
            print(as_toml(settings))


@app.command()
def check(*, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """Say whether the settings are right. If not, what is wrong and where."""
    with told():
        settings = settings_of(config, data)
        on = [plugin.name for plugin in settings.enabled()]
        found: dict[str, Any] = {"ok": True, "file": str(settings.file or ""), "platforms": on}
        if as_json:
            print_json([found])
        else:
            print(f"the settings are right (file: {settings.file or 'none'}; platforms: {', '.join(on) or 'none'})")


def init(
    file: Annotated[Path, typer.Argument(help="Where to write it.")] = Path(FILE),
    *,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a commented settings file. It has every key, its meaning and its default."""
    from hubbub.settings.example import example  # noqa: PLC0415 - loaded on first use
    from hubbub.settings.loading import root_of  # noqa: PLC0415 - loaded on first use
    from hubbub.settings.plugins import find_plugins, for_people  # noqa: PLC0415 - loaded on first use

    with told():
        text = example(root_of(for_people(find_plugins())))
        try:
            # Secrets will be written into it, so it is for its owner only.
            mode = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
            with os.fdopen(os.open(file, mode, 0o600), "w", encoding="utf-8") as written:
                written.write(text)
        except FileExistsError as error:
            message = f"{file} is there already; --force writes over it"
            raise Failure(message) from error
        except OSError as error:
            message = f"{file} cannot be written: {error.strerror}"
            raise Failure(message) from error
        print(f"wrote {file}; change what you need, then: hubbub config check")
