"""What plugins name by a dotted path, imported when it is wanted."""

from __future__ import annotations

import importlib
from typing import Any

from hubbub.core.errors import ConfigError


def imported(dotted: str, word: str, name: str) -> Any:
    """What ``package.module:name`` leads to, for the platform or provider (``word``) of this name.

    Raises:
        ConfigError: a library that it needs is not installed, or it is not there.
    """
    module, _, attribute = dotted.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        msg = (
            f"{word} {name} needs the Python package {error.name!r}, which is not installed; "
            f"install hubbub[{name}], or switch the {word} off"
        )
        raise ConfigError(msg) from error
    except AttributeError as error:
        msg = f"{word} {name} cannot be loaded: there is no {dotted}; update or remove the package that adds it"
        raise ConfigError(msg) from error
