"""Options that several commands take, and the settings that come of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hubbub.cli.environment import hand_on
from hubbub.settings import Settings, load

Config = Annotated[Path | None, typer.Option("--config", "-c", metavar="FILE", help="Settings file (./hubbub.toml).")]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", metavar="FOLDER", help="Folder of the hub's data (./data).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


def settings_of(config: Path | None, data_dir: Path | None) -> Settings:
    """The settings as a command sees them. Raises ConfigError."""
    settings = load(config, options={} if data_dir is None else {"server.data_dir": str(data_dir)})
    hand_on(settings)
    return settings
