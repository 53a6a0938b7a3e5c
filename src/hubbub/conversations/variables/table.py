"""What variables stand for. The words of faults and of the countdown are those that programs and people know."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Final

LONGEST_VALUE = 10_000
_FUNCTION = "Core.get_prompt_vp.<locals>.<lambda>()"
# The first day of each sign, by month.
_SIGNS = (
    (20, "水瓶座"),
    (19, "双鱼座"),
    (21, "白羊座"),
    (20, "金牛座"),
    (21, "双子座"),
    (22, "巨蟹座"),
    (23, "狮子座"),
    (23, "处女座"),
    (23, "天秤座"),
    (24, "天蝎座"),
    (23, "射手座"),
    (22, "摩羯座"),
)


class Misused(Exception):
    """A variable was given what it does not take."""


@dataclass(frozen=True, slots=True)
class Variables:
    """Who asks what where. ``birthday`` is the bot's: year, month and day; ``now`` in seconds since the epoch.

    ``zone`` is the person's, in which ``{time}`` is told (None: the machine's); ``chance`` makes what is random.
    """

    user_id: str = ""
    user_name: str = ""
    model_type: str = ""
    bot_name: str = ""
    version: str = ""
    birthday: tuple[int, int, int] | None = None
    now: float = 0.0
    zone: tzinfo | None = UTC
    chance: random.Random = field(default_factory=random.Random)

    def value(self, name: str, arguments: Sequence[str] = ()) -> object:
        """What a variable is. Raises KeyError for one that there is not, Misused for arguments that do not fit."""
        if name in _PLAIN:
            return _PLAIN[name](self)
        least, most, names, function = _FUNCTIONS[name]
        _check(arguments, least, most, names)
        try:
            return function(self, arguments)
        except (ValueError, OverflowError, IndexError) as error:
            raise Misused(str(error)) from error

    @property
    def local(self) -> datetime:
        """The time where the person is; the beginning of all time where it is none."""
        try:
            return datetime.fromtimestamp(self.now, self.zone).astimezone(self.zone)
        except (ValueError, OverflowError, OSError):
            return datetime.fromtimestamp(0, UTC)


def known(name: str) -> bool:
    """Whether there is such a variable."""
    return name in _PLAIN or name in _FUNCTIONS


def names() -> tuple[str, ...]:
    """All variables."""
    return (*_PLAIN, *_FUNCTIONS)


def _check(arguments: Sequence[str], least: int, most: int | None, names: Sequence[str]) -> None:
    """Say of arguments that are too few or too many what the language would."""
    count = len(arguments)
    if most is not None and count > most:
        word, verb = ("argument" if most == 1 else "arguments"), ("was" if count == 1 else "were")
        message = f"{_FUNCTION} takes {most} positional {word} but {count} {verb} given"
        raise Misused(message)
    missing = [repr(name) for name in names[count:least]]
    if missing:
        word = "argument" if len(missing) == 1 else "arguments"
        message = f"{_FUNCTION} missing {len(missing)} required positional {word}: {' and '.join(missing)}"
        raise Misused(message)


def _birthday(variables: Variables) -> str:
    return ".".join(map(str, variables.birthday)) if variables.birthday else ""


def _zodiac(variables: Variables, _: Sequence[str]) -> str:
    if variables.birthday is None:
        return ""
    month, day = variables.birthday[1:]
    first, sign = _SIGNS[month - 1]
    return sign if day >= first else _SIGNS[month - 2][1]


def _time(variables: Variables, _: Sequence[str]) -> str:
    return f"{variables.local:%Y-%m-%d %H:%M:%S %Z}"


def _age(variables: Variables, _: Sequence[str]) -> object:
    if variables.birthday is None:
        return ""
    year, month, day = variables.birthday
    today = variables.local.date()
    return max(0, today.year - year - ((today.month, today.day) < (month, day)))


def _countdown(variables: Variables, _: Sequence[str]) -> str:
    if variables.birthday is None:
        return ""
    now = variables.local
    today = now.date()
    month, day = variables.birthday[1:]
    begin = _date(today.year, month, day)
    if begin == today:
        return f"🎉 今天是{variables.bot_name}生日，Happy Birthday!"
    if begin < today:
        begin = _date(today.year + 1, month, day)
    return f"⏳ 距离{variables.bot_name}生日还有：{(begin - today).days}天"


def _date(year: int, month: int, day: int) -> date:
    """The day of a year; the 29th of February is the 1st of March where there is none."""
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, 1) + timedelta(days=day - 1)


def _random(variables: Variables, arguments: Sequence[str]) -> int:
    lowest, highest = map(int, arguments)
    return variables.chance.randint(lowest, highest)


def _randfloat(variables: Variables, arguments: Sequence[str]) -> float:
    lowest, highest = map(float, arguments)
    return variables.chance.uniform(lowest, highest)


def _randchoice(variables: Variables, arguments: Sequence[str]) -> str:
    if not arguments:
        message = "Cannot choose from an empty sequence"
        raise Misused(message)
    return variables.chance.choice(arguments)


_PLAIN: Final[Mapping[str, Callable[[Variables], str]]] = MappingProxyType(
    {
        "user_id": lambda variables: variables.user_id,
        "user_name": lambda variables: variables.user_name,
        "model_type": lambda variables: variables.model_type,
        "botname": lambda variables: variables.bot_name,
        "birthday": _birthday,
        "version": lambda variables: variables.version,
    }
)
_Function = tuple[int, int | None, tuple[str, ...], Callable[[Variables, Sequence[str]], object]]
# Least and most arguments, their names, and what it does.
_FUNCTIONS: Final[Mapping[str, _Function]] = MappingProxyType(
    {
        "BirthdayCountdown": (0, 0, (), _countdown),
        "zodiac": (0, 0, (), _zodiac),
        "time": (0, 0, (), _time),
        "age": (0, 0, (), _age),
        "random": (2, 2, ("min", "max"), _random),
        "randfloat": (2, 2, ("min", "max"), _randfloat),
        "randchoice": (0, None, (), _randchoice),
    }
)
