"""Where settings come from, and which of two counts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hubbub.core.errors import ConfigError
from hubbub.providers.settings import ModelSettings
from hubbub.settings import Settings, load


def settings(folder: Path, file: str = "", dotenv: str = "", **environ: str) -> Settings:
    if file:
        (folder / "hubbub.toml").write_text(file, encoding="utf-8")
    if dotenv:
        (folder / ".env").write_text(dotenv, encoding="utf-8")
    return load(environ=environ, folder=folder)


def test_without_anything_the_defaults_count(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert (found.server.host, found.server.port, found.server.data_dir) == ("127.0.0.1", 8080, Path("data"))
    assert found.dispatch.conversations == 1000
    assert found.dispatch.accepted == 10_000
    assert found.commands.prefixes == ("/", "!", "！", "@", "#")
    assert found.file is None


def test_each_layer_counts_over_the_one_before(tmp_path: Path) -> None:
    file = "[server]\nport = 1\nhost = '1.1.1.1'\nlog_level = 'error'\npublic_url = 'https://one.example/'\n"
    dotenv = "HUBBUB_HOST=2.2.2.2\nHUBBUB_PORT=2\nHUBBUB_LOG_LEVEL=warning\n"
    found = settings(tmp_path, file, dotenv, HUBBUB_PORT="3", HUBBUB_HOST="3.3.3.3")
    assert found.server.public_url == "https://one.example"
    assert found.server.log_level == "WARNING"
    assert found.server.host == "3.3.3.3"
    options = {"server.port": 4}
    found = load(environ={"HUBBUB_PORT": "3", "HUBBUB_HOST": "3.3.3.3"}, folder=tmp_path, options=options)
    assert (found.server.port, found.server.host) == (4, "3.3.3.3")


def test_the_file_is_found_by_option_variable_folder_and_data_folder(tmp_path: Path) -> None:
    for number, name in enumerate(("option.toml", "variable.toml", "hubbub.toml", "kept/hubbub.toml"), 1):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"server.port = {number}", encoding="utf-8")
    environ = {"HUBBUB_CONFIG": str(tmp_path / "variable.toml"), "HUBBUB_DATA_DIR": "kept"}
    assert load(tmp_path / "option.toml", environ=environ, folder=tmp_path).server.port == 1
    found = load(environ=environ, folder=tmp_path)
    assert (found.server.port, found.file) == (2, tmp_path / "variable.toml")
    del environ["HUBBUB_CONFIG"]
    assert load(environ=environ, folder=tmp_path).server.port == 3
    (tmp_path / "hubbub.toml").unlink()
    assert load(environ=environ, folder=tmp_path).server.port == 4
    assert load(environ={}, folder=tmp_path, options={"server.data_dir": "kept"}).server.port == 4


def test_a_folder_that_is_shut_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Path, "is_file", lambda file: refuse(file) if file.parent.name == "data" else False)
    with pytest.raises(ConfigError, match=r"data cannot be read .*HUBBUB_DATA_DIR"):
        load(environ={}, folder=tmp_path)


@pytest.mark.parametrize("by_option", [True, False])
def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path, by_option: bool) -> None:
    missing = tmp_path / "none.toml"
    environ = {} if by_option else {"HUBBUB_CONFIG": str(missing)}
    with pytest.raises(ConfigError, match=r"(option --config|HUBBUB_CONFIG): there is no file .*none\.toml"):
        load(missing if by_option else None, environ=environ, folder=tmp_path)


# Every name that the design fixes and that has a setting in this version.
@pytest.mark.parametrize(
    ("name", "value", "path", "expected"),
    [
        ("HUBBUB_DATA_DIR", "kept", "server.data_dir", Path("kept")),
        ("HUBBUB_HOST", "0.0.0.0", "server.host", "0.0.0.0"),
        ("HOST", "0.0.0.0", "server.host", "0.0.0.0"),
        ("HUBBUB_PORT", "9000", "server.port", 9000),
        ("PORT", "9000", "server.port", 9000),
        ("HUBBUB_SERVER__PORT", "9000", "server.port", 9000),
        ("HUBBUB_LOG_LEVEL", "debug", "server.log_level", "DEBUG"),
        ("LOG_LEVEL", "warning", "server.log_level", "WARNING"),
        ("TZ", "Asia/Shanghai", "server.timezone", "Asia/Shanghai"),
        ("HUBBUB_TRUSTED_NETWORKS", "10.0.0.0/8,fd00::/8", "server.trusted_networks", ("10.0.0.0/8", "fd00::/8")),
        ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1", "model.base_url", "http://127.0.0.1:1/v1"),
        ("HUBBUB_MODEL", "qwen-plus", "model.name", "qwen-plus"),
        ("HUBBUB_MODEL_VISION", "true", "model.vision", True),
        ("HUBBUB_MODEL_VISION", "auto", "model.vision", "auto"),
        ("HUBBUB_MODEL_TOOLS", "false", "model.tools", False),
        ("HUBBUB_SKILLS__ON", '["clock", "image"]', "skills.on", ("clock", "image")),
        ("HUBBUB_MODELS__0__NAME", "small", "models", (ModelSettings(name="small"),)),
        ("HUBBUB_CHAT__SESSION_MINUTES", "30", "chat.session_minutes", 30),
        ("HUBBUB_CHAT__CONTEXT_TOKENS", "4096", "chat.context_tokens", 4096),
        ("HUBBUB_LIMITS__MESSAGES_PER_DAY", "100", "limits.messages_per_day", 100),
        ("HUBBUB_LIMITS__TOKENS_PER_DAY", "100000", "limits.tokens_per_day", 100_000),
    ],
)
def test_fixed_names_in_any_letter_case(tmp_path: Path, name: str, value: str, path: str, expected: object) -> None:
    for spelling in (name, name.lower(), name.title()):
        found: object = settings(tmp_path, **{spelling: value})
        for part in path.split("."):
            found = getattr(found, part)
        assert found == expected, spelling


def test_secret_names(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        HUBBUB_ADMIN_PASSWORD="correct horse",
        OPENAI_API_KEY="sk-one,sk-two",
        HUBBUB_PLATFORMS__ONEBOT__ACCESS_TOKEN="a-token",
        HUBBUB_PLATFORMS__ONEBOT__HTTP_SECRET="a-secret",
        HUBBUB_PLATFORMS__ONEBOT__FORWARD_URLS="ws://127.0.0.1:3001,ws://127.0.0.1:3002",
    )
    assert found.server.admin_password is not None
    assert found.server.admin_password.get_secret_value() == "correct horse"
    assert found.model.api_keys == ("sk-one", "sk-two")
    assert "sk-one" not in repr(found)
    onebot = found.platform("onebot").model_dump()
    assert onebot["access_token"].get_secret_value() == "a-token"
    assert onebot["http_secret"].get_secret_value() == "a-secret"
    assert onebot["forward_urls"] == ("ws://127.0.0.1:3001", "ws://127.0.0.1:3002")
    assert "a-token" not in repr(found)
    assert "correct horse" not in repr(found)


def test_certificate_names(tmp_path: Path) -> None:
    found = settings(tmp_path, HUBBUB_TLS_CERT="a.pem", HUBBUB_TLS_KEY="b.pem")
    assert (found.server.tls_cert, found.server.tls_key) == (Path("a.pem"), Path("b.pem"))


def test_the_more_exact_name_counts_within_a_layer(tmp_path: Path) -> None:
    environ = {"PORT": "1", "HUBBUB_PORT": "2", "HUBBUB_SERVER__PORT": "3"}
    for name, expected in (("HUBBUB_SERVER__PORT", 3), ("HUBBUB_PORT", 2), ("PORT", 1)):
        assert settings(tmp_path, **environ).server.port == expected
        del environ[name]


def test_a_table_may_come_from_the_environment_as_json(tmp_path: Path) -> None:
    rooms = '{"onebot/*/group/1": {"trigger": ["always"]}}'
    found = settings(tmp_path, HUBBUB_ROOMS=rooms, HUBBUB_COMMANDS__PREFIXES='["/", ","]')
    assert found.rooms["onebot/*/group/1"].trigger == ("always",)
    assert found.commands.prefixes == ("/", ",")


def test_several_models_may_come_from_the_file_with_keys_from_the_environment(tmp_path: Path) -> None:
    file = """
