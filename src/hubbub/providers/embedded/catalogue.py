"""Small models that speak Chinese and English and run on an ordinary machine, for `hubbub models pull`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hubbub.core.errors import ConfigError

_FREE = re.compile(r"([\w.-]+/[\w.-]+)/([\w.-]+\.gguf)")


@dataclass(frozen=True, slots=True)
class Pullable:
    """A file of weights at a hub of models. ``about_mb``: how large, roughly; the hub tells size and checksum."""

    name: str
    repository: str
    file: str
    about_mb: int = 0
    context_tokens: int = 8192
    note: str = ""


CATALOGUE = (
    Pullable(
        "qwen2.5-0.5b",
        "Qwen/Qwen2.5-0.5B-Instruct-GGUF",
        "qwen2.5-0.5b-instruct-q4_k_m.gguf",
        about_mb=490,
        note="the smallest that is of use; 1 GB of memory",
    ),
    Pullable(
        "qwen2.5-1.5b",
        "Qwen/Qwen2.5-1.5B-Instruct-GGUF",
        "qwen2.5-1.5b-instruct-q4_k_m.gguf",
        about_mb=1120,
        note="a fair chat partner; 2 GB of memory",
    ),
    Pullable(
        "qwen3-1.7b",
        "Qwen/Qwen3-1.7B-GGUF",
        "Qwen3-1.7B-Q8_0.gguf",
        about_mb=1830,
        note="thinks before it answers; 3 GB of memory",
    ),
    Pullable(
        "qwen3-4b",
        "Qwen/Qwen3-4B-GGUF",
        "Qwen3-4B-Q4_K_M.gguf",
        about_mb=2500,
        note="the best of these, slow without a graphics card; 4 GB of memory",
    ),
)


def pullable(name: str) -> Pullable:
    """What to pull: a name of the catalogue, or ``organisation/repository/file.gguf`` of the hub.

    Raises:
        ConfigError: it is neither.
    """
    for known in CATALOGUE:
        if known.name == name.lower():
            return known
    free = _FREE.fullmatch(name)
    if free and ".." not in name:
        return Pullable(free[2].removesuffix(".gguf").lower(), free[1], free[2])
    names = ", ".join(known.name for known in CATALOGUE)
    msg = f"no model {name!r} to pull: choose one of {names}, or give organisation/repository/file.gguf of the hub"
    raise ConfigError(msg)
