import re
from pathlib import Path

import pytest

from hubbub.providers import discovery
from hubbub.providers.discovery.services import SERVICES, services_in
from hubbub.words import say


def test_no_key_no_service() -> None:
    assert services_in({"PATH": "/bin", "OPENAI_API_KEY": "  "}) == ()


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_key_is_enough(service: object) -> None:
    for known in SERVICES:
        if known is service:
            for variable in known.keys:
                (found,) = services_in({variable: " secret "})
                assert found.spec.api_keys == ("secret",)
                assert found.spec.base_url == known.base_url
                assert found.spec.id == known.model
                assert say(found.reason, "en") == f"{variable} is set"


def test_the_order_is_that_of_the_table() -> None:
    environ = {service.keys[0]: "k" for service in reversed(SERVICES)}
    assert [found.spec.note for found in services_in(environ)] == [service.name for service in SERVICES]
    assert [service.name for service in SERVICES][:2] == ["OpenAI", "DeepSeek"]


def test_another_address_of_a_service() -> None:
    (found,) = services_in({"DEEPSEEK_API_KEY": "k", "DEEPSEEK_BASE_URL": "https://proxy.example/v1"})
    assert (found.spec.base_url, found.spec.id) == ("https://proxy.example/v1", "deepseek-v4-flash")


def test_behind_another_address_of_openai_may_be_any_model() -> None:
    (found,) = services_in({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"})
    assert (found.spec.id, found.spec.name) == ("", "openai")


def test_an_address_of_openai_without_a_key_is_a_server_that_wants_none() -> None:
    (found,) = services_in({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"})
    assert found.spec.api_keys == ()
    assert say(found.reason, "en") == "OPENAI_BASE_URL is set"


def test_a_default_model_that_thinks_by_itself_is_asked_not_to() -> None:
    (found,) = services_in({"DEEPSEEK_API_KEY": "k"})
    assert found.spec.extra == {"thinking": {"type": "disabled"}}


def test_a_secret_does_not_show() -> None:
    (found,) = services_in({"OPENAI_API_KEY": "sk-secret"})
    assert "sk-secret" not in repr(found)


def test_the_page_lists_them_all_in_order() -> None:
    page = Path(discovery.__file__).with_name("README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\d+\. (\w+): (.+)$", page, re.MULTILINE)
    assert [(name, tuple(re.findall(r"`(\w+_API_KEY)`", keys))) for name, keys in listed] == [
        (service.name, service.keys) for service in SERVICES
    ]
