"""The page docs/settings.md: every key with its variable, type, default and meaning."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from hubbub.settings import names, shapes
from hubbub.settings.example import default_of, toml

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_HEAD = """\
# Settings

Written by `python -m hubbub.settings`; a test keeps it equal to the code.

Hubbub reads one file, `hubbub.toml`: the one that `--config` or `HUBBUB_CONFIG` names, else `./hubbub.toml`, else
`<data folder>/hubbub.toml`. `hubbub init` writes it with every key as a comment. Over the file counts `.env` in the
current folder, over that the environment, over that an option of the command line.

- A variable's name is `HUBBUB_`, the section, `__` and the key, in any letter case. Keys of `server` need no section.
  An empty variable counts as not set. A list is written with commas, or as JSON; a table as JSON.
- `${NAME}` in a text of the file stands for a variable, `${NAME:-text}` has a default, `$${` is a plain `${`.
- An unknown key, or an unknown variable that begins with `HUBBUB_`, is an error that says what was probably meant.
- `hubbub config check` checks, `hubbub config show` prints what counts, without the secrets.

- `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` lead requests to models through a proxy. Keys of model services that are in
  the environment (`OPENAI_API_KEY`, `DEEPSEEK_API_KEY` ...) are found without any setting.

Other names that are understood:

| variable | key |
|---|---|
"""


def reference(root: type[BaseModel]) -> str:
    """The whole page, from the models."""
    lines = [_HEAD.rstrip("\n")]
    known = {name: path for name, path in names.ALIASES.items() if shapes.annotation_at(root, path) is not None}
    lines += [f"| `{name}` | `{'.'.join(map(str, path))}` |" for name, path in known.items()]
    for key, field in root.model_fields.items():
        lines += _section((key,), field)
    return "\n".join(lines) + "\n"


def _section(path: tuple[str, ...], field: FieldInfo) -> Iterator[str]:
    kind = shapes.kind_of(field.annotation)
    inner = shapes.annotation_at_key(field.annotation) if kind else field.annotation
    model = shapes.model_in(inner) if inner is not None else None
    if model is None:
        return
    title = ".".join(path)
    yield from ("", f"## {title}", "", field.description or "")
    if kind:
        yield f"\nEach one: `{f'[[{title}]]' if kind is list else f'[{title}.name]'}`"
    plain = {key: each for key, each in model.model_fields.items() if not _has_table(each)}
    if plain:
        yield from ("", "| key | variable | value | default | meaning |", "|---|---|---|---|---|")
    for key, each in plain.items():
        yield _row(key, "" if kind else _variable((*path, key)), each)
    for key, each in model.model_fields.items():
        if key not in plain:
            yield from _section((*path, key), each)


def _row(key: str, variable: str, field: FieldInfo) -> str:
    unset = field.is_required() or field.get_default(call_default_factory=True) is None
    default = "required" if field.is_required() else "unset" if unset else f"`{toml(default_of(field))}`"
    cells = (f"`{key}`", f"`{variable}`" if variable else "", kind_name(field.annotation), default, field.description)
    return "| " + " | ".join((cell or "").replace("|", "\\|") for cell in cells) + " |"


def _variable(path: tuple[str, ...]) -> str:
    short = path[0] == "server" and len(path) == 2
    return names.PREFIX + (path[1] if short else "__".join(path)).upper()


def _has_table(field: FieldInfo) -> bool:
    kind = shapes.kind_of(field.annotation)
    inner = shapes.annotation_at_key(field.annotation) if kind else field.annotation
    return inner is not None and shapes.model_in(inner) is not None


def kind_name(annotation: Any) -> str:
    """A type in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind_name(arguments[0])
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(kind_name(each) for each in arguments if each is not type(None)))
    if kind := shapes.kind_of(annotation):
        inner = [each for each in arguments if each is not Ellipsis]
        return f"list of {kind_name(inner[-1])}" if kind is list and inner else "list" if kind is list else "table"
    plain = {bool: "true, false", int: "whole number", float: "number", SecretStr: "secret", str: "text"}
    return plain.get(annotation, "path" if getattr(annotation, "__name__", "") == "Path" else "text")
