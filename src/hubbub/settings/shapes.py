"""The types behind the keys: what may be written at a path of the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

Path = tuple[str | int, ...]


def leaves(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """The paths of all keys, section by section; lists and mappings count as one key."""
    for key, field in model.model_fields.items():
        inner = model_in(field.annotation)
        if inner is not None and kind_of(field.annotation) is None:
            yield from ((key, *rest) for rest in leaves(inner))
        else:
            yield (key,)


def annotation_at(root: Any, path: Path) -> Any | None:
    """The type of a key; None if there is no such key. Any key of a mapping and any number of a list is one."""
    at = root
    for part in path:
        at = _inside(at, part)
        if at is None:
            return None
    return at


def keys_at(root: Any, path: Path) -> list[str]:
    """The names of the keys that are known at a path; none where it leads to no model."""
    at = annotation_at(root, path)
    model = model_in(at) if at is not None and kind_of(at) is None else None
    return list(model.model_fields) if model else []


def annotation_at_key(annotation: Any) -> Any | None:
    """The type of what a list or a mapping holds."""
    return _inside(annotation, 0)


def _inside(annotation: Any, part: str | int) -> Any | None:
    kind = kind_of(annotation)
    if kind is None:
        model = model_in(annotation)
        field = model.model_fields.get(str(part)) if model else None
        return field.annotation if field else None
    if kind is list and not isinstance(part, int):
        return None
    arguments = [inner for inner in get_args(_bare(annotation)) if inner is not Ellipsis]
    return arguments[-1] if arguments else Any


def kind_of(annotation: Any) -> type[list[Any]] | type[dict[str, Any]] | None:
    """`list` for what holds a row of values, `dict` for what maps names to values, None for anything else."""
    for option in _options(annotation):
        origin = get_origin(option) or option
        if origin in (list, tuple, set, frozenset):
            return list
        if origin in (dict, Mapping):
            return dict
    return None


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model among the types that a key may have."""
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def _options(annotation: Any) -> tuple[Any, ...]:
    bare = _bare(annotation)
    return tuple(_bare(option) for option in get_args(bare)) if get_origin(bare) in (Union, UnionType) else (bare,)


def _bare(annotation: Any) -> Any:
    return _bare(get_args(annotation)[0]) if get_origin(annotation) is Annotated else annotation


def choices(annotation: Any) -> tuple[Any, ...]:
    """The words that a key takes, where it takes some words only."""
    return tuple(
        value for option in _options(annotation) if get_origin(option) is Literal for value in get_args(option)
    )


def holds(annotation: Any, kind: type) -> bool:
    """Whether values of a type may stand at a key, alone or in a list."""
    if any(isinstance(option, type) and issubclass(option, kind) for option in _options(annotation)):
        return True
    inner = [argument for option in _options(annotation) for argument in get_args(option)]
    return any(holds(argument, kind) for argument in inner)
