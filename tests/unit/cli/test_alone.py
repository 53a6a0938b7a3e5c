"""Commands with no hub running: they open what they need themselves, and ask a (fake) model."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from typer.testing import CliRunner

from hubbub.cli.commands import app
from tests.fakes.model import FakeModel


@pytest.fixture
def model() -> Iterator[FakeModel]:
    fake = FakeModel(models=("small", "large"))
    with start_blocking_portal() as portal:
        portal.call(fake.start)
        yield fake
        portal.call(fake.stop)


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: FakeModel) -> Iterator[None]:
    """An empty folder, the fake as the only model, and the log as it was before."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_BASE_URL", model.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("HUBBUB_MODEL", "small")
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def hubbub(*arguments: str, code: int = 0) -> tuple[str, str]:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result.stdout, result.stderr


def test_once_asks_the_model_without_listening(tmp_path: Path) -> None:
    out, err = hubbub("chat", "--once", "Say hello")
    assert out == "LLM-OK Say hello\n"
    assert err.startswith("model: small (")
    assert not (tmp_path / "data" / "admin.token").exists()


def test_the_conversation_goes_on(model: FakeModel) -> None:
    hubbub("chat", "--once", "first")
    hubbub("chat", "--once", "second")
    said = [turn["content"] for turn in model.requests[-1].body["messages"] if turn["role"] != "system"]
    assert said == ["first", "LLM-OK first", "second"]
    hubbub("chat", "--once", "third", "--owner", "somebody")
    said = [turn["content"] for turn in model.requests[-1].body["messages"] if turn["role"] != "system"]
    assert said == ["third"]


def test_commands_of_a_chat_work_too(model: FakeModel) -> None:
    assert hubbub("chat", "--once", "/echo one two")[0] == "one two\n"
    assert model.count == 0


def test_a_model_that_fails_is_told_in_a_sentence(model: FakeModel) -> None:
    model.fail(400, times=9)
    out, _ = hubbub("chat", "--once", "Say hello")
    assert "(error " in out


def test_models_are_listed_with_the_reason() -> None:
    rows = [json.loads(line) for line in hubbub("models", "list", "--json")[0].splitlines()]
    assert [(row["name"], row["default"]) for row in rows if row["default"]] == [("small", True)]
    assert {"name", "provider", "id", "vision", "context_tokens", "note", "default"} <= set(rows[0])
    shown, _ = hubbub("models", "list")
    assert "small" in shown
    assert "is set" in shown


def test_a_model_is_tried_out(model: FakeModel) -> None:
    tested = json.loads(hubbub("models", "test", "--json")[0])
    assert tested["name"] == "small"
    assert tested["answer"].startswith("LLM-OK")
    assert 0 < tested["first"] <= tested["whole"] < 20
    model.fail(401, times=9)
    assert "401" in hubbub("models", "test", code=1)[1]
    assert "no model 'none'" in hubbub("models", "test", "none", code=1)[1]


def test_models_to_fetch_are_listed_and_wrong_names_refused() -> None:
    assert "qwen" in hubbub("models", "pull")[0]
    assert json.loads(hubbub("models", "pull", "--json")[0].splitlines()[0])["file"].endswith(".gguf")
    assert "no model 'none' to pull" in hubbub("models", "pull", "none", code=3)[1]


def test_doctor_asks_the_model(model: FakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBBUB_PORT", "0")

    def outcome(code: int) -> dict[str, str]:
        found = {each["name"]: each for each in map(json.loads, hubbub("doctor", "--json", code=code)[0].splitlines())}
        return dict(found["model"])

    assert outcome(0)["outcome"] == "ok"
    model.fail(401, times=9)
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "models test" in result.stdout


def test_doctor_fetches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "HUBBUB_MODEL"):
        monkeypatch.delenv(name)
    (tmp_path / "hubbub.toml").write_text('[[models]]\nname = "own"\nprovider = "embedded"\n', encoding="utf-8")
    monkeypatch.setenv("HUBBUB_PORT", "0")
    found = {each["name"]: each for each in map(json.loads, hubbub("doctor", "--json")[0].splitlines())}
    assert found["model"]["outcome"] == "warn"
    assert not (tmp_path / "data").exists()
