"""Mistakes in the settings, told so that they can be mended: where, which key, what is expected."""

from __future__ import annotations

import re
from typing import Any

from pydantic import SecretStr, ValidationError

from hubbub.core.errors import ConfigError
from hubbub.settings import shapes
from hubbub.settings.places import line_of
from hubbub.settings.sources import KeyPath, Problem, Written
from hubbub.settings.spelling import nearest

_EXPECTED = {
    "int": "should be a whole number",
    "float": "should be a number",
    "bool": "should be true or false",
    "string": "should be text in quotes",
    "path": "should be a path in quotes",
    "tuple": "should be a list",
    "list": "should be a list",
    "dict": "should be a table",
    "model": "should be a table",
}
_LIMITS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
_CREDENTIALS = re.compile(r"://[^/@]*@")
SECRET = re.compile(r"token(?!s)|secret|passw|api[_-]?key|aes_key|credential|authorization|cookie", re.IGNORECASE)


def refuse(written: Written, root: Any, error: ValidationError | None = None) -> ConfigError:
    """One error for all mistakes, one line each, in the order in which they were written."""
    problems = list(written.problems)
    reported = {problem.path for problem in problems}
    for path, details in _by_key(error, root).items():
        if path not in reported:
            problems.append(Problem(path, _sentence(path, details, root)))
    lines = sorted(((_where(problem, written), problem) for problem in problems), key=lambda line: line[0])
    return ConfigError("\n".join(_line(where, problem) for where, problem in lines))


def _line(where: tuple[str, int], problem: Problem) -> str:
    place, line = where
    parts = (f"{place}:{line}" if line else place, dotted(problem.path), problem.text)
    return ": ".join(part for part in parts if part)


def dotted(path: KeyPath) -> str:
    """A key as people write it; elements of lists are counted from 1."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part + 1}]"
        else:
            name = part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"'
            written += f".{name}" if written else name
    return written


def _where(problem: Problem, written: Written) -> tuple[str, int]:
    if problem.where:
        return problem.where, 0
    for length in range(len(problem.path), 0, -1):
        if origin := written.origins.get(problem.path[:length]):
            return origin, 0
    if written.file is None or not (line := line_of(written.text, problem.path)):
        inside = [origin for path, origin in written.origins.items() if path[: len(problem.path)] == problem.path]
        return (inside[0] if inside else str(written.file or "settings")), 0
    return str(written.file), line


def _by_key(error: ValidationError | None, root: Any) -> dict[KeyPath, list[dict[str, Any]]]:
    """What is wrong with each key: of a key that takes several kinds of value, one fault for each kind."""
    found: dict[KeyPath, list[dict[str, Any]]] = {}
    for detail in error.errors(include_url=False) if error else ():
        path: KeyPath = detail["loc"]
        shortest = len(path) - 1 if detail["type"] in ("extra_forbidden", "missing") else 0
        while len(path) > max(1, shortest) and shapes.annotation_at(root, path) is None:
            path = path[:-1]
        found.setdefault(detail["loc"] if shortest and len(path) == shortest else path, []).append(dict(detail))
    return found


def _sentence(path: KeyPath, details: list[dict[str, Any]], root: Any) -> str:
    kind, given = details[0]["type"], details[0].get("input")
    if kind == "extra_forbidden":
        return _unknown(path, root)
    if kind == "missing":
        return "is required"
    expected = " or ".join(dict.fromkeys(_expected(detail["type"], detail) for detail in details))
    expected = expected.replace(" or should be ", " or ")
    silent = _hidden(path, root) or isinstance(given, (dict, list, tuple)) or _CREDENTIALS.search(str(given))
    return expected if silent else f"{expected}, not {given!r}"


def _expected(kind: str, detail: dict[str, Any]) -> str:
    context = detail.get("ctx", {})
    if kind in ("literal_error", "enum"):
        return f"should be {context['expected']}"
    if kind in _LIMITS:
        words, key = _LIMITS[kind]
        return f"should be {words} {context[key]}"
    if kind == "value_error":
        return str(context["error"])
    if sentence := _EXPECTED.get(kind.partition("_")[0]):
        return sentence
    message = str(detail["msg"])
    return message.removeprefix("Input ") if message.startswith("Input ") else message[:1].lower() + message[1:]


def _unknown(path: KeyPath, root: Any) -> str:
    known = shapes.keys_at(root, path[:-1])
    word = str(path[-1])
    if meant := nearest(word, known):
        return f"no such key; did you mean {meant}?"
    elsewhere = [dotted(other) for other in shapes.leaves(root) if other[-1] == word]
    if elsewhere:
        return f"no such key; did you mean {elsewhere[0]}?"
    return f"no such key; known are {', '.join(known)}"


def _hidden(path: KeyPath, root: Any) -> bool:
    annotation = shapes.annotation_at(root, path)
    return shapes.holds(annotation, SecretStr) or any(SECRET.search(str(part)) for part in path)
