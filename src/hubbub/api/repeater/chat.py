"""``POST /chat/completion/{user_id}``: a message goes the road of all messages, and its answer comes back."""

from __future__ import annotations

import asyncio
import logging
import secrets
from functools import partial
from typing import Annotated
from urllib.parse import quote

import orjson
from fastapi import Header
from starlette.responses import Response

from hubbub.api.admission import Admission
from hubbub.api.repeater.answers import Answer, answer_of, check_key
from hubbub.api.repeater.errors import Told
from hubbub.api.repeater.forms import read
from hubbub.api.repeater.guard import RepeaterRequest, caller_of
from hubbub.api.repeater.lines import LineStream
from hubbub.api.repeater.pictures import PictureRoutes, text_of
from hubbub.api.repeater.wire import ChatIn
from hubbub.api.repeater_parts import RepeaterParts
from hubbub.api.repeats import KEY_PATTERN
from hubbub.conversations.wishes import STYLE, TITLE, one_line
from hubbub.core.addresses import Room
from hubbub.core.errors import HubbubError
from hubbub.core.events import Received
from hubbub.core.identities import Author, Role
from hubbub.core.messages import Text
from hubbub.core.pictures import Wish
from hubbub.core.ports import Clock, Exchange
from hubbub.core.work import Exchanged

log = logging.getLogger(__name__)

_LANGUAGE_LENGTH = 35

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=KEY_PATTERN,
        description="Names this message, so that sent again it gets the same answer.",
    ),
]


class ChatRoutes:
    """The handler; one for the whole application."""

    def __init__(self, parts: RepeaterParts, exchange: Exchange, pictures: PictureRoutes, clock: Clock) -> None:
        """``exchange`` is the road, ``pictures`` makes them of answers."""
        self._parts = parts
        self._exchange = exchange
        self._pictures = pictures
        self._clock = clock

    async def post(self, request: RepeaterRequest, idempotency_key: Key = None) -> Response:
        """Send a message and get the answer of a model; without a message the model is asked with what was said."""
        given = await read(request, ChatIn)
        if given.continue_completion and given.message:
            raise Told(400, "Cannot send message when continuing completion")
        caller = caller_of(request)
        admission: Admission = request.app.state.admission
        admission.check(caller, request.owner, Role.USER)
        event = self._event(request, given, idempotency_key or secrets.token_hex(16))
        if given.stream:
            return LineStream(self._exchange, event, given.model_type, partial(self._gone, event))
        exchanged = await self._ask(request, event)
        check_key(event, exchanged.receipt)
        answer = answer_of(exchanged.rows, given.model_type)
        if given.rendering:
            answer |= await self._picture(request, answer)
        if given.user_info is not None:
            answer |= _later(event, given, answer)
        return Response(orjson.dumps(answer), media_type="application/json")

    def _event(self, request: RepeaterRequest, given: ChatIn, key: str) -> Received:
        """The message that a request is. All that the chat is told of it stands under one key."""
        caller, owner = caller_of(request), request.owner
        name = self._parts.nickname(given.called, request.user_id)
        completion: dict[str, object] = {
            "user_id": request.user_id,
            "user_name": name,
            "role": given.role,
            # Without a name of its own a message that goes behind another user's words has the user's.
            "name": given.role_name or (name if given.reference_context_id else ""),
            "load_prompt": given.load_prompt,
            "save_context": given.save_context,
            "continue": given.continue_completion,
        }
        if given.reference_context_id:
            completion["reference"] = self._reference(request, given.reference_context_id)
        options: dict[str, object] = {"completion": completion}
        if given.model_type:
            options["model"] = given.model_type
        return Received(
            id=f"{quote(owner, safe='')}/{key}",
            room=Room("http", caller.id, "private", owner),
            author=Author(owner, name, room_role="owner" if caller.may("admin") else "member"),
            message=(Text(given.message),) if given.message else (),
            time=self._clock(),
            message_id=key,
            addressed=True,
            locale=_language(request),
            owner=owner,
            options=options,
        )

    def _reference(self, request: RepeaterRequest, user_id: str) -> str:
        """The owner whose words are gone on from, if the caller may read them."""
        caller = caller_of(request)
        owner = self._parts.owner_of(user_id)
        if caller.owner and self._parts.owner_of(caller.owner) != owner:
            caller.speaks_as(owner)
        return owner

    async def _ask(self, request: RepeaterRequest, event: Received) -> Exchanged:
        """The answer; given up, if the settings say so, when nobody waits for it any more."""
        if not self._parts.settings.cancel_gone:
            return await self._exchange.ask(event)
        # No task group: it would wrap what goes wrong, which the route tells apart.
        watching = asyncio.create_task(self._give_up(request, event))
        try:
            return await self._exchange.ask(event)
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    async def _give_up(self, request: RepeaterRequest, event: Received) -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        self._gone(event)

    def _gone(self, event: Received) -> None:
        if self._parts.settings.cancel_gone:
            self._parts.recall(event)

    async def _picture(self, request: RepeaterRequest, answer: Answer) -> Answer:
        chosen = await self._parts.data.config(request.owner)
        style, title = chosen.get(STYLE), one_line(chosen.get(TITLE))
        wish = Wish(style=style if isinstance(style, str) else "", model=answer["model_name"], title=title)
        text = text_of(answer["reasoning_content"], answer["content"])
        try:
            picture = await self._pictures.made(request, text, wish)
        except HubbubError as error:
            # The answer is there, and kept: it is worth more than its picture.
            log.warning("no picture of an answer to %s: %s", request.owner, error)
            return {}
        return {"image_url": picture.url, "file_uuid": picture.uuid}


def _later(event: Received, given: ChatIn, answer: Answer) -> Answer:
    """What later clients read besides, who name the user inside of an object."""
    return {
        "user_raw_input": given.message,
        "user_input": given.message,
        "model_group": answer["model_name"],
        "model_uid": answer["model_id"],
        "create_time": int(event.time),
        "id": event.message_id,
        "finish_reason_cause": "stop",
        "status": 200,
    }


def _language(request: RepeaterRequest) -> str:
    given = request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()
    return given if given.replace("-", "").isalnum() and given.isascii() and len(given) <= _LANGUAGE_LENGTH else ""
