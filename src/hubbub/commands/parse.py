"""A command in a text: the sign, the name, what stands behind it. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

PREFIXES = ("/", "!", "！", "@", "#")
_LONGEST_NAME = 40
_FULL_WIDTH = 0xFEE0
_GLUED = re.compile(r"([A-Za-z][A-Za-z_-]{1,20})(?=[^\x00-\x7f])[ \t\u3000:：]*(.*)\Z", re.DOTALL)
_NAMED = re.compile(rf"(\S{{1,{_LONGEST_NAME}}})(?:\s(.*))?\Z", re.DOTALL)


class Typed(NamedTuple):
    """A text that has the form of a command."""

    prefix: str
    name: str
    argument: str


class Parser:
    """Reads texts by the signs that commands may begin with."""

    def __init__(self, prefixes: tuple[str, ...] = PREFIXES) -> None:
        """Every sign of one ASCII character is known in its full-width form too."""
        wide = [chr(ord(prefix) + _FULL_WIDTH) for prefix in prefixes if len(prefix) == 1 and "!" <= prefix <= "~"]
        known = sorted({*prefixes, *wide}, key=len, reverse=True)
        self._prefixes = {each[0]: tuple(prefix for prefix in known if prefix[0] == each[0]) for each in known}
        # A text whose first character is none of these is no command: all that is looked at for most messages.
        self.first = frozenset(self._prefixes.keys() | set(" \t\r\n\u3000"))

    def parse(self, text: str) -> Typed | None:
        """The parts of a command; None where the text has not the form of one.

        The argument is what follows the name and one blank, exactly.
        """
        text = text.lstrip()
        for prefix in self._prefixes.get(text[:1], ()):
            if text.startswith(prefix):
                found = _NAMED.match(text, len(prefix))
                return Typed(prefix, found[1], found[2] or "") if found else None
        return None

    def glued(self, text: str) -> Typed | None:
        """The parts of a command whose argument stands right behind its name, in another script; None for none."""
        text = text.lstrip()
        for prefix in self._prefixes.get(text[:1], ()):
            if text.startswith(prefix):
                found = _GLUED.match(text, len(prefix))
                return Typed(prefix, found[1], found[2]) if found else None
        return None


def plain_prefix(prefix: str) -> str:
    """A sign in its ASCII form."""
    return unicodedata.normalize("NFKC", prefix)


def normal(name: str) -> str:
    """A name as names are compared: camelCase, snake_case, PascalCase and full-width letters are the same."""
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name)
    return name.replace("_", "").replace("-", "").casefold()


def like_a_name(name: str) -> bool:
    """It could be meant as a command's name: letters, and digits or underscores behind the first."""
    return name[:1].isalpha() and name.replace("_", "").replace("-", "").isalnum()
