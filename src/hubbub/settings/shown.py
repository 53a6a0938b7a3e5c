"""The settings as people may see them: without secrets."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, SecretStr

from hubbub.settings.example import toml
from hubbub.settings.faults import SECRET
from hubbub.settings.root import Settings

HIDDEN = "***"
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*(?=@)|(?<=access_token=)[^&\s]+|(?<=[?&]key=)[^&\s]+")


def redacted(settings: Settings) -> dict[str, Any]:
    """All settings as plain data, secrets replaced."""
    return {key: _plain(key, getattr(settings, key)) for key in type(settings).model_fields}


def as_toml(settings: Settings) -> str:
    """The same as a settings file; keys that are not set are left out."""
    lines: list[str] = []
    for key, value in redacted(settings).items():
        _write(lines, key, value)
    return "\n".join(lines).strip("\n")


def _write(lines: list[str], path: str, value: Any) -> None:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        for each in value:
            lines += ["", f"[[{path}]]"]
            lines += [f"{_key(key)} = {toml(inner)}" for key, inner in each.items() if inner is not None]
        return
    tables = {key: inner for key, inner in value.items() if isinstance(inner, dict)} if isinstance(value, dict) else {}
    if isinstance(value, dict):
        plain = {key: inner for key, inner in value.items() if key not in tables and inner is not None}
        if plain:
            lines += ["", f"[{path}]", *(f"{_key(key)} = {toml(inner)}" for key, inner in plain.items())]
    else:
        lines.append(f"{path} = {toml(value)}")
    for key, inner in tables.items():
        _write(lines, f"{path}.{_key(key)}", inner)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml(name)


def _plain(key: str, value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {name: _plain(name, getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {str(name): _plain(str(name), inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(key, inner) for inner in value]
    if isinstance(value, SecretStr):
        return HIDDEN if value.get_secret_value() else ""
    if isinstance(value, str):
        return HIDDEN if value and SECRET.search(key) else _CREDENTIALS.sub(HIDDEN, value)
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)
