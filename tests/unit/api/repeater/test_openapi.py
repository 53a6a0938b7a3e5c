"""Requests derived from what the OpenAPI document says of the Repeater's routes: no answer is a 500."""

from __future__ import annotations

import re
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from hubbub.api.application import build_application
from hubbub.api.repeater.paths import ROOTS
from hubbub.api.services import ApiSettings
from hubbub.core.work import Append
from hubbub.platforms.http.adapter import HttpPlatform
from hubbub.platforms.http.settings import HttpSettings
from tests.fakes.doors import MemoryHub, services
from tests.fakes.repeater import completion, parts
from tests.unit.api.repeater.door import KEY, MODEL, USER
from tests.unit.api.routes import each_route

# A few for each of many routes; a profile that asks for more gets it.
ASKED = hypothesis.settings().max_examples
EXAMPLES = 4 if ASKED <= 100 else ASKED
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance)


def made() -> schemathesis.BaseSchema:
    hub = MemoryHub(answer=completion)
    hub.store.conversations.apply(Append("0", "context", "default", (USER, MODEL)))
    hub.repeater = parts(hub.store.conversations, admin_api_key=KEY)
    given = services(hub, HttpPlatform(HttpSettings(), hub.host), ApiSettings())
    given.access.allow_local("hub_test")
    found = schemathesis.openapi.from_asgi("/openapi.json", build_application(given))
    return found.include(path_regex=f"^({'|'.join(map(re.escape, ROOTS))})")


def is_answered(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(headers={"Authorization": "Bearer hub_test", "X-Admin-API-Key": KEY}, checks=list(CHECKS))


@pytest.mark.hypothesis
@pytest.mark.timeout(300)
def test_no_answer_is_a_failure_of_the_server(subtests: pytest.Subtests) -> None:
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    each_route(made(), is_answered, hypothesis.settings(max_examples=EXAMPLES, phases=phases), subtests)
