"""Mistakes in the settings are told with place, key and what to write."""

from pathlib import Path

import pytest

from hubbub.core.errors import ConfigError
from hubbub.settings import load


def refused(folder: Path, file: str = "", dotenv: str = "", **environ: str) -> list[str]:
    if file:
        (folder / "hubbub.toml").write_text(file, encoding="utf-8")
    if dotenv:
        (folder / ".env").write_text(dotenv, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(environ=environ, folder=folder)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("[server]\nhost = '::1'\nport = 'http'\n", "hubbub.toml:3: server.port: should be a whole number, not 'http'"),
        ("\n\nserver.port = 70000", "hubbub.toml:3: server.port: should be at most 65535, not 70000"),
        ("[server]\n\nprot = 1", "hubbub.toml:3: server.prot: no such key; did you mean port?"),
        ("[servr]\n", "hubbub.toml:1: servr: no such key; did you mean server?"),
        ("port = 8080\n", "hubbub.toml:1: port: no such key; did you mean server.port?"),
        (
            "[dispatch]\nquux = 1\n",
            "hubbub.toml:2: dispatch.quux: no such key; known are conversations, accepted, shutdown_seconds",
        ),
        ("[chat]\nsummarize = 'perhaps'", "hubbub.toml:2: chat.summarize: should be true or false, not 'perhaps'"),
        (
            "server.proxy = 'http://10.0.0.1:7890# mine'",
            'hubbub.toml:1: server.proxy: should be an address that begins with http:// or https://, or "none"',
        ),
        ("chat.language = 'de'", "hubbub.toml:1: chat.language: should be 'auto', 'zh' or 'en', not 'de'"),
        ("[server]\nhost = 1", "hubbub.toml:2: server.host: should be text in quotes, not 1"),
        ("chat.context_tokens = -1", "hubbub.toml:1: chat.context_tokens: should be at least 0, not -1"),
        ("server = 1", "hubbub.toml:1: server: should be a table, not 1"),
        ("[commands]\nprefixes = '/'", "hubbub.toml:2: commands.prefixes: should be a list, not '/'"),
        ("[server]\ntls_cert = 'a'", "hubbub.toml:1: server: tls_cert and tls_key should both be set, or neither"),
        (
            '[rooms."onebot/*/group/1"]\ntrigger = ["mention",\n  "somtimes"]',
            'hubbub.toml:2: rooms."onebot/*/group/1".trigger[2]: '
            "should be 'mention', 'reply', 'prefix', 'thread' or 'always', not 'somtimes'",
        ),
        (
            "[platforms.onebot]\naccess_tokn = 'x'",
            "hubbub.toml:2: platforms.onebot.access_tokn: no such key; did you mean access_token?",
        ),
        ("[platforms.onbot]", "hubbub.toml:1: platforms.onbot: no such key; did you mean onebot?"),
        (
            "[[models]]\nname = 'a'\n[[models]]\nname = 'a'\n",
            "hubbub.toml:4: models[2].name: should differ from the other models', not 'a'",
        ),
        (
            "[[models]]\nname = 'a'\nfallback = ['c']",
            "hubbub.toml:3: models[1].fallback[1]: should name one of the models (a), not 'c'",
        ),
        ("[[models]]\ntype = 'chat'", "hubbub.toml:1: models[1].name: is required"),
        ("model.vision = 'perhaps'", "hubbub.toml:1: model.vision: should be true or false or 'auto', not 'perhaps'"),
        ("[[models]]\nname = 'a'\nkey = 'b'", "hubbub.toml:3: models[1].key: no such key"),
        ("server.host = '${NOT_SET}'", None),
        ("server.host = \n", "hubbub.toml:1: not TOML: invalid value"),
        ("[a]\nb = 1\nb = 2\n", None),
        ("x = '''", "hubbub.toml:1: not TOML: "),
    ],
)
def test_a_mistake_in_the_file_has_its_line(tmp_path: Path, file: str, message: str | None) -> None:
    found = refused(tmp_path, file)
    if message is None:
        message = {
            "server.host = '${NOT_SET}'": "hubbub.toml:1: server.host: ${NOT_SET} is not set; set it, or write "
            "${NOT_SET:-value} with a default",
            "[a]\nb = 1\nb = 2\n": "hubbub.toml:3: not TOML: cannot overwrite a value",
        }[file]
    assert any(line.startswith(message) for line in found), found


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("HUBBUB_PORT", "http", "variable HUBBUB_PORT: server.port: should be a whole number, not 'http'"),
        ("PORT", "http", "variable PORT: server.port: should be a whole number, not 'http'"),
        ("HUBBUB_PROT", "1", "variable HUBBUB_PROT: HUBBUB_PROT is no setting; did you mean HUBBUB_PORT?"),
        (
            "HUBBUB_CHAT__CONTEXT_TOKEN",
            "1",
            "variable HUBBUB_CHAT__CONTEXT_TOKEN: HUBBUB_CHAT__CONTEXT_TOKEN is no setting; "
            "did you mean HUBBUB_CHAT__CONTEXT_TOKENS?",
        ),
        ("HUBBUB_XYZZY", "1", "variable HUBBUB_XYZZY: HUBBUB_XYZZY is no setting; `hubbub config show` lists all"),
        ("HUBBUB_ROOMS", "always", "variable HUBBUB_ROOMS: rooms: should be a JSON object"),
        (
            "HUBBUB_COMMANDS__PREFIXES",
            "[/",
            "variable HUBBUB_COMMANDS__PREFIXES: commands.prefixes: "
            "should be values with commas between them, or a JSON list",
        ),
        (
            "HUBBUB_TIMEZONE",
            "Mars/Olympus",
            "variable HUBBUB_TIMEZONE: server.timezone: should be a time zone such as Asia/Shanghai or UTC, "
            "not 'Mars/Olympus'",
        ),
        (
            "DATABASE_URL",
            "mysql://x",
            "variable DATABASE_URL: store.database_url: should begin with postgresql:// or sqlite:///, or be empty",
        ),
    ],
)
def test_a_mistake_in_a_variable_has_its_name(tmp_path: Path, name: str, value: str, message: str) -> None:
    assert refused(tmp_path, **{name: value}) == [message]


