"""The settings of corp-webot, key by key, and what counts over them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubbub.core.errors import ConfigError
from hubbub.settings import Settings, load
from hubbub.settings.corp_webot import KEYS, find

# As its README shows it, with keys of the right form in place of the xs.
EXAMPLE = """\
systemConf:
  proxy: http://127.0.0.1:7890 # http代理地址
  port: 50008 # 允许端口
  log: info # panic, fatal, error, warn, info, debug, trace
  callBackUrl: http://127.0.0.1 # 回调地址
  msgMode: markdown # markdown 或者 text
  logConf:
    logLevel: "debug"
    logOutPutMode: console #console file both
    logOutPutPath: "./log/crop-bot-run.log"
    logFileDateFmt: "2006-01-02 15:04:05"
    logFileRotationCount: 10
    logFormatter: text # text json
gptConfig:
  apikey: sk-xxxx # openapi key
  model: gpt-3.5-turbo # 对话模型
  UserName: xxx # 用户名
  url: https://api.openai.com/v1 # 请求基地址
weConfig:
  corpid: ww1234567890abcdef # 企业id
  corpSecret: application-secret #应用密码
  agentId: 1000002 # 应用Id
  weApiRCallToken: callback-token # 调用token
  weApiEncodingKey: jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C # key
  weChatApiAddr:  https://qyapi.weixin.qq.com # 企业微信推送api地址