[[models]]
name = "fast"
api_key = "${FAST_KEY}"
fallback = ["deep"]
[[models]]
name = "deep"
type = "reasoner"
vision = true
"""
    fast, deep = settings(tmp_path, file, FAST_KEY="sk-1, sk-2", HUBBUB_MODELS__1__ID="deep-1").models
    assert fast.spec().api_keys == ("sk-1", "sk-2")
    assert (deep.spec().id, deep.spec().vision, deep.spec().type) == ("deep-1", True, "reasoner")


def test_variables_do_not_wipe_what_stands_beside_them_in_the_file(tmp_path: Path) -> None:
    found = settings(tmp_path, "[server]\nhost = '::1'\n", HUBBUB_PORT="9")
    assert (found.server.host, found.server.port) == ("::1", 9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUBBUB_PORT", ""),  # compose files hand on what is not set as empty
        ("HUBBUB_PORT", "tcp://10.0.0.1:80"),  # Kubernetes' description of a service named hubbub
        ("HUBBUB_SERVICE_HOST", "10.0.0.1"),
        ("HUBBUB_SERVICE_PORT_HTTP", "80"),
        ("HUBBUB_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("HUBBUB_COMMAND", "hubbub"),
        ("HUBBUB_TEST_KILLS", "3"),
        ("TZ", "CST-8"),
        ("telegram_bot_token_of_mine", "x"),
    ],
)
def test_variables_that_are_not_meant_for_the_hub_are_left_alone(tmp_path: Path, name: str, value: str) -> None:
    found = settings(tmp_path, **{name: value})
    assert (found.server.port, found.server.timezone) == (8080, "")


def test_marks_in_the_file_stand_for_variables(tmp_path: Path) -> None:
    file = """
