"""What people wrote, in the file, `.env` and the environment, as plain data that remembers where each part is from."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hubbub.core.errors import ConfigError
from hubbub.settings import assistant, gobot, names, shapes

KeyPath = tuple[str | int, ...]
_MARK = re.compile(r"\$(?:\$(?=\{)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\})")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it was made, if that is known better than by the key, and what to write instead."""

    path: KeyPath
    text: str
    where: str = ""


@dataclass(slots=True)
class Written:
    """Everything that was written, later layers over earlier ones."""

    tree: dict[str, Any] = field(default_factory=dict)
    file: Path | None = None
    text: str = ""
    origins: dict[KeyPath, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def put(self, path: KeyPath, value: object, origin: str) -> None:
        """Set one key, whatever earlier layers said."""
        at: Any = self.tree
        for part, following in zip(path, (*path[1:], ""), strict=True):
            last = following == ""
            fresh: Any = value if last else [] if isinstance(following, int) else {}
            if not _slot(at, part, fresh, keep=not last):
                self.problems.append(Problem(path, "cannot be set beside what is written there", origin))
                return
            at = at[part]
        self.origins[path] = origin

    def put_missing(self, path: KeyPath, value: object, origin: str) -> None:
        """Set one key if no layer says anything of it."""
        at: Any = self.tree
        for part in path:
            if isinstance(at, dict) and part not in at:
                self.put(path, value, origin)
                return
            at = at[part] if isinstance(at, dict) else None


def _slot(at: Any, part: str | int, fresh: object, *, keep: bool) -> bool:
    """Make room for a value in a table or, at most one behind its end, in a list."""
    if isinstance(at, list) and isinstance(part, int) and part <= len(at):
        if part == len(at):
            at.append(fresh)
        elif not keep:
            at[part] = fresh
        return True
    if isinstance(at, dict) and isinstance(part, str):
        if not (keep and part in at):
            at[part] = fresh
        return True
    return False


def read_file(written: Written, file: Path, environ: Mapping[str, str]) -> None:
    """Take the TOML file, its `${NAME}` marks filled in.

    Raises:
        ConfigError: it cannot be read, or is no TOML; names the line.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        message = f"{file}: cannot be read: {reason}"
        raise ConfigError(message) from error
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).partition(" (at ")
        line = re.search(r"line (\d+)", place)
        number = int(line[1]) if line else text.count("\n") + 1
        message = f"{file}:{number}: not TOML: {message[:1].lower()}{message[1:]}"
        raise ConfigError(message) from error
    written.file, written.text = file, text
    written.tree = _filled(tree, environ, written.problems, ())


def _filled(value: Any, environ: Mapping[str, str], problems: list[Problem], path: KeyPath) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, environ, problems, (*path, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, environ, problems, (*path, number)) for number, inner in enumerate(value)]
    if isinstance(value, str) and "${" in value:
        return _Filled(_MARK.sub(_filler(environ, problems, path), value))
    return value


class _Filled(str):
    """Text with marks filled in; like a variable's, it stands for whatever the key takes."""

    __slots__ = ()


def _filler(environ: Mapping[str, str], problems: list[Problem], path: KeyPath) -> Callable[[re.Match[str]], str]:
    def fill(mark: re.Match[str]) -> str:
        name, default = mark["name"], mark["default"]
        if name is None:  # "$${" is how "${" itself is written
            return "$"
        value = environ.get(name, "")
        if not value and default is None:
            problems.append(
                Problem(path, f"${{{name}}} is not set; set it, or write ${{{name}:-value}} with a default")
            )
        return value or default or ""

    return fill


def shape_filled(written: Written, root: Any) -> None:
    """Give filled-in texts the form that their keys take: a list may come as one text from the environment."""

    def walk(value: Any, path: KeyPath) -> Any:
        if isinstance(value, dict):
            return {key: walk(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner, (*path, number)) for number, inner in enumerate(value)]
        if isinstance(value, _Filled):
            try:
                return value_of(str(value), shapes.annotation_at(root, path))
            except ValueError as error:
                written.problems.append(Problem(path, str(error)))
        return value

    written.tree = walk(written.tree, ())


def read_dotenv(file: Path) -> dict[str, tuple[str, int]]:
    """The variables of a `.env` file, each with its line.

    Raises:
        ConfigError: it cannot be read, or a line of it is no assignment.
    """
    from dotenv.parser import parse_stream  # noqa: PLC0415 - loaded on first use: most hubs have no .env

    try:
        with file.open(encoding="utf-8-sig") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        message = f"{file}: cannot be read: {reason}"
        raise ConfigError(message) from error
    found: dict[str, tuple[str, int]] = {}
    for binding in bindings:
        original = binding.original.string  # with the empty lines before it
        line = binding.original.line + original[: len(original) - len(original.lstrip())].count("\n")
        if binding.error:
            message = f"{file}:{line}: not of the form NAME=value"
            raise ConfigError(message)
        if binding.key:
            found[binding.key] = (binding.value or "", line)
    return found


def take_variables(written: Written, root: Any, variables: Mapping[str, str], origins: Mapping[str, str]) -> None:
    """Take one layer of variables; ``origins`` says for each where it was set."""
    for name in (name for name, value in variables.items() if name.upper() == gobot.PLATFORMS and value):
        for path in gobot.narrowed(variables[name]):
            written.put(path, False, origins.get(name, name))
    given = [name for name, value in variables.items() if names.concerns(name, value)]
    for name in sorted((name for name in given if assistant.meant(name, given)), key=names.order):
        path = names.path_of(name)
        annotation = shapes.annotation_at(root, path)
        if annotation is None:
            if name.upper().startswith(names.PREFIX):
                written.problems.append(Problem((), unknown_variable(name, root), origins[name]))
            continue
        try:
            written.put(path, value_of(variables[name], annotation), origins[name])
        except ValueError as error:
            written.problems.append(Problem(path, str(error), origins[name]))


def unknown_variable(name: str, root: Any) -> str:
    """That there is no such variable, and which was meant."""
    from hubbub.settings.spelling import nearest  # noqa: PLC0415 - loaded on first use: when something is wrong

    known = {variable.removeprefix(names.PREFIX): variable for variable in names.variables(root)}
    meant = nearest(name.upper().removeprefix(names.PREFIX), known)
    return f"{name} is no setting; " + (f"did you mean {known[meant]}?" if meant else "`hubbub config show` lists all")


def value_of(text: str, annotation: Any) -> Any:
    """A variable's text as its key takes it: lists by commas or as JSON, tables as JSON, the rest as text.

    Raises:
        ValueError: it should be JSON and is not.
    """
    kind = shapes.kind_of(annotation)
    if kind is list and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind is not None or (shapes.model_in(annotation) and text.lstrip().startswith("{")):
        try:
            return json.loads(text)
        except ValueError as error:
            form = "values with commas between them, or a JSON list" if kind is list else "a JSON object"
            message = f"should be {form}"
            raise ValueError(message) from error
    return text
