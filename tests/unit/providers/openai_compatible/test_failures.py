from email.utils import formatdate

import orjson
import pytest

from hubbub.providers.openai_compatible.failures import LONGEST_MESSAGE, of_event, of_status, redacted, retry_after

NOW = 1_700_000_000.0


def error_body(message: str = "no", code: str | None = None, kind: str = "") -> bytes:
    return orjson.dumps({"error": {"message": message, "code": code, "type": kind, "param": None}})


@pytest.mark.parametrize(
    ("status", "body", "key", "retryable", "again"),
    [
        (400, error_body(), "error.model_refused", False, False),
        (422, b'{"detail":[{"loc":["body"],"msg":"field required"}]}', "error.model_refused", False, False),
        (400, error_body(code="context_length_exceeded"), "error.model_context", False, False),
        (400, error_body(kind="exceed_context_size_error"), "error.model_context", False, False),
        (400, error_body("This model's maximum context length is 8192 tokens"), "error.model_context", False, False),
        (413, b"", "error.model_context", False, False),
        (401, error_body(), "error.model_auth", True, False),
        (402, error_body(), "error.model_auth", True, False),
        (403, error_body(), "error.model_auth", True, False),
        (404, error_body(), "error.model_failed", True, False),
        (301, b"", "error.model_failed", True, False),
        (408, b"", "error.model_timeout", True, True),
        (429, error_body(), "error.model_busy", True, True),
        (429, error_body(code="insufficient_quota"), "error.model_busy", True, False),
        (500, b"<html>oops", "error.model_failed", True, True),
        (503, b"", "error.model_busy", True, True),
        (504, b"", "error.model_timeout", True, True),
        (529, b"", "error.model_busy", True, True),
    ],
)
def test_every_status_is_a_kind_of_failure(status: int, body: bytes, key: str, retryable: bool, again: bool) -> None:
    error = of_status(status, {}, body, NOW, ())
    assert error.user_text is not None
    assert (error.user_text.key, error.retryable, error.again, error.status) == (key, retryable, again, status)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (error_body("the cause"), "the cause"),
        (b'{"error": "the cause"}', "the cause"),
        (b'{"message": "the cause"}', "the cause"),
        (b'{"detail": "the cause"}', "the cause"),
        (b'[{"error": {"message": "the cause"}}]', "the cause"),
        (b'{"other": 1}', "other"),
        (b"the cause\nin two lines", "the cause in two lines"),
        (b"\xff\xfe", "\ufffd"),
        (b"[]", "[]"),
        (b"null", "None"),
    ],
)
def test_the_log_has_the_cause_whatever_its_shape(body: bytes, told: str) -> None:
    assert told in str(of_status(500, {}, body, NOW, ()))


def test_the_message_is_bounded_and_without_secrets() -> None:
    body = error_body(
        "Incorrect API key provided: my-own-secret. Bearer abcdefghijkl and sk-proj-abcdefghijklmnop " + "x" * 9000
    )
    told = str(of_status(401, {}, body, NOW, ("my-own-secret",)))
    assert len(told) <= LONGEST_MESSAGE
    assert "my-own-secret" not in told
    assert "abcdefghijkl" not in told


def test_short_words_are_no_secrets() -> None:
    assert redacted("a key and a task-list of or-else", ("a", "")) == "a key and a task-list of or-else"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": formatdate(NOW + 30, usegmt=True)}, 30.0),
        ({"Retry-After": formatdate(NOW - 30, usegmt=True)}, 0.0),
        ({"Retry-After-Ms": "250", "Retry-After": "7"}, 0.25),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "9" * 400}, 3600.0),
        ({"Retry-After-Ms": "nan"}, None),
        ({"Retry-After": "-5"}, None),
    ],
)
def test_the_wait_that_is_asked_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


def test_an_error_inside_a_stream_has_the_status_that_it_names() -> None:
    error = of_event({"message": "slow down", "code": 429}, ())
    assert error.user_text is not None
    assert error.user_text.key == "error.model_busy"
    assert of_event("broken", ()).again
