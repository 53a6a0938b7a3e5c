"""Asking the model: what goes into the request, and with how much less to ask again where it was refused."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from hubbub.chat.bill import USUAL_ANSWER, price
from hubbub.chat.budget import cost
from hubbub.chat.calls import Caller
from hubbub.chat.request import Limits, fitted, has_pictures, limits_of, parameters_of, request_of
from hubbub.chat.summary import KEPT, Summarizer
from hubbub.chat.tools import Tools
from hubbub.chat.wording import Wording
from hubbub.conversations import library, personas, prompts
from hubbub.conversations.contexts import Summary
from hubbub.core.errors import ProviderError, UserError
from hubbub.core.models import ModelSpec
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from hubbub.chat.bill import Bill
    from hubbub.chat.budget import Fitted
    from hubbub.chat.job import Job
    from hubbub.chat.settings import ChatSettings
    from hubbub.chat.sources import ModelSource
    from hubbub.chat.speech import Speech
    from hubbub.conversations.completions import Completion
    from hubbub.conversations.preferences import Preferences
    from hubbub.core.events import Received
    from hubbub.core.store import Conversations
    from hubbub.core.turns import ChatRequest, Delta, Turn

log = logging.getLogger(__name__)

_TOO_LONG = "error.model_context"
_REFUSED = "error.model_refused"
_BAD_REQUEST = (400, 415, 422)
_LEAST_TOKENS = 256


class Asking:
    """Fills the reply of a job."""

    def __init__(
        self, conversations: Conversations, models: ModelSource, settings: ChatSettings, speech: Speech
    ) -> None:
        self._conversations = conversations
        self._models = models
        self._settings = settings
        self._speech = speech
        self._prompts = prompts.Prompts(settings.system_prompt, settings.personas)
        self._summarizer = Summarizer(models, settings)
        self._wording = Wording(settings.bot, settings.variables)
        self._tools = Tools(settings, speech)

    def model(self, chosen: Preferences, event: Received, named: str = "") -> ModelSpec:
        """The model that was chosen; one that the owner set and that is gone since counts as none.

        Raises:
            UserError: the request itself named a model that there is not.
            ProviderError: there is no model at all.
        """
        wanted = named or chosen.model
        spec = self._models.find(wanted) if wanted else None
        if spec is None and wanted and (named or event.options.get("model") == wanted):
            raise UserError(Phrase("chat.unknown_model", {"name": wanted}))
        return spec or self._default()

    def words(self, job: Job) -> str:
        """The words of an answer as they are shown and kept."""
        job.last = self._wording.answer(job, job.reply.said) if job.used else ""
        return self._wording.answer(
            job, job.reply.words if job.completion and job.completion.expand else job.reply.content
        )

    def expanded(self, job: Job, text: str, now: float) -> str:
        """A text with its variables expanded."""
        try:
            spec = self.model(job.preferences, job.event)
        except (ProviderError, UserError):
            spec = ModelSpec("", type="nomodel")
        job.variables = self._wording.variables(job, spec, now)
        return self._wording.answer(job, text)

    def named(self, name: str) -> ModelSpec | None:
        """The model of a name, if there is one."""
        return self._models.find(name) if name else None

    def expected_cost(self, job: Job) -> int:
        """About what a job will come to, in billionths of what prices are in; 0 where nobody knows a price."""
        try:
            spec = self.model(job.preferences, job.event, job.completion.model if job.completion else "")
        except (ProviderError, UserError):
            return 0
        if not spec.price_in and not spec.price_out:
            return 0
        asked = sum(map(cost, job.told))
        bounded = min(asked, self._settings.context_tokens or asked)
        parameters = parameters_of(job.preferences.parameters, spec, self._settings)
        return price(spec, bounded, parameters.max_tokens or spec.parameters.max_tokens or USUAL_ANSWER)

    def _default(self) -> ModelSpec:
        try:
            return self._models.default()
        except ProviderError as error:
            raise ProviderError(str(error), user_text=Phrase("error.no_model")) from error

    async def ask(self, job: Job) -> None:
        """Let the reply be filled, within the time for one answer.

        Raises:
            ProviderError: there is no whole answer; what came of it is in the reply.
            UserError: the model that is asked for does not exist.
        """
        try:
            async with asyncio.timeout(self._settings.answer_seconds):
                await self._ask(job)
        except TimeoutError as error:
            message = f"no whole answer within {self._settings.answer_seconds:g} s"
            raise ProviderError(message, user_text=Phrase("error.model_timeout"), retryable=True) from error

    async def _ask(self, job: Job) -> None:
        began = time.time_ns()
        spec = self.model(job.preferences, job.event, job.completion.model if job.completion else "")
        job.bill.caller = self.caller(job.owner, job.event, job.completion)
        job.bill.named = self.named
        job.variables = self._wording.variables(job, spec, began / 1e9)
        if job.question.content:
            said = self._wording.message(job, job.question.content)
            if said != job.question.content:
                job.question = replace(job.question, content=said)
        parameters = parameters_of(job.preferences.parameters, spec, self._settings)
        limits: Limits | None = self._tools.begin(job, spec, limits_of(spec, parameters, self._settings))
        system = await self._system(job)
        while limits is not None:
            what = await self._fitted(job, system, spec, limits)
            request = request_of(spec, what, parameters, owner=job.owner, stream=job.streamed)
            if job.kit is not None:
                request = replace(request, tools=job.kit.tools)
            smaller = await self._try(job, request, limits, (spec, 0 if job.used else began))
            limits = limits if smaller is None and await self._tools.use(job) else smaller
        if not job.reply.content and not job.media and job.stop.reason is None:
            message = f"model {spec.name} answered with nothing (finish: {job.reply.finish or 'none'})"
            raise ProviderError(message, user_text=Phrase("error.model_empty"), retryable=True)

    async def _try(self, job: Job, request: ChatRequest, limits: Limits, what: tuple[ModelSpec, int]) -> Limits | None:
        """Ask once. Returns the limits to ask again where the model refused size, pictures or tools of the request."""
        reply = job.reply
        spec = what[0]
        try:
            await self._read(job, request, what)
        except ProviderError as error:
            if reply.begun:
                job.bill.add(request, reply)
            smaller = None if reply.begun else self._less(job, error, request, (limits, spec))
            if smaller is None and not self._tools.enough(job, error):
                raise
            log.info("entry %d: asking again with less: %s", job.entry.id, error)
            return smaller
        reply.model = reply.model or request.model
        if reply.begun or reply.tool_calls:
            job.bill.add(request, reply)
        return None

    def _less(
        self, job: Job, error: ProviderError, request: ChatRequest, what: tuple[Limits, ModelSpec]
    ) -> Limits | None:
        """What to ask with after a refusal; None where asking for less does not help."""
        limits, spec = what
        smaller = _smaller(error, request, limits, vision=spec.vision)
        return limits if smaller is None and self._tools.refused(job, spec, error) else smaller

    async def _read(self, job: Job, request: ChatRequest, what: tuple[ModelSpec, int]) -> None:
        """Ask, and take the pieces until the last one, or until nobody wants more."""
        reply, (spec, began) = job.reply, what
        with job.bill.recorded(spec, request, began) as record:
            async with aclosing(cast("AsyncGenerator[Delta]", self._models.stream(request))) as stream:
                async for delta in stream:
                    reply.add(delta)
                    if record is not None:
                        record.add(delta)
                    if job.stop.reason is not None:
                        break
            if record is not None:
                record.answering = self.named(reply.model)

    def caller(self, owner: str, event: Received, wishes: Completion | None = None) -> Caller | None:
        """For whom records of calls are kept; None where the settings want none."""
        if not self._settings.call_log:
            return None
        user_id, name = (wishes.user_id, wishes.user_name) if wishes is not None else ("", "")
        return Caller(owner, user_id or owner, name or event.author.name)

    async def _fitted(self, job: Job, system: str, spec: ModelSpec, limits: Limits) -> Fitted:
        """What of the conversation goes into the request, with a summary of the rest if that is wanted."""
        turns, named = job.told, job.completion is not None and job.completion.expand
        known = job.context.summary
        what = fitted(self._with_summary(system, known, job), turns, limits, named=named)
        if not what.dropped or not self._settings.summarize:
            return what
        if job.summary is None:
            shorter = fitted(system, turns, replace(limits, tokens=int(limits.tokens * KEPT)), named=named)
            language = self._speech.language(job.preferences, job.event)
            before = known.text if known else ""
            left_out = turns[: shorter.dropped]
            text = await self._summarizer.summarize(spec, before, left_out, language, job.bill)
            if not text:
                return what
            job.summary = Summary(text, job.context.nodes[shorter.dropped - 1])
        covered = sum(node <= job.summary.upto for node in job.context.nodes)
        return fitted(self._with_summary(system, job.summary, job), turns[covered:], limits, named=named)

    async def _system(self, job: Job) -> str:
        if job.completion is not None and not job.completion.load_prompt:
            return ""
        owner = (job.completion.reference if job.completion else "") or job.owner
        own = await prompts.read(self._conversations, owner)
        persona = job.preferences.persona or self._settings.preset
        if not own and persona:
            own = await personas.read(self._conversations, owner, persona)
        if not own and persona:
            own = self._settings.presets.text(persona, self._speech.language(job.preferences, job.event))
        if not own and persona and persona not in self._settings.personas:
            own = await personas.read(self._conversations, library.OWNER, persona)
        chosen = self._prompts.choose(own, persona)
        text = chosen or self._speech.say(Phrase("prompt.default"), job.preferences, job.event)
        return self._wording.prompt(job, _with_profile(text, job.preferences))

    async def summarize(
        self, chosen: Preferences, event: Received, before: str, turns: Sequence[Turn], bill: Bill
    ) -> str:
        """A summary of an earlier one and these turns, in one bounded model call; "" when none can be made."""
        try:
            spec = self.model(chosen, event)
        except (ProviderError, UserError):
            return ""
        return await self._summarizer.summarize(spec, before, turns, self._speech.language(chosen, event), bill)

    def _with_summary(self, system: str, summary: Summary | None, job: Job) -> str:
        if summary is None:
            return system
        heading = self._speech.say(Phrase("prompt.summary"), job.preferences, job.event)
        return f"{system}\n\n{heading}\n{summary.text}"


def _with_profile(prompt: str, chosen: Preferences) -> str:
    """The prompt with what the owner wrote about themselves."""
    profile = chosen.stored.get("user_profile")
    return f"{prompt}\n\n{profile}" if isinstance(profile, str) and profile.strip() else prompt


def _smaller(error: ProviderError, request: ChatRequest, limits: Limits, *, vision: bool | None) -> Limits | None:
    """What to ask with instead; None where asking for less does not help."""
    key = error.user_text.key if error.user_text else ""
    if key == _TOO_LONG:
        tokens = min(limits.tokens, sum(map(cost, request.turns))) // 2
        return replace(limits, tokens=tokens) if tokens >= _LEAST_TOKENS else None
    if key == _REFUSED and error.status in _BAD_REQUEST and vision is None and has_pictures(request):
        return replace(limits, pictures=0)
    return None
