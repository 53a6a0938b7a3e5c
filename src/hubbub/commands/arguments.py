"""What stands behind a command, read with care: the person is told what would have been right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.core.errors import UserError
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubbub.commands.command import Call, Command

_MOST_DIGITS = 15


def first_word(text: str) -> tuple[str, str]:
    """The first word in lower case, and exactly what stands behind it and one blank."""
    text = text.strip()
    parts = text.split(maxsplit=1)
    if not parts:
        return "", ""
    return parts[0].lower(), text[len(parts[0]) :].lstrip()


def number(text: str, *, least: int = 1, most: int) -> int:
    """A whole number.

    Raises:
        UserError: it is none, or out of bounds.
    """
    text = text.strip()
    value = int(text) if text.lstrip("+-").isdecimal() and len(text) <= _MOST_DIGITS else None
    if value is None or not least <= value <= most:
        raise UserError(Phrase("argument.number", {"least": least, "most": most}))
    return value


def choice(call: Call, table: Mapping[str, tuple[str, ...]], default: str = "") -> tuple[str, str]:
    """What of several a command shall do, and the rest of the argument; ``table`` has more names of each.

    Raises:
        UserError: it names none of them, or nothing and there is no default.
    """
    word, rest = first_word(call.argument)
    if not word and default:
        return default, ""
    for chosen, names in table.items():
        if word == chosen or word in names:
            return chosen, rest
    raise UserError(Phrase("argument.choice", {"command": call.typed, "names": ", ".join(table)}))


def required(call: Call, text: str, usage: str) -> str:
    """An argument that must be there; ``usage`` says what for, as in "NAME".

    Raises:
        UserError: it is not.
    """
    text = text.strip()
    if not text:
        raise UserError(Phrase("argument.missing", {"command": call.typed, "usage": usage}))
    return text


def line(command: Command, prefix: str) -> Phrase:
    """A command with what it does, as help shows it."""
    text = Phrase(command.help, {"prefix": prefix})
    return Phrase("command.help.line", {"prefix": prefix, "name": command.name, "text": text})
