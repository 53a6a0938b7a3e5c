"""Arithmetic on text: read by a grammar of its own, so that nothing can be run but what stands here.

Sums and products of whole numbers are exact; the rest is floating point. Length, depth and the size of every number on
the way are bounded, so that no expression takes long or much memory.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

Number: TypeAlias = int | float

LONGEST = 500
"""Characters of an expression."""
_DEEPEST = 60
_BITS = 4096
_MOST_FACTORIAL = 450
_MOST_ARGUMENTS = 50
_MOST_DIGITS = 100
_TOKEN = re.compile(
    r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w{0,20})|(\*\*|//|[-+*/%^(),]))"
)
_ALSO = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "（": "(", "）": ")", "，": ",", "π": " pi "})
_CONSTANTS: Final[Mapping[str, Number]] = {"pi": math.pi, "e": math.e, "tau": math.tau}


class Unreckonable(ValueError):
    """There is no result; the message says why, in words for the model."""


def _bounded(value: Number) -> Number:
    if isinstance(value, int) and value.bit_length() > _BITS:
        message = "the number gets too large"
        raise Unreckonable(message)
    return value


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, int) and isinstance(exponent, int):
        if exponent > 1 and base.bit_length() * exponent > _BITS:
            message = "the number gets too large"
            raise Unreckonable(message)
        return _bounded(base**exponent)
    return math.pow(base, exponent)  # raises where the result would be no real number


def _round(value: Number, digits: Number = 0) -> Number:
    if not -_MOST_DIGITS <= digits <= _MOST_DIGITS:
        message = f"round takes {_MOST_DIGITS} digits at most"
        raise Unreckonable(message)
    return round(value, operator.index(digits)) if digits else round(value)  # type: ignore[arg-type]  # a float is refused there


def _factorial(value: Number) -> Number:
    if not 0 <= value <= _MOST_FACTORIAL:
        message = f"factorial takes whole numbers from 0 to {_MOST_FACTORIAL}"
        raise Unreckonable(message)
    return math.factorial(operator.index(value))  # type: ignore[arg-type]  # a float is refused there


_SUMS: Final[Mapping[str, Callable[[Number, Number], Number]]] = {"+": operator.add, "-": operator.sub}
_PRODUCTS: Final[Mapping[str, Callable[[Number, Number], Number]]] = {
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_FUNCTIONS: Final[Mapping[str, tuple[int, int, Callable[..., Number]]]] = {
    "sqrt": (1, 1, math.sqrt),
    "abs": (1, 1, abs),
    "round": (1, 2, _round),
    "floor": (1, 1, math.floor),
    "ceil": (1, 1, math.ceil),
    "exp": (1, 1, math.exp),
    "ln": (1, 1, math.log),
    "log": (1, 2, math.log),
    "log10": (1, 1, math.log10),
    "log2": (1, 1, math.log2),
    "sin": (1, 1, math.sin),
    "cos": (1, 1, math.cos),
    "tan": (1, 1, math.tan),
    "asin": (1, 1, math.asin),
    "acos": (1, 1, math.acos),
    "atan": (1, 1, math.atan),
    "min": (1, _MOST_ARGUMENTS, lambda *values: min(values)),
    "max": (1, _MOST_ARGUMENTS, lambda *values: max(values)),
    "gcd": (1, _MOST_ARGUMENTS, math.gcd),
    "factorial": (1, 1, _factorial),
}


def evaluate(text: str) -> Number:
    """The value of an expression.

    Raises:
        Unreckonable: it has none, or none within bounds.
    """
    if len(text) > LONGEST:
        message = f"the expression is longer than {LONGEST} characters"
        raise Unreckonable(message)
    try:
        return _Reader(_tokens(text)).whole()
    except ZeroDivisionError as error:
        message = "division by zero"
        raise Unreckonable(message) from error
    except OverflowError as error:
        message = "the number gets too large"
        raise Unreckonable(message) from error
    except (ValueError, TypeError) as error:
        if isinstance(error, Unreckonable):
            raise
        message = "a function does not take such a number"
        raise Unreckonable(message) from error


def written(value: Number) -> str:
    """A number as people write it: whole ones in full, others with as many digits as can be relied on."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value) if isinstance(value, int) else f"{value:.14g}"


def _tokens(text: str) -> list[str]:
    text, at, found = text.translate(_ALSO).rstrip(), 0, []
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            message = f"{text[at:].strip()[:20]!r} is no arithmetic"
            raise Unreckonable(message)
        found.append(match[match.lastindex or 0])
        at = match.end()
    return found


class _Reader:
    """Reads and works out at once: sum, product, sign, power, then numbers, names and brackets."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Number:
        value = self._sum()
        if self._at < len(self._tokens):
            message = f"{self._tokens[self._at]!r} is not expected there"
            raise Unreckonable(message)
        if isinstance(value, float) and not math.isfinite(value):
            message = "the number gets too large"
            raise Unreckonable(message)
        return value

    def _sum(self) -> Number:
        return self._row(_SUMS, self._product)

    def _product(self) -> Number:
        return self._row(_PRODUCTS, self._sign)

    def _row(self, operators: Mapping[str, Callable[[Number, Number], Number]], part: Callable[[], Number]) -> Number:
        value = part()
        while (sign := self._next(*operators)) is not None:
            value = _bounded(operators[sign](value, part()))
        return value

    def _sign(self) -> Number:
        self._depth += 1
        if self._depth > _DEEPEST:
            message = "it is nested too deeply"
            raise Unreckonable(message)
        sign = self._next("+", "-")
        value = (-self._sign() if sign == "-" else self._sign()) if sign else self._raised()
        self._depth -= 1
        return value

    def _raised(self) -> Number:
        base = self._atom()
        return _bounded(_power(base, self._sign())) if self._next("**", "^") else base

    def _atom(self) -> Number:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ""
        self._at += 1
        if token == "(":  # noqa: S105 - a bracket
            value = self._sum()
            self._expect(")")
            return value
        if token[:1].isdigit() or token[:1] == ".":
            return _bounded(int(token)) if token.isdigit() else float(token)
        if self._next("("):
            return self._function(token.lower())
        if token.lower() in _CONSTANTS:
            return _CONSTANTS[token.lower()]
        message = f"{token!r} is no number" if token else "it ends too early"
        raise Unreckonable(message)

    def _function(self, name: str) -> Number:
        arguments = [self._sum()]
        while self._next(","):
            arguments.append(self._sum())
        self._expect(")")
        least, most, work = _FUNCTIONS.get(name, (1, 0, None))
        if work is None or not least <= len(arguments) <= most:
            message = f"there is no function {name} of {len(arguments)} numbers"
            raise Unreckonable(message)
        return _bounded(work(*arguments))

    def _next(self, *wanted: str) -> str | None:
        if self._at < len(self._tokens) and self._tokens[self._at] in wanted:
            self._at += 1
            return self._tokens[self._at - 1]
        return None

    def _expect(self, wanted: str) -> None:
        if self._next(wanted) is None:
            message = f"{wanted!r} is missing"
            raise Unreckonable(message)
