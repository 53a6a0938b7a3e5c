"""Requests derived from our own OpenAPI document: the hub answers all of them as it says, never with 500."""

from __future__ import annotations

import re
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hubbub.api.application import build_application
from hubbub.api.repeater.paths import ROOTS
from hubbub.api.services import ApiSettings
from hubbub.core.addresses import Room
from hubbub.core.messages import Text
from hubbub.core.work import State
from hubbub.platforms.http.adapter import HttpPlatform
from hubbub.platforms.http.settings import HttpSettings
from tests.fakes.doors import MemoryHub, services
from tests.unit.api.routes import each_route

# The default profile's hundred would take half a minute; a profile that asks for more gets it.
ASKED = hypothesis.settings().max_examples
EXAMPLES = 30 if ASKED <= 100 else ASKED
SECRET = {"Authorization": "Bearer hub_test"}
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


def made() -> schemathesis.BaseSchema:
    hub = MemoryHub()
    for state in State:
        hub.store.outbox.put(Room("loopback", "7", "group", "42"), (Text(f"it is {state}"),), state)
    given = services(hub, HttpPlatform(HttpSettings(), hub.host), ApiSettings())
    given.access.allow_local("hub_test")
    found = schemathesis.openapi.from_asgi("/openapi.json", build_application(given))
    # The Repeater's many routes have a test of their own, over fewer examples each.
    return found.exclude(path_regex=f"^({'|'.join(map(re.escape, ROOTS))})")


def keeps_its_word(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(headers=SECRET, checks=list(CHECKS))


@pytest.mark.hypothesis
@pytest.mark.timeout(300)
def test_every_route_keeps_its_word(subtests: pytest.Subtests) -> None:
    each_route(made(), keeps_its_word, hypothesis.settings(max_examples=EXAMPLES), subtests)
