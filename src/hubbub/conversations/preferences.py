"""What an owner has set: one JSON object per branch of kind "config", its newest node.

Keys that Hubbub does not know are kept and given back as they are; a known key with a value of the wrong type counts
as not set, and stays stored too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hubbub.conversations.branches import append
from hubbub.core.errors import UserError
from hubbub.core.phrases import Phrase
from hubbub.core.turns import Parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hubbub.core.store import Conversations
    from hubbub.core.work import Append, Branch


_NO_PARAMETERS = Parameters()


@dataclass(frozen=True, slots=True)
class Preferences:
    """An owner's settings. Empty and None leave it to the hub. ``timezone`` is an IANA name or hours east of UTC.

    ``stored`` is the object as it was read, with keys that are not known here.
    """

    model: str = ""
    language: str = ""
    timezone: str = ""
    persona: str = ""
    parameters: Parameters = _NO_PARAMETERS
    stored: Mapping[str, object] = field(default_factory=dict)

    def over(self, options: Mapping[str, object]) -> Preferences:
        """These, but what the caller of one request chose (`events.Received.options`) goes first."""
        if not options:
            return self
        return parse({**self.stored, **{key: value for key, value in options.items() if value is not None}})


NONE = Preferences()


async def read(conversations: Conversations, owner: str) -> Preferences:
    """What an owner has set on the current branch of settings."""
    return preferences_of(await conversations.branch(owner, "config", limit=1))


def preferences_of(branch: Branch) -> Preferences:
    """The settings that a branch ends with."""
    body = branch.nodes[-1].body if branch.nodes else None
    return parse(body) if isinstance(body, dict) and body else NONE


def parse(stored: Mapping[str, object]) -> Preferences:
    """Read an object of settings; never raises."""
    found: dict[str, Any] = {}
    for key, value in stored.items():
        reader = _READERS.get(key)
        if reader is not None:
            name, convert = reader
            converted = convert(value)
            if converted is not None:
                found[name] = converted
    text = {name: found.pop(name) for name in _TEXTS if name in found}
    return Preferences(parameters=replace(_NO_PARAMETERS, **found), stored=stored, **text)


def put(branch: Branch, changes: Mapping[str, object]) -> Append:
    """Set keys; None takes one away. The version before stays in the branch's past."""
    gone = {key for key, value in changes.items() if value is None}
    return append(branch, {key: value for key, value in _with(branch, changes).items() if key not in gone})


def put_value(branch: Branch, key: str, value: object) -> Append:
    """Set one key to a plain JSON value, None among them."""
    return append(branch, _with(branch, {key: value}))


def drop(branch: Branch, key: str) -> Append:
    """Take one key away. Raises UserError where it is not set."""
    stored = preferences_of(branch).stored
    if key not in stored:
        raise UserError(Phrase("config.key", {"key": key}))
    return append(branch, {name: value for name, value in stored.items() if name != key})


def _with(branch: Branch, changes: Mapping[str, object]) -> dict[str, object]:
    """The settings with changes; of several names of one thing only the one that was set last stays."""
    others = {name for key in changes for names in _SAME if key in names for name in names if name != key}
    stored = {key: value for key, value in preferences_of(branch).stored.items() if key not in others}
    return {**stored, **changes}


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _zone(value: object) -> str | None:
    number = _number(value)
    return f"{number:g}" if number is not None else _string(value)


def _number(value: object) -> float | None:
    """A finite number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _BOUND else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _BOUND else None


def _stops(value: object) -> tuple[str, ...] | None:
    if isinstance(value, str) and value:
        return (value,)
    if isinstance(value, list | tuple) and all(isinstance(each, str) and each for each in value):
        return tuple(value) or None
    return None


# Far beyond every sensible value; infinity and NaN are not below it.
_BOUND = 1e9
# Names that other programs have for the same things.
_SAME = (
    frozenset(("model", "model_type", "model_uid")),
    frozenset(("timezone", "time_zone")),
    frozenset(("persona", "parset_prompt_name", "default_prompt_file")),
)
_TEXTS = ("model", "language", "timezone", "persona")
_READERS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "model": ("model", _string),
    "model_type": ("model", _string),
    "model_uid": ("model", _string),
    "language": ("language", _string),
    "timezone": ("timezone", _zone),
    "time_zone": ("timezone", _zone),
    "persona": ("persona", _string),
    "parset_prompt_name": ("persona", _string),
    "default_prompt_file": ("persona", _string),
    "temperature": ("temperature", _number),
    "top_p": ("top_p", _number),
    "frequency_penalty": ("frequency_penalty", _number),
    "presence_penalty": ("presence_penalty", _number),
    "max_completion_tokens": ("max_tokens", _count),
    "max_tokens": ("max_tokens", _count),
    "stop": ("stop", _stops),
}