def test_a_mistake_in_dotenv_has_its_line(tmp_path: Path) -> None:
    assert refused(tmp_path, dotenv="A=1\n\nHUBBUB_PORT=x\n") == [
        ".env:3: server.port: should be a whole number, not 'x'"
    ]
    assert refused(tmp_path, dotenv="A=1\nthis is = not one\n") == [".env:2: not of the form NAME=value"]


def test_a_secret_is_not_repeated(tmp_path: Path) -> None:
    found = refused(tmp_path, "[platforms.onebot]\naccess_token = 12345678\n", HUBBUB_ADMIN_PASSWORD="short")
    assert found == [
        "hubbub.toml:2: platforms.onebot.access_token: should be text in quotes",
        "variable HUBBUB_ADMIN_PASSWORD: server.admin_password: should have at least 8 characters",
    ]
    assert refused(tmp_path, "\n", DATABASE_URL="mysql://me:hunter2@host/db") == [
        "variable DATABASE_URL: store.database_url: should begin with postgresql:// or sqlite:///, or be empty"
    ]


def test_all_mistakes_are_told_at_once_in_order(tmp_path: Path) -> None:
    file = "[server]\nport = 'a'\n\n[chat]\nsummarize = 'b'\nnope = 1\n[limits]\ntokens_per_day = -1\n"
    assert [line.partition(": ")[0] for line in refused(tmp_path, file)] == [
        "hubbub.toml:2",
        "hubbub.toml:5",
        "hubbub.toml:6",
        "hubbub.toml:8",
    ]


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "hubbub.toml").write_bytes(b"\xff\xfe\x00")
    assert refused(tmp_path) == ["hubbub.toml: cannot be read: it is not UTF-8 text"]
