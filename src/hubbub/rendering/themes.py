"""Themes: one small file each, of colours. Those of the hub, and the owner's own in a folder of theirs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from hubbub.core.errors import ConfigError

FOLDER: Final = Path(__file__).parent / "themes"
DEFAULT: Final = "light"
_NAME = re.compile(r"[\w-]{1,40}")
_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_LARGEST = 10_000


@dataclass(frozen=True, slots=True)
class Theme:
    """``colours`` by name as ``#rrggbb``; ``dark``: code gets colours for a dark ground."""

    name: str
    dark: bool
    colours: Mapping[str, str]


class Themes:
    """What there is to choose from."""

    def __init__(self, own: Path | None = None) -> None:
        """``own``: a folder with files of the same form; what it lacks of a theme is taken from ``light``.

        Raises:
            ConfigError: a file of it is no theme.
        """
        found = {path.stem: _read(path, {}) for path in sorted(FOLDER.glob("*.toml"))}
        if own is not None and own.is_dir():
            base = found[DEFAULT].colours
            found |= {path.stem: _read(path, base) for path in sorted(own.glob("*.toml"))}
        self._themes: Mapping[str, Theme] = MappingProxyType(found)

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, by name; the default one first."""
        return (DEFAULT, *(name for name in sorted(self._themes) if name != DEFAULT))

    def find(self, name: str) -> Theme:
        """The theme of a name; the default one if there is none of it."""
        return self._themes.get(name.strip().lower()) or self._themes[DEFAULT]


def _read(path: Path, base: Mapping[str, str]) -> Theme:
    try:
        if not _NAME.fullmatch(path.stem) or path.stat().st_size > _LARGEST:
            msg = f"{path} is no theme: its name should be letters and digits, its size at most {_LARGEST} bytes"
            raise ConfigError(msg)
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"the theme {path} cannot be read: {error}"
        raise ConfigError(msg) from error
    dark = values.pop("dark", False)
    for key, value in values.items():
        if not isinstance(value, str) or not _COLOUR.fullmatch(value) or (base and key not in base):
            msg = f'the theme {path} has {key} = {value!r}: it should be one of {", ".join(base)} with a "#rrggbb"'
            raise ConfigError(msg)
    return Theme(path.stem, bool(dark), MappingProxyType({**base, **values}))
