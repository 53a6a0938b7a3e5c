"""The request that a conversation becomes. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from hubbub.chat.budget import Fitted, fit
from hubbub.core.turns import ChatRequest, Parameters, Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.chat.settings import ChatSettings
    from hubbub.core.models import ModelSpec

# Stands in a turn for a picture that the model is not shown.
UNSEEN = "[image]"
_TURNED = ("temperature", "top_p", "frequency_penalty", "presence_penalty")
_UNKNOWN_LIMIT = 8192
_USUAL_ANSWER = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may go into one request."""

    tokens: int
    pictures: int


def limits_of(spec: ModelSpec, parameters: Parameters, settings: ChatSettings) -> Limits:
    """What a model and the settings allow, with room left for the answer."""
    tokens = settings.context_tokens or (0 if spec.context_tokens else _UNKNOWN_LIMIT)
    if spec.context_tokens:
        answer = parameters.max_tokens or spec.parameters.max_tokens or _USUAL_ANSWER
        room = spec.context_tokens - min(answer, spec.context_tokens // 2)
        tokens = min(tokens, room) if tokens else room
    return Limits(tokens, 0 if spec.vision is False else settings.pictures)


def parameters_of(own: Parameters, spec: ModelSpec, settings: ChatSettings) -> Parameters:
    """The owner's parameters; where neither they nor the model's settings say anything, the hub's."""
    for name in _TURNED:
        given = getattr(settings, name)
        if given is not None and getattr(own, name) is None and getattr(spec.parameters, name) is None:
            own = replace(own, **{name: given})
    if own.max_tokens is None and spec.parameters.max_tokens is None and settings.answer_tokens:
        own = replace(own, max_tokens=settings.answer_tokens)
    return own


def fitted(system: str, turns: Sequence[Turn], limits: Limits, *, named: bool = False) -> Fitted:
    """The part of a conversation that may be sent. ``named``: names of speakers stay fields, else they are written."""
    return fit(system, turns if named else _shown(turns, limits.pictures), limits.tokens)


def request_of(spec: ModelSpec, what: Fitted, parameters: Parameters, *, owner: str, stream: bool) -> ChatRequest:
    """The request. The provider learns a fingerprint of the owner, enough to tell abusers apart."""
    turns = (Turn("system", what.system), *what.turns) if what.system else what.turns
    user = hashlib.blake2b(owner.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return ChatRequest(spec.name, turns, parameters, stream=stream, user=user)


def has_pictures(request: ChatRequest) -> bool:
    """The model is shown pictures."""
    return any(turn.images for turn in request.turns)


_IMAGES, _NAME = attrgetter("images"), attrgetter("name")


def _shown(turns: Sequence[Turn], pictures: int) -> Sequence[Turn]:
    """The turns as a model is to see them: the newest pictures only, and who of several people spoke."""
    if not any(map(_IMAGES, turns)) and not any(map(_NAME, turns)):
        return turns
    shown: list[Turn] = []
    for turn in reversed(turns):
        if turn.images or turn.name:
            images = [media for media in turn.images if media.url][: max(pictures, 0)]
            pictures -= len(images)
            unseen = [UNSEEN] * (len(turn.images) - len(images))
            spoken = f"{turn.name}: {turn.content}" if turn.name and turn.role == "user" else turn.content
            content = "\n".join(filter(None, [*unseen, spoken]))
            shown.append(replace(turn, content=content, images=tuple(images), name=""))
        else:
            shown.append(turn)
    shown.reverse()
    return shown
