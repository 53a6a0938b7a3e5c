"""`hubbub token` on the data of a hub that does not run."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hubbub.api.auth import digest_of
from hubbub.cli.commands import app
from hubbub.core.store import Token
from hubbub.storage.sqlite.store import SqliteStore
from tests.unit.cli.stores import fill


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "data", {})
    return tmp_path / "data"


def hubbub(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


async def stored(data: Path, secret: str) -> Token | None:
    store = SqliteStore(data)
    await store.open()
    try:
        return await store.secrets.token_find(digest_of(secret))
    finally:
        await store.close()


def test_a_token_is_made_listed_and_revoked(data: Path) -> None:
    secret = hubbub("token", "create", "phone", "--scope", "messages", "--scope", "status", "--owner", "anna").strip()
    token = asyncio.run(stored(data, secret))
    assert token is not None
    assert (token.name, token.scopes, token.owner, token.expires_at) == ("phone", ("messages", "status"), "anna", None)
    assert secret not in hubbub("token", "list")
    listed = json.loads(hubbub("token", "list", "--json"))
    assert (listed["id"], listed["name"], listed["scopes"]) == (token.id, "phone", ["messages", "status"])
    assert token.id in hubbub("token", "revoke", token.id)
    assert asyncio.run(stored(data, secret)) is None
    assert "no token" in hubbub("token", "revoke", token.id, code=1)
    assert hubbub("token", "list") == "none\n"


def test_a_token_may_expire(data: Path) -> None:
    made = json.loads(hubbub("token", "create", "short", "--days", "1", "--json"))
    token = asyncio.run(stored(data, made["secret"]))
    assert token is not None
    assert token.expires_at is not None
    assert token.expires_at - token.created_at == pytest.approx(86_400, abs=5)


def test_a_token_may_be_limited(data: Path) -> None:
    made = json.loads(hubbub("token", "create", "bot", "--per-minute", "60", "--json"))
    assert (made["scopes"], made["per_minute"]) == (["messages", "openai"], 60)
    (listed,) = map(json.loads, hubbub("token", "list", "--json").splitlines())
    assert (listed["scopes"], listed["per_minute"]) == (["messages", "openai"], 60)
    assert re.search(r"messages,openai +60 ", hubbub("token", "list"))


def test_an_unknown_scope_is_refused() -> None:
    assert "scopes are messages" in hubbub("token", "create", "x", "--scope", "everything", code=1)
