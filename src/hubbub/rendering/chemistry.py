r"""Chemical formulas (``\ce`` of the package mhchem) as plain LaTeX: the usual ones."""

from __future__ import annotations

import re
from typing import Final

_ARROWS: Final = (("<=>", r"\rightleftharpoons "), ("<->", r"\leftrightarrow "), ("->", r"\rightarrow "))
_CHARGE = re.compile(r"\^\{?([0-9]*[+-]|[0-9]+)\}?|(?<=[A-Za-z0-9)\]])([+-])(?=\s|$)")
_COUNT = re.compile(r"(?<=[A-Za-z)\]])([0-9]+)")
_ELEMENT = re.compile(r"[A-Z][a-z]?|\b[a-z]+\b")
_MARK = "\x00"


def chemical(text: str) -> str:
    r"""LaTeX without ``\ce``. What is not understood stays as it is."""
    marks: list[str] = []

    def aside(latex: str) -> str:
        marks.append(latex)
        return f"{_MARK}{len(marks) - 1}{_MARK}"

    for sign, latex in _ARROWS:
        text = text.replace(sign, aside(latex))
    text = _CHARGE.sub(lambda match: aside("^{" + (match[1] or match[2]) + "}"), text)
    text = _COUNT.sub(lambda match: aside("_{" + match[1] + "}"), text)
    text = _ELEMENT.sub(lambda match: r"\mathrm{" + match[0] + "}", text)
    return re.sub(f"{_MARK}([0-9]+){_MARK}", lambda match: marks[int(match[1])], text)
