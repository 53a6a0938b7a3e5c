"""Tools in an answer: which are offered, doing what the model wishes, and going on with what came of it."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.chat.budget import LEAST
from hubbub.chat.kit import Kit, tokens_of
from hubbub.conversations.toolturns import fit_for, pictures_of
from hubbub.conversations.zones import zone_of
from hubbub.core.phrases import Phrase
from hubbub.core.turns import Turn
from hubbub.skills.calling import Person

if TYPE_CHECKING:
    from hubbub.chat.job import Job
    from hubbub.chat.request import Limits
    from hubbub.chat.settings import ChatSettings
    from hubbub.chat.speech import Speech
    from hubbub.core.errors import ProviderError
    from hubbub.core.models import ModelSpec
    from hubbub.core.turns import ToolCall
    from hubbub.skills.calling import Called, Skills

log = logging.getLogger(__name__)

_TOO_LONG, _EMPTY = "error.model_context", "error.model_empty"
_REFUSALS = frozenset((400, 404, 405, 415, 422, 500, 501))
_OF_TOOLS = re.compile(r"(?i)\btools?\b|tool[_ -]?(?:call|choice|use)|function[_ -]?call")
_LAST = "\n\n(No more tools can be used for this answer.)"


class Tools:
    """The tools of a hub, as answers use them. Remembers which models take none."""

    def __init__(self, settings: ChatSettings, speech: Speech) -> None:
        self._skills: Skills | None = settings.skills
        self._speech = speech
        self._without: set[str] = set()

    def begin(self, job: Job, spec: ModelSpec, limits: Limits) -> Limits:
        """Give a job what it may use, and its context the form for that; what is left of the limits beside it."""
        skills = self._skills
        if skills is not None and self._takes(job, spec):
            person = self._person(job)
            cards = skills.offered(person)
            if cards:
                job.kit = Kit.of(person, cards, skills.rules)
                limits = replace(limits, tokens=max(LEAST, limits.tokens - tokens_of(job.kit.tools)))
        job.context = fit_for(job.context, tools=job.kit is not None)
        return limits

    def _takes(self, job: Job, spec: ModelSpec) -> bool:
        """The model takes tools, as far as is known, and it is a person who asks: programs bring tools of their own."""
        if spec.tools is False or spec.api != "chat" or spec.name in self._without:
            return False
        return job.completion is None or not job.completion.expand

    def _person(self, job: Job) -> Person:
        chosen = job.preferences
        zone = zone_of(chosen.timezone) if chosen.timezone else None
        pictures = pictures_of((*job.context.turns, job.question))
        language = self._speech.language(chosen, job.event)
        return Person(job.owner, job.event, chosen.stored, language, zone, pictures)

    def refused(self, job: Job, spec: ModelSpec, error: ProviderError) -> bool:
        """A model takes no tools: it is asked without them, now and from now on."""
        kit = job.kit
        if kit is None or not kit.tools or spec.tools or error.status not in _REFUSALS:
            return False
        if not _OF_TOOLS.search(str(error)):
            return False
        if error.user_text is not None and error.user_text.key == _TOO_LONG:
            return False
        name = error.model or spec.name
        log.info("model %s takes no tools: %s", name, error)
        self._without.add(name)
        kit.lay_aside()
        job.used.clear()
        job.context = fit_for(job.context, tools=False)
        return True

    def enough(self, job: Job, error: ProviderError) -> bool:
        """A model that said nothing said it with pictures."""
        return bool(job.media) and error.user_text is not None and error.user_text.key == _EMPTY

    async def use(self, job: Job) -> bool:
        """Do what the model wishes; whether it is to be asked again, with what came of it."""
        reply, kit, skills = job.reply, job.kit, self._skills
        if not reply.tool_calls or kit is None or skills is None or job.stop.reason is not None:
            return False
        calls = kit.take(reply.tool_calls)
        if not calls:
            return False
        reply.note(" ".join(dict.fromkeys(kit.signs.get(call.name, "🔧") for call in calls)) + " …")
        found = await _called(skills, job, calls)
        job.used.append(Turn("assistant", reply.said, reasoning=reply.pondered, tool_calls=calls, model=reply.model))
        job.used += [Turn("tool", each.text, tool_call_id=call.id) for call, each in zip(calls, found, strict=True)]
        if kit.used_up:
            job.used[-1] = replace(job.used[-1], content=job.used[-1].content + _LAST)
        reply.next_round()
        return True


def consent(job: Job) -> Phrase:
    """How the person lets tools be used that the model could not use for want of it."""
    names = job.unconsented
    return Phrase("skill.consent", {"names": ", ".join(names), "command": f"/tools allow {' '.join(names)}"})


async def _called(skills: Skills, job: Job, calls: tuple[ToolCall, ...]) -> list[Called]:
    """All calls of a round at once. What of them is done counts, also where the answer is stopped meanwhile."""
    kit, held = job.kit, job.bill.held
    assert kit is not None  # noqa: S101 - whoever has none does not come here
    assert held is not None  # noqa: S101 - nothing is asked before
    tasks: list[asyncio.Task[Called]] = []
    try:
        async with asyncio.TaskGroup() as group:
            tasks += [group.create_task(skills.call(call, kit.person, held)) for call in calls]
    finally:
        for call, task in zip(calls, tasks, strict=True):
            if task.done() and not task.cancelled() and task.exception() is None:
                _count(job, call, task.result())
    return [task.result() for task in tasks]


def _count(job: Job, call: ToolCall, called: Called) -> None:
    job.media += called.media
    job.bill.deeds += called.spent
    job.bill.cost += called.cost
    if called.asks and call.name not in job.unconsented:
        job.unconsented.append(call.name)
