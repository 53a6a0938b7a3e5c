"""The record of one call of a model: what was asked, what came when, what it cost.

Times are nanoseconds since the epoch, but ``created_time``, which is the provider's and in seconds.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hubbub.core.calls import ModelCall
from hubbub.core.work import LogCall

if TYPE_CHECKING:
    from hubbub.core.models import ModelSpec
    from hubbub.core.turns import ChatRequest, Delta, Usage

# A record is some kilobytes at most, however many pieces came; only the times of the first ones are kept.
_MOST_TIMES = 1000
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom models are called."""

    owner: str
    user_id: str
    user_name: str


@dataclass(slots=True)
class CallRecord:
    """Made when a task begins, then told what happens. ``user_id`` and ``user_name`` are as programs know them.

    ``answering``: who stood in for the model that was asked.
    """

    owner: str
    user_id: str
    user_name: str
    began: int
    prepared: int = 0
    asked: int = 0
    first: int = 0
    last: int = 0
    chunks: int = 0
    empty: int = 0
    times: list[int] = field(default_factory=list)
    id: str = ""
    created: int = 0
    usage: Usage | None = None
    content: int = 0
    reasoning: int = 0
    error: str = ""
    answering: ModelSpec | None = None

    @classmethod
    def of(cls, caller: Caller, began: int = 0) -> CallRecord:
        """The record of a call that goes out now; ``began``: when its task did (0: now)."""
        now = time.time_ns()
        record = cls(caller.owner, caller.user_id, caller.user_name, began or now)
        record.prepared = record.asked = record.last = now
        return record

    def add(self, delta: Delta) -> None:
        """A piece came. Cheap: called for every one."""
        now = time.time_ns()
        if not self.first:
            self.first = now
        self.chunks += 1
        if not delta.content and not delta.reasoning:
            self.empty += 1
        elif len(self.times) < _MOST_TIMES:
            self.times.append(now - self.last)
        self.last = now
        self.content += len(delta.content)
        self.reasoning += len(delta.reasoning)
        self.usage = delta.usage or self.usage
        self.id = delta.id or self.id
        self.created = delta.created or self.created

    def done(self, spec: ModelSpec, request: ChatRequest, model_id: str = "") -> LogCall:
        """The record as it is kept, in the order of fields that programs know."""
        now = time.time_ns()
        spec = self.answering or spec
        usage = self.usage
        prompt, completion, cached = (
            (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens) if usage else (0, 0, 0)
        )
        said = sum(len(turn.content) for turn in request.turns if turn.role != "system")
        record: dict[str, object] = {
            "id": self.id or secrets.token_hex(8),
            "url": spec.base_url,
            "model": model_id or spec.id or spec.name,
            "user_id": self.user_id,
            "user_name": self.user_name,
            "stream": request.stream,
            "total_chunk": self.chunks,
            "empty_chunk": self.empty,
            "task_start_time": self.began,
            "task_end_time": now,
            "request_start_time": self.asked,
            "request_end_time": self.first or now,
            "stream_processing_start_time": self.first or now,
            "stream_processing_end_time": self.last,
            "call_prepare_start_time": self.began,
            "call_prepare_end_time": self.prepared,
            "chunk_times": list(self.times),
            "created_time": self.created or now // 1_000_000_000,
            "total_tokens": prompt + completion,
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "cache_hit_count": cached,
            "cache_miss_count": max(0, prompt - cached),
            "total_context_length": said + self.content,
            "reasoning_content_length": self.reasoning,
            "new_content_length": self.content,
        }
        if spec.price_in or spec.price_out:
            record["cost"] = round((prompt * spec.price_in + completion * spec.price_out) / _MILLION, 9)
        if self.error:
            record["error"] = self.error[:500]
        return LogCall(ModelCall(self.owner, str(record["model"]), self.began / 1e9, record))
