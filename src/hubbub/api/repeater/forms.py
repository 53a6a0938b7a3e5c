"""What a request says, in whichever of the ways that clients use: a form, the query, JSON.

The original read some parameters from the form and some from the query; its documents and its clients disagreed about
which. All are taken here; the body goes before the query.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi.exceptions import RequestValidationError
from orjson import JSONDecodeError
from pydantic import BaseModel, ValidationError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.requests import Request

from hubbub.api.repeater.errors import Told

Given = TypeVar("Given", bound=BaseModel)

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_MOST_FIELDS = 100


async def read(request: Request, form: type[Given], place: str = "body") -> Given:
    """The parameters of a request; ``place`` is where a client is told that one is missing.

    Raises:
        RequestValidationError: they do not fit.
        Told: 415, the body is of no kind that is read.
        HTTPException: 400 for a broken body, 413 for a large one.
    """
    given = {**_query(request), **await _body(request)}
    try:
        return form.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        raise RequestValidationError([{**each, "loc": (place, *each["loc"])} for each in faults]) from error


def _query(request: Request) -> dict[str, Any]:
    return {name: value for name, value in request.query_params.items() if value}


async def _body(request: Request) -> Mapping[str, Any]:
    body = await request.body()
    if not body:
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _FORM:
        # As FastAPI has it: a field without a value counts as not given.
        return dict(_pairs(body))
    if kind == _MULTIPART:
        return await _parts(request, len(body))
    if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        return await _json(request)
    raise Told(415, f"Send a form ({_FORM} or {_MULTIPART}) or JSON (application/json).")


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("latin-1"), max_num_fields=_MOST_FIELDS, encoding="utf-8", errors="replace")
    except ValueError as error:
        raise Told(400, f"A form has at most {_MOST_FIELDS} fields.") from error


async def _parts(request: Request, size: int) -> dict[str, Any]:
    _check_end(request, await request.body())
    async with request.form(max_files=4, max_fields=_MOST_FIELDS, max_part_size=size + 1) as form:
        # A file where words are wanted does not fit, and is told so.
        found = {
            name: {"file": value.filename} if isinstance(value, UploadFile) else value for name, value in form.items()
        }
    return {name: value for name, value in found.items() if value != ""}


def _check_end(request: Request, body: bytes) -> None:
    """What was cut off would be read as if its last field had not been sent."""
    boundary = parse_options_header(request.headers["content-type"])[1].get(b"boundary", b"")
    if boundary and b"--" + boundary + b"--" not in body[-len(boundary) - 100 :]:
        raise Told(400, "The multipart body ends before its last boundary.")


async def _json(request: Request) -> Mapping[str, Any]:
    try:
        value = await request.json()
    except JSONDecodeError as error:
        fault = {"type": "json_invalid", "loc": ("body", error.pos), "msg": "JSON decode error", "input": {}}
        raise RequestValidationError([fault]) from error
    if not isinstance(value, dict):
        fault = {"type": "dict_type", "loc": ("body",), "msg": "Input should be a valid dictionary", "input": value}
        raise RequestValidationError([fault])
    # Null is a value where any is wanted, and nothing elsewhere.
    return {name: each for name, each in value.items() if each is not None or name == "value"}
