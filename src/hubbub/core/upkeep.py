"""What an operator does with a platform from the command line, beside the running hub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at a platform showed. ``remedy`` is empty where all is well."""

    name: str
    outcome: Literal["ok", "warn", "fail"]
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done with a platform once: ``hubbub <platform> <name>``.

    ``run`` is the dotted path ``package.module:function`` of a coroutine function called as ``function(settings,
    tell)``, where ``tell`` takes lines for the operator. It raises `HubbubError` when it cannot be done.
    """

    name: str
    summary: str
    run: str
