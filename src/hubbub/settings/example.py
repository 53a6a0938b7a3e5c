"""The commented file that `hubbub init` writes: every key with its meaning and its default."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, SecretStr

from hubbub.settings import shapes

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_WIDTH = 110
_HEAD = (
    'Settings of Hubbub. Every key is here with its default: take the "#" away in front of a key to change it.',
    "What is set in .env counts more than this file, the environment more than both. The variable of a key is HUBBUB_,"
    " its section, two underscores and the key: HUBBUB_CHAT__SESSION_MINUTES. ${NAME} in a text stands for a variable.",
    "`hubbub config check` says whether this file is right, `hubbub config show` what counts.",
)
# What a table looks like whose names people choose themselves.
_NAMED = {"rooms": '"onebot/*/group/123456"'}


def example(root: type[BaseModel]) -> str:
    """The whole text, from the models."""
    lines = [line for paragraph in _HEAD for line in _comment(paragraph)]
    for name, field in root.model_fields.items():
        lines += _table((name,), field)
    return "\n".join(lines) + "\n"


def _table(path: tuple[str, ...], field: FieldInfo) -> Iterator[str]:
    model, kind, dotted = _model(field.annotation), shapes.kind_of(field.annotation), ".".join(path)
    if model is None:
        return
    yield ""
    yield from _comment(field.description or "")
    keys = [(key, each) for key, each in model.model_fields.items() if not _is_table(each)]
    if kind is not None:
        yield f"#[[{dotted}]]" if kind is list else f"#[{dotted}.{_NAMED.get(dotted, 'name')}]"
    elif keys:
        yield f"[{dotted}]"
    for key, each in keys:
        unset = each.get_default(call_default_factory=True) is None
        note = " (Required.)" if each.is_required() else " (Not set.)" if unset else ""
        yield from _comment((each.description or "") + note)
        yield f"#{key} = {toml(default_of(each) or key if each.is_required() else default_of(each))}"
    for key, each in model.model_fields.items():
        if kind is None and _is_table(each):
            yield from _table((*path, key), each)


def _is_table(field: FieldInfo) -> bool:
    return _model(field.annotation) is not None


def _model(annotation: Any) -> type[BaseModel] | None:
    if shapes.kind_of(annotation) is None:
        return shapes.model_in(annotation)
    inner = shapes.annotation_at_key(annotation)
    return shapes.model_in(inner) if inner is not None else None


def default_of(field: FieldInfo) -> Any:
    """What to show for a key: its default, or for one that is unset an example of what can be there."""
    value = field.get_default(call_default_factory=True)
    if value is not None and not field.is_required():
        return value
    if field.examples:
        return field.examples[0]
    if choices := shapes.choices(field.annotation):
        return choices[0]
    for kind, sample in ((bool, True), (int, 1), (float, 1.0), (PurePath, "path")):
        if shapes.holds(field.annotation, kind):
            return sample
    return ""


def toml(value: Any) -> str:
    """A value as TOML writes it. A secret's default is never a secret: it shows as empty text."""
    if isinstance(value, SecretStr):
        value = ""
    if isinstance(value, (list, tuple, set, frozenset)):
        return f"[{', '.join(toml(each) for each in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return json.dumps(str(value), ensure_ascii=False)


def _comment(paragraph: str) -> Iterator[str]:
    yield from (f"# {line}" for line in textwrap.wrap(paragraph, _WIDTH))
