"""Who may connect."""

from typing import Any

import pytest

from hubbub.platforms.onebot.access import refusal

LOCAL, REMOTE = ("127.0.0.1", 5000), ("192.168.1.5", 5000)


def scope(client: tuple[str, int] | None = LOCAL, query: str = "", **headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "websocket", "client": client, "query_string": query.encode(), "headers": named}


@pytest.mark.parametrize("client", [LOCAL, REMOTE, None])
@pytest.mark.parametrize(
    "given",
    [
        {"authorization": "Bearer s3cret"},
        {"authorization": "bearer  s3cret "},
        {"authorization": "Token s3cret"},
        {"query": "access_token=s3cret"},
        {"query": "a=1&access_token=s3cret&b=2"},
        {"query": "access_token=s3cret", "authorization": "Bearer wrong"},
    ],
)
def test_the_right_token_opens(client: tuple[str, int] | None, given: dict[str, str]) -> None:
    assert refusal(scope(client, **given), "s3cret") is None


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer"},
        {"authorization": "s3cret"},
        {"authorization": "Basic s3cret"},
        {"authorization": "Bearer s3cret2"},
        {"authorization": "Bearer S3CRET"},
        {"query": "access_token=wrong"},
        {"query": "access_token="},
        {"query": "Access_Token=s3cret"},
        {"query": "&".join(["a=1"] * 100) + "&access_token=s3cret"},
        {"query": "%"},
    ],
)
def test_anything_else_is_401(given: dict[str, str]) -> None:
    refused = refusal(scope(LOCAL, **given), "s3cret")
    assert refused is not None
    assert refused.status == 401
    assert "s3cret" not in refused.reason


def test_a_token_may_be_in_any_script() -> None:
    assert refusal(scope(authorization="Bearer 密码"), "密码") is None
    assert refusal(scope(query="access_token=%E5%AF%86%E7%A0%81"), "密码") is None


@pytest.mark.parametrize("client", [LOCAL, ("::1", 5000), ("127.8.9.1", 1)])
def test_without_a_token_programs_of_this_machine_may_connect(client: tuple[str, int]) -> None:
    assert refusal(scope(client), "") is None
    assert refusal(scope(client, authorization="Bearer whatever"), "") is None


@pytest.mark.parametrize(
    "request_",
    [
        scope(REMOTE),
        scope(("::ffff:10.0.0.1", 1)),
        scope(("testclient", 1)),
        scope(None),
        scope(LOCAL, x_forwarded_for="10.0.0.1"),
        scope(LOCAL, forwarded="for=10.0.0.1"),
        scope(LOCAL, x_real_ip="127.0.0.1"),
        scope(LOCAL, origin="http://evil.example"),
        scope(LOCAL, origin="null"),
    ],
    ids=["remote", "mapped", "no address", "unknown", "proxy", "forwarded", "real-ip", "page", "null page"],
)
def test_nobody_else_may(request_: dict[str, Any]) -> None:
    refused = refusal(request_, "")
    assert refused is not None
    assert refused.status == 403
    assert "access_token" in refused.reason
