"""Calling a skill for a model: permission, arguments, limits, time, and what is told of a failure."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from hubbub.core.errors import HubbubError, UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Media
from hubbub.core.phrases import Phrase
from hubbub.core.skills import SkillContext, SkillResult
from hubbub.skills.permission import Standing, Verdict, verdict
from hubbub.skills.schema import Misfit, arguments_of
from hubbub.words import say

if TYPE_CHECKING:
    from datetime import tzinfo

    from hubbub.conversations.holds import Hold
    from hubbub.conversations.limits import Meter
    from hubbub.core.addresses import Room
    from hubbub.core.events import Received
    from hubbub.core.messages import Blob, Image
    from hubbub.core.ports import Files, Skill
    from hubbub.core.skills import SkillCard
    from hubbub.core.turns import ToolCall

log = logging.getLogger(__name__)

_KEPT_SECONDS = 7 * 86_400.0
_MARK = "\n[…]"


@dataclass(frozen=True, slots=True)
class SkillRules:
    """What whoever runs the hub decides.

    ``unasked``: what writes or spends without the person's consent. For one answer: ``rounds`` of calls and ``calls``
    in all. ``seconds``: longest time of a call; ``characters``: longest result.
    """

    unasked: frozenset[str] = frozenset()
    rounds: int = 4
    calls: int = 8
    seconds: float = 20.0
    characters: int = 20_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The hub around skills. ``zone``: of whoever chose none. ``fetch`` raises MediaError."""

    role: Callable[[Received], Role]
    shows: Callable[[Room], bool]
    fetch: Callable[[Room, Media], Awaitable[Blob]]
    files: Files
    zone: tzinfo | None


@dataclass(frozen=True, slots=True)
class Person:
    """For whom skills are used: ``stored`` is what the owner has set; ``pictures`` as in `SkillContext`."""

    owner: str
    event: Received
    stored: Mapping[str, object]
    language: str
    zone: tzinfo | None
    pictures: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class Called:
    """What came of a call: ``text`` for the model, ``media`` for the person.

    ``spent``: it counts against the person's limits, with what it ``cost``. ``asks``: it was not done, for want of the
    person's consent.
    """

    text: str
    media: tuple[Image, ...] = ()
    spent: bool = False
    cost: int = 0
    asks: bool = False


class Skills:
    """The skills of a hub. Whoever calls one does it here."""

    def __init__(self, skills: Sequence[Skill], rules: SkillRules, around: Surroundings, meter: Meter) -> None:
        """Keeps the order of the skills, which is the order in which models are told of them."""
        self._skills = {skill.card.name: skill for skill in skills}
        self.rules = rules
        self._around = around
        self._meter = meter

    @property
    def cards(self) -> Sequence[SkillCard]:
        """All of them."""
        return [skill.card for skill in self._skills.values()]

    def verdict(self, card: SkillCard, event: Received, stored: Mapping[str, object]) -> Verdict:
        """Whether a skill may be used for the author of a message, whose owner has set ``stored``."""
        standing = Standing(self._around.role(event), stored, self._around.shows(event.room))
        return verdict(card, standing, self.rules.unasked)

    def offered(self, person: Person) -> tuple[SkillCard, ...]:
        """Those that a model may be told of when it answers this person."""
        event, stored = person.event, person.stored
        return tuple(card for card in self.cards if self.verdict(card, event, stored) is not Verdict.NO)

    async def call(self, call: ToolCall, person: Person, held: Hold) -> Called:
        """Do what a model wishes, if that may be. Raises nothing but cancellation.

        What it spends is added to ``held``, the answer's own: it is counted with the answer.
        """
        skill = self._skills.get(call.name)
        if skill is None:
            return Called(f"There is no tool {call.name[:64]!r}.")
        found = self.verdict(skill.card, person.event, person.stored)
        if found is Verdict.NO:
            return Called("This tool may not be used for this person.")
        if found is Verdict.ASK:
            told = "Not done: the person has to allow this tool first, and is told how. Do not try again before that."
            return Called(told, asks=True)
        try:
            arguments = arguments_of(call.arguments, skill.card.tool.parameters)
        except Misfit as misfit:
            return Called(f"The call is wrong: {misfit}.")
        return await self._done(skill, arguments, person, held)

    async def _done(self, skill: Skill, arguments: Mapping[str, object], person: Person, held: Hold) -> Called:
        needs = skill.card.needs
        seconds = needs.seconds or self.rules.seconds
        try:
            async with asyncio.timeout(seconds):
                spends = needs.deed == "spends"
                if spends:
                    await held.more(needs.tokens, needs.cost)
                began = time.monotonic()
                result = await skill.call(arguments, self._context(person))
                log.info("skill %s for %s: %.1f s", skill.card.name, person.owner, time.monotonic() - began)
                told = self._told(result)
                return replace(told, spent=True, cost=needs.cost) if spends else told
        except UserError as error:
            return Called(say(error.user_text, person.language))
        except TimeoutError:
            return _failed(skill, person, f"it took longer than {seconds:g} s")
        except Exception as error:  # noqa: BLE001 - another's code may fail in any way; the answer goes on
            return _failed(skill, person, error)

    def _told(self, result: SkillResult) -> Called:
        text, most = result.text, self.rules.characters
        return Called(text if len(text) <= most else text[:most] + _MARK, result.media)

    def _context(self, person: Person) -> SkillContext:
        return SkillContext(
            person.owner,
            person.event,
            person.language,
            person.zone or self._around.zone,
            self._meter.clock(),
            person.pictures,
            partial(self._around.fetch, person.event.room),
            partial(self._kept, person.owner),
        )

    async def _kept(self, owner: str, blob: Blob) -> Media:
        url = await self._around.files.keep(blob, _KEPT_SECONDS, owner)
        return Media(url, name=blob.name, mime=blob.mime, size=len(blob.data))


def _failed(skill: Skill, person: Person, cause: object) -> Called:
    number = secrets.token_hex(4)
    trace = cause if isinstance(cause, Exception) and not isinstance(cause, HubbubError) else None
    log.error("error %s: the skill %s failed for %s: %s", number, skill.card.name, person.owner, cause, exc_info=trace)
    reason = cause.user_text if isinstance(cause, HubbubError) else None
    said = say(Phrase(reason.key, {**reason.values, "id": number}), person.language) if reason is not None else ""
    return Called(f"The tool failed: {said or f'(error {number})'} Tell the person so, with the number.")
