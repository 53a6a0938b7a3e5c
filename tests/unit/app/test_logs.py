"""Lines of the log: for people, for machines, without secrets."""

from __future__ import annotations

import inspect
import io
import json
import logging
from collections.abc import Iterator

import pytest
from uvicorn.protocols.websockets import websockets_sansio_impl

from hubbub.app.logs import redact, set_up


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abcdef123456", "abcdef123456"),
        ("GET /ws?access_token=abcdef123456&x=1", "abcdef123456"),
        ('{"api_key": "abcdef123456"}', "abcdef123456"),
        ("key sk-abcdefghijklmnop was refused", "abcdefghijklmnop"),
        ("token hub_abcdefghijklmnop", "abcdefghijklmnop"),
        ("password=correct-horse", "correct-horse"),
        ("the token abcdef123456 is wrong", "abcdef123456"),
        ("token : 'abcdefghijk'", "abcdefghijk"),
        ("POST https://api.telegram.org/bot10001:AAaa-0123456789_abcdefghijklmnopqrst/getMe", "AAaa-0123456789"),
        ("/tgbot/10001:AAaa-0123456789_abcdefghijklmnopqrst is served", "abcdefghijklmnopqrst"),
    ],
)
def test_secrets_are_not_logged(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "entry 12 of lane onebot:private:2 used 300 tokens in 2.5 s",
        "`hubbub token create` makes one, HUBBUB_TRUSTED_NETWORKS names more networks",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert redact(text) == text


def test_json_lines_are_json_with_the_trace(stream: io.StringIO) -> None:
    set_up("INFO", "json", stream)
    try:
        int("access_token=abcdef123456")
    except ValueError:
        logging.getLogger("hubbub.test").exception("error %s: 出错", "ab12")
    line = json.loads(stream.getvalue())
    assert line["message"] == "error ab12: 出错"
    assert line["level"] == "ERROR"
    assert "ValueError" in line["trace"]
    assert "abcdef123456" not in line["trace"]


def test_text_lines_name_time_level_and_place(stream: io.StringIO) -> None:
    set_up("WARNING", "text", stream)
    logging.getLogger("hubbub.test").info("not shown")
    logging.getLogger("hubbub.test").warning("shown")
    logging.getLogger("hubbub.other").warning("also shown")
    first, second = stream.getvalue().splitlines()
    assert first.endswith("WARNING hubbub.test: shown")
    assert first[:4].isdigit()
    assert second.endswith("also shown")


def test_refused_websockets_are_no_errors(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    # Servers of other tests set both for the whole process.
    monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)
    monkeypatch.setattr(logging.getLogger("uvicorn.error"), "propagate", True)
    said = "ASGI callable returned without completing handshake."
    assert said in inspect.getsource(websockets_sansio_impl)
    set_up("INFO", "text", stream)
    logging.getLogger("uvicorn.error").setLevel(logging.NOTSET)
    logging.getLogger("uvicorn.error").error(said)
    assert stream.getvalue() == ""
    logging.getLogger("uvicorn.error").error("something else")
    assert "something else" in stream.getvalue()