server.port = "${MY_PORT}"
server.host = "${MY_HOST:-::1}"
server.trusted_networks = "${MY_NETWORKS}"
chat.system_prompt = "$${not} a mark, $5 neither, ${FROM_DOTENV}"
"""
    found = settings(tmp_path, file, "FROM_DOTENV=but this\n", MY_PORT="7000", MY_NETWORKS="10.0.0.0/8,127.0.0.1")
    assert (found.server.port, found.server.host) == (7000, "::1")
    assert found.server.trusted_networks == ("10.0.0.0/8", "127.0.0.1/32")
    assert found.chat.system_prompt == "${not} a mark, $5 neither, but this"


def test_the_environment_that_models_are_looked_for_in_has_dotenv_below_it(tmp_path: Path) -> None:
    found = settings(tmp_path, dotenv="OTHER_KEY=from file\nBOTH='file'\n", BOTH="environment")
    assert found.environ["OTHER_KEY"] == "from file"
    assert found.environ["BOTH"] == "environment"


def test_platforms_are_on_by_their_own_rule(tmp_path: Path) -> None:
    def names(**environ: str) -> set[str]:
        return {plugin.name for plugin in settings(tmp_path, **environ).enabled()}

    assert "onebot" in names()
    assert "onebot" not in names(HUBBUB_HOST="0.0.0.0")
    assert "onebot" in names(HUBBUB_HOST="0.0.0.0", HUBBUB_PLATFORMS__ONEBOT__ACCESS_TOKEN="s")
    with pytest.raises(KeyError):
        settings(tmp_path).platform("none")


def test_the_real_environment_is_read_by_default(tmp_path: Path) -> None:
    code = "from hubbub.settings import load; print(load().server.port)"
    environ = {**os.environ, "HUBBUB_PORT": "4711"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, timeout=30)
    assert done.stdout.decode().strip() == "4711", done.stderr


def test_loading_imports_nothing_heavy() -> None:
    """The hub listens within 0.6 s; what settings import comes before that."""
    heavy = "{'aiohttp', 'asyncio', 'dotenv', 'fastapi', 'rich', 'sqlalchemy', 'typer', 'uvicorn'}"
    code = f"import sys; from hubbub.settings import load; load(environ={{}}); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30, check=True)
    assert done.stdout.decode().strip() == "set()"
