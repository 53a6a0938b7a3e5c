"""How a request of an OpenAI client comes in."""

from __future__ import annotations

from typing_extensions import override

from hubbub.api.origins import RawHeaders
from hubbub.api.requests import BoundedRequest, GuardedRoute
from hubbub.core.identities import Role

DEEPEST = 128
"""Tools bring JSON schemas, whose every level is two."""

_OURS = b"bearer hub_"


class OpenAIRequest(BoundedRequest):
    """A request with room for the schemas of tools."""

    deepest = DEEPEST


class OpenAIRoute(GuardedRoute):
    """Every route of this API.

    Its clients insist on a key, so on a trusted network, where none is needed, people give them any word. What is no
    token of the hub counts as none: elsewhere than on a trusted network that is refused as such.
    """

    reads = OpenAIRequest
    least = Role.USER

    @staticmethod
    @override
    def credentials(headers: RawHeaders) -> RawHeaders:
        """The headers without a key that the hub did not make."""
        return [each for each in headers if each[0] != b"authorization" or not _placeholder(each[1])]


def _placeholder(value: bytes) -> bool:
    given = value.strip().lower()
    return given.startswith(b"bearer") and not given.startswith(_OURS)
