"""Requests that want the hub's memory: the last message goes the road of every message, and its reply comes back."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from hubbub.api.callers import Caller
from hubbub.api.errors import Refused
from hubbub.api.kept import address_of
from hubbub.api.openai.errors import BadField
from hubbub.api.openai.models import DEFAULT, MEMORY, Names
from hubbub.api.openai.turns import parameters_of, question_of
from hubbub.api.repeats import KEY_REUSED, same_question
from hubbub.api.services import Services
from hubbub.core.addresses import Room
from hubbub.core.events import Received
from hubbub.core.identities import Author, Role
from hubbub.core.messages import Image, Message, text_of
from hubbub.core.ports import Streamed
from hubbub.core.turns import Delta
from hubbub.core.work import Receipt, Row

LONGEST_NAME = 200

_NOT_WITH_MEMORY = ("tools", "functions")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the hub's memory a request wants: whose, which conversation ("": the current one), under which key."""

    caller: Caller
    owner: str | None
    conversation: str
    key: str = ""
    locale: str = ""


def wants_memory(model: str, conversation: str | None) -> bool:
    """The request is not to be answered from its own messages alone."""
    return conversation is not None or split(model)[1] is not None


def split(model: str) -> tuple[str, str | None]:
    """The model and, where ``@memory`` or ``@memory:NAME`` stands behind it, the conversation."""
    name, found, rest = model.partition(MEMORY)
    if not found or (rest and not rest.startswith(":")):
        return model, None
    return name, rest[1:]


class Memory:
    """Puts questions on the road."""

    def __init__(self, services: Services, names: Names) -> None:
        """Asks the exchange of these services."""
        self._exchange = services.exchange
        self._clock = services.clock
        self._admission = services.admission
        self._names = names

    async def event(self, body: Mapping[str, Any], wanted: Wanted) -> Received:
        """The message that a request is.

        Raises:
            Refused: the token is bound to another owner, or the owner is not let in.
            BadField: there is nothing to answer, no such model, or a field that cannot go together with memory.
        """
        _check_fields(body)
        owner = self._admission.owner(wanted.caller, _name(wanted.owner, "X-Hubbub-Owner"), Role.USER)
        plain, of_model = split(body["model"])
        branch = _name(wanted.conversation or of_model, "X-Hubbub-Conversation") or ""
        key = wanted.key or secrets.token_hex(16)
        return Received(
            id=f"{quote(owner, safe='')}/{key}",
            room=Room("http", wanted.caller.id, "private", owner, branch),
            author=Author(owner),
            message=_last_question(body["messages"]),
            time=self._clock(),
            message_id=key,
            addressed=True,
            locale=wanted.locale,
            owner=owner,
            branch=branch,
            options=await self._options(plain, body),
        )

    async def answer(self, event: Received) -> Delta:
        """The whole reply. Raises as `Exchange.ask`, and Refused for a key that came with another message."""
        answered = await self._exchange.ask(event)
        _check(event, answered.receipt)
        return Delta(_written(answered.rows), finish="stop")

    async def pieces(self, event: Received) -> AsyncGenerator[Delta, None]:
        """The reply as it comes. Pieces are a preview: what of the stored reply they lack comes at the end."""
        shown = ""
        rows: list[Row] = []
        async with aclosing(self._exchange.stream(event)) as items:
            async for item in items:
                if isinstance(item, Receipt):
                    _check(event, item)
                elif isinstance(item, Streamed):
                    content = item.content if shown else item.content.lstrip()  # stored replies begin with words
                    shown += content
                    if content or item.reasoning:
                        yield Delta(content, item.reasoning)
                else:
                    rows.append(item)
        yield Delta(lacking(_written(rows), shown), finish="stop")

    async def _options(self, model: str, body: Mapping[str, Any]) -> dict[str, object]:
        """What this one message asks of the model; "default" leaves the model to the owner's own choice."""
        asked = parameters_of(body)
        options: dict[str, object] = {
            "temperature": asked.temperature,
            "top_p": asked.top_p,
            "frequency_penalty": asked.frequency_penalty,
            "presence_penalty": asked.presence_penalty,
            "max_tokens": asked.max_tokens,
            "stop": list(asked.stop) or None,
        }
        if model and model.lower() != DEFAULT:
            options["model"] = (await self._names.find(model)).name
        return {name: value for name, value in options.items() if value is not None}


def lacking(stored: str, shown: str) -> str:
    """What to add to what was shown, so that nothing of the stored reply is missing."""
    bare = shown.rstrip()
    if not bare:
        return stored
    if stored.startswith(shown):
        return stored[len(shown) :]
    if bare in stored:
        return stored.rpartition(bare)[2]
    return f"\n\n{stored}" if stored else ""  # pieces were lost: better twice than with a hole


def _check_fields(body: Mapping[str, Any]) -> None:
    """Refuse what the hub could only pass over in silence."""
    shape = body.get("response_format")
    shaped = isinstance(shape, dict) and shape.get("type") != "text"
    asked = [name for name in _NOT_WITH_MEMORY if body.get(name)] + ["response_format"] * shaped
    for name in asked:
        message = f"{name}: with memory it is the hub that asks the model, and not for this. Ask without memory."
        raise BadField(400, name, message)


def _last_question(messages: Sequence[Mapping[str, Any]]) -> Message:
    for message in reversed(messages):
        if message.get("role") == "user":
            question = question_of(message)
            if not question:
                raise BadField(400, "messages", "messages: the last user message says nothing the hub can read.")
            return question
    raise BadField(400, "messages", "messages: with memory the last user message is the question, and there is none.")


def _name(given: str | None, header: str) -> str | None:
    """A name as a header brings it: percent-encoded where it is more than ASCII. Empty ones count as none."""
    if not given:
        return None
    name = unquote(given.encode("latin-1", "replace").decode("utf-8", "replace") if not given.isascii() else given)
    if len(name) > LONGEST_NAME or not name.isprintable() or name != name.strip():
        message = f"{header}: use 1 to {LONGEST_NAME} printable characters, percent-encoded (UTF-8) where not ASCII."
        raise BadField(400, header, message, code="invalid_value")
    return name


def _check(event: Received, receipt: Receipt) -> None:
    if receipt.duplicate and not same_question(event, receipt.entry.event):
        raise Refused.of(KEY_REUSED)


def _written(rows: Sequence[Row]) -> str:
    """The replies as one text; pictures as Markdown."""
    return "\n\n".join(filter(None, (_text(row.out.message) for row in rows)))


def _text(message: Message) -> str:
    shown = [each for each in message if type(each) is Image and each.media.url]
    pictures = [f"![{each.alt}]({address_of(each.media.url)})" for each in shown]
    return "\n\n".join(filter(None, [text_of(message), *pictures]))
