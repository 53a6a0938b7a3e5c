"""How an answer came to be, for programs that asked for it: a segment of the answer's message beside its words.

{"content", "reasoning_content", "model_name", "model_type", "model_id", "model"}     of kind "answer"
{"text", "id", "key", "status"}                                                        of kind "failure"
{"text", "key"}                                                                        of kind "refused"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.core.messages import Raw

if TYPE_CHECKING:
    from hubbub.chat.job import Job
    from hubbub.core.models import ModelSpec

ANSWER, FAILURE, REFUSED = "answer", "failure", "refused"


def answer(job: Job, spec: ModelSpec | None) -> tuple[Raw, ...]:
    """Of a model's answer; ``spec`` is the model that gave it."""
    data: dict[str, object] = {
        "content": job.content,
        "reasoning_content": job.reply.thought,
        "model_name": (spec.title or spec.name) if spec else job.reply.model,
        "model_type": spec.type if spec else "",
        "model_id": (spec.id or job.reply.model_id) if spec else job.reply.model_id,
        "model": spec.name if spec else job.reply.model,
    }
    return _wanted(job, ANSWER, data)


def failure(job: Job, text: str, error_id: str, key: str, status: int) -> tuple[Raw, ...]:
    """Of a model that gave none; ``status`` is its provider's, 0 for none."""
    return _wanted(job, FAILURE, {"text": text, "id": error_id, "key": key, "status": status})


def refused(job: Job, text: str, key: str) -> tuple[Raw, ...]:
    """Of what the person can mend."""
    return _wanted(job, REFUSED, {"text": text, "key": key})


def _wanted(job: Job, kind: str, data: dict[str, object]) -> tuple[Raw, ...]:
    wanted = job.completion is not None and job.completion.details
    return (Raw(job.event.room.platform, kind, data),) if wanted else ()