"""


def settings(folder: Path, text: str, **environ: str) -> Settings:
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config" / "config.yaml").write_text(text, encoding="utf-8")
    return load(environ=environ, folder=folder)


def of(found: Settings) -> Any:
    return found.platform("wecom")


def test_the_file_of_the_readme_works_as_it_stands(tmp_path: Path) -> None:
    found = settings(tmp_path, EXAMPLE)
    assert [plugin.name for plugin in found.enabled() if plugin.name == "wecom"]
    ours = of(found)
    assert (ours.corp_id, ours.agent_id, ours.format) == ("ww1234567890abcdef", 1000002, "markdown")
    assert (ours.repeat_seconds, ours.error_text) == (4, "稍后再试试，小助理的老爸去出差了")
    assert (found.server.host, found.server.port, found.server.log_file) == ("0.0.0.0", 50008, "")
    assert (found.painting.model, found.painting.size) == ("dall-e-2", "512x512")
    assert (found.chat.system_prompt, found.chat.session_minutes) == ("请全程使用中文与我对话", 60)
    assert found.file == tmp_path / "config" / "config.yaml"


CASES: dict[str, tuple[str, Callable[[Settings], object], object]] = {
    "systemconf.proxy": ("10.0.0.1:7890", lambda found: found.server.proxy, "http://10.0.0.1:7890"),
    "systemconf.port": ("9090", lambda found: found.server.port, 9090),
    "systemconf.log": ("warn", lambda found: found.server.log_level, "WARNING"),
    "systemconf.callbackurl": (
        "https://bot.example.org",
        lambda found: found.server.public_url,
        "https://bot.example.org",
    ),
    "systemconf.msgmode": ("Markdown", lambda found: of(found).format, "markdown"),
    "systemconf.logconf.loglevel": ("trace", lambda found: found.server.log_level, "DEBUG"),
    "systemconf.logconf.logoutputmode": ("console", lambda found: found.server.log_file, ""),
    "systemconf.logconf.logoutputpath": ("./log/run.log", lambda found: found.server.log_file, "run.log"),
    "systemconf.logconf.logfilerotationcount": ("10", lambda found: found.server.log_files, 10),
    "systemconf.logconf.logformatter": ("json", lambda found: found.server.log_format, "json"),
    "systemconf.logconf.logfiledatefmt": ("2006", lambda found: found.server.log_format, "text"),
    "gptconfig.apikey": ("sk-1", lambda found: found.model.api_keys, ("sk-1",)),
    "gptconfig.model": ("gpt-4", lambda found: found.model.name, "gpt-4"),
    "gptconfig.url": (
        "https://proxy.example.org/v1",
        lambda found: found.model.base_url,
        "https://proxy.example.org/v1",
    ),
    "gptconfig.username": ("me", lambda found: found.model.name, ""),
    "gptconfig.contextnumber": ("5", lambda found: found.chat.context_turns, 10),
    "gptconfig.contextexpiretime": ("30", lambda found: found.chat.session_minutes, 30),
    "weconfig.corpid": ("ww2", lambda found: of(found).corp_id, "ww2"),
    "weconfig.corpsecret": ("s2", lambda found: of(found).corp_secret.get_secret_value(), "s2"),
    "weconfig.agentid": ("77", lambda found: of(found).agent_id, 77),
    "weconfig.weapircalltoken": ("t2", lambda found: of(found).token.get_secret_value(), "t2"),
    "weconfig.weapiencodingkey": (
        "B" * 43,
        lambda found: of(found).encoding_aes_key.get_secret_value(),
        "B" * 43,
    ),
    "weconfig.wechatapiaddr": ("http://127.0.0.1:1", lambda found: of(found).api_base, "http://127.0.0.1:1"),
}


def written(key: str, value: str) -> str:
    """A file with one key, beside those that an application cannot do without."""
    tree: dict[str, Any] = {
        "weconfig": {
            "corpid": "ww1",
            "corpsecret": "s",
            "agentid": "1",
            "weapircalltoken": "t",
            "weapiencodingkey": "A" * 43,
        }
    }
    at = tree
    *parents, last = key.split(".")
    for parent in parents:
        at = at.setdefault(parent, {})
    at[last] = value

    def lines(node: dict[str, Any], depth: int = 0) -> str:
        pad = "  " * depth
        return "".join(
            f"{pad}{name}:\n{lines(inner, depth + 1)}" if isinstance(inner, dict) else f"{pad}{name}: {inner!r}\n"
            for name, inner in node.items()
        )

    return lines(tree)


def test_every_key_is_tried() -> None:
    assert set(CASES) == set(KEYS)


@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
@pytest.mark.parametrize("key", list(CASES))
def test_each_key_in_any_case(tmp_path: Path, key: str, case: Callable[[str], str]) -> None:
    value, read, expected = CASES[key]
    lines = (line.partition(":") for line in written(key, value).splitlines())
    text = "\n".join(f"{case(name)}:{rest}" for name, _, rest in lines)
    assert read(settings(tmp_path, text)) == expected


@pytest.mark.parametrize("value", ["", "0"])
def test_no_expiry_means_an_hour_and_no_number_no_bound(tmp_path: Path, value: str) -> None:
    text = f"{EXAMPLE}\ngptconfig:\n  contextNumber: {value}\n  contextExpireTime: {value}\n"
    found = settings(tmp_path, text)
    assert found.chat.session_minutes == 60
    assert found.chat.context_turns == 400


def test_models_that_continue_texts_are_asked_as_such(tmp_path: Path) -> None:
    found = settings(tmp_path, EXAMPLE.replace("gpt-3.5-turbo", "text-davinci-003"))
    (model,) = found.models
    assert (model.name, model.api, model.base_url) == ("text-davinci-003", "completions", "https://api.openai.com/v1")
    assert not found.model.name


def test_whatever_else_is_said_counts_over_it(tmp_path: Path) -> None:
    (tmp_path / "hubbub.toml").write_text("[server]\nport = 1\n[platforms.wecom]\nformat = 'text'\n", encoding="utf-8")
    found = settings(tmp_path, EXAMPLE, HUBBUB_HOST="127.0.0.1", HUBBUB_PLATFORMS__WECOM__AGENT_ID="5")
    assert (found.server.port, found.server.host, of(found).format, of(found).agent_id) == (1, "127.0.0.1", "text", 5)
    assert found.model.name == "gpt-3.5-turbo"


def test_it_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "old.yml").write_text(EXAMPLE, encoding="utf-8")
    assert load(Path("old.yml"), environ={}, folder=tmp_path).server.port == 50008
    assert load(environ={"HUBBUB_CONFIG": "old.yml"}, folder=tmp_path).server.port == 50008


def test_the_mount_of_its_image_is_looked_at(tmp_path: Path) -> None:
    mounted = tmp_path / "mounted.yaml"
    mounted.write_text(EXAMPLE, encoding="utf-8")
    assert find(tmp_path, mounted) == mounted


@pytest.mark.parametrize(("mode", "log"), [("both", "apps/logs/hubbub.log"), ("console", "")])
def test_the_mounts_of_its_image_are_honoured(tmp_path: Path, mode: str, log: str) -> None:
    for name in ("config", "db", "logs"):
        (tmp_path / "apps" / name).mkdir(parents=True)
    file = tmp_path / "apps" / "config" / "config.yaml"
    file.write_text(EXAMPLE.replace("console #", f"{mode} #"), encoding="utf-8")
    found = load(file, environ={"HUBBUB_HOST": "0.0.0.0"}, folder=tmp_path)
    assert found.server.data_dir == tmp_path / "apps" / "db"
    assert found.server.log_file == (str(tmp_path / log) if log else "")
    elsewhere = load(file, environ={"HUBBUB_DATA_DIR": "kept"}, folder=tmp_path)
    assert elsewhere.server.data_dir == Path("kept")


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    for text in ("", "services:\n  a: b\n", "- 1\n- 2\n", "just text"):
        found = settings(tmp_path, text)
        assert (found.server.port, found.chat.session_minutes) == (8080, 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (EXAMPLE.replace("50008", "many"), r"config\.yaml:3: server\.port: should be a whole number"),
        (EXAMPLE.replace("jWmYm7", ""), r"config\.yaml:24: .*encoding_aes_key: should be the 43"),
        (EXAMPLE.replace("  corpSecret: application-secret", "  #"), "should have corp_secret too"),
        ("a: [", r"config\.yaml:\d: not YAML"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        settings(tmp_path, text)
