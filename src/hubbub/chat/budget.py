"""Keeping a request within a model's limit, without its tokenizer and without asking anybody.

Estimates are on the high side of what common tokenizers count: three and a half Latin letters, three digits or signs
for two, two thirds of a Chinese character and half an emoji are one token. What does not fit is left out by a fixed
rule: the oldest rounds (a question with all that answered it) first, then the middle of what is too long by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from hubbub.core.turns import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PER_TURN = 6
PER_PICTURE = 1200
LEAST = 64
"""The smallest budget that is kept to; a smaller one counts as this."""

# Stands where the middle of a long text was left out.
MARK = "\n[…]\n"
# In seventieths of a token, so that sums are exact: a letter or space, another ASCII character, a byte of the others.
_UNIT = 70
_LETTER, _SIGN, _BYTE = 20, 49, 35
_LETTERS = bytes(code for code in range(128) if chr(code).isalpha() or code == ord(" "))
_ASCII = bytes(range(128))
_MOST_PER_CHARACTER = 4 * _BYTE / _UNIT
_MOST_CHARACTERS_PER_TOKEN = _UNIT / _LETTER


@dataclass(frozen=True, slots=True)
class Fitted:
    """A request that fits. ``dropped``: how many of the first turns were left out."""

    system: str
    turns: tuple[Turn, ...]
    dropped: int = 0


def estimate(text: str) -> int:
    """Tokens of a text, rather too many than too few (random letters and digits may cost twice as much).

    Longer texts never cost less, and two texts never cost less than both together.
    """
    if not text:
        return 0
    data = text.encode("utf-8", "surrogatepass")
    others = data.translate(None, _LETTERS)
    foreign = 0 if len(data) == len(text) else len(others.translate(None, _ASCII))
    signs = len(others) - foreign
    return ((len(data) - len(others)) * _LETTER + signs * _SIGN + foreign * _BYTE) // _UNIT + 1


def cost(turn: Turn) -> int:
    """Tokens of a turn in a request. Reasoning is not sent again, so it costs nothing."""
    total = PER_TURN + estimate(turn.content)
    if turn.images:
        total += PER_PICTURE * len(turn.images)
    if turn.name:
        total += estimate(turn.name)
    for call in turn.tool_calls:
        total += PER_TURN + estimate(call.name) + estimate(call.arguments)
    return total


def fit(system: str, turns: Sequence[Turn], tokens: int) -> Fitted:
    """The system prompt and as many of the last turns as fit into ``tokens``.

    The last round is always there. If it is too long by itself, its longest texts (and the system prompt's) lose
    their middles, and pictures go where even that is not enough.
    """
    tokens = max(tokens, LEAST)
    whole = tuple(turns)
    if _surely_fits(system, whole, tokens):
        return Fitted(system, whole)
    costs = [cost(turn) for turn in whole]
    fixed = PER_TURN + estimate(system) if system else 0
    start = _start(whole, costs, tokens - fixed)
    if fixed + sum(costs[start:]) <= tokens:
        return Fitted(system, whole[start:], start)
    system, kept = _shorten(system, whole[start:], tokens)
    return Fitted(system, kept, start)


def cut(text: str, tokens: int) -> str:
    """A text of at most ``tokens``: itself, or its beginning and its end with a mark between."""
    if estimate(text) <= tokens:
        return text
    left = tokens - estimate(MARK) - 1
    if left < 1:
        return text[: _longest(text, max(tokens, 0))]
    head = _longest(text, left * 2 // 3)
    tail = _longest(text[: -4 * tokens - 1 : -1], left - estimate(text[:head]))
    return text[:head] + MARK + (text[-tail:] if tail else "")


_IMAGES, _TOOL_CALLS, _CONTENT, _NAME = map(attrgetter, ("images", "tool_calls", "content", "name"))


def last_round(turns: Sequence[Turn]) -> int:
    """Where the last round begins: at the last question, or at the first turn if there is none."""
    for index in range(len(turns) - 1, -1, -1):
        if turns[index].role == "user":
            return index
    return 0


def _surely_fits(system: str, turns: tuple[Turn, ...], tokens: int) -> bool:
    """A bound that needs lengths only: most conversations are far below the limit."""
    if any(map(_IMAGES, turns)) or any(map(_TOOL_CALLS, turns)):
        return False
    length = len(system) + sum(map(len, map(_CONTENT, turns))) + sum(map(len, map(_NAME, turns)))
    return length * _MOST_PER_CHARACTER + (PER_TURN + 2) * (len(turns) + 1) <= tokens


def _start(turns: tuple[Turn, ...], costs: list[int], tokens: int) -> int:
    """The first turn to keep: the beginning of the earliest round from which on all fits, or of the last round."""
    last = last_round(turns)
    total = sum(costs[last:])
    start = last
    for index in range(last - 1, -1, -1):
        total += costs[index]
        if total > tokens:
            break
        # An answer without its question is not kept, so that the rest begins with a question again.
        if turns[index].role in ("user", "system") or index == 0:
            start = index
    return start


def _shorten(system: str, turns: tuple[Turn, ...], tokens: int) -> tuple[str, tuple[Turn, ...]]:
    """Let every text have at most the same number of tokens, the highest with which all fit."""
    left = 0
    for kept in _fewer(turns):
        turns = kept
        overhead = sum(cost(replace(turn, content="")) for turn in turns)
        left = tokens - overhead - (PER_TURN if system else 0)
        if left >= LEAST // 4 * (len(turns) + 1):
            break
    share = _share([estimate(system), *(estimate(turn.content) for turn in turns)], left)
    return cut(system, share), tuple(replace(turn, content=cut(turn.content, share)) for turn in turns)


def _fewer(turns: tuple[Turn, ...]) -> Iterator[tuple[Turn, ...]]:
    """The same round with less and less beside its texts; the last one is the bare question."""
    yield turns
    without_pictures = tuple(replace(turn, images=()) for turn in turns)
    yield without_pictures
    question = without_pictures[0]
    yield (question,)
    yield (Turn(question.role, question.content),)


def _share(sizes: list[int], tokens: int) -> int:
    """The highest bound c with sum(min(size, c)) <= tokens."""
    left = tokens
    for count, size in zip(range(len(sizes), 0, -1), sorted(sizes), strict=True):
        if size * count >= left:
            return left // count
        left -= size
    return max(sizes)


def _longest(text: str, tokens: int) -> int:
    """How many of the first characters cost at most ``tokens``."""
    low, high = 0, min(len(text), int(tokens * _MOST_CHARACTERS_PER_TOKEN) + 1)
    while low < high:
        middle = (low + high + 1) // 2
        if estimate(text[:middle]) <= tokens:
            low = middle
        else:
            high = middle - 1
    return low
