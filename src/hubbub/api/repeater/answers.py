"""Pure: what the stored replies to a chat say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hubbub.api.errors import Refused
from hubbub.api.repeater.errors import Told
from hubbub.api.repeats import KEY_REUSED, same_question
from hubbub.core.events import Received
from hubbub.core.messages import Raw, text_of
from hubbub.core.work import Receipt, Row

FIELDS = ("reasoning_content", "content", "model_name", "model_type", "model_id")

Answer = dict[str, Any]


def answer_of(rows: Sequence[Row], model_type: str | None) -> Answer:
    """What the stored rows say.

    Raises:
        Told: they are no answer of a model; says what they are.
    """
    raws = [segment for row in rows for segment in row.out.message if type(segment) is Raw]
    found = {raw.kind: raw.data for raw in raws}
    if "answer" in found:
        return {name: found["answer"].get(name, "") for name in FIELDS}
    if "failure" in found:
        raise Told(502, f"The model could not answer; try again later. (error {found['failure'].get('id', '')})")
    if "refused" in found:
        refused = found["refused"]
        if refused.get("key") == "chat.unknown_model":
            raise Told(400, f"API group not found for model type: {(model_type or '')[:300]}")
        raise Told(400, str(refused.get("text", "")))
    words = "\n\n".join(text_of(row.out.message) for row in rows)
    if not words:
        raise Told(409, "The message was taken back before it was answered.")
    # The hub itself speaks: a limit is reached.
    raise Told(429, words)


def check_key(event: Received, receipt: Receipt) -> None:
    """Refuse a key that came with another message. Raises Refused."""
    if receipt.duplicate and not same_question(event, receipt.entry.event):
        raise Refused.of(KEY_REUSED)
