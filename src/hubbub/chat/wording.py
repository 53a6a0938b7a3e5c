"""Variables in what a model is told and in what it says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hubbub.conversations.variables import Variables, expand
from hubbub.conversations.zones import zone_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from hubbub.chat.job import Job
    from hubbub.core.models import ModelSpec

Where = Literal["off", "prompts", "all"]
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


@dataclass(frozen=True, slots=True)
class Bot:
    """What variables tell of the bot. ``zone``: of whoever chose none; None is the machine's."""

    name: str = ""
    version: str = ""
    birthday: tuple[int, int, int] | None = None
    zone: tzinfo | None = None


class Wording:
    """Expands texts. A program that asks for a completion wants all of them expanded; else it goes by ``where``.

    What is no variable stays as it is then: people write braces for other ends.
    """

    def __init__(self, bot: Bot, where: Where) -> None:
        self._bot = bot
        self._where = where

    def variables(self, job: Job, spec: ModelSpec, now: float) -> Variables:
        """What the variables of one question stand for."""
        completion, bot = job.completion, self._bot
        chosen = zone_of(job.preferences.timezone) if job.preferences.timezone else None
        return Variables(
            user_id=(completion.user_id if completion else "") or job.owner,
            user_name=_name(job),
            model_type=spec.type,
            bot_name=bot.name,
            version=bot.version,
            birthday=bot.birthday,
            now=now,
            zone=chosen or bot.zone,
        )

    def prompt(self, job: Job, text: str) -> str:
        """A prompt as the model reads it."""
        if _strict(job):
            return one_blank_line(expand(text, job.variables)) if job.variables else text
        return self._lenient(job, text) if self._where != "off" else text

    def message(self, job: Job, text: str) -> str:
        """What a person said, as the model reads it and as it is kept."""
        if _strict(job):
            return one_blank_line(expand(text, job.variables)) if job.variables else text
        return self._lenient(job, text) if self._where == "all" else text

    def answer(self, job: Job, text: str) -> str:
        """What the model said, as it is shown and kept."""
        if _strict(job):
            return expand(text, job.variables) if job.variables else text
        return self._lenient(job, text) if self._where == "all" else text

    @staticmethod
    def _lenient(job: Job, text: str) -> str:
        return expand(text, job.variables, lenient=True) if job.variables else text


def one_blank_line(text: str) -> str:
    """The text with no more than one blank line at a time."""
    return _BLANK_LINES.sub("\n\n", text) if "\n\n" in text or "\n " in text or "\n\t" in text else text


def _name(job: Job) -> str:
    """What the person is called: as the program says, as they wish it, or as the platform says."""
    author, called = job.event.author, job.preferences.stored.get("nickname")
    if isinstance(called, str) and called:
        return called
    if job.completion is not None and job.completion.user_name:
        return job.completion.user_name
    return author.name or author.id if _person(job) else ""


def _strict(job: Job) -> bool:
    return job.completion is not None and job.completion.expand


def _person(job: Job) -> bool:
    """The author is a person of a platform, not a program that speaks for one."""
    return not job.event.owner or not _strict(job)
