"""Pure: what the OpenAPI document says of this API's routes, whose parameters are read by hand.

Schemas are written out in place. To have FastAPI make a model of each error of each route would take longer than all
the rest of its building.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel

from hubbub.api.repeater.wire import ErrorOut

Schema = dict[str, Any]

ERRORS = {
    400: "It cannot be done; says why",
    401: "No (right) credentials",
    403: "Not allowed to this caller",
    404: "There is none",
    408: "The body came too slowly",
    409: "Taken back before it was answered",
    413: "The body is too large",
    415: "The body is neither a form nor JSON",
    422: "The parameters do not fit",
    429: "A limit is reached: try again later",
    502: "The model failed; the id finds the cause in the hub's log",
    503: "Busy, or the data cannot be reached: try again after Retry-After seconds",
    504: "The answer takes long",
}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "application/json")


@cache
def schema_of(model: type[BaseModel]) -> Schema:
    """The schema of a model, with everything in its place."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    found = _written_out(schema, definitions)
    assert isinstance(found, dict)  # noqa: S101 - a schema stays one
    return found


def _written_out(value: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_written_out(each, definitions) for each in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _written_out(definitions[value["$ref"].rpartition("/")[2]], definitions)
    return {key: _written_out(each, definitions) for key, each in value.items()}


def responses_of(*kinds: type[BaseModel] | str) -> dict[int | str, dict[str, Any]]:
    """All answers of a route: those of success by their models, or the types of other content, then every error."""
    contents: dict[str, Any] = {}
    for kind in kinds:
        name, schema = (kind, {"type": "string"}) if isinstance(kind, str) else ("application/json", schema_of(kind))
        contents[name] = {"schema": schema}
    error = {"application/json": {"schema": schema_of(ErrorOut)}}
    return {
        200: {"description": "Done", "content": contents},
        **{code: {"description": text, "content": error} for code, text in ERRORS.items()},
    }


def request_of(path: str, takes: type[BaseModel] | None) -> dict[str, Any]:
    """The parameters of a path, and the body in each of its forms."""
    names = [part.partition("}")[0] for part in path.split("{")[1:]]
    text = {"type": "string", "minLength": 1}
    found: dict[str, Any] = {
        "parameters": [{"name": name, "in": "path", "required": True, "schema": text} for name in names]
    }
    if takes is not None:
        found["requestBody"] = {"content": {form: {"schema": schema_of(takes)} for form in _FORMS}}
    return found
