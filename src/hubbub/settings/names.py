"""Which setting a variable of the environment sets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hubbub.settings import assistant, gobot, repeater
from hubbub.settings.sections import Server
from hubbub.settings.shapes import leaves

if TYPE_CHECKING:
    from pydantic import BaseModel

Path = tuple[str | int, ...]

PREFIX = "HUBBUB_"

# Names without a section that people and hosting services use. Of two that set the same key the later one counts.
ALIASES: Mapping[str, Path] = {
    "HOST": ("server", "host"),
    "PORT": ("server", "port"),
    "LOG_LEVEL": ("server", "log_level"),
    "TZ": ("server", "timezone"),
    "DATABASE_URL": ("store", "database_url"),
    "HUBBUB_ROLES": ("cluster", "roles"),
    "OPENAI_BASE_URL": ("model", "base_url"),
    "OPENAI_API_KEY": ("model", "api_key"),
    "HUBBUB_MODEL": ("model", "name"),
    "HUBBUB_MODEL_VISION": ("model", "vision"),
    "HUBBUB_MODEL_TOOLS": ("model", "tools"),
    **gobot.NAMES,
    "TELEGRAM_BOT_TOKEN": ("platforms", "telegram", "token"),
    **repeater.NAMES,
    **assistant.NAMES,
}

# Ours, but no settings: where the file is, and what tools and tests of the project read.
RESERVED = frozenset({"HUBBUB_CONFIG", "HUBBUB_COMMAND"})
_RESERVED_PREFIX = "HUBBUB_TEST_"

# Kubernetes describes a service named "hubbub" to every container in variables of these forms.
_SERVICE_LINK = re.compile(r"HUBBUB(_[A-Z0-9]+)*_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")
_SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://")
_ZONE = re.compile(r":?[A-Za-z_]+(/[A-Za-z0-9_+-]+)*")


def concerns(name: str, value: str) -> bool:
    """Whether a variable is meant for the hub: ours by its prefix or an alias, set, and not somebody else's use."""
    upper = name.upper()
    if not value or upper in RESERVED or upper.startswith(_RESERVED_PREFIX):
        return False
    if upper.startswith(PREFIX):
        return not (_SERVICE_LINK.fullmatch(upper) or _SERVICE_ADDRESS.match(value))
    # The C library takes rules such as CST-8 in TZ, which name no zone.
    return upper in ALIASES and (upper != "TZ" or _ZONE.fullmatch(value) is not None)


def path_of(name: str) -> Path:
    """The key that a variable of ours names: by the table, as a key of `server`, or by section and key."""
    upper = name.upper()
    if upper in ALIASES:
        return ALIASES[upper]
    parts = upper.removeprefix(PREFIX).lower().split("__")
    if len(parts) == 1 and parts[0] in Server.model_fields:
        return ("server", parts[0])
    return tuple(int(part) if part.isdecimal() else part for part in parts)


def order(name: str) -> tuple[int, int]:
    """Sorts variables of one layer so that the more exact name of a key comes, and therefore counts, last."""
    upper = name.upper()
    aliases = list(ALIASES)
    return (upper.startswith(PREFIX) + ("__" in name), aliases.index(upper) if upper in ALIASES else len(aliases))


def variables(root: type[BaseModel]) -> Iterator[str]:
    """All names that a variable may have, the table's first."""
    yield from ALIASES
    yield from RESERVED
    yield from (f"{PREFIX}{key.upper()}" for key in Server.model_fields)
    yield from (PREFIX + "__".join(path).upper() for path in leaves(root))
