"""``/userdata/config/...``: what a user has set."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from hubbub.api.repeater.forms import read
from hubbub.api.repeater.guard import RepeaterRequest
from hubbub.api.repeater.wire import ConfigIn, KeyIn
from hubbub.conversations.userdata import UserData
from hubbub.conversations.values import typed
from hubbub.core.errors import UserError


class ConfigRoutes:
    """The handlers; one for the whole application."""

    def __init__(self, data: UserData) -> None:
        """``data`` is what users keep."""
        self._data = data

    async def get(self, request: RepeaterRequest) -> Response:
        """Show all that a user has set."""
        return _json(await self._data.config(request.owner))

    async def set(self, request: RepeaterRequest) -> Response:
        """Set one key, and show all; an object without a key is taken for several keys with their values."""
        given = await read(request, ConfigIn)
        changes = _changes(given, request.path_params["value_type"])
        left: Mapping[str, object] = {}
        for key, value in changes.items():
            left = await self._data.set_value(request.owner, key, value)
        return _json(left)

    async def delkey(self, request: RepeaterRequest) -> Response:
        """Take one key away, and show what is left."""
        return _json(await self._data.delete_key(request.owner, (await read(request, KeyIn)).key))

    async def delkey_path(self, request: RepeaterRequest) -> Response:
        """Take the key away that the path names, and show what is left."""
        return _json(await self._data.delete_key(request.owner, request.path_params["key"]))


def _changes(given: ConfigIn, kind: str) -> Mapping[str, object]:
    if given.key is not None:
        return {given.key: typed(kind, given.value)}
    try:
        several = typed("dict", given.value)
    except UserError as error:
        fault = {"type": "missing", "loc": ("body", "key"), "msg": "Field required", "input": None}
        raise RequestValidationError([fault]) from error
    assert isinstance(several, dict)  # noqa: S101 - `typed` saw to it
    return several


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")
